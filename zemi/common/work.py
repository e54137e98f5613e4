"""The row is the job: what is due is a row with a time on it, claimed by a conditional update (SAFETY 4.4)."""

import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import OperationalError, connection, models

from zemi.common import clock
from zemi.common.db import NOT_NULL, columns, fetch, listed, write_if
from zemi.common.errors import ZemiError
from zemi.common.logs import log

LEASE = timedelta(minutes=2)
# A sweep that has worked so long starts no further row: what waits on a slow provider must not keep the others waiting.
SWEEP_LIMIT = timedelta(seconds=10)
# So often a row may break, or outlive its worker, before it is left to a person; with the waits between, some hours.
MOST_FAILURES = 12
# The lease of a parked row: whatever moves the row on by another way ends it, as it ends any lease.
PARKED_UNTIL = datetime(9000, 1, 1, tzinfo=UTC)
# What a row may break on. A bug that raises anything else ends the process, loudly.
ROW_ERRORS = (ZemiError, DatabaseError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError)
_MAX_STEP = 6
# At most this part of a wait is taken off it, by the row's key: rows that broke together don't come back together.
_JITTER_PERCENT = 25

_stop: threading.Event | None = None
_parker: "Callable[[WorkRow, datetime, str], None] | None" = None


class WorkRow(models.Model):
    """Columns of a row that a sweep finds when it is due. `due_at` is null when nothing is left to do."""

    SUBJECT: ClassVar[str] = ""
    # The sweep that a new row is for as soon as it is committed; empty when it is due only later.
    SWEEP: ClassVar[str] = ""

    id: Any

    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, default="")
    # How often handling it broke or its worker died; not the tries that went as they should.
    failures = models.PositiveIntegerField(default=0)
    parked_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def timeline_id(self) -> UUID | None:
        """The order on whose timeline this row's events stand."""
        return getattr(self, "order_id", None)


Row = TypeVar("Row", bound=WorkRow)


def claim_due(
    model: type[Row], *, now: datetime, limit: int, lease: timedelta = LEASE, unless: str = ""
) -> list[Row]:
    """Claim up to `limit` rows of `model` that are due, oldest first, for as long as `lease`.

    `unless` is a condition in SQL, with one %s for `now`: rows for which it holds are left.

    One statement on either database. A claim raises the row's fence: whoever held it before can no longer finish it.
    A lease that ran out means that a worker died over the row, or hung: that counts as a failure of the row's.
    """
    table = model._meta.db_table
    but = f"AND NOT ({unless})" if unless else ""
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    statement = f"""
        UPDATE {table} SET lease_until = %s, fence = fence + 1, tries = tries + 1,
            failures = failures + CASE WHEN lease_until IS NULL THEN 0 ELSE 1 END
        WHERE id IN (
            SELECT id FROM {table}
            WHERE due_at <= %s AND (lease_until IS NULL OR lease_until <= %s) {but}
            ORDER BY due_at LIMIT {limit:d} {skip})
        RETURNING {columns(model, table)}"""  # noqa: S608 (a table's own name and a number)
    adapt = connection.ops.adapt_datetimefield_value
    rows: list[Row] = [
        row for (row,) in fetch(statement, [adapt(now + lease)] + [adapt(now)] * (3 if unless else 2), model)
    ]
    return sorted(rows, key=lambda row: (row.due_at or now, str(row.pk)))


def due_keys(
    model: type[models.Model],
    column: str,
    *,
    now: datetime,
    limit: int,
    statuses: Sequence[str] = (),
    unless: str = "",
    since: datetime | None = None,
) -> list[UUID]:
    """The keys of up to `limit` rows that have one of `statuses` and a time in `column` up to `now`, oldest first.

    Nothing is claimed: who acts on one locks it, and looks again. `unless` is a condition in SQL, with one %s for `since`:
    rows for which it holds are left. By hand, since a worker asks four times a second.
    """
    table, key = model._meta.db_table, model._meta.pk.column
    having = f"AND status IN {listed(statuses)}" if statuses else ""
    but = f"AND NOT ({unless})" if unless else ""
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (now, since) if moment]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key} FROM {table} WHERE {column} <= %s {having} {but} ORDER BY {column} LIMIT {limit:d}",  # noqa: S608 (our own names)
            moments,
        )
        return [key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall()]


