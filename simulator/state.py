"""Everything the processes share: store, clock, identifiers, books, faults, switches, credentials, agenda."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from simulator import credentials
from simulator.books import FLOAT_OPENING_CENTS, Books
from simulator.clock import SECOND, Clock
from simulator.credentials import Credentials
from simulator.faults import Faults
from simulator.identifiers import Identifiers
from simulator.store import Store
from simulator.switches import Switches


class _Call(threading.local):
    """The request that a thread serves; None: it serves none."""

    scheduled: list[tuple[str, int]] | None = None


# By how much a clock is behind that is said to be slow.
_SLOW = 90 * SECOND


class State:
    """One simulated world. A process opens `state.transaction()`, changes it, lets go before any HTTP call.

    `pay_after_s` is how long an ordinary person takes to answer a prompt, `result_after_s` how long M-Pesa
    takes for a payout and for the answer to a status query. A store that was used before keeps its seed.
    """

    def __init__(
        self,
        store: Path | str,
        *,
        seed: int,
        now: Callable[[], datetime] | None,
        pay_after_s: float,
        result_after_s: float,
    ) -> None:
        self.store = Store(store)
        self._call = _Call()
        self.transaction = self.store.transaction
        self.clock = Clock(self.store, now)
        self.pay_after_us = int(pay_after_s * SECOND)
        self.result_after_us = int(result_after_s * SECOND)
        with self.transaction():
            kept = self.store.meta("seed")
            if kept is None:
                self.store.remember("seed", str(seed))
            self.ids = Identifiers(self.store, int(kept or seed))
            self.books = Books(self.store)
            self.faults = Faults(self.store)
            self.switches = Switches(self.store)
            self.credentials = Credentials(self.store, self.ids, self.clock, self.switches)
            at = self.clock.micros()
            self.books.open_shortcode(credentials.COLLECTION_SHORTCODE, opening=0, at=at)
            self.books.open_shortcode(credentials.PAYOUT_SHORTCODE, opening=FLOAT_OPENING_CENTS, at=at)

    def stamp(self, at: int) -> int:
        """What the clock says at `at` that stamps confirmations, pulled lists and statements; it may be slow."""
        return at - _SLOW if self.switches.get("stamp_clock") == "slow" else at

    def schedule(self, kind: str, ref: int, *, at: int) -> None:
        """Put something on the agenda (inside a transaction)."""
        self.store.run("INSERT INTO agenda (at, kind, ref) VALUES (?, ?, ?)", at, kind, ref)
        if self._call.scheduled is not None and kind != "callback":
            self._call.scheduled.append((kind, ref))

    def begin_call(self) -> None:
        """A request begins on this thread: what it puts on the agenda is noted until `end_call`."""
        self._call.scheduled = []

    def end_call(self) -> list[tuple[str, int]]:
        """What the request has put on the agenda, callbacks aside: kind and ref of each."""
        noted, self._call.scheduled = self._call.scheduled, None
        return noted or []

    def unschedule(self, kind: str, ref: int) -> None:
        """Take it off again."""
        self.store.run("DELETE FROM agenda WHERE kind = ? AND ref = ?", kind, ref)

    def next_on_agenda(self) -> sqlite3.Row | None:
        """What falls due first: columns id, at, kind, ref."""
        return self.store.row("SELECT id, at, kind, ref FROM agenda ORDER BY at, id LIMIT 1")
