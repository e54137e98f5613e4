"""The load: lifecycles as a client lives them, told as coroutines and driven by one selector loop.

Closed loop: so many lifecycles at once, each followed by the next. Open loop: they start when they are due, whatever
became of those before; what a step had to wait for a free connection, and a late start, count as its latency.
"""

import json
import random
import selectors
import socket
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bench.wire import connect, cut, message, received

STEPS = ("create", "stk-push", "confirm")
# The product closes a connection that was idle for 5 s: a request must not meet that moment.
_KEPT_S = 2.0
_LOOK_EVERY_S = 0.025
_DRAIN_S = 30.0
# Each lifecycle has phones of its own; they start where the last run of the same database ended.
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Call:
    """Send one request; the coroutine is sent the answer's data. Its latency counts from `due_at`."""

    step: str
    path: str
    body: Mapping[str, Any]
    due_at: float
    headers: str


@dataclass(frozen=True, slots=True)
class Until:
    """Wait until the worker has made the order `paid`, or its payout `succeeded`."""

    order_reference: str
    is_so: str


Step = Call | Until
Lifecycle = Generator[Step, Any, None]


def lifecycle(*, number: int, due_at: float, key: str) -> Lifecycle:
    """Live one sale from create to the seller's money."""
    # Production stands behind a proxy, and everybody has an address of his own.
    headers = f"X-Forwarded-For: 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    # A buyer makes the order, and so is told the code; a merchant's page sends the prompt, with its API key.
    created = yield Call(
        "create",
        "/api/orders/create",
        {
            "buyer_phone": f"2547{number:08d}",
            "seller_phone": f"2541{number:08d}",
            "amount": "1500.00",
            "product_description": "iPhone 13 Pro Max 256GB",
        },
        due_at,
        headers,
    )
    reference = created["order_reference"]
    yield Call(
        "stk-push",
        "/api/payments/mpesa/stk-push",
        {
            "phone_number": f"2547{number:08d}",
            "amount": "1500.00",
            "account_reference": reference,
            "transaction_desc": "Payment for iPhone 13",
        },
        time.monotonic(),
        f"{headers}\r\nAuthorization: Bearer {key}",
    )
    yield Until(reference, "paid")
    yield Call(
        "confirm",
        "/api/orders/confirm-delivery",
        {"order_reference": reference, "delivery_code": created["delivery_code"]},
        time.monotonic(),
        headers,
    )
    yield Until(reference, "succeeded")


class Look(Protocol):
    """Tells which of some orders are paid, and which have had their payout."""

    def __call__(self, references: Sequence[str]) -> dict[str, tuple[str, str | None]]: ...


_LOOK = """
    SELECT o.order_reference, o.status, p.status FROM orders_order o
    LEFT JOIN payouts_payout p ON p.order_id = o.id WHERE o.order_reference """


