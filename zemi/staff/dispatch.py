"""The payout stop: one person may stop at once, and start again; both are events (SAFETY 3.7)."""

from datetime import datetime

from zemi.common.db import unit_of_work
from zemi.disbursements import switch
from zemi.disbursements.models import Disbursement, DisbursementStatus
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund

_MODELS: tuple[type[Disbursement], ...] = (Payout, Refund)


def stop_sending(*, kinds: tuple[str, ...], by: str, reason: str, now: datetime) -> list[str]:
    """Send nothing more of `kinds`; what was sent is still settled. Answers which were on until now."""
    return [kind for kind in kinds if switch.stop(kind, by=by, reason=reason, now=now)]


def start_sending(*, kinds: tuple[str, ...], by: str, now: datetime) -> list[str]:
    """Send again, what waited at once. Answers which were off until now."""
    started = []
    for model in _MODELS:
        if model.SUBJECT not in kinds:
            continue
        with unit_of_work():
            if switch.start_inside(model.SUBJECT, by=by, now=now):
                waited = model._default_manager.filter(
                    status=DisbursementStatus.QUEUED, last_error="stopped", due_at__gt=now
                )
                waited.update(due_at=now)
                started.append(model.SUBJECT)
    return started
