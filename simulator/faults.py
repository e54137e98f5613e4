"""What goes wrong on purpose. Here the catalogue of DARAJA 6 grows: a name here, a `take` where it bites."""

import random
import sqlite3
from dataclasses import dataclass

from simulator.clock import SECOND
from simulator.store import Store

MONEY = ("stk", "b2c")


@dataclass(frozen=True)
class _Kind:
    """`apis`: where it may bite; `usual`: where it does unless told otherwise; `delay_s`: default."""

    apis: tuple[str, ...]
    usual: tuple[str, ...]
    delay_s: int = 0


_COMMANDS = ("reversal", "balance", "topup")
_EVERY = ("stk", "query", "b2c", "status", "c2b", "pull", *_COMMANDS)
_RESULTS = ("stk", "b2c", "status", "c2b", *_COMMANDS)
KINDS: dict[str, _Kind] = {
    "callback_lost": _Kind(_RESULTS, ("stk",)),
    "callback_twice": _Kind(_RESULTS, ("stk",)),
    "callback_late": _Kind(_RESULTS, ("stk",), delay_s=300),
    "callback_early": _Kind(MONEY, ("stk",)),
    "http_timeout_after": _Kind(_EVERY, MONEY),
    "http_garbage_after": _Kind(_EVERY, MONEY),
    "http_error_before": _Kind(_EVERY, MONEY),
    "b2c_result_lost": _Kind(("b2c",), ("b2c",)),
    "b2c_timeout_notice": _Kind(("b2c",), ("b2c",), delay_s=30),
    "b2c_unregistered": _Kind(("b2c",), ("b2c",)),
    "b2c_wallet_full": _Kind(("b2c",), ("b2c",)),
    "gateway_originator_id": _Kind(("b2c",), ("b2c",)),
    "queue_timeout": _Kind(_COMMANDS, _COMMANDS, delay_s=30),
    "query_pending": _Kind(("query",), ("query",)),
}


@dataclass(frozen=True)
class Fault:
    """One fault that fires now. `turn` counts its firings from 1."""

    name: str
    delay_us: int
    turn: int


class Faults:
    """Kept in the store; writes need an open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        *,
        count: int | None = None,
        rate: float | None = None,
        seed: int = 0,
        api: str | None = None,
        msisdn: str | None = None,
        delay_s: float | None = None,
    ) -> int:
        """Arm a fault `count` times, or at `rate` (0 to 1, drawn from `seed`), or for good; return its id.

        `api` (stk, query, b2c, status, c2b, pull, reversal, balance, topup, any) and `msisdn` narrow it.

        :raises ValueError: no such fault, or it cannot be had so
        """
        kind = KINDS.get(name)
        if kind is None:
            raise ValueError(f"unknown fault {name!r}; there are {', '.join(KINDS)}")
        if api is not None and api != "any" and api not in kind.apis:
            raise ValueError(f"{name} has api {', '.join(kind.apis)} or any")
        if count is not None and count < 1:
            raise ValueError("count is at least 1")
        if rate is not None and not 0 <= rate <= 1:
            raise ValueError("rate is from 0 to 1")
        if delay_s is not None and delay_s < 0:
            raise ValueError("delay_s is not negative")

        delay = kind.delay_s if delay_s is None else delay_s
        return self._store.run(
            "INSERT INTO faults (name, api, msisdn, remaining, rate, seed, delay_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            name,
            api or ",".join(kind.usual),
            msisdn,
            count,
            None if rate is None else str(rate),
            seed,
            int(delay * SECOND),
        )

    def take(self, name: str, *, api: str, msisdn: str | None) -> Fault | None:
        """The armed fault of this name that fires here and now, if one does; its count goes down."""
        for row in self._store.rows(
            "SELECT * FROM faults WHERE name = ? AND remaining IS NOT 0 ORDER BY id", name
        ):
            if api not in KINDS[name].apis or not _bites(row, api=api, msisdn=msisdn):
                continue
            if row["rate"] is not None and not self._drawn(row):
                continue
            self._store.run(
                "UPDATE faults SET fired = fired + 1, remaining = remaining - 1 WHERE id = ?", row["id"]
            )
            return Fault(name=name, delay_us=row["delay_us"], turn=row["fired"] + 1)
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._store.run("DELETE FROM faults")

    def all(self) -> list[dict[str, object]]:
        """Every armed or used-up fault, oldest first."""
        return [
            {
                "id": row["id"],
                "fault": row["name"],
                "api": row["api"],
                "msisdn": row["msisdn"],
                "remaining": row["remaining"],
                "rate": None if row["rate"] is None else float(row["rate"]),
                "delay_s": row["delay_us"] / SECOND,
                "fired": row["fired"],
            }
            for row in self._store.rows("SELECT * FROM faults ORDER BY id")
        ]

    def _drawn(self, row: sqlite3.Row) -> bool:
        self._store.run("UPDATE faults SET draws = draws + 1 WHERE id = ?", row["id"])
        # Drawn from the seed and the number of the draw, so that a run can be repeated.
        draw = random.Random(f"{row['seed']}:{row['name']}:{row['draws']}").random()  # noqa: S311
        return draw < float(row["rate"])


def _bites(row: sqlite3.Row, *, api: str, msisdn: str | None) -> bool:
    if row["msisdn"] is not None and row["msisdn"] != msisdn:
        return False
    return row["api"] == "any" or api in row["api"].split(",")
