"""The one clock. Read at the edge, handed down as `now`; moved by tests, and in sandbox mode by `zemi clock`."""

import fcntl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

MOST_AHEAD = timedelta(days=3650)
# Where days and months of people begin and end.
NAIROBI = ZoneInfo("Africa/Nairobi")


class ClockRefused(ValueError):
    """The clock can't be moved so; it stands where it stood."""


class _Offset:
    """How far the clock was moved: a number in a file, which all processes of one machine share."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._value = timedelta(0)

    def read(self) -> timedelta:
        # Looked at each time, since another process may have moved it; a look is two microseconds.
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return timedelta(0)
        mark = (found.st_ino, found.st_mtime_ns)
        if mark != self._seen:
            self._value = self._on_disk()
            self._seen = mark
        return self._value

    def add(self, by: timedelta, lead: Callable[[timedelta], timedelta] | None) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            moved = _bounded(self._on_disk() + by)
            if lead is not None:
                moved = max(moved, _bounded(lead(moved)))
            draft = self._file.with_suffix(".draft")
            draft.write_text(str(moved // timedelta(microseconds=1)))
            draft.replace(self._file)

    def _on_disk(self) -> timedelta:
        return timedelta(microseconds=int(self._file.read_text())) if self._file.exists() else timedelta(0)


def _bounded(ahead_by: timedelta) -> timedelta:
    if ahead_by > MOST_AHEAD:
        raise ClockRefused(f"it would be more than {MOST_AHEAD.days} days ahead")
    return ahead_by


_source: Callable[[], datetime] | None = None
_offset: _Offset | None = None


def now() -> datetime:
    """The time, aware and in UTC."""
    real = _source() if _source is not None else datetime.now(UTC)
    return real if _offset is None else real + _offset.read()


def use(source: Callable[[], datetime] | None) -> None:
    """Read the time from `source` from now on; None is the machine's clock again."""
    global _source  # noqa: PLW0603 (there is one clock on purpose)
    _source = source


def let_be_moved(file: Path | None) -> None:
    """Let `advance` move the clock, for all processes that name the same file; None: nobody can, as in live mode."""
    global _offset  # noqa: PLW0603 (there is one clock on purpose)
    _offset = _Offset(file) if file is not None else None


def ahead() -> timedelta:
    """How far the clock was moved."""
    return _offset.read() if _offset is not None else timedelta(0)


def advance(by: timedelta, *, lead: Callable[[timedelta], timedelta] | None = None) -> None:
    """Move the clock on, for all processes. It never goes back.

    `lead` moves another clock before this one: it is told how far ahead that has to be, answers how far it is, and this one
    follows. Nobody else moves this clock meanwhile. What `lead` raises goes up, and this clock stays.

    :raises ClockRefused: `by` isn't above zero, or the clock would be more than ten years ahead, or can't be moved here
    """
    if _offset is None:
        raise ClockRefused("this clock can't be moved")
    if by <= timedelta(0):
        raise ClockRefused("time doesn't run backwards")
    _offset.add(by, lead)


def stamp(at: datetime | None) -> str | None:
    """Write a time as the seed does: 2024-12-15T10:30:00Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at is not None else None
