"""Move the sandbox's time, so that whatever has a deadline can be tried in seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from zemi.common import clock
from zemi.common.db import outside_transaction
from zemi.providers import registry
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.sandbox.errors import ClockNotMoved

MOST_AT_ONCE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """The time that it is here, and how far that is ahead of the machine's clock."""

    now: datetime
    ahead: timedelta


def read_clock() -> SandboxClock:
    """Read it."""
    return SandboxClock(clock.now(), clock.ahead())


@outside_transaction
def advance_clock(by: timedelta) -> SandboxClock:
    """Move the simulator's clock and ours on by `by`. What falls due is done by the workers, as ever.

    The jump is one: what would have happened on the way happens at its end, as after a night without power.

    :raises ClockNotMoved: `by` isn't above zero or is above 400 days, or the clock is ten years ahead
    :raises ProviderNotReady: the simulator doesn't answer. Our clock was not moved; if only its answer was lost, its own
        was, until the next call, after which both show one time again
    """
    if by > MOST_AT_ONCE:
        raise ClockNotMoved(problem="that is too far ahead")
    # Theirs first: what is on a phone has been answered or has died when we ask about it. It is told where to stand, not how
    # far to go, so that a call that is repeated finds it there.
    try:
        clock.advance(by, lead=registry.sandbox().put_clock_ahead)
    except SandboxUnreachable as error:
        raise ProviderNotReady(problem="the simulator does not answer") from error
    except clock.ClockRefused as error:
        raise ClockNotMoved(problem=str(error)) from error
    return read_clock()
