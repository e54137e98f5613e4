"""What goes wrong on purpose: faults are armed here and taken where they bite (the catalogue: fault_kinds.py)."""

import json
import random
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import codes
from simulator.clock import SECOND
from simulator.fault_kinds import KINDS, Kind
from simulator.store import Store

_MOST_TIMES = 100


@dataclass(frozen=True)
class Fault:
    """One fault that fires now. `turn` counts its firings from 1; the rest is what it was told, or the default."""

    name: str
    delay_us: int
    turn: int
    times: int
    body: str
    status: int
    then: str
    code: str


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
        **options: object,
    ) -> int:
        """Arm a fault `count` times, or at `rate` (0 to 1, drawn from `seed`), or for good; return its id.

        `api` (one of fault_kinds, several with commas, or any) and `msisdn` narrow it. `options`: skip (let so
        many pass first), burst (bite so many times in a row), and times, body, status, then, code as its kind
        has them.

        :raises ValueError: no such fault, or it cannot be had so
        """
        kind = KINDS.get(name)
        if kind is None:
            raise ValueError(f"unknown fault {name!r}; there are {', '.join(KINDS)}")
        if api is not None and any(part not in (*kind.apis, "any") for part in api.split(",")):
            raise ValueError(f"{name} has api {', '.join(kind.apis)} or any")
        if count is not None and count < 1:
            raise ValueError("count is at least 1")
        if rate is not None and not 0 <= rate <= 1:
            raise ValueError("rate is from 0 to 1")
        if delay_s is not None and delay_s < 0:
            raise ValueError("delay_s is not negative")
        options = {key: value for key, value in options.items() if value is not None}
        _check_options(name, kind, options)

        delay = kind.delay_s if delay_s is None else delay_s
        return self._store.run(
            "INSERT INTO faults (name, api, msisdn, remaining, rate, seed, delay_us, options)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            name,
            api or ",".join(kind.usual),
            msisdn,
            count,
            None if rate is None else str(rate),
            seed,
            int(delay * SECOND),
            json.dumps(options),
        )

    def take(self, name: str, *, api: str, msisdn: str | None) -> Fault | None:
        """The armed fault of this name that fires here and now, if one does; its count goes down."""
        kind = KINDS[name]
        for row in self._store.rows(
            "SELECT * FROM faults WHERE name = ? AND (remaining IS NOT 0 OR burst_left > 0) ORDER BY id", name
        ):
            if not _bites(row, kind, api=api, msisdn=msisdn):
                continue
            options = json.loads(row["options"])
            if not self._fires(row, options):
                continue
            return Fault(
                name=name,
                delay_us=row["delay_us"],
                turn=row["fired"] + 1,
                times=options.get("times", kind.times or 1),
                body=options.get("body", kind.bodies[0] if kind.bodies else ""),
                status=options.get("status", kind.statuses[0] if kind.statuses else 0),
                then=options.get("then", kind.thens[0] if kind.thens else ""),
                code=options.get("code", ""),
            )
        return None

    def refusal(self, api: str, msisdn: str | None) -> str | None:
        """The ResultCode that the fault result_code forces on this request: it is then not carried out."""
        fault = self.take("result_code", api=api, msisdn=msisdn)
        return None if fault is None else fault.code

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
                **json.loads(row["options"]),
            }
            for row in self._store.rows("SELECT * FROM faults ORDER BY id")
        ]

    def _fires(self, row: sqlite3.Row, options: Mapping[str, int]) -> bool:
        if row["skipped"] < options.get("skip", 0):
            self._store.run("UPDATE faults SET skipped = skipped + 1 WHERE id = ?", row["id"])
            return False
        if row["burst_left"]:
            change = "burst_left = burst_left - 1"
        elif row["rate"] is not None and not self._drawn(row):
            return False
        else:
            # `count` counts bursts: the first of one takes it down.
            change = f"remaining = remaining - 1, burst_left = {options.get('burst', 1) - 1:d}"
        self._store.run(f"UPDATE faults SET fired = fired + 1, {change} WHERE id = ?", row["id"])  # noqa: S608 (a number)
        return True

    def _drawn(self, row: sqlite3.Row) -> bool:
        self._store.run("UPDATE faults SET draws = draws + 1 WHERE id = ?", row["id"])
        # Drawn from the seed and the number of the draw, so that a run can be repeated.
        draw = random.Random(f"{row['seed']}:{row['name']}:{row['draws']}").random()  # noqa: S311
        return draw < float(row["rate"])


def _bites(row: sqlite3.Row, kind: Kind, *, api: str, msisdn: str | None) -> bool:
    if row["msisdn"] is not None and row["msisdn"] != msisdn:
        return False
    wanted = row["api"].split(",")
    return (api in wanted and api in kind.apis) or ("any" in wanted and kind.bites_any(api))


def _check_options(name: str, kind: Kind, options: Mapping[str, object]) -> None:
    for key in ("skip", "burst", "times"):
        value = options.get(key)
        if value is not None and (type(value) is not int or not 1 <= value <= _MOST_TIMES):
            raise ValueError(f"{key} is a whole number from 1 to {_MOST_TIMES}")
    if "times" in options and kind.times is None:
        raise ValueError(f"{name} takes no times")
    choices: tuple[tuple[str, tuple[object, ...]], ...] = (
        ("body", kind.bodies),
        ("status", kind.statuses),
        ("then", kind.thens),
    )
    for key, allowed in choices:
        if key not in options:
            continue
        if not allowed:
            raise ValueError(f"{name} takes no {key}")
        if options[key] not in allowed or type(options[key]) is not type(allowed[0]):
            raise ValueError(f"{key} of {name} is one of {', '.join(map(str, allowed))}")
    _check_code(name, kind, options.get("code"))


def _check_code(name: str, kind: Kind, code: object) -> None:
    if not (kind.needs_code or kind.may_have_code):
        if code is not None:
            raise ValueError(f"{name} takes no code")
    elif code is None and kind.may_have_code:
        return
    elif not isinstance(code, str) or not codes.CODE.fullmatch(code) or code == "0":
        raise ValueError(f'{name} needs a code other than "0", such as "2001"')