def look_at_postgres(url: str) -> tuple[Look, int]:
    """A way to look at orders, and the id of the server process that does it, whose CPU time is the generator's."""
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def look(references: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        rows = connection.execute(_LOOK + "= ANY(%s)", [list(references)])
        return {reference: (order, payout) for reference, order, payout in rows}

    return look, connection.info.backend_pid


def look_at_sqlite(file: Path) -> Look:
    """A way to look at orders that takes no lock."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)

    def look(references: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        marks = ", ".join("?" * len(references))
        rows = connection.execute(f"{_LOOK} IN ({marks})", list(references))
        return {reference: (order, payout) for reference, order, payout in rows}

    return look


@dataclass
class Tally:
    """What came of a stretch of load: lifecycles finished, latencies in milliseconds by step, failures."""

    finished: int = 0
    latencies: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def note(self, step: str, since: float) -> None:
        """Note how long a step took."""
        self.latencies.setdefault(step, []).append((time.monotonic() - since) * 1000)


@dataclass
class _Line:
    """A connection to the product, one request at a time."""

    number: int
    connection: socket.socket | None = None
    used_at: float = 0.0
    buffer: bytes = b""
    serves: tuple[Call, Lifecycle] | None = None


class LoadGenerator:
    """Drives lifecycles over at most `connections` connections to `port`; `tally` is started anew by `take`."""

    def __init__(self, *, port: int, connections: int, look: Look, key: str) -> None:
        self._port, self._look, self._key = port, look, key
        self._selector = selectors.DefaultSelector()
        self._free = [_Line(number) for number in range(connections)]
        self._queue: deque[tuple[Call, Lifecycle]] = deque()
        self._waiting: dict[str, tuple[Until, Lifecycle, float]] = {}
        self._look_at = 0.0
        self._alive = 0
        self.tally = Tally()

    def take(self) -> Tally:
        """Hand out the tally and start a new one."""
        taken, self.tally = self.tally, Tally()
        return taken

    def closed_loop(self, *, at_once: int, seconds: float) -> None:
        """Keep `at_once` lifecycles going for so long; they go on in the next call, or end in `drain`."""

        def top_up(now: float) -> float:
            while self._alive < at_once:
                self._start(now)
            return now + 1.0

        self._run(until=time.monotonic() + seconds, arrivals=top_up)

    def open_loop(self, *, per_s: float, seconds: float, seed: int) -> None:
        """Start lifecycles at random moments, `per_s` in a second on average, and wait for the last."""
        chance = random.Random(seed)
        end = time.monotonic() + seconds
        due_at = time.monotonic()

        def arrive(now: float) -> float:
            nonlocal due_at
            while due_at <= now and due_at < end:
                self._start(due_at)
                due_at += chance.expovariate(per_s)
            return due_at

        self._run(until=end, arrivals=arrive)
        self.drain()

    def drain(self) -> None:
        """Start nothing more and wait for what is under way, thirty seconds at most."""
        self._run(until=time.monotonic() + _DRAIN_S, arrivals=lambda now: now + 1.0, till_empty=True)
        if self._alive:
            self.tally.failures.append(f"{self._alive} lifecycles did not end within {_DRAIN_S:.0f} s")

    def _run(self, *, until: float, arrivals: Callable[[float], float], till_empty: bool = False) -> None:
        while (now := time.monotonic()) < until and not (till_empty and not self._alive):
            next_at = min(arrivals(now), until)
            if self._waiting:
                next_at = min(next_at, self._look_at)
            while self._free and self._queue:
                self._send(self._free.pop(), *self._queue.popleft())
            for key, _ in self._selector.select(max(0.0, next_at - time.monotonic())):
                self._read(key.data)
            if self._waiting and time.monotonic() >= self._look_at:
                self._look_around()

    def _start(self, due_at: float) -> None:
        self._alive += 1
        self._go_on(lifecycle(number=next(_numbers), due_at=due_at, key=self._key), None)

    def _go_on(self, one: Lifecycle, found: Any) -> None:
        try:
            step = one.send(found)
        except StopIteration:
            self._alive -= 1
            self.tally.finished += 1
            return
        if isinstance(step, Call):
            self._queue.append((step, one))
        else:
            self._waiting[step.order_reference] = (step, one, time.monotonic())

    def _fail(self, one: Lifecycle, problem: str) -> None:
        one.close()
        self._alive -= 1
        self.tally.failures.append(problem)

    def _look_around(self) -> None:
        for reference, states in self._look(list(self._waiting)).items():
            step, one, since = self._waiting[reference]
            if step.is_so in states:
                del self._waiting[reference]
                self.tally.note(f"until {step.is_so}", since)
                self._go_on(one, None)
        self._look_at = time.monotonic() + _LOOK_EVERY_S

    def _send(self, line: _Line, call: Call, one: Lifecycle) -> None:
        now = time.monotonic()
        if line.connection is not None and now - line.used_at > _KEPT_S:
            self._hang_up(line)
        if line.connection is None:
            line.connection = connect(self._port)
            self._selector.register(line.connection, selectors.EVENT_READ, line)
        line.serves, line.used_at = (call, one), now
        head = f"POST {call.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{call.headers}"
        line.connection.sendall(message(head, call.body))

    def _read(self, line: _Line) -> None:
        assert line.connection is not None
        data = received(line.connection)
        if not data:
            self._hang_up(line)
            if line.serves is not None:
                (call, one), line.serves = line.serves, None
                self._free.append(line)
                self._fail(one, f"{call.step}: the connection was closed")
            return
        line.buffer += data
        answer = cut(line.buffer)
        if answer is None or line.serves is None:
            return
        head, body, line.buffer = answer
        (call, one), line.serves = line.serves, None
        self._free.append(line)
        if head[9:12] not in {b"200", b"201"}:
            self._fail(one, f"{call.step}: {head[9:12].decode()} {body[:300].decode(errors='replace')}")
            return
        self.tally.note(call.step, call.due_at)
        self._go_on(one, json.loads(body)["data"])

    def _hang_up(self, line: _Line) -> None:
        assert line.connection is not None
        self._selector.unregister(line.connection)
        line.connection.close()
        line.connection, line.buffer = None, b""
