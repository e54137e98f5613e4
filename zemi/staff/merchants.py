"""What merchants may do to money that came for their orders: give back what is held, or ask staff for what is released."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from zemi.approvals.decide import ask_for
from zemi.common.db import conclude, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.money import Money, kes
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled
from zemi.payments.queries import refundable_receipts
from zemi.payments.unallocated import return_parts
from zemi.providers import registry
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt
from zemi.refunds.models import RefundReason
from zemi.staff.errors import RefundNotWhole
from zemi.staff.refund import SELLER


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """What is to go back of which order, and whether staff have to allow it first."""

    order: Order
    amount: Money
    needs_approval: bool


def refund_for_merchant(
    *, order_reference: str, merchant_id: UUID, amount: Money, reason: str, now: datetime
) -> RefundAsked:
    """Give back what is held for a merchant's order, which is then off; above the limit of four eyes staff decide.

    Of released money the seller would bear it: that is never a merchant's to decide, so staff are asked (DOMAIN R5).
    Opens its own transaction.

    :raises OrderNotFound: there is none, or it is not this merchant's
    :raises NothingToRefund: no money of this order is left
    :raises RefundNotWhole: of an order that is not delivered all goes back
    :raises RefundExceedsReceipt: more than came
    """
    registry.mobile_money()
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        if order.merchant_id != merchant_id:
            raise OrderNotFound
        receipts = refundable_receipts(order)
        if not receipts or order.status not in {OrderStatus.PAID, OrderStatus.COMPLETED}:
            raise NothingToRefund
        held = balance_of(chart.escrow(order.id))
        if order.status == OrderStatus.PAID and amount != held:
            raise RefundNotWhole(held=str(held))
        if order.status == OrderStatus.COMPLETED and amount > receipts[0].amount:
            raise RefundExceedsReceipt
        at_once = order.status == OrderStatus.PAID and amount <= kes(settings.FOUR_EYES_KES)
        if at_once:
            off = mark_cancelled(order, now=now, actor="merchant")
            return_parts(order, off, reason=RefundReason.MANUAL, actor="merchant", now=now)
        else:
            payload = {"order": order.order_reference, "amount": str(amount), "bearer": SELLER}
            ask_for("refund", payload, maker=f"merchant:{merchant_id}", reason=reason, now=now)
        return conclude(RefundAsked(order, amount, needs_approval=not at_once))
