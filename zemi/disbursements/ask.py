"""Ask the provider about what was sent and has had no result: on schedule, and never anything but ask."""

from datetime import datetime, timedelta

from django.conf import settings

from zemi.common.db import outside_transaction
from zemi.common.work import finish
from zemi.disbursements.models import Disbursement, DisbursementStatus
from zemi.disbursements.settle import apply_outcome, call_a_person
from zemi.disbursements.switch import is_refused
from zemi.providers import registry
from zemi.providers.base import Succeeded, Unknown
from zemi.webhooks.tokens import CallbackKind, mint

# The gaps between questions after the first; the last one repeats (SAFETY 4.2).
QUERY_GAPS_S = (120, 300, 900, 3600)
SILENCE = timedelta(minutes=5)
# From then on only a person with the provider's statement can end it; it is asked about daily for a week more (Y14).
OVERDUE = timedelta(hours=24)
DAILY = timedelta(days=1)
GIVE_UP_ASKING = timedelta(days=8)
# However long nobody worked: the week's questions are asked first.
LEAST_QUESTIONS = 7


@outside_transaction
def ask_about(row: Disbursement, *, now: datetime) -> None:
    """Ask the provider what became of a claimed row that was sent. The answer comes by callback."""
    attempt = row.open_attempt()
    if attempt is None:
        # Its result was handled since it was claimed.
        return
    since = row.sent_at or row.created_at
    if row.status == DisbursementStatus.SUBMITTING or since <= now - SILENCE:
        apply_outcome(type(attempt), attempt.id, Unknown(text="no result"), now=now)
    if now - since > OVERDUE:
        call_a_person(type(attempt), attempt.id, now=now)
    if is_refused(row.SUBJECT):
        # No question, and none that counts: it waits on its schedule until somebody has mended the credentials.
        finish(
            row,
            due_at=_next_question(row, since=since, now=now) or now + DAILY,
            error="refused",
            tries=row.tries - 1,
        )
        return
    known_as = attempt.conversation_id if attempt.is_reversal else attempt.originator_conversation_id
    # A reversal whose acknowledgement was lost has no id to ask by: a statement proves it.
    if known_as:
        answer = registry.mobile_money().query_disbursement(
            known_as,
            result_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.STATUS_RESULT, attempt.id)}",
            timeout_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.STATUS_TIMEOUT, attempt.id)}",
        )
        if isinstance(answer, Succeeded):
            apply_outcome(type(attempt), attempt.id, answer, now=now)
    finish(row, due_at=_next_question(row, since=since, now=now))


def _next_question(row: Disbursement, *, since: datetime, now: datetime) -> datetime | None:
    # Its first claim sent it; each later one was a question.
    if now - since > GIVE_UP_ASKING and row.tries > LEAST_QUESTIONS:
        return None
    if now - since > OVERDUE:
        return now + DAILY
    return now + timedelta(seconds=QUERY_GAPS_S[min(max(row.tries - 1, 1), len(QUERY_GAPS_S)) - 1])
