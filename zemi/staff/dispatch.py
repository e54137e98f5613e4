"""The payout stop, and work that was put aside: one person may stop and start at once; each is an act (SAFETY 3.7)."""

from datetime import datetime
from uuid import UUID

from zemi.common.db import unit_of_work
from zemi.common.work import WorkRow
from zemi.disbursements import switch
from zemi.disbursements.models import Disbursement, DisbursementStatus
from zemi.events.parking import retry_parked
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.staff.acts import check_who_and_why, write_act

_MODELS: tuple[type[Disbursement], ...] = (Payout, Refund)


def stop_sending(*, kinds: tuple[str, ...], by: str, reason: str, now: datetime) -> list[str]:
    """Send nothing more of `kinds`; what was sent is still settled. Answers which were on until now.

    :raises BadRequestOfStaff: no name or reason
    """
    check_who_and_why(actor=by, reason=reason)
    stopped = []
    for kind in kinds:
        with unit_of_work():
            if switch.stop(kind, by=by, reason=reason, now=now):
                write_act("stop", {"kind": kind}, actor=by, reason=reason, now=now)
                stopped.append(kind)
    return stopped


def start_sending(*, kinds: tuple[str, ...], by: str, reason: str, now: datetime) -> list[str]:
    """Send again, what waited at once. Answers which were off until now.

    :raises BadRequestOfStaff: no name or reason
    """
    check_who_and_why(actor=by, reason=reason)
    started = []
    for model in _MODELS:
        if model.SUBJECT not in kinds:
            continue
        with unit_of_work():
            if switch.start(model.SUBJECT, by=by, now=now):
                waited = model._default_manager.filter(
                    status=DisbursementStatus.QUEUED, last_error="stopped", due_at__gt=now
                )
                waited.update(due_at=now)
                write_act("start", {"kind": model.SUBJECT}, actor=by, reason=reason, now=now)
                started.append(model.SUBJECT)
    return started


def put_back_to_work(
    row_id: UUID, *, by: str, reason: str, now: datetime, key: UUID | None = None
) -> WorkRow | None:
    """Make a row due at once that a sweep had put aside; None when no such row is put aside.

    :raises BadRequestOfStaff: no name or reason
    """
    check_who_and_why(actor=by, reason=reason)
    with unit_of_work():
        row = retry_parked(row_id, actor=by[:60], now=now)
        if row is not None:
            payload = {"id": str(row_id), "kind": row.SUBJECT}
            write_act("resume", payload, actor=by, reason=reason, now=now, key=key)
    return row
