"""Give money of an order back by hand: out of what is held, or, once it is released, where it can be had (DOMAIN R5, R6)."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled
from zemi.payments.queries import refundable_receipts
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt
from zemi.refunds.models import Refund, RefundReason
from zemi.refunds.owe import LEAST, owe_refund_from
from zemi.releases.take_back import take, take_from_seller
from zemi.staff.errors import BadRequestOfStaff

SELLER, ZEMI = "seller", "zemi"


@inside_transaction
def refund_order(order: Order, *, amount: Money, bearer: str, actor: str, now: datetime) -> Refund | None:
    """Give `amount` back to whoever paid a locked order.

    What is held goes first. Of released money the seller bears it out of reserve, balance and debt, in that order
    (P13a to P13c); with the bearer "zemi" it is the operator's loss (P13d).

    :raises BadRequestOfStaff: bearer is neither, or it is less than M-Pesa pays out
    :raises NothingToRefund: no receipt of the order has anything left
    :raises RefundExceedsReceipt: more than the latest receipt has left; refund the others by themselves
    """
    if bearer not in {SELLER, ZEMI}:
        raise BadRequestOfStaff(problem="bearer is seller or zemi")
    if amount < LEAST:
        # It would be credit that no refund and no receipt tells of, as often as somebody asks.
        raise BadRequestOfStaff(problem=f"less than KES {LEAST.shillings} can't be paid out")
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
    rest = amount - take(found, held, amount)
    if not rest.minor:
        return found
    if bearer == ZEMI:
        found[chart.losses(order.id)] = rest
        return found
    return found | take_from_seller(order, rest, actor=actor, now=now)
