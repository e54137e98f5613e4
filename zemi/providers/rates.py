"""How many of a provider's calls worked, by operation and minute. Counted in memory, written every few seconds."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum

from zemi.common import clock
from zemi.providers.models import CallCount

WRITE_EVERY = timedelta(seconds=5)
KEPT_FOR = timedelta(days=1)


class CallCounts:
    """What this process has counted and not written yet. A process that dies takes a few seconds' count with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[tuple[str, datetime, bool]] = Counter()
        self._written_at: datetime | None = None
        self._looked_at: datetime | None = None

    def add(self, operation: str, *, worked: bool) -> None:
        """Count one call; every few seconds, write what was counted."""
        now = clock.now()
        with self._lock:
            self._counted[operation, now.replace(second=0, microsecond=0), worked] += 1
            self._written_at = self._written_at or now
            due = now >= self._written_at + WRITE_EVERY
        if due:
            self.write()

    def is_time_to_look(self, *, now: datetime, every: timedelta) -> bool:
        """Tell whether this process is due to look at everybody's counts; then the time runs anew."""
        with self._lock:
            if self._looked_at is not None and self._looked_at <= now < self._looked_at + every:
                return False
            self._looked_at = now
            return True

    def write(self) -> None:
        """Write what was counted: one statement, and none when there is nothing."""
        with self._lock:
            counted, self._counted, self._written_at = self._counted, Counter(), clock.now()
        keys = sorted({(operation, minute) for operation, minute, _ in counted})
        if not keys:
            return
        adapt = connection.ops.adapt_datetimefield_value
        values: list[Any] = []
        for operation, minute in keys:
            worked, broke = counted[operation, minute, True], counted[operation, minute, False]
            values += [operation, adapt(minute), worked + broke, worked]
        table = CallCount._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{table}" (operation, minute, calls, worked) '  # noqa: S608 (its own name)
                f"VALUES {', '.join(['(%s, %s, %s, %s)'] * len(keys))} ON CONFLICT (operation, minute) DO UPDATE "
                f'SET calls = "{table}".calls + excluded.calls, worked = "{table}".worked + excluded.worked',
                values,
            )


def rates_since(since: datetime) -> dict[str, tuple[int, int]]:
    """Sum up by operation since then: calls, and how many of them worked."""
    rows = CallCount.objects.filter(minute__gte=since).values_list("operation")
    return {name: (calls, worked) for name, calls, worked in rows.annotate(Sum("calls"), Sum("worked"))}


def forget_old_counts(*, now: datetime) -> None:
    """Delete what nobody looks at any more."""
    CallCount.objects.filter(minute__lt=now - KEPT_FOR).delete()
