"""What a seller sees: the money by where it is, the open payment links, and each sale with whose turn it is and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from zemi.common import crypto
from zemi.common.money import Money
from zemi.disbursements.models import DisbursementStatus
from zemi.links import tokens
from zemi.links.models import PaymentLink
from zemi.links.queries import Owner, open_links_of
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
class LinkLine:
    """One payment link in the list, by which something can still be bought."""

    link: PaymentLink
    token: str


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One sale in the list. `turn` names the text that says what is awaited; `until` when that ends by itself."""

    order: Order
    token: str
    net: Money
    turn: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Desk:
    """All of it. `links` and `sales` have one more than a page if there are more."""

    till: Till
    links: list[LinkLine]
    sales: list[SaleLine]

    @property
    def stamp(self) -> str:
        """Changes when the desk would look different; says nothing else."""
        seen = [str(self.till.held), str(self.till.coming), str(self.till.paid)]
        for line in self.links:
            seen += [str(line.link.id), str(line.link.sold)]
        for sale in self.sales:
            seen += [str(sale.order.id), sale.order.status, sale.turn, str(sale.until), str(sale.net)]
        return crypto.blind_index("page-stamp", "|".join(seen)).hex()[:12]


def read_desk(
    seller_id: UUID, *, links_before: UUID | None = None, before: UUID | None = None, now: datetime
) -> Desk:
    """Read what a seller has: the newest links and sales, or those older than the link and the order that are named."""
    return Desk(
        till=read_till(seller_id, now=now),
        links=_list_links(seller_id, before=links_before, now=now),
        sales=_list_sales(seller_id, before=before),
    )


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


def _list_links(seller_id: UUID, *, before: UUID | None, now: datetime) -> list[LinkLine]:
    rows = open_links_of(Owner(party_id=seller_id), now=now).order_by("-id")
    links = (rows if before is None else rows.filter(id__lt=before))[: PAGE + 1]
    return [LinkLine(link, tokens.token_of(link)) for link in links]


def _list_sales(seller_id: UUID, *, before: UUID | None) -> list[SaleLine]:
    rows = Order.objects.filter(seller_id=seller_id).select_related("buyer", "seller").order_by("-id")
    orders = list((rows if before is None else rows.filter(id__lt=before))[: PAGE + 1])
    shown = render("order", orders, viewer=Role.SELLER)
    return [_line(order, seen) for order, seen in zip(orders, shown, strict=True)]


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
