"""How far a new try must keep from one that anybody was ever in doubt about (SAFETY 4.2)."""

from datetime import datetime, timedelta

from zemi.common.db import inside_transaction
from zemi.disbursements.models import Attempt, AttemptStatus, Disbursement
from zemi.events.models import Event

# Between a try that was ever unknown and a new one, or anybody's word that it was not paid (SAFETY 4.2, DOMAIN Y14).
DISTANCE = timedelta(hours=24)


def sent_at(row: Disbursement, attempt: Attempt) -> datetime:
    """When the latest try went out: what provably did not leave is tried again as the same one, a day later or more."""
    return row.sent_at or attempt.created_at


@inside_transaction
def in_doubt_until(row: Disbursement) -> datetime | None:
    """Until when the latest try of a locked or claimed row, if that has failed, forbids a new one; None: it does not.

    What M-Pesa said at once is proof. Where there was doubt before, its last word is one of two that contradict each other,
    however sure it sounds: a notice of a time-out, and then "failed", of what may still be paid.
    """
    last: Attempt | None = row.tries_made().order_by("-number").first()
    if last is None or last.status != AttemptStatus.FAILED:
        return None
    # That it provably never left ends a doubt: it went out later, as the same try.
    words = (f"{last.SUBJECT}.unknown", f"{last.SUBJECT}.not_sent")
    told = Event.objects.filter(subject_id=last.id, order_id=row.timeline_id, type__in=words)
    latest = told.order_by("-id").values_list("type", flat=True).first()
    return sent_at(row, last) + DISTANCE if latest == words[0] else None
