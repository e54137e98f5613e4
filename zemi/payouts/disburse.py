"""Owe a payout, and have what is due sent."""

from datetime import datetime
from uuid import UUID

from zemi.common.db import insert, inside_transaction, outside_transaction
from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.models import DisbursementStatus
from zemi.disbursements.send import claim, send_claimed, work_on_due
from zemi.events.log import record, transition
from zemi.identity.parties import phone_index
from zemi.ledger import chart
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.orders.queries import get_order
from zemi.payouts import errors
from zemi.payouts.models import AttemptStatus, Payout, PayoutAttempt
from zemi.providers import registry


@inside_transaction
def create_payout(
    *, order: Order, release_id: UUID, payment_id: UUID | None, amount: Money, now: datetime
) -> Payout:
    """Owe `amount` to the order's seller: reserve it (P10a) and queue it. The order must be locked."""
    payout = Payout(
        order=order,
        payment_id=payment_id,
        release_id=release_id,
        seller_id=order.seller_id,
        provider=registry.mobile_money().name,
        amount_minor=amount.minor,
        currency=amount.currency,
        created_at=now,
        updated_at=now,
    )
    insert(payout)
    event = record("payout.created", payout, at=now, actor="release", data={"amount": str(amount)})
    post(
        event,
        Line(
            "payout",
            payout.id,
            chart.seller_payable(order.seller_id),
            chart.payout_in_flight(payout.id),
            amount,
        ),
    )
    transition(payout, DisbursementStatus.QUEUED, at=now, actor="release", due_at=now, updated_at=now)
    return payout


@outside_transaction
def work_on_due_payouts(*, now: datetime, limit: int = 10) -> int:
    """Send what is queued, and ask about what was sent and has had no result."""
    return work_on_due(Payout, payee=("seller",), now=now, limit=limit)


def request_payout(
    *, order_reference: str, payee_phone: Phone, amount: Money, merchant_id: UUID, now: datetime
) -> PayoutAttempt:
    """Send the payout of an order now, or answer the one that was sent: never a second one.

    Amount and phone only say what the caller believes; they must be what the ledger owes to the pinned seller.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises NothingToPayOut, PayeeMismatch, PayoutAmountMismatch: nothing moved
    :raises PayoutFailed: it was refused for good
    """
    registry.make_ready()
    order = get_order(order_reference=read_reference(order_reference), merchant_id=merchant_id)
    payout = Payout.objects.select_related("seller").filter(order=order).order_by("-created_at").first()
    if payout is None:
        raise errors.NothingToPayOut
    if bytes(payout.seller.phone_hash) != phone_index(payee_phone):
        raise errors.PayeeMismatch
    if amount != payout.amount:
        raise errors.PayoutAmountMismatch(due=str(payout.amount))
    if payout.status == DisbursementStatus.FAILED:
        raise errors.PayoutFailed

    if payout.status == DisbursementStatus.QUEUED and claim(payout, now=now):
        send_claimed(payout, now=now)
    attempt = PayoutAttempt.objects.select_related("payout").filter(payout=payout).order_by("-number").first()
    # Without an attempt the worker has claimed it this very moment: it is on its way.
    return attempt or PayoutAttempt(
        payout=Payout.objects.get(pk=payout.pk), number=0, status=AttemptStatus.INTENT
    )
