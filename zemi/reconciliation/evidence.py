"""End attempts that nobody can tell about, by a statement that covers their day and shows no money (DOMAIN M15)."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from zemi.common.db import unit_of_work
from zemi.payments.locks import lock_payment
from zemi.payments.models import LIVE, Payment
from zemi.payments.queries import CLOCKS_APART
from zemi.payments.settle import EVIDENCE_WAIT, close_without_evidence
from zemi.providers import registry
from zemi.reconciliation.models import StatementImport

_MOST = 500


def close_silent_attempts(*, now: datetime) -> int:
    """End the attempts whose day the statements so far cover without showing their money; how many.

    Call it after the lines were matched: what they prove has been booked. Each in a transaction of its own.
    """
    closed = 0
    for since, until in _covered():
        # By M-Pesa's clock, which may be behind ours, it was paid a little earlier than it was asked for.
        silent = Payment.objects.filter(
            status__in=LIVE, created_at__gte=since + CLOCKS_APART, created_at__lte=until - EVIDENCE_WAIT
        )
        for key in list(silent.order_by("created_at").values_list("id", flat=True)[:_MOST]):
            with unit_of_work():
                closed += close_without_evidence(lock_payment(key), statement_until=until, now=now)
    return closed


def _covered() -> list[tuple[datetime, datetime]]:
    """The spans of time, oldest first, of which statements tell all that came in; a gap between two ends a span."""
    told = StatementImport.objects.filter(provider=registry.mobile_money().name, covers_since__isnull=False)
    spans: list[tuple[datetime, datetime]] = []
    found = told.order_by("covers_since").values_list("covers_since", "covers_until")
    # The two are written together.
    for since, until in cast("Iterable[tuple[datetime, datetime]]", found):
        if spans and since <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        else:
            spans.append((since, until))
    return spans
