"""End attempts that nobody can tell about, by a statement that covers their day and shows no money (DOMAIN M15)."""

from datetime import datetime

from django.db.models import Max, Min

from zemi.common.db import unit_of_work
from zemi.payments.locks import lock_payment
from zemi.payments.models import LIVE, Payment
from zemi.payments.settle import EVIDENCE_WAIT, close_without_evidence
from zemi.providers import registry
from zemi.reconciliation.models import Direction, StatementLine

_MOST = 500


def close_silent_attempts(*, now: datetime) -> int:
    """End the attempts of at least a day ago that the lines so far cover without showing their money; how many.

    Call it after the lines were matched: what they prove has been booked. Each in a transaction of its own.
    """
    came = StatementLine.objects.filter(provider=registry.mobile_money().name, direction=Direction.IN)
    reach = came.aggregate(since=Min("at"), until=Max("at"))
    if reach["since"] is None:
        return 0
    silent = Payment.objects.filter(
        status__in=LIVE, created_at__gte=reach["since"], created_at__lte=reach["until"] - EVIDENCE_WAIT
    )
    closed = 0
    for key in list(silent.order_by("created_at").values_list("id", flat=True)[:_MOST]):
        with unit_of_work():
            closed += close_without_evidence(lock_payment(key), statement_until=reach["until"], now=now)
    return closed
