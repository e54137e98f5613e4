"""What merchants may do to money that came for their orders: give back what is held, or ask staff for what is released."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from zemi.approvals.decide import ask_for
from zemi.common.db import conclude, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.money import Money, kes
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order
from zemi.orders.models import Order, OrderStatus
from zemi.providers import registry
from zemi.staff.refund import SELLER, Part, check_refund, refund_order


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """What is to go back of which order, and whether staff have to allow it first: then its parts may change until then."""

    order: Order
    amount: Money
    parts: list[Part]
    needs_approval: bool


def refund_for_merchant(
    *, order_reference: str, merchant_id: UUID, amount: Money, reason: str, now: datetime
) -> RefundAsked:
    """Give back what is held for a merchant's order, which is then off; above the limit of four eyes staff decide.

    Of released money the seller would bear it: that is never a merchant's to decide, so staff are asked (DOMAIN R5).
    Opens its own transaction.

    :raises OrderNotFound: there is none, or it is not this merchant's
    :raises NothingToRefund, RefundNotWhole, RefundTooSmall, RefundExceedsReceipt, AmountNotWholeShilling: see
        `check_refund`
    """
    registry.make_ready()
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        if order.merchant_id != merchant_id:
            raise OrderNotFound
        parts = check_refund(order, amount)
        at_once = order.status == OrderStatus.PAID and amount <= kes(settings.FOUR_EYES_KES)
        if at_once:
            parts = refund_order(order, amount=amount, bearer=SELLER, actor="merchant", now=now)
        else:
            payload = {"order": order.order_reference, "amount": str(amount), "bearer": SELLER}
            ask_for("refund", payload, maker=f"merchant:{merchant_id}", reason=reason, now=now)
        return conclude(RefundAsked(order, amount, parts, needs_approval=not at_once))
