"""The one clock. Read at the edge, handed down as `now`; moved by tests and by nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The time, aware and in UTC."""
    return _source() if _source is not None else datetime.now(UTC)


def use(source: Callable[[], datetime] | None) -> None:
    """Read the time from `source` from now on; None is the machine's clock again."""
    global _source  # noqa: PLW0603 (there is one clock on purpose)
    _source = source


def stamp(at: datetime | None) -> str | None:
    """Write a time as the seed does: 2024-12-15T10:30:00Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at is not None else None
