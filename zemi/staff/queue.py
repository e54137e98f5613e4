"""What waits for a person: everything that the worker can't end by itself, queue by queue, for command and console alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from zemi.approvals.decide import pending
from zemi.approvals.models import Approval
from zemi.disbursements import switch
from zemi.disbursements.models import (
    Disbursement,
    DisbursementStatus,
    Dispatcher,
    SuspenseCase,
    SuspenseStatus,
)
from zemi.ledger import chart
from zemi.ledger.balances import holders_of
from zemi.payments.models import CLAIMABLE, UNDECIDED, Payment, Receipt
from zemi.payouts.models import Payout
from zemi.providers.base import PAYOUT_LEAST
from zemi.refunds.models import ProposedPayee, Refund
from zemi.refunds.payers import proposed_payees
from zemi.topups.models import TopUp, TopUpStatus
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus

_S = DisbursementStatus
_MOST = 100
_MOST_SELLERS = 1_000
_WHY: Mapping[str, str] = {
    _S.REVERSED: "the provider took it back",
    _S.CANCELLED: "called off, and its seller's balance has money",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: what it is, its id, and what is known of it."""

    what: str
    id: str
    facts: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows of one table that wait for the same reason. `is_urgent`: money may be lost or paid twice meanwhile."""

    name: str
    rows: Callable[[datetime], "QuerySet[Any]"]
    said: Callable[[Any], Waiting]
    is_urgent: bool = False


def waiting_for_people(*, now: datetime) -> list[Waiting]:
    """List what waits for a person, what is urgent first; of each queue the oldest, 100 at most."""
    found = [
        Waiting("switch", row.name, f"stopped by {row.stopped_by}: {row.stop_reason}") for row in stopped()
    ]
    for queue in sorted(QUEUES.values(), key=lambda queue: not queue.is_urgent):
        found += [queue.said(row) for row in queue.rows(now).order_by("pk")[:_MOST]]
    return found


def stopped() -> list[Dispatcher]:
    """The switches of what is not sent, since somebody or the provider stopped it."""
    return [row for row in switch.state() if row.stopped_at is not None]


def _owed(model: type[Disbursement], *statuses: DisbursementStatus) -> Callable[[datetime], "QuerySet[Any]"]:
    rows: QuerySet[Any] = model._default_manager.filter(status__in=[str(status) for status in statuses])
    return lambda _: rows.select_related("order")


def _taken_back(_: datetime) -> "QuerySet[Any]":
    """Payouts that the provider took back, and that no other one replaces yet."""
    return Payout.objects.filter(status=_S.REVERSED, replaced_by=None).select_related("order")


def _called_off(_: datetime) -> "QuerySet[Any]":
    """Payouts that were called off and that no other one replaces, of sellers whose balance has enough to be paid out."""
    sellers = map(UUID, holders_of(chart.SELLER_PAYABLE, least=PAYOUT_LEAST, limit=_MOST_SELLERS))
    rows = Payout.objects.filter(status=_S.CANCELLED, replaced_by=None, seller_id__in=list(sellers))
    return rows.select_related("order")


def _owed_said(row: Disbursement) -> Waiting:
    why = row.held_reason or row.failure_reason or _WHY.get(row.status, "asked about")
    return Waiting(row.SUBJECT, str(row.id), f"{row.status}, KES {row.amount}: {why}")


def _case_said(row: SuspenseCase) -> Waiting:
    return Waiting("suspense case", str(row.id), f"KES {row.amount}, {row.subject_type} {row.subject_id}")


def _proposed_said(row: ProposedPayee) -> Waiting:
    facts = f"KES {row.refund.amount} to {row.party.phone_masked}, party {row.party_id}"
    return Waiting("number for a refund", str(row.refund_id), facts)


def _top_up_said(row: TopUp) -> Waiting:
    return Waiting("top-up", row.reference, f"KES {row.amount}: {row.result_text or 'no result'}")


def _receipt_said(row: Receipt) -> Waiting:
    return Waiting("receipt", row.transaction_id or str(row.id), f"KES {row.amount}, claimed by nobody yet")


def _payment_said(row: Payment) -> Waiting:
    facts = f"{row.status}, KES {row.amount} for {row.order.order_reference}: said to be paid, and not to be"
    return Waiting(row.SUBJECT, str(row.id), facts)


def _unclaimed_said(row: UnclaimedBalance) -> Waiting:
    facts = f"KES {row.amount} of {row.party_id}, since {row.set_apart_at:%Y-%m-%d}"
    return Waiting("unclaimed", str(row.id), facts)


def _approval_said(row: Approval) -> Waiting:
    facts = f"{row.action} {row.payload}, asked by {row.maker}: {row.reason}"
    return Waiting("approval", str(row.id), facts)


QUEUES: Mapping[str, Queue] = {
    queue.name: queue
    for queue in (
        Queue("approvals", lambda now: pending(now=now), _approval_said),
        Queue(
            "payments-contradicted",
            lambda _: Payment.objects.filter(UNDECIDED).select_related("order"),
            _payment_said,
            is_urgent=True,
        ),
        Queue("payouts-unknown", _owed(Payout, _S.UNKNOWN, _S.NEEDS_ATTENTION), _owed_said, is_urgent=True),
        Queue("payouts-failed", _owed(Payout, _S.FAILED), _owed_said),
        Queue("payouts-reversed", _taken_back, _owed_said),
        Queue("payouts-called-off", _called_off, _owed_said),
        Queue("payouts-held", _owed(Payout, _S.HELD), _owed_said),
        Queue("refunds-unknown", _owed(Refund, _S.UNKNOWN, _S.NEEDS_ATTENTION), _owed_said, is_urgent=True),
        Queue("refunds-failed", _owed(Refund, _S.FAILED), _owed_said),
        Queue("refunds-held", _owed(Refund, _S.HELD), _owed_said),
        Queue(
            "refunds-numbers",
            lambda now: proposed_payees(now=now).select_related("refund__order", "party"),
            _proposed_said,
        ),
        Queue(
            "cases",
            lambda _: SuspenseCase.objects.filter(status=SuspenseStatus.OPEN),
            _case_said,
            is_urgent=True,
        ),
        Queue(
            "top-ups",
            lambda _: TopUp.objects.filter(status=TopUpStatus.UNKNOWN),
            _top_up_said,
            is_urgent=True,
        ),
        Queue("receipts", lambda _: Receipt.objects.filter(status__in=CLAIMABLE), _receipt_said),
        Queue(
            "unclaimed",
            lambda _: UnclaimedBalance.objects.filter(status=UnclaimedStatus.APART),
            _unclaimed_said,
        ),
    )
}
