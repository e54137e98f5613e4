"""What a seller sees of the own sales: the money by where it is, and each sale with whose turn it is and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from zemi.common import crypto
from zemi.common.money import Money
from zemi.disbursements.models import DisbursementStatus
from zemi.orders.links import token_of
from zemi.orders.models import Order, OrderStatus
from zemi.orders.parties import Role
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.snapshots.objects import render

PAGE = 20
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Till:
    """A seller's money: held for open sales, on its way, and paid within the last seven days."""

    held: Money
    coming: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One sale in the list. `turn` names the text that says what is awaited; `until` when that ends by itself."""

    order: Order
    token: str
    net: Money
    turn: str
    until: datetime | None


def read_till(seller_id: UUID, *, now: datetime) -> Till:
    """Add up a seller's money: what the seller will get, has coming, and got."""
    open_sales = Order.objects.filter(seller_id=seller_id, status=OrderStatus.PAID)
    payouts = Payout.objects.filter(seller_id=seller_id)
    ended = (DisbursementStatus.SUCCEEDED, DisbursementStatus.CANCELLED)
    refunded = Refund.objects.filter(order__isnull=False).exclude(status=DisbursementStatus.CANCELLED)
    # Called off, but not for the buyer's sake (the rule of next_action).
    still_owed = Q(
        status=DisbursementStatus.CANCELLED, order__status=OrderStatus.COMPLETED, order__clawed_back_at=None
    ) & ~Q(order__in=refunded.values("order"))
    return Till(
        # Without the commission, as each sale's line has it.
        held=sum((order.net for order in open_sales.only("amount_minor", "currency", "fee_bps")), Money(0)),
        coming=_sum(payouts.filter(~Q(status__in=ended) | still_owed, replaced_by=None)),
        paid=_sum(payouts.filter(status=DisbursementStatus.SUCCEEDED, updated_at__gt=now - _WEEK)),
    )


def list_sales(seller_id: UUID, *, before: UUID | None = None) -> list[SaleLine]:
    """The newest sales of a seller, or those older than the order `before`; one more than a page if there are more."""
    rows = Order.objects.filter(seller_id=seller_id).select_related("buyer", "seller").order_by("-id")
    orders = list((rows if before is None else rows.filter(id__lt=before))[: PAGE + 1])
    shown = render("order", orders, viewer=Role.SELLER)
    return [_line(order, seen) for order, seen in zip(orders, shown, strict=True)]


def stamp_of(till: Till, sales: list[SaleLine]) -> str:
    """Changes when the list would look different; says nothing else."""
    seen = [str(till.held), str(till.coming), str(till.paid)]
    for sale in sales:
        seen += [str(sale.order.id), sale.order.status, sale.turn, str(sale.until), str(sale.net)]
    return crypto.blind_index("page-stamp", "|".join(seen)).hex()[:12]


def _line(order: Order, seen: dict[str, object]) -> SaleLine:
    turn = seen["next_action"]
    deadline = seen["deadline_at"]
    # Delivered, and its payout called off because the money went back.
    was_unpaid = order.status == OrderStatus.COMPLETED and seen["payout_status"] == "failed"
    ended_as = OrderStatus.REFUNDED if was_unpaid else order.status
    return SaleLine(
        order=order,
        token=token_of(order),
        net=order.net,
        turn=f"turn_{turn['verb']}" if isinstance(turn, dict) else f"turn_none_{ended_as}",
        until=datetime.fromisoformat(deadline) if isinstance(deadline, str) else None,
    )


def _sum(rows: "QuerySet[Payout]") -> Money:
    return Money(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
