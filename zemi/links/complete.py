"""Make an order by a payment link: the buyer's phone completes what the seller has begun."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from zemi.common.db import append, conclude, inside_transaction, unit_of_work, write_if
from zemi.common.ids import key_of_form, public_id
from zemi.common.phone import Phone
from zemi.events.log import record, transition
from zemi.links.create import offerer_of
from zemi.links.errors import BuyerIsSeller, LinkNotActive, TermsMismatch
from zemi.links.locks import lock_link
from zemi.links.models import Agreement, LinkStatus, PaymentLink
from zemi.links.queries import find_link
from zemi.links.terms import terms_of
from zemi.orders.create import CreatedOrder, draft_order, with_free_reference, write_order
from zemi.orders.errors import PhoneNotVerified
from zemi.orders.models import Order, OrderStatus

# Orders that ended unpaid, or whose money went back, free the place that they took.
_ENDED = (OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED)


def complete_link(
    *,
    token: str,
    buyer_phone: Phone,
    terms_hash: str,
    proved: Phone | None = None,
    answer_kept: bool = False,
    once: UUID | None = None,
    now: datetime,
) -> CreatedOrder:
    """Make the order that a link offers, for the phone of its buyer, who agrees to the terms named by `terms_hash`.

    `proved` is the phone that the caller has shown to hold: in live mode it has to be the buyer's. Of many at once as many
    get an order as the link has left. The delivery code is told here, once. `once` is the key of the form that asks: sent
    twice and said the same, it makes one order, which both are answered. Opens its own transaction.

    :raises LinkNotFound: the token opens no link
    :raises LinkNotActive: it is used up, stopped, or its time is over
    :raises TermsMismatch: the buyer has seen other terms
    :raises BuyerIsSeller: it is the seller's own number
    :raises PhoneNotVerified: the buyer's phone has to be proved, and is not
    :raises TooManyAttempts: the buyer's phone has made too many orders
    :raises DailyLimitReached: the buyer's phone would order for too much in a day
    """
    found = find_link(token)
    form_key = key_of_form(once, buyer_phone.e164, terms_hash) if once is not None else None
    made = _made_by(form_key, found)
    if made is not None:
        # Also of a link that this order has used up.
        return made
    if not found.is_open(now):
        raise LinkNotActive(status=found.status_at(now))
    if terms_hash != found.terms_hash:
        raise TermsMismatch
    if buyer_phone == found.seller.phone:
        raise BuyerIsSeller
    if settings.VERIFIED_PHONE and proved != buyer_phone:
        raise PhoneNotVerified

    draft = draft_order(
        terms=terms_of(found),
        product_description=found.product_description,
        merchant_id=found.merchant_id,
        link_id=found.id,
        answer_kept=answer_kept,
        now=now,
    )

    def write() -> CreatedOrder:
        with unit_of_work():
            link = lock_link(found.id)
            made = _made_by(form_key, link)
            if made is not None:
                return conclude(made)
            # Decided on what is true now that nobody else can change it.
            standing = _count(link, now=now)
            if link.is_open(now):
                _take_place(link, standing + 1, draft.order, buyer_phone, form_key=form_key, now=now)
                return conclude(draft)
        # What was counted anew is committed.
        raise LinkNotActive(status=link.status_at(now))

    return with_free_reference(draft.order, write)


@inside_transaction
def count_again(link_id: UUID, *, now: datetime) -> None:
    """Count the orders of a link that stand, after one of them ended. May be done at any time, and twice. Locks the link.

    Late money may revive an order whose place was sold anew (DOMAIN O6): the next sale counts it, and then there is one
    more than the stock, and no place is left.
    """
    _count(lock_link(link_id), now=now)


@inside_transaction
def _count(link: PaymentLink, *, now: datetime) -> int:
    """Count the orders of a locked link that stand, and move it on where that changes what it is."""
    standing = Order.objects.filter(payment_link=link).exclude(status__in=_ENDED).count()
    sold = min(standing, link.stock)
    is_full = sold == link.stock
    if link.status == LinkStatus.USED_UP and not is_full:
        transition(link, LinkStatus.ACTIVE, at=now, actor="worker", sold=sold, updated_at=now)
    elif link.status == LinkStatus.ACTIVE and is_full:
        transition(link, LinkStatus.USED_UP, at=now, actor="worker", sold=sold, updated_at=now)
    elif sold != link.sold:
        write_if(link, {"sold": sold, "updated_at": now}, status=link.status)
        link.sold = sold
    return sold


@inside_transaction
def _take_place(
    link: PaymentLink, sold: int, order: Order, buyer_phone: Phone, *, form_key: UUID | None, now: datetime
) -> None:
    write_order(
        order,
        buyer_phone,
        link.seller.phone,
        actor="buyer",
        facts={"link": public_id("link", link.id), "terms_hash": link.terms_hash},
        now=now,
    )
    append(
        Agreement(
            order=order,
            link=link,
            terms_hash=link.terms_hash,
            offered_by=offerer_of(link),
            seller=link.seller,
            offered_at=link.created_at,
            buyer=order.buyer,
            accepted_at=now,
            form_key=form_key,
        )
    )
    record("link.used", link, at=now, actor="buyer", data={"order": order.order_reference, "sold": sold})
    # Beside the lock, the count is in the WHERE clause: no path can sell a place twice.
    if sold == link.stock:
        transition(link, LinkStatus.USED_UP, at=now, actor="buyer", sold=sold, updated_at=now)
    elif not write_if(link, {"sold": sold, "updated_at": now}, sold=link.sold, status=link.status):
        raise LinkNotActive(status=str(link.status))


def _made_by(form_key: UUID | None, link: PaymentLink) -> CreatedOrder | None:
    """The order that this form has made already. Its code has been told, to whoever asked first."""
    if form_key is None:
        return None
    agreed = Agreement.objects.select_related("order").filter(link=link, form_key=form_key).first()
    return CreatedOrder(agreed.order, None) if agreed is not None else None
