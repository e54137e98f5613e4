"""Audit the books once an hour, keep what was found, and call somebody when it is not nothing (SAFETY 5i)."""

from datetime import datetime

from django.db import IntegrityError

from zemi.common import clock
from zemi.common.db import insert, outside_transaction, unit_of_work
from zemi.common.logs import log
from zemi.notifications.alerts import alert_operators
from zemi.reconciliation.audit import audit_books
from zemi.reconciliation.models import AuditRun

_KEPT = 50


@outside_transaction
def audit_every_hour(*, now: datetime) -> int:
    """Audit our own books if nobody has in this hour: once, whatever the number of workers. 1 if it ran."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if AuditRun.objects.filter(hour=hour).exists():
        return 0
    try:
        with unit_of_work():
            insert(AuditRun(hour=hour, started_at=now))
    except IntegrityError:
        # Another worker was faster.
        return 0
    problems = [
        f"{check.name}: {problem}" for check in audit_books(with_provider=False) for problem in check.problems
    ]
    with unit_of_work():
        AuditRun.objects.filter(hour=hour).update(
            ended_at=clock.now(), problems_found=len(problems), problems=problems[:_KEPT]
        )
        if problems:
            log.error("audit.failed", problems=len(problems), first=problems[0])
            alert_operators(
                "audit.failed", incident=f"audit {hour:%Y-%m-%dT%H}", now=now, problems=str(len(problems))
            )
    return 1
