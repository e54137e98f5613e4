"""What waits for a person, queue by queue: how much of it, and a page of it at a time, the oldest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from zemi.approvals.models import Approval, ApprovalStatus
from zemi.common.money import Money
from zemi.disbursements.models import Disbursement, DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.disbursements.switch import state
from zemi.events.parking import list_parked
from zemi.payments.models import CLAIMABLE, Receipt
from zemi.payouts.models import Payout
from zemi.reconciliation.models import ReconciliationItem
from zemi.refunds.models import Refund
from zemi.topups.models import TopUp, TopUpStatus
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus

PAGE = 25
_S = DisbursementStatus


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a list: its row, what people call it, and the name of the text that says why it waits."""

    row: models.Model
    name: str
    amount: Money | None
    since: datetime | None
    note: str

    @property
    def evidence(self) -> str:
        """The address at which all of its row can be read."""
        meta = self.row._meta
        return f"/console/admin/{meta.app_label}/{meta.model_name}/{self.row.pk}/change/"


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a queue, and the key after which the rest begins."""

    entries: list[Entry]
    next_after: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows of one table that wait for the same reason. `is_urgent`: money may be lost or paid twice meanwhile."""

    name: str
    rows: Callable[[datetime], "QuerySet[Any]"]
    line: Callable[[Any], Entry]
    is_urgent: bool = False

    def count(self, now: datetime) -> int:
        """How many wait."""
        return self.rows(now).count()

    def page(self, after: UUID | None, now: datetime) -> Page:
        """The first PAGE of them, or those after the key `after`: keys sort by time."""
        rows = self.rows(now)
        if after is not None:
            rows = rows.filter(pk__gt=after)
        found = list(rows.order_by("pk")[: PAGE + 1])
        more = str(found[PAGE - 1].pk) if len(found) > PAGE else ""
        return Page([self.line(row) for row in found[:PAGE]], more)


@dataclass(frozen=True, slots=True)
class StuckQueue:
    """Rows of every table that a sweep has put aside."""

    name: str = "stuck"
    is_urgent: bool = True

    def count(self, now: datetime) -> int:
        """How many were put aside."""
        return len(list_parked())

    def page(self, after: UUID | None, now: datetime) -> Page:
        """PAGE of them, the longest put aside first."""
        rows = list_parked()
        keys = [row.pk for row in rows]
        start = keys.index(after) + 1 if after in keys else 0
        found = rows[start : start + PAGE]
        more = str(found[-1].pk) if len(rows) > start + PAGE else ""
        entries = [Entry(row, row.SUBJECT, None, row.parked_at, "why_put_aside") for row in found]
        return Page(entries, more)


def _owed(model: type[Disbursement], *statuses: DisbursementStatus) -> Callable[[datetime], "QuerySet[Any]"]:
    rows: QuerySet[Any] = model._default_manager.filter(status__in=[str(status) for status in statuses])
    return lambda now: rows.select_related("order")


def _owed_line(row: Disbursement) -> Entry:
    why = f"held_{row.held_reason}" if row.held_reason else f"owed_{row.status}"
    return Entry(row, row.reference, row.amount, row.created_at, why)


def _receipt_line(row: Receipt) -> Entry:
    note = "why_orphan_back" if row.refund_at else "why_orphan_apart"
    return Entry(row, row.transaction_id or "", row.amount, row.received_at, note)


def _case_line(row: SuspenseCase) -> Entry:
    note = "why_paid_after_return" if row.was_given_back else "why_paid_twice"
    return Entry(row, row.transaction_id or "", row.amount, row.opened_at, note)


def _difference_line(row: ReconciliationItem) -> Entry:
    minor = row.theirs_minor if row.theirs_minor is not None else row.ours_minor or 0
    return Entry(row, row.receipt, Money(minor), row.opened_at, f"why_{row.kind}")


def _approval_line(row: Approval) -> Entry:
    return Entry(row, row.maker, None, row.created_at, f"act_{row.action}".replace("-", "_"))


QUEUES: Mapping[str, Queue | StuckQueue] = {
    queue.name: queue
    for queue in (
        Queue(
            "approvals",
            lambda now: Approval.objects.filter(status=ApprovalStatus.PENDING, expires_at__gt=now),
            _approval_line,
        ),
        Queue("payouts-unknown", _owed(Payout, _S.UNKNOWN, _S.NEEDS_ATTENTION), _owed_line, is_urgent=True),
        Queue("payouts-failed", _owed(Payout, _S.FAILED), _owed_line),
        Queue("payouts-held", _owed(Payout, _S.HELD), _owed_line),
        Queue("refunds-unknown", _owed(Refund, _S.UNKNOWN, _S.NEEDS_ATTENTION), _owed_line, is_urgent=True),
        Queue("refunds-failed", _owed(Refund, _S.FAILED), _owed_line),
        Queue("refunds-held", _owed(Refund, _S.HELD), _owed_line),
        Queue(
            "cases",
            lambda now: SuspenseCase.objects.filter(status=SuspenseStatus.OPEN),
            _case_line,
            is_urgent=True,
        ),
        Queue(
            "top-ups",
            lambda now: TopUp.objects.filter(status=TopUpStatus.UNKNOWN),
            lambda row: Entry(row, row.reference, row.amount, row.created_at, "why_top_up"),
            is_urgent=True,
        ),
        Queue(
            "differences",
            lambda now: ReconciliationItem.objects.filter(closed_at__isnull=True),
            _difference_line,
            is_urgent=True,
        ),
        Queue("receipts", lambda now: Receipt.objects.filter(status__in=CLAIMABLE), _receipt_line),
        StuckQueue(),
        Queue(
            "unclaimed",
            lambda now: UnclaimedBalance.objects.filter(status=UnclaimedStatus.APART),
            lambda row: Entry(row, "", row.amount, row.set_apart_at, "why_unclaimed"),
        ),
    )
}


def stopped_kinds() -> list[str]:
    """Of what nothing is sent, since somebody or the provider stopped it."""
    return [row.name for row in state() if row.stopped_at is not None]
