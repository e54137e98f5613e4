"""The money of sales as their seller is told of it: each part, paid or why not yet.

However many sales are read, each table is read once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from zemi.common.money import Money
from zemi.disbursements.models import DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.disbursements.switch import PAYOUTS, state
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import UNDECIDED, Payment
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.releases.models import Release
from zemi.snapshots.objects import turn_of
from zemi.snapshots.why_unpaid import Part, Unpaid, Way, why_not_begun, why_unpaid

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class SalePart:
    """One part of what the seller gets. Neither `unpaid` nor paid: nothing of it will be, the sale has ended otherwise."""

    amount: Money
    unpaid: Unpaid | None = None
    paid_at: datetime | None = None


def read_parts(orders: Sequence[Order], *, now: datetime) -> list[list[SalePart]]:
    """Read what becomes of the seller's money in each of `orders`, which are one seller's. Writes nothing.

    Until a sale is delivered its money is one part; then each release is one.
    """
    delivered = [order for order in orders if order.status == OrderStatus.COMPLETED]
    others = [order for order in orders if order.status != OrderStatus.COMPLETED]
    releases = _of(Release, delivered)
    payouts = _of(Payout, delivered)
    refunds = _of(Refund, orders)
    unpaid = [o for o in others if o.status == OrderStatus.AWAITING_PAYMENT]
    live = _of(Payment, unpaid, Q(is_live=True) | UNDECIDED)
    way = _way_to(orders[0].seller_id) if delivered else Way()

    def parts_of(order: Order) -> list[SalePart]:
        back = refunds.get(order.id, [])
        if order.status != OrderStatus.COMPLETED:
            turn = turn_of(order, payments=live.get(order.id, []), payouts=(), refunds=back)
            return [SalePart(order.net, why_not_begun(turn))]
        went_back = order.clawed_back_at is not None or any(
            refund.status != DisbursementStatus.CANCELLED for refund in back
        )
        sent = payouts.get(order.id, [])
        return [
            _part(release, _newest(release, sent), way, went_back=went_back, now=now)
            for release in releases.get(order.id, [])
        ]

    return [parts_of(order) for order in orders]


def _part(release: Release, payout: Payout | None, way: Way, *, went_back: bool, now: datetime) -> SalePart:
    minor = release.amount_minor - release.fee_minor - release.repaid_minor
    if payout is None:
        part = Part(release=release.status, due_at=release.due_at)
        return SalePart(Money(minor, release.currency), why_unpaid(part, way, now=now))
    part = Part(
        release=release.status,
        payout=payout.status,
        held_reason=payout.held_reason,
        looked_at=payout.due_at,
        went_back=went_back,
    )
    paid_at = payout.updated_at if payout.status == DisbursementStatus.SUCCEEDED else None
    return SalePart(payout.amount, why_unpaid(part, way, now=now), paid_at)


def _newest(release: Release, payouts: Iterable[Payout]) -> Payout | None:
    """The payout that no other has replaced."""
    own = [payout for payout in payouts if payout.release_id == release.id]
    replaced = {payout.replaces_id for payout in own}
    return next((payout for payout in own if payout.id not in replaced), None)


def _way_to(seller_id: UUID) -> Way:
    [switch] = [row for row in state() if row.name == PAYOUTS]
    suspended = SuspenseCase.objects.filter(party_id=seller_id, status=SuspenseStatus.OPEN).exists()
    return Way(switch.stopped_at is not None, suspended, switch.waits_until)


def _of(model: type[M], orders: Sequence[Order], *only: Q) -> dict[UUID, list[M]]:
    """The rows of these orders, oldest first, by their order: one statement, or none."""
    found: dict[UUID, list[M]] = {}
    if orders:
        rows = model._default_manager.filter(*only, order__in=[order.pk for order in orders])
        for row in rows.order_by("id"):
            found.setdefault(row.order_id, []).append(row)  # type: ignore[attr-defined]  # each of them has one
    return found
