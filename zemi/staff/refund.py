"""Give money of an order back by hand: out of what is held, or, once it is released, where it can be had (DOMAIN R5, R6)."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.disbursements.change import cancel, open_attempt
from zemi.disbursements.locks import lock_disbursement
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef
from zemi.ledger.locks import lock_balance
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled
from zemi.payments.queries import refundable_receipts
from zemi.payouts.models import Payout, PayoutStatus
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt
from zemi.refunds.models import Refund, RefundReason
from zemi.refunds.owe import owe_refund_from
from zemi.staff.errors import BadRequestOfStaff

SELLER, ZEMI = "seller", "zemi"


@inside_transaction
def refund_order(order: Order, *, amount: Money, bearer: str, actor: str, now: datetime) -> Refund | None:
    """Give `amount` back to whoever paid a locked order.

    What is held goes first. Of released money the seller bears it out of reserve, balance and debt, in that order
    (P13a to P13c); with the bearer "zemi" it is the operator's loss (P13d).

    :raises BadRequestOfStaff: bearer is neither
    :raises NothingToRefund: no receipt of the order has anything left
    :raises RefundExceedsReceipt: more than the latest receipt has left; refund the others by themselves
    """
    if bearer not in {SELLER, ZEMI}:
        raise BadRequestOfStaff(problem="bearer is seller or zemi")
    receipts = refundable_receipts(order)
    if not receipts:
        raise NothingToRefund
    receipt = receipts[0]
    if amount > receipt.amount:
        raise RefundExceedsReceipt
    if order.status == OrderStatus.PAID:
        if amount != balance_of(chart.escrow(order.id)):
            raise BadRequestOfStaff(problem="of an order that is not delivered, all that is held goes back")
        mark_cancelled(order, now=now, actor=actor)
    sources = _sources(order, amount, bearer=bearer, actor=actor, now=now)
    return owe_refund_from(
        sources,
        order=order,
        receipt_id=receipt.id,
        payee_phone=receipt.payer_phone,
        pay_in=receipt.transaction_id if set(sources) == {chart.escrow(order.id)} else None,
        received=receipt.amount,
        received_at=receipt.received_at,
        reason=RefundReason.MANUAL,
        actor=actor,
        now=now,
    )


def _sources(
    order: Order, amount: Money, *, bearer: str, actor: str, now: datetime
) -> dict[AccountRef, Money]:
    held = chart.escrow(order.id)
    found: dict[AccountRef, Money] = {}
    rest = amount - _take(found, held, amount)
    if not rest.minor:
        return found
    if bearer == ZEMI:
        found[chart.losses(order.id)] = rest
        return found
    rest -= _take(found, chart.seller_reserve(order.seller_id), rest)
    # What is called off here is on the balance only when this unit ends: it is counted by hand.
    coming = _call_off_payouts(order, actor=actor, now=now)
    rest -= _take(found, chart.seller_payable(order.seller_id), rest, coming=coming)
    if rest.minor:
        found[chart.seller_debt(order.seller_id)] = rest
    return found


def _take(
    found: dict[AccountRef, Money], account: AccountRef, wanted: Money, *, coming: Money | None = None
) -> Money:
    there = lock_balance(account)
    taken = min(there + coming if coming else there, wanted)
    if taken.minor:
        found[account] = taken
    return taken


def _call_off_payouts(order: Order, *, actor: str, now: datetime) -> Money:
    """What is on its way to the seller and was not sent comes back first (DOMAIN 5.8 row 19); answers how much."""
    called_off = Money(0, order.currency)
    waiting = Payout.objects.filter(order=order, status__in=[PayoutStatus.QUEUED, PayoutStatus.HELD])
    for key in list(waiting.values_list("id", flat=True)):
        payout = lock_disbursement(Payout, key)
        if payout.status in {PayoutStatus.QUEUED, PayoutStatus.HELD} and open_attempt(payout) is None:
            cancel(payout, actor=actor, now=now)
            called_off += payout.amount
    return called_off
