"""The simulator's own clock: real time (or a given source) plus an offset that can be moved and is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from simulator.store import Store

# Daraja's dates are East Africa Time without a zone (DARAJA 2).
EAT = timezone(timedelta(hours=3), "EAT")
SECOND = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970: how the store keeps a moment."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC moment of a stored number of microseconds."""
    return _EPOCH + timedelta(microseconds=micros)


def iso(micros: int) -> str:
    """A stored moment for JSON: ISO 8601, UTC, milliseconds."""
    return from_micros(micros).isoformat(timespec="milliseconds")


def eat_digits(micros: int) -> int:
    """YYYYMMDDHHmmss in East Africa Time, as a number (DARAJA 2)."""
    return int(from_micros(micros).astimezone(EAT).strftime("%Y%m%d%H%M%S"))


class Clock:
    """`source` (real time by default) plus the offset remembered in the store."""

    def __init__(self, store: Store, source: Callable[[], datetime] | None) -> None:
        self._store = store
        self._source = source or _real_time
        self._offset = timedelta(microseconds=int(store.meta("clock_offset_us") or 0))

    def now(self) -> datetime:
        """Aware UTC."""
        return self._source().astimezone(UTC) + self._offset

    def micros(self) -> int:
        """`now()` as the store keeps it."""
        return to_micros(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`; what falls due by that waits for `run_due`.

        :raises OverflowError: out of the calendar
        """
        self._move(self._offset + timedelta(seconds=seconds))

    def ahead(self) -> timedelta:
        """How far it is ahead of its source."""
        return self._offset

    def put_ahead(self, seconds: float) -> None:
        """Be at least so far ahead of the source: once or several times is the same, and it never goes back.

        :raises OverflowError: out of the calendar
        """
        with self._store.transaction():
            self._move(max(self._offset, timedelta(seconds=seconds)))

    def set(self, moment: datetime) -> None:
        """Make `now()` answer `moment`."""
        self._move(moment - self._source().astimezone(UTC))

    def _move(self, offset: timedelta) -> None:
        self._source().astimezone(UTC) + offset  # OverflowError before the offset is kept, not ever after
        with self._store.transaction():
            self._store.remember("clock_offset_us", str(offset // _MICROSECOND))
            self._offset = offset


def _real_time() -> datetime:
    return datetime.now(UTC)
