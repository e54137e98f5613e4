"""Audit the books once an hour, keep what was found, and call somebody when it is not nothing (SAFETY 5i)."""

from datetime import datetime, timedelta

from django.db import IntegrityError

from zemi.common import clock
from zemi.common.db import insert, outside_transaction, unit_of_work
from zemi.common.logs import log
from zemi.notifications.alerts import alert_operators
from zemi.reconciliation.audit import audit_books
from zemi.reconciliation.models import AuditRun
from zemi.unclaimed.apart import set_apart_idle_balances

_KEPT = 50
# An audit that has not ended by then died with its process: it is begun anew.
DIED_AFTER = timedelta(minutes=10)


@outside_transaction
def audit_every_hour(*, now: datetime) -> int:
    """Audit our own books if nobody has in this hour: once, whatever the number of workers. 1 if it ran.

    Before that, what has lain idle for years is set apart: to look for it costs as much as a part of the audit, which
    would complain of it where no worker ran for a day.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not _claim(hour, now=now):
        return 0
    set_apart_idle_balances(now=now)
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


def _claim(hour: datetime, *, now: datetime) -> bool:
    known = AuditRun.objects.filter(hour=hour).first()
    if known is not None:
        if known.ended_at is not None or now - known.started_at < DIED_AFTER:
            return False
        again = AuditRun.objects.filter(hour=hour, ended_at=None, started_at=known.started_at)
        return again.update(started_at=now) == 1
    try:
        with unit_of_work():
            insert(AuditRun(hour=hour, started_at=now))
    except IntegrityError:
        # Another worker was faster.
        return False
    return True
