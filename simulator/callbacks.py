"""Callbacks: written with the change they report, sent afterwards, once, whatever comes back (DARAJA 0.3)."""

import json
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from simulator import shapes, wire
from simulator.clock import SECOND, iso
from simulator.faults import Fault
from simulator.state import State

_TIMEOUT_S = 10.0
# How long the answer to a validation is waited for (DARAJA 1.7).
_VALIDATION_S = 8.0
# The stray failure of "twice_and_stray" comes when the receiver has had time to act on the success.
_STRAY_AFTER_US = 2 * SECOND
FORGED = "forged"
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"

_log = logging.getLogger("simulator.callbacks")


@dataclass(frozen=True)
class Callback:
    """One callback. `kind` is an api of fault_kinds, or it with _timeout or (c2b) _validation behind it, or forged.

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
    attempts: int = 0
    forwarded_for: str | None = None

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path

    @property
    def payload(self) -> Any:
        """The JSON, with Decimals for numbers with a point; the fields of a form; None for an empty body."""
        return self._read(Decimal)

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
            "attempts": self.attempts,
            "payload": self._read(float),
        }

    @property
    def content_type(self) -> str:
        """Delivery reports of SMS are forms, all else is JSON."""
        return _FORM if self.kind == "sms" else _JSON

    def _read(self, parse_float: Callable[[str], object]) -> Any:
        if self.kind == "sms":
            return dict(parse_qsl(self.body, keep_blank_values=True))
        return json.loads(self.body, parse_float=parse_float) if self.body else None


def plan(
    state: State,
    *,
    kind: str,
    url: str,
    payload: object,
    at: int,
    msisdn: str | None,
    mode: str = "normal",
    stray: Callable[[str], object] | None = None,
) -> list[int]:
    """Write a callback for `at`, or two, or only that it was lost, as faults and `mode` say; return the ids.

    `stray` makes a contradicting payload, with a result code ("": the usual one), which the mode "twice_and_stray" sends
    afterwards and faults before or after.
    The payload takes the shape that switches and faults give it (shapes.py); None is an empty body.
    """
    # The queue time-out is no result: the faults of results leave it alone.
    api = "" if kind.endswith("_timeout") else kind.partition("_")[0]
    body = _body(kind, shapes.shaped(state, api, msisdn, payload) if api else payload)

    def takes(name: str) -> Fault | None:
        return state.faults.take(name, api=api, msisdn=msisdn) if api else None

    lost = mode == "lost" or takes("callback_lost") or (api == "b2c" and takes("b2c_result_lost"))
    if lost:
        return [_write(state, kind=kind, url=url, body=body, at=None)]

    written = []
    if stray is not None and (first := takes("callback_failure_first")):
        written.append(_write(state, kind=kind, url=url, body=wire.dumps(stray(first.code)), at=at))
        at += first.delay_us
    late, twice = takes("callback_late"), takes("callback_twice")
    at += late.delay_us if late else 0
    times = twice.times if twice else 2 if mode in {"twice", "twice_and_stray"} else 1
    written += [_write(state, kind=kind, url=url, body=body, at=at) for _ in range(times)]
    if stray is not None and ((after := takes("callback_stray_failure")) or mode == "twice_and_stray"):
        gap = after.delay_us if after else _STRAY_AFTER_US
        written.append(_write(state, kind=kind, url=url, body=wire.dumps(stray("")), at=at + gap))
    return written


def timeout_payload(state: State, result: Mapping[str, object]) -> object:
    """What the queue time-out posts, which nobody documents (DARAJA 2.4): the switch timeout_payload decides."""
    form = state.switches.get("timeout_payload")
    return None if form == "empty" else dict(result) if form == "flat" else {"Result": dict(result)}


def plan_forged(state: State, *, url: str, payload: object, at: int, forwarded_for: str | None) -> int:
    """Write a callback that no M-Pesa sends; its kind in the log is "forged" (inside a transaction)."""
    ref = _write(state, kind=FORGED, url=url, body=wire.dumps(payload), at=at)
    state.store.run("UPDATE callbacks SET forwarded_for = ? WHERE id = ?", forwarded_for, ref)
    return ref


def _body(kind: str, payload: object) -> str:
    if payload is None:
        return ""
    if kind == "sms" and isinstance(payload, Mapping):
        return urlencode(payload)
    return wire.dumps(payload)


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

        What goes wrong on the way is noted, and it is put on the agenda again only by the switch callback_retries.
        An exception that a receiver mounted in-process lets out goes up then: a bug for the test to see.
        """
        status: int | None = None
        text: str | None = None
        is_validation = callback.kind == "c2b_validation"
        try:
            headers = {"Content-Type": callback.content_type}
            if callback.forwarded_for is not None:
                headers["X-Forwarded-For"] = callback.forwarded_for
            answer = self._client.post(
                callback.url,
                content=callback.body.encode(),
                headers=headers,
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
                elif not done and callback.kind != FORGED:
                    self._plan_retry(callback.id)
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
                "SELECT * FROM callbacks WHERE state NOT IN ('waiting', 'sending', 'held') OR attempts > 0"
                " ORDER BY id"
            )
        ]

    def close(self) -> None:
        """Close the connections to receivers."""
        self._client.close()

    def _mark(self, ref: int, to: str, status: int | None = None) -> None:
        tried = to in {"delivered", "failed"}
        self._state.store.run(
            "UPDATE callbacks SET state = ?, status_code = ?, attempted_at = ?, attempts = attempts + ? WHERE id = ?",
            to,
            status,
            self._state.clock.micros() if tried else None,
            int(tried),
            ref,
        )

    def _plan_retry(self, ref: int) -> None:
        attempts = self._state.store.value("SELECT attempts FROM callbacks WHERE id = ?", ref)
        gap_s = self._state.switches.retry_gap_s(attempts)
        if gap_s is not None:
            self._state.store.run("UPDATE callbacks SET state = 'waiting' WHERE id = ?", ref)
            self._state.schedule("callback", ref, at=self._state.clock.micros() + int(gap_s * SECOND))

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