def finish(row: WorkRow, *, due_at: datetime | None = None, error: str = "", **changes: Any) -> bool:
    """Give a claimed row back: nothing left to do, or due again at `due_at`. False when the claim was lost meanwhile."""
    # A row that was settled meanwhile has nothing due: its claim is void, and it must not be made due again.
    written = {"due_at": due_at, "lease_until": None, "last_error": error[:200], **changes}
    return write_if(row, written, fence=row.fence, due_at=NOT_NULL)


def stop_on(stop: threading.Event | None) -> None:
    """Start no further row once `stop` is set, in this process; None takes it away."""
    global _stop  # noqa: PLW0603 (one per process)
    _stop = stop


def park_by(parker: "Callable[[WorkRow, datetime, str], None] | None") -> None:
    """Have rows that broke too often parked by `parker(row, now, error)`: events stand above this module."""
    global _parker  # noqa: PLW0603 (one per process)
    _parker = parker


def handle_each(rows: Iterable[Row], handle: Callable[[Row, datetime], None], *, now: datetime) -> None:
    """Handle claimed rows one by one. One that breaks is put off with its reason, and the others go on.

    The clock is read again for each: a batch of slow calls takes minutes, and what is due counts from the present.
    After SWEEP_LIMIT, or when the process is told to stop, the rows not yet begun are given back, due at once.
    """
    started = clock.now()
    for row in rows:
        if (_stop is not None and _stop.is_set()) or clock.now() - started >= SWEEP_LIMIT:
            give_back(row)
            continue
        moment = max(now, clock.now())
        if row.failures >= MOST_FAILURES:
            _park(row, moment, "worker_died")
            continue
        try:
            handle(row, moment)
        except ROW_ERRORS as error:
            log.error(
                "row.broken",
                row=str(row.pk),
                table=row._meta.db_table,
                error=type(error).__name__,
                exc_info=True,
            )
            _put_off(row, error, moment)


def give_back(row: WorkRow) -> bool:
    """Undo the claim of a row that was not begun: it is due as before. False when the claim was lost meanwhile."""
    return write_if(row, {"lease_until": None, "tries": row.tries - 1}, fence=row.fence, due_at=NOT_NULL)


def _put_off(row: WorkRow, error: Exception, now: datetime) -> None:
    name = type(error).__name__
    if isinstance(error, OperationalError) or (isinstance(error, ZemiError) and error.retryable):
        # The surroundings' fault (a lock, a provider that is away): it goes away, however long it takes.
        finish(row, due_at=now + back_off(row.tries, key=row.pk), error=name)
        return
    row.failures += 1
    if row.failures >= MOST_FAILURES:
        _park(row, now, name)
    else:
        wait = back_off(row.failures, key=row.pk)
        finish(row, due_at=now + wait, error=name, failures=row.failures)


def _park(row: WorkRow, now: datetime, error: str) -> None:
    # Somebody must act: money may hang on it.
    log.error("work.parked", row=str(row.pk), table=row._meta.db_table, error=error, failures=row.failures)
    if _parker is None:
        raise RuntimeError("nobody parks rows: zemi.events is not installed")
    _parker(row, now, error)


def back_off(tries: int, *, key: object = None, base_s: int = 5, most_s: int = 3600) -> timedelta:
    """How long to wait before try number `tries` + 1: doubling from `base_s`, at most `most_s` seconds.

    With `key` up to a quarter is taken off, always the same for the same key and try.
    """
    wait_ms = 1000 * min(base_s * 2 ** min(max(tries - 1, 0), _MAX_STEP + 4), most_s)
    if key is not None:
        wait_ms -= wait_ms * (zlib.crc32(f"{key}:{tries}".encode()) % (_JITTER_PERCENT + 1)) // 100
    return timedelta(milliseconds=wait_ms)
