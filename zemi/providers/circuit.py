"""A circuit breaker for each operation of a provider, shared by all processes on one database.

Only trouble counts: what did not leave, was turned away, or got no answer that can be read. After FAILURES of them in
a row calls are held back; then one call at a time is let through, and its answer decides. No lock is held over a call.
Who has many to send asks `opens_at` first: so a backlog waits untouched, and goes out at the rate that the provider takes.
A closed circuit costs one read a second for each process, whatever the number of calls; only trouble is written.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from django.db.models import F, Q

from zemi.common import clock
from zemi.common.db import outside_transaction
from zemi.common.logs import log
from zemi.providers.base import Reason, Refused, Unknown
from zemi.providers.models import Circuit, CircuitState
from zemi.providers.rates import CallCounts

FAILURES = 5
OPEN_FOR = timedelta(seconds=30)
# Longer than a call can take (connecting 5 s, reading 20 s, with a token before it): a probe whose process died.
PROBE_FOR = timedelta(minutes=2)
SEEN_FOR = timedelta(seconds=1)
# Calls per second are set for each shortcode and told to nobody (DARAJA 4.2): who was too fast sends nothing for so long.
PAUSE = timedelta(seconds=1)
_NO_ANSWER = ("http_", "500.003")
_TOO_FAST = ("500.003.02", "http_429")

Pass = Literal["call", "probe"]
P = ParamSpec("P")
R = TypeVar("R")


class Circuits:
    """The circuits as this process sees them."""

    def __init__(self) -> None:
        self.counts = CallCounts()
        self._lock = threading.Lock()
        self._seen: dict[str, Circuit] = {}
        self._seen_at: datetime | None = None

    def ask(self, operation: str) -> Pass | None:
        """Ask whether a call may be made now; None: held back. A "probe" is the one call that tries an open circuit."""
        circuit = self._circuit(operation)
        if circuit is None or circuit.state == CircuitState.CLOSED:
            return "call"
        now = clock.now()
        tired = Q(state=CircuitState.OPEN, opened_at__lte=now - OPEN_FOR)
        abandoned = Q(state=CircuitState.HALF_OPEN, probe_until__lte=now)
        if _not_before(circuit) > now:
            return None
        claimed = Circuit.objects.filter(tired | abandoned, operation=operation)
        won = claimed.update(state=CircuitState.HALF_OPEN, probe_until=now + PROBE_FOR) == 1
        self._forget()
        return "probe" if won else None

    def opens_at(self, operation: str) -> datetime | None:
        """When something that can wait is worth trying, if not now. Unlike `ask` it claims no probe."""
        circuit, now = self._circuit(operation), clock.now()
        if circuit is None:
            return None
        if circuit.state == CircuitState.HALF_OPEN and _not_before(circuit) > now:
            # Whoever tries will know in a moment; if that one died, somebody else has to try.
            return now + SEEN_FOR
        opens = circuit.paused_until if circuit.state == CircuitState.CLOSED else _not_before(circuit)
        return opens if opens is not None and opens > now else None

    def tell(self, operation: str, given: Pass, *, is_trouble: bool, is_too_fast: bool = False) -> None:
        """Say what became of a call that `ask` let through."""
        self.counts.add(operation, worked=not is_trouble)
        if is_too_fast:
            self._pause(operation)
        if given == "probe":
            (self._stay_open if is_trouble else self._close)(operation)
        elif is_trouble:
            self._count_trouble(operation)
        else:
            circuit = self._circuit(operation)
            if circuit is not None and circuit.failures:
                Circuit.objects.filter(operation=operation, state=CircuitState.CLOSED).update(failures=0)
                self._forget()

    def _circuit(self, operation: str) -> Circuit | None:
        now = clock.now()
        with self._lock:
            if self._seen_at is not None and self._seen_at <= now < self._seen_at + SEEN_FOR:
                return self._seen.get(operation)
        seen = {row.operation: row for row in Circuit.objects.all()}
        with self._lock:
            self._seen, self._seen_at = seen, now
        return seen.get(operation)

    def _forget(self) -> None:
        with self._lock:
            self._seen_at = None

    def _pause(self, operation: str) -> None:
        Circuit.objects.bulk_create([Circuit(operation=operation)], ignore_conflicts=True)
        Circuit.objects.filter(operation=operation).update(paused_until=clock.now() + PAUSE)
        self._forget()

    def _count_trouble(self, operation: str) -> None:
        now = clock.now()
        Circuit.objects.bulk_create([Circuit(operation=operation)], ignore_conflicts=True)
        rows = Circuit.objects.filter(operation=operation, state=CircuitState.CLOSED)
        rows.update(failures=F("failures") + 1)
        opened = rows.filter(failures__gte=FAILURES).update(
            state=CircuitState.OPEN, opened_at=now, since=now, changes=F("changes") + 1
        )
        self._forget()
        if opened:
            log.error("provider.circuit_opened", operation=operation)

    def _stay_open(self, operation: str) -> None:
        Circuit.objects.filter(operation=operation, state=CircuitState.HALF_OPEN).update(
            state=CircuitState.OPEN, opened_at=clock.now(), probe_until=None, failures=F("failures") + 1
        )
        self._forget()

    def _close(self, operation: str) -> None:
        closed = Circuit.objects.filter(operation=operation, state=CircuitState.HALF_OPEN).update(
            state=CircuitState.CLOSED,
            since=clock.now(),
            probe_until=None,
            failures=0,
            successes=F("successes") + 1,
        )
        self._forget()
        if closed:
            log.info("provider.circuit_closed", operation=operation)


def _not_before(circuit: Circuit) -> datetime:
    """When the next probe may go."""
    if circuit.state == CircuitState.OPEN and circuit.opened_at is not None:
        return circuit.opened_at + OPEN_FOR
    return circuit.probe_until or clock.now()


def is_trouble(outcome: object) -> bool:
    """Tell whether an outcome says that the provider is in trouble; what it refused on purpose says that it works."""
    if isinstance(outcome, Refused):
        return outcome.may_resend
    return isinstance(outcome, Unknown) and (not outcome.code or outcome.code.startswith(_NO_ANSWER))


def is_too_fast(outcome: object) -> bool:
    """Tell whether an outcome says that more was sent in a second than the provider takes."""
    return isinstance(outcome, Refused) and outcome.code in _TOO_FAST


def breaks(
    operation: str, call: Callable[Concatenate[Any, P], R], held_back: Any
) -> Callable[Concatenate[Any, P], R]:
    """Make of a provider's `call` one that goes through the circuit `operation`, outside any transaction.

    The provider has its `circuits`; `held_back` is the outcome while this one is open: nothing was sent then.
    """

    @wraps(call)
    def through(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        given = self.circuits.ask(operation)
        if given is None:
            self.circuits.counts.add(operation, worked=False)
            outcome: R = held_back
            return outcome
        outcome = call(self, *args, **kwargs)
        self.circuits.tell(operation, given, is_trouble=is_trouble(outcome), is_too_fast=is_too_fast(outcome))
        return outcome

    return outside_transaction(through)


MONEY_HELD_BACK = Refused(Reason.BUSY, text="circuit open")
QUESTION_HELD_BACK = Unknown(code="circuit_open", text="circuit open")
