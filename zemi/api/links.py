"""Payment links over HTTP: made by a seller or a merchant, completed by the buyer's phone."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, KeyOrSession, caller, key_of, session_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import AmountField, PhoneField, Shown, TextField, TimeField, WholeField, WordField
from zemi.api.lists import OneOfField, created_fields, page_fields, query_shape
from zemi.api.orders import CreatedOrderData, show_created
from zemi.api.shapes import AMOUNT, CURRENCY, LIVEMODE, MASKED, TIME, TIME_OR_NULL, identifier
from zemi.common import clock
from zemi.common.ids import read_public_id
from zemi.common.texts import Text
from zemi.identity.api_keys import Scope
from zemi.links import errors
from zemi.links.complete import complete_link
from zemi.links.create import create_link, disable_link
from zemi.links.models import MOST_STOCK, LinkStatus, PaymentLink
from zemi.links.queries import Owner, find_link, get_link
from zemi.orders import errors as order_errors
from zemi.orders.create import CreatedOrder
from zemi.orders.lookup import charged_lookup
from zemi.snapshots.errors import CursorInvalid
from zemi.snapshots.links import PREFIX, LinkWish, list_links, show_link, show_offer
from zemi.snapshots.lists import USUAL_LIMIT
from zemi.trust.errors import TooManyAttempts

_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_STATUS = {"type": "string", "enum": list(LinkStatus.values)}
_TERMS: Mapping[str, Any] = {
    "product_description": {"type": "string"},
    "amount": AMOUNT,
    "currency": CURRENCY,
    "seller_phone_masked": MASKED,
    "release_policy": {"type": "string"},
    "pay_within_h": {
        "type": "integer",
        "description": "So many hours an order waits to be paid.",
        "examples": [24],
    },
    "terms": {"type": "string", "description": "What both sides agree on, as one text."},
    "terms_hash": _HASH | {"description": "The SHA-256 of that text: the buyer agrees by sending it."},
}


class LinkData(Shape):
    """A payment link, for its owner."""

    id = Shown(identifier(PREFIX))
    object = Shown({"type": "string", "const": "link"})
    livemode = Shown(LIVEMODE)
    status = Shown(_STATUS)
    vars().update({name: Shown(schema) for name, schema in _TERMS.items()})
    fee = Shown(AMOUNT)
    seller_receives = Shown(AMOUNT)
    stock = Shown({"type": "integer", "description": "How many orders can be made by it."})
    sold = Shown(
        {"type": "integer", "description": "Those that stand: what ends without being paid frees its place."}
    )
    expires_at = Shown(TIME_OR_NULL)
    created_at = Shown(TIME)
    updated_at = Shown(TIME)
    url = Shown(
        {
            "type": "string",
            "format": "uri",
            "examples": ["https://zemi.example/l/Xq3vN8ZtLw2RkP5yBd7MhA"],
            "description": "What to share with buyers. What stands behind /l/ is the token of the link.",
        }
    )


class OfferData(Shape):
    """What a payment link offers, for whoever holds it."""

    object = Shown({"type": "string", "const": "offer"})
    livemode = Shown(LIVEMODE)
    status = Shown(_STATUS)
    vars().update({name: Shown(schema) for name, schema in _TERMS.items()})
    expires_at = Shown(TIME_OR_NULL)


class CreateLinkInput(Shape):
    """What is sold, by whom, and to how many."""

    amount = AmountField(help_text="The price in Kenyan shillings, whole shillings only.")
    product_description = TextField(most=500, example="Kitenge, six yards")
    seller_phone = PhoneField(
        required=False,
        help_text="Where the money goes. A merchant has to say it; a person sells for the phone that signed in.",
    )
    release_policy = TextField(required=False, most=20, example="instant")
    stock = WholeField(
        required=False,
        least=1,
        most=MOST_STOCK,
        is_rule=True,
        example=1,
        help_text="How many orders can be made by it; 1 if not said.",
    )
    expires_at = TimeField(required=False, help_text="When it ends; never, if not said.")


class LinkView(Endpoint):
    """Of one owner's links: a merchant's by a key, or those that a person has made."""

    access = KeyOrSession(Scope.ORDERS)
    tag = "links"
    output: ClassVar[type[Shape] | None] = LinkData

    def present(self, result: PaymentLink) -> Response:
        """Show the link."""
        return self.answer(show_link(result, now=clock.now()), status=next(iter(self.statuses)))


class ListLinks(LinkView):
    """List your payment links, newest first."""

    access = KeyOrSession(Scope.READ)
    lists = True
    query = query_shape(
        "LinksQuery",
        {
            **page_fields(),
            **created_fields(),
            "status": OneOfField(*LinkStatus.values, required=False),
            "include": OneOfField("total", required=False, help_text="total: say how many there are in all."),
        },
    )
    errors = (CursorInvalid,)

    def get(self, request: Request) -> Response:
        """List them."""
        given = self.read_query(request)
        wish = LinkWish(
            limit=given.get("limit", USUAL_LIMIT),
            cursor=given.get("cursor", ""),
            status=given.get("status", ""),
            created_from=given.get("created[gte]"),
            created_until=given.get("created[lt]"),
            with_total="include" in given,
        )
        return self.answer_page(list_links(_owner(request), wish=wish, now=clock.now()), limit=wish.limit)


class CreateLink(LinkView):
    """Make a payment link. Its terms are frozen now: every order that is made by it has them.

    The token at the end of its `url` opens the offer: show it to the buyer, whose phone completes the order by it.
    """

    input = CreateLinkInput
    statuses = {201: "It was made."}
    errors = (
        order_errors.SellerPhoneRequired,
        errors.PayeeNotProved,
        errors.LinkStockInvalid,
        errors.LinkTimeInvalid,
        order_errors.AmountOutOfRange,
        order_errors.AmountNotWholeShilling,
        order_errors.ReleasePolicyUnknown,
        TooManyAttempts,
    )

    def post(self, request: Request) -> Response:
        """Make it."""
        key, session = key_of(request), session_of(request)
        link = create_link(
            **self.read(request),
            merchant_id=key.merchant_id if key is not None else None,
            signed_in=session.party if session is not None else None,
            now=clock.now(),
        )
        return self.present(link)


class GetLink(LinkView):
    """Read one of your payment links."""

    access = KeyOrSession(Scope.READ)
    errors = (errors.LinkNotFound,)

    def get(self, request: Request, link_id: str) -> Response:
        """Read it."""
        return self.present(get_link(read_public_id(PREFIX, link_id), owner=_owner(request)))


class DisableLink(LinkView):
    """Stop a payment link: no further order is made by it. Orders that were made go on."""

    errors = (errors.LinkNotFound, errors.LinkNotActive)

    def post(self, request: Request, link_id: str) -> Response:
        """Stop it."""
        return self.present(
            disable_link(read_public_id(PREFIX, link_id), owner=_owner(request), now=clock.now())
        )


class GetOffer(Endpoint):
    """Read what a payment link offers, by the token at the end of its address."""

    access = Anyone()
    tag = "links"
    output = OfferData
    errors = (errors.LinkNotFound, TooManyAttempts)

    def get(self, request: Request, token: str) -> Response:
        """Read it."""
        now = clock.now()
        with charged_lookup(caller(request), now=now):
            link = find_link(token)
        return self.answer(show_offer(link, now=now))


class AcceptOfferInput(Shape):
    """Who buys, and on which terms."""

    buyer_phone = PhoneField(
        help_text="The buyer's mobile number. The delivery code goes there by SMS once it is paid."
    )
    terms_hash = WordField(
        pattern="[0-9a-f]{64}",
        most=64,
        example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        sentence=Text(
            en="A terms_hash has 64 digits from 0 to f.", sw="terms_hash ina tarakimu 64 kuanzia 0 hadi f."
        ),
        help_text="That of the offer which the buyer has seen: by sending it the buyer agrees to its terms.",
    )


class AcceptOffer(Endpoint):
    """Make the order that a payment link offers, on the terms that it has frozen.

    The delivery code stands in this answer, once. In live mode the buyer is signed in with the phone that is named here.
    """

    access = Anyone()
    tag = "links"
    input = AcceptOfferInput
    output = CreatedOrderData
    statuses = {201: "The order was created."}
    tells_code = True
    errors = (
        errors.LinkNotFound,
        errors.LinkNotActive,
        errors.TermsMismatch,
        errors.BuyerIsSeller,
        order_errors.PhoneNotVerified,
        order_errors.DailyLimitReached,
        TooManyAttempts,
    )

    def post(self, request: Request, token: str) -> Response:
        """Make it."""
        given, session, now = self.read(request), session_of(request), clock.now()
        with charged_lookup(caller(request), now=now):
            created = complete_link(
                token=token,
                **given,
                proved=session.party.phone if session is not None else None,
                answer_kept=self.keeper is not None,
                now=now,
            )
        return self.present(created)

    def present(self, result: CreatedOrder) -> Response:
        """Show it, with its code."""
        self.secret_of = result.order.id
        return self.answer(show_created(result), status=201)


def _owner(request: Request) -> Owner:
    key, session = key_of(request), session_of(request)
    if key is not None:
        return Owner(merchant_id=key.merchant_id)
    return Owner(party_id=session.party_id if session is not None else None)
