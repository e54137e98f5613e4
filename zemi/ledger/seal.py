"""Close each day's books: a seal is the SHA-256 of the seal before it and of the day's transfers (SAFETY 4.7; I13, I15).

Days are UTC days. A sealed day takes no transfer any more: a trigger sees to that. Seals can be kept outside
(`python -m zemi seal --export`), so that whoever could write a database anew, triggers and all, is found out as well.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Min

from zemi.common.db import append, outside_transaction, snapshot, unit_of_work
from zemi.ledger.models import Seal, Transfer

# A unit that began before midnight has ended by then, or was ended by the database's time-outs (SAFETY 4.6).
GRACE = timedelta(minutes=10)
FIRST = "0" * 64
_CHUNK = 2_000
# A worker that was away for a year has them sealed in some seconds; nobody waits for the lock meanwhile.
_DAYS_TOGETHER = 50


@outside_transaction
def seal_ended_days(*, now: datetime) -> int:
    """Seal every day that has ended, oldest first, from the first transfer's day on; days without transfers too."""
    sealed = 0
    while True:
        last = Seal.objects.order_by("-day").first()
        days = _ended_days(last, now=now)
        if not days:
            return sealed
        sealed += _seal(days, previous=last.digest if last is not None else FIRST, now=now)


def seals() -> list[dict[str, Any]]:
    """Every seal, oldest first: day, number of transfers, the seal before, its own digest."""
    return [
        {"day": str(seal.day), "transfers": seal.transfers, "previous": seal.previous, "digest": seal.digest}
        for seal in Seal.objects.order_by("day").iterator()
    ]


def wrong_seals() -> Iterator[str]:
    """Compute every seal again from the transfers; say what does not follow. Run it in a snapshot."""
    previous, expected = FIRST, None
    days = _digests()
    found = next(days, None)
    for seal in Seal.objects.order_by("day").iterator():
        while found is not None and found[0] < seal.day:
            # The trigger refuses it; with the first seal it is a transfer from before there were any.
            yield f"seal of {seal.day}: transfers of {found[0]} have none"
            found = next(days, None)
        if expected is not None and seal.day != expected:
            yield f"seal of {seal.day}: the one of {expected} is not there"
        if seal.previous != previous:
            yield f"seal of {seal.day}: does not follow from the one before"
        lines = found[1] if found is not None and found[0] == seal.day else iter(())
        count, digest = _digest(seal.previous, lines)
        if (count, digest) != (seal.transfers, seal.digest):
            yield f"seal of {seal.day}: sealed {seal.transfers} transfers, finds {count}, or another content"
        if found is not None and found[0] == seal.day:
            found = next(days, None)
        previous, expected = seal.digest, seal.day + timedelta(days=1)


def differs_from(exported: Iterable[str]) -> Iterator[str]:
    """Compare the seals with those that were exported earlier, one JSON object a line."""
    present = {seal["day"]: seal for seal in seals()}
    for line in exported:
        kept = json.loads(line)
        if present.get(kept["day"]) != kept:
            yield f"seal of {kept['day']}: not the one that was exported"


def _ended_days(last: Seal | None, *, now: datetime) -> list[date]:
    """The days after the `last` seal that have ended, oldest first, no more than are sealed together."""
    if last is not None:
        day = last.day
    else:
        first = Transfer.objects.aggregate(first=Min("at"))["first"]
        if first is None:
            return []
        day = first.astimezone(UTC).date() - timedelta(days=1)
    days: list[date] = []
    while len(days) < _DAYS_TOGETHER and now >= _start_of(day + timedelta(days=2)) + GRACE:
        day += timedelta(days=1)
        days.append(day)
    return days


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _seal(days: list[date], *, previous: str, now: datetime) -> int:
    """Seal days that follow one another, on the digest before them; how many: none where something came meanwhile."""
    start, end = _start_of(days[0]), _start_of(days[-1] + timedelta(days=1))
    made = []
    # Read without a lock, however long it takes; then counted under one: transfers only ever come, none changes.
    with snapshot():
        found = _digests(start, end)
        having = next(found, None)
        for day in days:
            lines = having[1] if having is not None and having[0] == day else None
            count, digest = _digest(previous, lines or ())
            made.append(Seal(day=day, transfers=count, digest=digest, previous=previous, sealed_at=now))
            if lines is not None:
                having = next(found, None)
            previous = digest
    with unit_of_work():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Waits for whoever writes now; whoever comes next finds the days closed.
                cursor.execute("LOCK TABLE ledger_transfer IN SHARE ROW EXCLUSIVE MODE")
        still = Transfer.objects.filter(at__gte=start, at__lt=end).count()
        if still != sum(seal.transfers for seal in made) or Seal.objects.filter(day__gte=days[0]).exists():
            # Something came meanwhile, or another worker was faster: the next round looks again.
            return 0
        append(*made)
    return len(made)


def _digest(previous: str, lines: Iterable[str]) -> tuple[int, str]:
    found, count = hashlib.sha256(previous.encode()), 0
    for line in lines:
        found.update(line.encode())
        count += 1
    return count, found.hexdigest()


def _digests(*between: datetime) -> Iterator[tuple[date, Iterator[str]]]:
    """The transfers (`between` two times) as lines, day by day, by time and key: one text on either database."""
    params = [connection.ops.adapt_datetimefield_value(moment) for moment in between]
    where = "WHERE at >= %s AND at < %s" if between else ""
    if connection.vendor == "postgresql":
        at = "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
        keys = [f"replace({key}::text, '-', '')" for key in ("id", "event_id", "debit_id", "credit_id")]
        order = "replace(order_id::text, '-', '')"
    else:
        at = "CASE WHEN length(at) = 19 THEN at || '.000000' ELSE at END"
        keys, order = ["id", "event_id", "debit_id", "credit_id"], "order_id"
    parts = [at, *keys, "kind", "key", "amount_minor", "currency", f"coalesce({order}, '')"]
    line = " || '|' || ".join(parts)
    statement = f"SELECT {line} FROM ledger_transfer {where} ORDER BY at, id"  # noqa: S608
    for text, lines in groupby(_rows(statement, params), key=lambda line: line[:10]):
        yield date.fromisoformat(text), lines


def _rows(statement: str, params: list[Any]) -> Iterator[str]:
    """The only column of a statement's rows, without holding them all (a cursor of the server's on PostgreSQL)."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(_CHUNK):
            yield from (row[0] for row in rows)
