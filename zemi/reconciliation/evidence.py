"""End attempts that nobody can tell about, by a statement that covers their day and shows no money (DOMAIN M15).

So end those whose success was told and denied: a statement is the third witness (SAFETY 3.3).
"""

from datetime import datetime

from django.db.models import Q

from zemi.common.db import unit_of_work
from zemi.payments.locks import lock_payment
from zemi.payments.models import LIVE, UNDECIDED, Payment
from zemi.payments.queries import CLOCKS_APART
from zemi.payments.settle import EVIDENCE_WAIT, close_without_evidence
from zemi.reconciliation.statements import covered_spans

_MOST = 500


def close_silent_attempts(*, now: datetime) -> int:
    """End the attempts whose day the statements so far cover without showing their money; how many.

    Call it after the lines were matched: what they prove has been booked. Each in a transaction of its own.
    """
    closed = 0
    for since, until in covered_spans():
        # By M-Pesa's clock, which may be behind ours, it was paid a little earlier than it was asked for.
        silent = Payment.objects.filter(
            Q(status__in=LIVE) | UNDECIDED,
            created_at__gte=since + CLOCKS_APART,
            created_at__lte=until - EVIDENCE_WAIT,
        )
        for key in list(silent.order_by("created_at").values_list("id", flat=True)[:_MOST]):
            with unit_of_work():
                closed += close_without_evidence(lock_payment(key), statement_until=until, now=now)
    return closed
