"""Make an order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from zemi.common.db import append, conclude, inside_transaction, unit_of_work, violates
from zemi.common.ids import new_code, new_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.events.log import record
from zemi.identity.models import Party
from zemi.identity.parties import find_or_create_parties
from zemi.orders import errors
from zemi.orders.budgets import charge_buyer
from zemi.orders.codes import set_code
from zemi.orders.links import give_link
from zemi.orders.models import Order, ReleasePolicy
from zemi.orders.notes import check_notes
from zemi.orders.terms import Terms, terms_now, terms_of_quote

MOST_DRAWS = 3


@dataclass(frozen=True, slots=True)
class CreatedOrder:
    """The order, and its delivery code if the one who made it is the one who keeps it: the buyer."""

    order: Order
    delivery_code: str | None


def create_order(
    *,
    buyer_phone: Phone,
    amount: Money,
    product_description: str,
    seller_phone: Phone | None = None,
    release_policy: str = ReleasePolicy.INSTANT,
    metadata: Mapping[str, str] | None = None,
    allow_pii: bool = False,
    merchant_id: UUID | None = None,
    merchant_reference: str = "",
    signed_in: Party | None = None,
    answer_kept: bool = False,
    quote: str = "",
    now: datetime,
) -> CreatedOrder:
    """Make an order that awaits its payment.

    `answer_kept` says that the answer, with its code, is kept for an idempotency key.
    Without `merchant_id` the buyer made it and is told the delivery code here, once. With one, and when the seller is
    `signed_in`, nobody is told here: the buyer gets the code by SMS when the order is paid.
    `quote` freezes what it costs. Opens its own transaction.

    :raises InvalidInput: `metadata` seems to hold personal data, and `allow_pii` does not say that it may
    :raises SellerPhoneRequired: live orders name their seller
    :raises PhoneNotVerified: buyer or seller has to be `signed_in`, by the phone that is named, and is not
    :raises AmountOutOfRange: the seller's net is below KES 10, or the amount above the operator's limit
    :raises TooManyAttempts: the buyer's phone has made too many orders
    :raises DailyLimitReached: the buyer's phone would order for too much in a day
    :raises AmountNotWholeShilling: M-Pesa can't move cents
    :raises ReleasePolicyUnknown: not a policy
    :raises QuoteInvalid, QuoteExpired, QuoteMismatch: the quote does not fit
    :raises MerchantReferenceUsed: this merchant has an order with that reference
    """
    check_notes(metadata or {}, allow_pii=allow_pii)
    if seller_phone is None and settings.LIVE:
        raise errors.SellerPhoneRequired
    proved = signed_in.phone if signed_in is not None else None
    by_seller = merchant_id is None and proved is not None and proved == seller_phone != buyer_phone
    if settings.VERIFIED_PHONE and merchant_id is None and not by_seller and proved != buyer_phone:
        raise errors.PhoneNotVerified
    # The code is the buyer's: whoever else makes the order is not told it.
    by_buyer = merchant_id is None and not by_seller
    terms = (
        terms_of_quote(quote, amount=amount, release_policy=release_policy, now=now)
        if quote
        else terms_now(amount=amount, release_policy=release_policy)
    )

    draft = draft_order(
        terms=terms,
        product_description=product_description,
        merchant_id=merchant_id,
        merchant_reference=merchant_reference,
        metadata=metadata,
        answer_kept=answer_kept and by_buyer,
        now=now,
    )
    order = draft.order
    actor = "merchant" if merchant_id else "seller" if by_seller else "buyer"

    def write() -> CreatedOrder:
        with unit_of_work():
            # The seed's sandbox has no sellers: the buyer stands in.
            write_order(order, buyer_phone, seller_phone or buyer_phone, actor=actor, now=now)
            return conclude(CreatedOrder(order, draft.delivery_code if by_buyer else None))

    return with_free_reference(order, write)


def draft_order(
    *,
    terms: Terms,
    product_description: str,
    merchant_id: UUID | None = None,
    merchant_reference: str = "",
    metadata: Mapping[str, str] | None = None,
    link_id: UUID | None = None,
    answer_kept: bool = False,
    now: datetime,
) -> CreatedOrder:
    """Put an order together, with its delivery code and a link of its own; nothing is written yet."""
    code, waits = new_code(), timedelta(hours=terms.pay_within_h)
    order = Order(
        order_reference=new_reference(),
        merchant_id=merchant_id,
        merchant_reference=merchant_reference,
        payment_link_id=link_id,
        amount_minor=terms.amount.minor,
        currency=terms.amount.currency,
        fee_bps=terms.fee_bps,
        product_description=product_description,
        release_policy=terms.release_policy,
        metadata=dict(metadata or {}),
        answer_kept=answer_kept,
        expires_at=now + waits,
        remind_at=now + waits / 2,
        created_at=now,
        updated_at=now,
    )
    set_code(order, code)
    give_link(order)
    return CreatedOrder(order, code)


def with_free_reference(order: Order, write: Callable[[], CreatedOrder]) -> CreatedOrder:
    """Have `write` write a drafted order in a unit of its own; again by another reference where that was drawn before.

    :raises MerchantReferenceUsed: this merchant has an order with that reference
    """
    draws = 1
    while True:
        try:
            return write()
        except IntegrityError as error:
            if violates(error, Order, "orders_merchant_reference"):
                raise errors.MerchantReferenceUsed from error
            if draws == MOST_DRAWS or not violates(error, Order, "orders_reference"):
                raise
            # One in many millions.
            order.order_reference, draws = new_reference(), draws + 1


@inside_transaction
def write_order(
    order: Order,
    buyer_phone: Phone,
    seller_phone: Phone,
    *,
    actor: str,
    facts: Mapping[str, str] | None = None,
    now: datetime,
) -> None:
    """Write a drafted order, charged to its buyer's phone. `facts` stand in its first event beside the amount.

    :raises TooManyAttempts: the buyer's phone has made too many orders
    :raises DailyLimitReached: the buyer's phone would order for too much in a day
    """
    parties = find_or_create_parties({buyer_phone, seller_phone}, now=now)
    order.buyer, order.seller = parties[buyer_phone], parties[seller_phone]
    charge_buyer(order, now=now)
    append(order)
    record(
        "order.created",
        order,
        at=now,
        actor=actor,
        data={"amount": str(order.amount), "currency": order.currency, **(facts or {})},
    )
