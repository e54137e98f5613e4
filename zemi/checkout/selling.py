"""What a seller sees: the money by where it is, the open payment links, and each sale with why it is not paid yet."""

from collections.abc import Iterable, Sequence
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
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.snapshots.sales import SalePart, read_parts

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
class PartLine:
    """One part of a sale's money. `text` names the words for why it is not paid, or for its end; `then` those for `at`."""

    amount: Money
    text: str
    then: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One sale in the list."""

    order: Order
    token: str
    parts: list[PartLine]


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
            seen += [str(sale.order.id), sale.order.status, *map(str, sale.parts)]
        return stamp_of(seen)


def stamp_of(seen: Iterable[object]) -> str:
    """A word that changes when what is seen does, and says nothing else."""
    return crypto.blind_index("page-stamp", "|".join(map(str, seen))).hex()[:12]


def read_desk(
    seller_id: UUID, *, links_before: UUID | None = None, before: UUID | None = None, now: datetime
) -> Desk:
    """Read what a seller has: the newest links and sales, or those older than the link and the order that are named."""
    return Desk(
        till=read_till(seller_id, now=now),
        links=_list_links(seller_id, before=links_before, now=now),
        sales=_list_sales(seller_id, before=before, now=now),
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


def read_lines(orders: Sequence[Order], *, now: datetime) -> list[list[PartLine]]:
    """Read, of each of one seller's orders, how far its money is."""
    return [
        [_line(order, part) for part in parts]
        for order, parts in zip(orders, read_parts(orders, now=now), strict=True)
    ]


def _list_sales(seller_id: UUID, *, before: UUID | None, now: datetime) -> list[SaleLine]:
    rows = Order.objects.filter(seller_id=seller_id).order_by("-id")
    orders = list((rows if before is None else rows.filter(id__lt=before))[: PAGE + 1])
    lines = read_lines(orders, now=now)
    return [SaleLine(order, token_of(order), parts) for order, parts in zip(orders, lines, strict=True)]


def _line(order: Order, part: SalePart) -> PartLine:
    why = part.unpaid
    if why is not None:
        return PartLine(part.amount, f"unpaid_{why.because}", f"then_{why.then}", why.at)
    if part.paid_at is not None:
        return PartLine(part.amount, "over_completed", at=part.paid_at)
    # Delivered, and its payout called off because the money went back.
    ended_as = OrderStatus.REFUNDED if order.status == OrderStatus.COMPLETED else order.status
    return PartLine(part.amount, f"over_{ended_as}")


def _sum(rows: "QuerySet[Payout]") -> Money:
    return Money(rows.aggregate(total=Sum("amount_minor"))["total"] or 0)
