"""What waits for a person: everything that the worker can't end by itself, with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from zemi.approvals.decide import pending
from zemi.disbursements import switch
from zemi.disbursements.models import Disbursement, DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.topups.models import TopUp, TopUpStatus
from zemi.unclaimed.models import UnclaimedBalance, UnclaimedStatus

_SHOWN = (
    DisbursementStatus.FAILED,
    DisbursementStatus.HELD,
    DisbursementStatus.UNKNOWN,
    DisbursementStatus.NEEDS_ATTENTION,
)
_MOST = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: what it is, its id, and what is known of it."""

    what: str
    id: str
    facts: str


def waiting_for_people(*, now: datetime) -> list[Waiting]:
    """List what waits for a person, most urgent kind first."""
    found = [
        Waiting("switch", row.name, f"stopped by {row.stopped_by}: {row.stop_reason}")
        for row in switch.state()
        if row.stopped_at is not None
    ]
    found += [
        Waiting("suspense case", str(case.id), f"KES {case.amount}, {case.subject_type} {case.subject_id}")
        for case in SuspenseCase.objects.filter(status=SuspenseStatus.OPEN).order_by("opened_at")[:_MOST]
    ]
    for model in (Refund, Payout):
        rows = model._default_manager.filter(status__in=[str(status) for status in _SHOWN])
        found += [_shown(row) for row in rows.order_by("created_at")[:_MOST]]
    found += [
        Waiting("top-up", row.reference, f"KES {row.amount}: {row.result_text or 'no result'}")
        for row in TopUp.objects.filter(status=TopUpStatus.UNKNOWN)
    ]
    apart = UnclaimedBalance.objects.filter(status=UnclaimedStatus.APART).order_by("set_apart_at")
    found += [
        Waiting(
            "unclaimed", str(row.id), f"KES {row.amount} of {row.party_id}, since {row.set_apart_at:%Y-%m-%d}"
        )
        for row in apart[:_MOST]
    ]
    found += [
        Waiting("approval", str(row.id), f"{row.action} {row.payload}, asked by {row.maker}: {row.reason}")
        for row in pending(now=now)
    ]
    return found


def _shown(row: Disbursement) -> Waiting:
    why = row.held_reason or row.failure_reason or "asked about"
    return Waiting(row.SUBJECT, str(row.id), f"{row.status}, KES {row.amount}: {why}")
