"""Named places where tests may kill the process: between any two commits, around any provider call (SAFETY 4.9)."""

from collections.abc import Callable

_handler: Callable[[str], None] | None = None


def fault_point(name: str) -> None:
    """Do nothing, unless a test asked for a crash here."""
    if _handler is not None:
        _handler(name)


def install(handler: Callable[[str], None] | None) -> None:
    """Call `handler(name)` at every fault point; None takes it away."""
    global _handler  # noqa: PLW0603 (a switch of the whole process)
    _handler = handler
