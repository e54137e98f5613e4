"""Have everything that was sent long ago and has had no result asked about now, rather than at its turn."""

from datetime import datetime

from zemi.disbursements.models import Disbursement, DisbursementStatus

_SENT = (DisbursementStatus.SUBMITTING, DisbursementStatus.SUBMITTED, DisbursementStatus.UNKNOWN)


def ask_about_stale(model: type[Disbursement], *, older_than: datetime, now: datetime) -> int:
    """Make rows of `model` that were sent before `older_than` due at once; the sweep asks. How many."""
    stale = model._default_manager.filter(status__in=_SENT, sent_at__lt=older_than)
    return stale.filter(due_at__gt=now).update(due_at=now)
