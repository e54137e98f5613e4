"""The lists of the console: a page at a time of each queue of `zemi.staff.queue`, and of what the sweeps have put aside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from zemi.approvals.models import Approval
from zemi.common.money import Money
from zemi.console.evidence import address_of, address_of_stuck
from zemi.disbursements.models import Disbursement, SuspenseCase
from zemi.events.parking import list_parked
from zemi.payments.models import Receipt
from zemi.reconciliation.models import ReconciliationItem
from zemi.staff import queue as staff_queue

PAGE = 25


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
        """The address of the page with its evidence and its buttons."""
        return address_of(self.row)


class StuckEntry(Entry):
    """A row of any table that was put aside: its page is about that."""

    @property
    def evidence(self) -> str:
        """The address of the page that puts it back to work."""
        return address_of_stuck(self.row.pk)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a queue, and the key after which the rest begins."""

    entries: Sequence[Entry]
    next_after: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows that wait, and how each is shown. `is_urgent`: money may be lost or paid twice meanwhile."""

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
        entries = [StuckEntry(row, row.SUBJECT, None, row.parked_at, "why_put_aside") for row in found]
        return Page(entries, more)


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


_LINES: Mapping[str, Callable[[Any], Entry]] = {
    "approvals": _approval_line,
    "cases": _case_line,
    "refunds-numbers": lambda row: Entry(
        row.refund, row.refund.reference, row.refund.amount, row.proved_at, "why_payee_proposed"
    ),
    "payments-contradicted": lambda row: Entry(
        row, row.order.order_reference, row.amount, row.created_at, "why_contradicted"
    ),
    "receipts": _receipt_line,
    "top-ups": lambda row: Entry(row, row.reference, row.amount, row.created_at, "why_top_up"),
    "unclaimed": lambda row: Entry(row, "", row.amount, row.set_apart_at, "why_unclaimed"),
}
# The others are of payouts and refunds.
_OF_STAFF = (
    Queue(each.name, each.rows, _LINES.get(each.name, _owed_line), each.is_urgent)
    for each in staff_queue.QUEUES.values()
)
# Reconciliation stands above the staff's package; `zemi reconcile` lists these.
_DIFFERENCES = Queue(
    "differences",
    lambda _: ReconciliationItem.objects.filter(closed_at__isnull=True),
    _difference_line,
    is_urgent=True,
)
_ALL: list[Queue | StuckQueue] = [*_OF_STAFF, _DIFFERENCES, StuckQueue()]
QUEUES: Mapping[str, Queue | StuckQueue] = {queue.name: queue for queue in _ALL}


def stopped_kinds() -> list[str]:
    """Of what nothing is sent."""
    return [row.name for row in staff_queue.stopped()]
