"""Run the sweeps: once, until nothing is due, or for as long as the process lives."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum

import structlog
from django.db import close_old_connections, connections

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.logs import log
from zemi.common.work import ROW_ERRORS, SWEEP_LIMIT, stop_on
from zemi.providers import registry
from zemi.worker.sweeps import SWEEPS

# How long a sweep rests: when it found something (others gather meanwhile, and are claimed together), when it found
# nothing, and when it broke.
BUSY_S = 0.08
# Words wait longer than money: each claim costs a round trip, whether it finds one row or twenty.
WORDS_BUSY_S = {"events": 0.15, "messages": 0.15}
IDLE_S = 0.25
BROKEN_S = 5.0
# Sweeps in threads of their own, and in how many: those that wait for servers of strangers, the audit, which reads all the
# books, and M-Pesa's list, which has many pages.
APART = {"webhooks": 4, "audit": 1, "pulls": 1}
APART_IDLE_S = 1.0
_MOST_ROUNDS = 1000
_MOST_ROUNDS_IN_TURN = 20


class _Did(Enum):
    SOMETHING = "something"
    NOTHING = "nothing"
    BREAK = "break"


def run_once(now: datetime) -> int:
    """Run every sweep once; the number of things done."""
    registry.make_ready()
    return sum(sweep(now) for sweep in SWEEPS.values())


def run_until_idle(now: datetime) -> int:
    """Run the sweeps until nothing is due at `now`; the number of things done."""
    done = 0
    for _ in range(_MOST_ROUNDS):
        did = run_once(now)
        if did == 0:
            return done
        done += did
    raise RuntimeError("the sweeps do not come to rest")


def run_forever(stop: threading.Event) -> None:
    """Run the sweeps until `stop` is set. A sweep that breaks is logged and tried again; the others go on.

    What waits for strangers or reads everything runs in threads of its own, so that money never waits for it. When told
    to stop each thread finishes the row in hand, and gives back what it has claimed and not begun. Nothing is lost by
    a crash either: claimed rows are due again when their lease ends.
    """
    stop_on(stop)
    try:
        with ThreadPoolExecutor(max(1, sum(APART.values()))) as pool:
            names = [name for name, threads in APART.items() if name in SWEEPS for _ in range(threads)]
            apart = [pool.submit(_run_apart, name, stop) for name in names]
            _run([name for name in SWEEPS if name not in APART], stop)
        for thread in apart:
            thread.result()
    finally:
        stop_on(None)


def _run(names: Sequence[str], stop: threading.Event) -> None:
    again_at = dict.fromkeys(names, time.monotonic())
    try:
        while not stop.is_set():
            for name, at in again_at.items():
                if at <= time.monotonic() and not stop.is_set():
                    again_at[name] = _pause_s(name, _guarded(name)) + time.monotonic()
            pause = min(again_at.values()) - time.monotonic()
            if pause > 0:
                close_old_connections()
                stop.wait(pause)
    finally:
        # A bug ends the whole process, whichever thread it is in.
        stop.set()


def _run_apart(name: str, stop: threading.Event) -> None:
    try:
        _run((name,), stop)
    finally:
        connections.close_all()


def drain(name: str) -> int:
    """Run one sweep until it finds nothing, or has had its turn; how often it found something.

    A sweep that breaks is logged, and left to the next call.
    """
    until = time.monotonic() + SWEEP_LIMIT.total_seconds()
    for round_number in range(_MOST_ROUNDS_IN_TURN):
        if _guarded(name) is not _Did.SOMETHING:
            return round_number
        if time.monotonic() >= until:
            return round_number + 1
    return _MOST_ROUNDS_IN_TURN


def _pause_s(name: str, did: _Did) -> float:
    """In how many seconds a sweep is to run again."""
    if did is _Did.SOMETHING:
        return WORDS_BUSY_S.get(name, BUSY_S)
    if did is _Did.BREAK:
        return BROKEN_S
    return APART_IDLE_S if name in APART else IDLE_S


def _guarded(name: str) -> _Did:
    """Run one sweep; one that breaks is logged."""
    with structlog.contextvars.bound_contextvars(sweep=name):
        try:
            registry.make_ready()
            return _Did.SOMETHING if SWEEPS[name](clock.now()) else _Did.NOTHING
        except ZemiError as error:
            log.warning("sweep.refused", error=error.code, reason=error.sentence())
        except ROW_ERRORS as error:
            # Not a row's fault, or it would have been put off: the database is away, say.
            log.error("sweep.broken", error=type(error).__name__, exc_info=True)
    return _Did.BREAK
