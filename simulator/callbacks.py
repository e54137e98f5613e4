"""Callbacks: written with the change they report, sent afterwards, once, whatever comes back (DARAJA 0.3)."""

import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx2

from simulator import wire
from simulator.clock import SECOND, iso
from simulator.state import State

_LOST_FAULTS = {
    "stk": ("callback_lost",),
    "b2c": ("callback_lost", "b2c_result_lost"),
    "status": ("callback_lost",),
    "c2b": ("callback_lost",),
    "reversal": ("callback_lost",),
    "balance": ("callback_lost",),
    "topup": ("callback_lost",),
}
_TIMEOUT_S = 10.0
# How long the answer to a validation is waited for (DARAJA 1.7).
_VALIDATION_S = 8.0
# The stray failure of "twice_and_stray" comes when the receiver has had time to act on the success.
_STRAY_AFTER_US = 2 * SECOND

_log = logging.getLogger("simulator.callbacks")


@dataclass(frozen=True)
class Callback:
    """One callback. `kind` is stk, c2b, c2b_validation, b2c, status, reversal, balance or topup, or b2c_timeout and so on.

    `state`: waiting, sending, held (by `hold_callbacks`), delivered (answered 2xx), failed (another answer or
    none), lost (never sent, by a fault or a phone) or dropped (by hand).
    """

    id: int
    kind: str
    url: str
    body: str
    state: str
    status_code: int | None
    attempted_at: int | None

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    @property
    def payload(self) -> Any:
        """The JSON; numbers with a point are Decimals."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def delivered(self) -> bool:
        """Whether a receiver answered 2xx."""
        return self.state == "delivered"

    def as_json(self) -> dict[str, object]:
        """As GET /_sim/callbacks shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "url": self.url,
            "state": self.state,
            "delivered": self.delivered,
            "status_code": self.status_code,
            "attempted_at": None if self.attempted_at is None else iso(self.attempted_at),
            "payload": json.loads(self.body),
        }


def plan(
    state: State,
    *,
    kind: str,
    url: str,
    payload: object,
    at: int,
    msisdn: str | None,
    mode: str = "normal",
    stray: object = None,
) -> list[int]:
    """Write a callback for `at`, or two, or only that it was lost, as faults and `mode` say; return the ids.

    `stray` is the contradicting payload that the mode "twice_and_stray" sends afterwards.
    """
    body = wire.dumps(payload)
    lost = mode == "lost"
    times = 2 if mode in {"twice", "twice_and_stray"} else 1
    if kind in _LOST_FAULTS:
        for name in _LOST_FAULTS[kind]:
            lost = lost or state.faults.take(name, api=kind, msisdn=msisdn) is not None
        if not lost:
            late = state.faults.take("callback_late", api=kind, msisdn=msisdn)
            at += late.delay_us if late else 0
            if state.faults.take("callback_twice", api=kind, msisdn=msisdn):
                times = 2
    if lost:
        return [_write(state, kind=kind, url=url, body=body, at=None)]

    written = [_write(state, kind=kind, url=url, body=body, at=at) for _ in range(times)]
    if mode == "twice_and_stray" and stray is not None:
        written.append(_write(state, kind=kind, url=url, body=wire.dumps(stray), at=at + _STRAY_AFTER_US))
    return written


def _write(state: State, *, kind: str, url: str, body: str, at: int | None) -> int:
    ref = state.store.run(
        "INSERT INTO callbacks (kind, url, body, state) VALUES (?, ?, ?, ?)",
        kind,
        url,
        body,
        "lost" if at is None else "waiting",
    )
    if at is not None:
        state.schedule("callback", ref, at=at)
    return ref


class Courier:
    """Sends callbacks. No lock is held while a receiver is working."""

    def __init__(
        self,
        state: State,
        transport: httpx2.BaseTransport | None,
        validated: Callable[[int, str | None], None],
    ) -> None:
        """`validated` is told what came back for a c2b_validation: the text of a 200, or None."""
        self._state = state
        self._validated = validated
        # Proxies of the environment are for the outside world; receivers of a simulator are next door.
        self._client = httpx2.Client(transport=transport, timeout=_TIMEOUT_S, trust_env=False)
        self.hold = False
        self._recover()

    def claim(self, ref: int) -> Callback | None:
        """Take a callback off the agenda to send it; None when it is held instead or another took it."""
        with self._state.transaction():
            row = self._state.store.row("SELECT * FROM callbacks WHERE id = ?", ref)
            self._state.unschedule("callback", ref)
            if row is None or row["state"] != "waiting":
                return None
            self._mark(ref, "held" if self.hold else "sending")
            return None if self.hold else _of(row)

    def send(self, callback: Callback) -> int | None:
        """POST it once and write down how it went; return the status, None for no answer.

        What goes wrong on the way is noted and nothing more: Daraja does not retry. An exception that a
        receiver mounted in-process lets out is noted likewise and then goes up: a bug for the test to see.
        """
        status: int | None = None
        text: str | None = None
        is_validation = callback.kind == "c2b_validation"
        try:
            answer = self._client.post(
                callback.url,
                content=callback.body.encode(),
                headers={"Content-Type": "application/json"},
                timeout=_VALIDATION_S if is_validation else _TIMEOUT_S,
            )
            status = answer.status_code
            text = answer.text if status == 200 else None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # The URL holds the receiver's secret: only what happened is logged.
            _log.warning("callback %d (%s) failed: %s", callback.id, callback.kind, type(error).__name__)
        finally:
            done = status is not None and 200 <= status < 300
            with self._state.transaction():
                self._mark(callback.id, "delivered" if done else "failed", status)
                if is_validation:
                    self._validated(callback.id, text)
        return status

    def held(self) -> list[Callback]:
        """What `hold` kept back, oldest first."""
        return [
            _of(row)
            for row in self._state.store.rows("SELECT * FROM callbacks WHERE state = 'held' ORDER BY id")
        ]

    def deliver(self, index: int, *, drop: bool, times: int) -> list[int | None]:
        """Send (or drop) one of `held()` by hand, `times` times; return the statuses."""
        callback = self.held()[index]
        with self._state.transaction():
            self._mark(callback.id, "dropped" if drop else "sending")
            if drop and callback.kind == "c2b_validation":
                self._validated(callback.id, None)
        return [] if drop else [self.send(callback) for _ in range(times)]

    def log(self) -> list[Callback]:
        """Every callback that was attempted, lost or dropped, oldest first."""
        return [
            _of(row)
            for row in self._state.store.rows(
                "SELECT * FROM callbacks WHERE state NOT IN ('waiting', 'sending', 'held') ORDER BY id"
            )
        ]

    def close(self) -> None:
        """Close the connections to receivers."""
        self._client.close()

    def _mark(self, ref: int, to: str, status: int | None = None) -> None:
        at = self._state.clock.micros() if to in {"delivered", "failed"} else None
        self._state.store.run(
            "UPDATE callbacks SET state = ?, status_code = ?, attempted_at = ? WHERE id = ?",
            to,
            status,
            at,
            ref,
        )

    def _recover(self) -> None:
        # A callback that was on its way when the process died may or may not have arrived: it is sent
        # (again), as a receiver has to take duplicates anyway.
        with self._state.transaction():
            now = self._state.clock.micros()
            for row in self._state.store.rows("SELECT id FROM callbacks WHERE state IN ('sending', 'held')"):
                self._mark(row["id"], "waiting")
                self._state.schedule("callback", row["id"], at=now)


def _of(row: sqlite3.Row) -> Callback:
    return Callback(**{key: row[key] for key in row.keys()})  # noqa: SIM118 (a Row iterates over its values)
