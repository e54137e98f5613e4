"""Give money of an order back by hand: out of what is held, or, once it is released, where it can be had (DOMAIN R5, R6)."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled
from zemi.payments.models import Receipt
from zemi.payments.queries import refundable_receipts
from zemi.payments.unallocated import return_parts
from zemi.providers.base import PAYOUT_LEAST
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt, RefundTooSmall
from zemi.refunds.models import RefundReason
from zemi.refunds.owe import owe_refund_from
from zemi.releases.take_back import take_from_seller
from zemi.staff.errors import BadRequestOfStaff, RefundNotWhole

SELLER, ZEMI = "seller", "zemi"


@inside_transaction
def check_refund(order: Order, amount: Money) -> Receipt:
    """Refuse what can't be refunded by hand; answer the latest receipt, of which released money goes back.

    The order must be locked. Whoever promises a refund asks this first.

    :raises NothingToRefund: the order neither holds money nor has released any, or none of it has anything left
    :raises RefundNotWhole: of an order that is not delivered all goes back
    :raises RefundTooSmall: less than M-Pesa pays out
    :raises RefundExceedsReceipt: of released money, more than the latest receipt brought
    """
    receipts = refundable_receipts(order)
    if not receipts or order.status not in {OrderStatus.PAID, OrderStatus.COMPLETED}:
        raise NothingToRefund
    if order.status == OrderStatus.PAID:
        held = balance_of(chart.escrow(order.id))
        if amount != held:
            raise RefundNotWhole(held=str(held))
    elif amount < PAYOUT_LEAST:
        # It would be credit that no refund and no receipt tells of, as often as somebody asks.
        raise RefundTooSmall(least=PAYOUT_LEAST.shillings)
    elif amount > receipts[0].amount:
        raise RefundExceedsReceipt
    return receipts[0]


@inside_transaction
def refund_order(order: Order, *, amount: Money, bearer: str, actor: str, now: datetime) -> None:
    """Give `amount` back to whoever paid a locked order.

    An order that holds it is off then, and each part of it goes back to its payer. Of released money the seller bears
    it out of reserve, balance and debt, in that order (P13a to P13c); with the bearer "zemi" it is the operator's loss
    (P13d).

    :raises BadRequestOfStaff: bearer is neither
    :raises NothingToRefund, RefundNotWhole, RefundTooSmall, RefundExceedsReceipt: see `check_refund`
    """
    if bearer not in {SELLER, ZEMI}:
        raise BadRequestOfStaff(problem="bearer is seller or zemi")
    receipt = check_refund(order, amount)
    if order.status == OrderStatus.PAID:
        off = mark_cancelled(order, now=now, actor=actor)
        return_parts(order, off, reason=RefundReason.MANUAL, actor=actor, now=now)
        return
    owe_refund_from(
        _sources(order, amount, bearer=bearer, actor=actor, now=now),
        order=order,
        receipt_id=receipt.id,
        payee_phone=receipt.payer_phone,
        # Its money has left the paybill: a reversal can't undo it.
        pay_in=None,
        received=receipt.amount,
        received_at=receipt.received_at,
        reason=RefundReason.MANUAL,
        actor=actor,
        now=now,
    )


def _sources(
    order: Order, amount: Money, *, bearer: str, actor: str, now: datetime
) -> dict[AccountRef, Money]:
    if bearer == ZEMI:
        return {chart.losses(order.id): amount}
    return dict(take_from_seller(order, amount, actor=actor, now=now))
