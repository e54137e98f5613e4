"""The row is the job: what is due is a row with a time on it, claimed by a conditional update (SAFETY 4.4)."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import Error as DatabaseError
from django.db import connection, models

from zemi.common import clock
from zemi.common.db import NOT_NULL, columns, fetch, write_if
from zemi.common.errors import ZemiError
from zemi.common.logs import log

LEASE = timedelta(minutes=2)
# What a row may break on. A bug that raises anything else ends the process, loudly.
ROW_ERRORS = (ZemiError, DatabaseError, ArithmeticError, LookupError, TypeError, ValueError, RuntimeError)
_MAX_STEP = 6


class WorkRow(models.Model):
    """Columns of a row that a sweep finds when it is due. `due_at` is null when nothing is left to do."""

    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=WorkRow)


def claim_due(model: type[Row], *, now: datetime, limit: int, lease: timedelta = LEASE) -> list[Row]:
    """Claim up to `limit` rows of `model` that are due, oldest first, for as long as `lease`.

    One statement on either database. A claim raises the row's fence: whoever held it before can no longer finish it.
    """
    table = model._meta.db_table
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    statement = f"""
        UPDATE {table} SET lease_until = %s, fence = fence + 1, tries = tries + 1
        WHERE id IN (
            SELECT id FROM {table}
            WHERE due_at <= %s AND (lease_until IS NULL OR lease_until <= %s)
            ORDER BY due_at LIMIT {limit:d} {skip})
        RETURNING {columns(model, table)}"""  # noqa: S608 (a table's own name and a number)
    adapt = connection.ops.adapt_datetimefield_value
    rows: list[Row] = [
        row for (row,) in fetch(statement, [adapt(now + lease), adapt(now), adapt(now)], model)
    ]
    return sorted(rows, key=lambda row: (row.due_at or now, str(row.pk)))


def finish(row: WorkRow, *, due_at: datetime | None = None, error: str = "", **changes: Any) -> bool:
    """Give a claimed row back: nothing left to do, or due again at `due_at`. False when the claim was lost meanwhile."""
    # A row that was settled meanwhile has nothing due: its claim is void, and it must not be made due again.
    written = {"due_at": due_at, "lease_until": None, "last_error": error[:200], **changes}
    return write_if(row, written, fence=row.fence, due_at=NOT_NULL)


def handle_each(rows: Iterable[Row], handle: Callable[[Row, datetime], None], *, now: datetime) -> None:
    """Handle claimed rows one by one. One that breaks is put off with its reason, and the others go on.

    The clock is read again for each: a batch of slow calls takes minutes, and what is due counts from the present.
    """
    for row in rows:
        moment = max(now, clock.now())
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
            finish(row, due_at=moment + back_off(row.tries), error=type(error).__name__)


def back_off(tries: int, *, base_s: int = 5, most_s: int = 3600) -> timedelta:
    """How long to wait before try number `tries` + 1: doubling from `base_s`, at most `most_s` seconds."""
    return timedelta(seconds=min(base_s * 2 ** min(max(tries - 1, 0), _MAX_STEP + 4), most_s))
