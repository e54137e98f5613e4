"""Orders over HTTP: the seed's endpoints 1, 4 and 5."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, OrderParty, asker_of, caller, key_of, session_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import (
    AmountField,
    CodeField,
    MetadataField,
    PhoneField,
    QueryNumberField,
    ReferenceField,
    Shown,
    TextField,
    YesNoField,
)
from zemi.api.lists import cursor_field
from zemi.api.shapes import (
    AMOUNT,
    LINK,
    MESSAGE,
    ORDER_STATUS,
    REFERENCE,
    TIME,
    TIME_OR_NULL,
    ExpandQuery,
    OrderData,
    TimelineData,
)
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.identity.api_keys import Scope
from zemi.orders import errors
from zemi.orders.create import CreatedOrder, create_order
from zemi.orders.links import link_of
from zemi.orders.parties import Role
from zemi.providers.errors import ProviderNotReady
from zemi.releases.confirm import Confirmation, confirm_delivery
from zemi.releases.errors import OrderNotPaid
from zemi.snapshots.errors import CursorInvalid, ExpandUnknown
from zemi.snapshots.read import MOST_EVENTS, read_order, read_timeline
from zemi.trust.errors import TooManyAttempts


class CreateOrderInput(Shape):
    """What is bought, by whom, from whom."""

    buyer_phone = PhoneField(
        help_text="The buyer's mobile number. The delivery code goes there by SMS once it is paid."
    )
    amount = AmountField(help_text="The price in Kenyan shillings, whole shillings only.")
    product_description = TextField(most=500, example="iPhone 13 Pro Max 256GB")
    seller_phone = PhoneField(
        required=False,
        help_text="Where the money goes. Required in live mode; in sandbox the buyer stands in.",
    )
    release_policy = TextField(required=False, most=20, example="instant")
    metadata = MetadataField(required=False)
    allow_pii = YesNoField(
        required=False,
        help_text="True: the metadata may hold what looks like personal data. You answer for it: it is stored in the clear"
        " and sent in events.",
    )
    reference = TextField(
        required=False, least=0, most=64, help_text="A merchant's own number, unique per merchant."
    )
    quote = TextField(required=False, most=200, help_text="The id of a quote, whose terms are kept.")


class CreatedOrderData(Shape):
    """A new order. `delivery_code` is there only for the buyer, and only this once."""

    order_reference = Shown(REFERENCE)
    amount = Shown(AMOUNT)
    status = Shown(ORDER_STATUS)
    delivery_code = Shown({"type": "string", "pattern": "^[0-9]{6}$"}, required=False)
    created_at = Shown(TIME)
    payment_url = Shown(LINK)
    message = Shown(MESSAGE)


class CreateOrder(Endpoint):
    """Create an order.

    Without an API key the buyer makes it and gets the delivery code in this answer, once; in live mode the buyer
    is signed in with the phone that the order names. With a key (scope
    `orders`) the merchant makes it, and the buyer gets the code by SMS when the order is paid.
    """

    access = Anyone(keys_need=Scope.ORDERS)
    input = CreateOrderInput
    output = CreatedOrderData
    statuses = {201: "The order was created."}
    tells_code = True
    errors = (
        errors.SellerPhoneRequired,
        errors.PhoneNotVerified,
        errors.AmountOutOfRange,
        errors.AmountNotWholeShilling,
        errors.DailyLimitReached,
        errors.ReleasePolicyUnknown,
        errors.MerchantReferenceUsed,
        errors.QuoteInvalid,
        errors.QuoteExpired,
        errors.QuoteMismatch,
    )

    def post(self, request: Request) -> Response:
        """Create it."""
        given = self.read(request)
        key, session = key_of(request), session_of(request)

        created = create_order(
            buyer_phone=given["buyer_phone"],
            amount=given["amount"],
            product_description=given["product_description"],
            merchant_id=key.merchant_id if key else None,
            merchant_reference=given.get("reference", ""),
            signed_in=session.party if session is not None else None,
            answer_kept=self.keeper is not None,
            now=clock.now(),
            **{
                name: given[name]
                for name in ("seller_phone", "release_policy", "metadata", "allow_pii", "quote")
                if name in given
            },
        )

        return self.present(created)

    def present(self, result: CreatedOrder) -> Response:
        """Show it, with its code if the buyer made it."""
        self.secret_of = result.order.id if result.delivery_code is not None else None
        return self.answer(show_created(result), status=201)


class GetOrder(Endpoint):
    """Read an order.

    Its state, whose turn it is, and of the buyer's number the last four digits: nothing else is open. Its own
    merchant (by a key with the scope `read`), buyer and seller see all of it, and so does whoever has its link, but for
    what is the merchant's alone. With an API key, orders of other merchants are not found.
    """

    access = Anyone(by_link=True)
    query = ExpandQuery
    output = OrderData
    errors = (errors.OrderNotFound, ExpandUnknown, TooManyAttempts)

    def get(self, request: Request, order_reference: str) -> Response:
        """Read it. As ever, names in the query that are not known are ignored here."""
        order = read_order(
            order_reference=order_reference,
            asker=asker_of(request),
            expand=ExpandQuery.read(request.query_params).get("expand", ()),
            caller=caller(request),
            now=clock.now(),
        )
        return self.answer(order)


class TimelineQuery(Shape):
    """How much of it, and from where on."""

    limit = QueryNumberField(
        least=1,
        most=MOST_EVENTS,
        example=100,
        required=False,
        help_text=f"How many at once; {MOST_EVENTS} if not said.",
    )
    cursor = cursor_field()


class GetTimeline(Endpoint):
    """Read everything that happened to an order, oldest first: its timeline, 1000 events at once.

    For its merchant, its buyer and its seller.
    """

    access = OrderParty(Role.MERCHANT, Role.BUYER, Role.SELLER, keys_need=Scope.READ)
    query = TimelineQuery
    output = TimelineData
    lists = True
    errors = (CursorInvalid,)

    def get(self, request: Request, order_reference: str) -> Response:
        """Read it."""
        given = self.read_query(request)
        return self.answer_page(read_timeline(self.order, **given), limit=given.get("limit", MOST_EVENTS))


class ConfirmDeliveryInput(Shape):
    """The order, and the code that only its buyer has."""

    order_reference = ReferenceField()
    delivery_code = CodeField()


class ConfirmationData(Shape):
    """The order is done; its money is on the way to the seller."""

    order_reference = Shown(REFERENCE)
    status = Shown(ORDER_STATUS)
    completed_at = Shown(TIME_OR_NULL)
    payout_initiated = Shown({"type": "boolean"})
    message = Shown(MESSAGE)


class ConfirmDelivery(Endpoint):
    """Release the money to the seller by giving the buyer's delivery code.

    Three wrong codes within 15 minutes lock the order for an hour. An unknown order and a wrong code get the
    same answer.
    """

    access = Anyone()
    input = ConfirmDeliveryInput
    output = ConfirmationData
    statuses = {200: "The delivery is confirmed and the payout is made."}
    moves_money = True
    errors = (errors.DeliveryCodeWrong, errors.CodeLocked, OrderNotPaid, TooManyAttempts, ProviderNotReady)

    def post(self, request: Request) -> Response:
        """Confirm it."""
        return self.present(confirm_delivery(**self.read(request), caller=caller(request), now=clock.now()))

    def present(self, result: Confirmation) -> Response:
        """Show the completed order."""
        return self.answer(_confirmation(result))


def show_created(created: CreatedOrder) -> dict[str, Any]:
    """Write a new order for whoever made it."""
    order, code = created.order, created.delivery_code
    told = {"delivery_code": code} if code is not None else {}
    keep = (
        "Keep your delivery code safe!"
        if code is not None
        else "The buyer gets the delivery code by SMS once it is paid."
    )
    return {
        "order_reference": order.order_reference,
        "amount": str(order.amount),
        "status": order.status,
        **told,
        "created_at": stamp(order.created_at),
        "payment_url": link_of(order),
        "message": f"Order created successfully. {keep}",
    }


def _confirmation(confirmation: Confirmation) -> dict[str, Any]:
    order = confirmation.order
    return {
        "order_reference": order.order_reference,
        "status": order.status,
        "completed_at": stamp(order.completed_at),
        "payout_initiated": confirmation.payout_initiated,
        "message": "Delivery confirmed. Payment is being released to seller.",
    }
