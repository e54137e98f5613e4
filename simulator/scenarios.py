"""Scenarios: a list of things that go wrong (or right) at given times, in one file (README, "Scenarios")."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from simulator import control, levers
from simulator.clock import SECOND, iso
from simulator.control import ControlError
from simulator.state import State

SHIPPED = Path(__file__).parent / "scenarios"
_MOST_STEPS = 1_000
_MOST_S = 366 * 86_400


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal: nothing of it stays."""


def read(name: str) -> dict[str, object]:
    """The scenario in a file, or the shipped one of this name.

    :raises ControlError: no such file, or it holds no JSON object
    """
    path = Path(name)
    if not path.is_file() and (SHIPPED / f"{name}.json").is_file():
        path = SHIPPED / f"{name}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        shipped = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.json")))
        reason = error.strerror or "unreadable"
        raise ControlError(400, f"scenario {name}: {reason}; shipped with it: {shipped}") from None
    except ValueError as error:
        raise ControlError(400, f"scenario {name} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ControlError(400, f"scenario {name} is no JSON object")
    return found


def load(state: State, scenario: Mapping[str, object]) -> dict[str, object]:
    """Do the steps that are for now, put the others on the agenda, and show them all.

    Every step is rehearsed first: a scenario with a step that can't be followed does nothing.

    :raises ControlError: says which step and why
    """
    name, steps = _checked(scenario)
    for place, (_, action, wishes) in enumerate(steps):
        _rehearse(state, place, action, wishes)
    with state.transaction():
        now = state.clock.micros()
        refs = []
        for place, (after_s, action, wishes) in enumerate(steps):
            ref = state.store.run(
                "INSERT INTO scenario_steps (scenario, place, at, action, wishes, state)"
                " VALUES (?, ?, ?, ?, ?, 'waiting')",
                name,
                place,
                now + int(after_s * SECOND),
                action,
                json.dumps(wishes),
            )
            state.schedule("scenario", ref, at=now + int(after_s * SECOND))
            refs += [ref] if after_s == 0 else []
        for ref in refs:
            fall_due(state, ref)
    return show(state)


def fall_due(state: State, ref: int) -> list[int]:
    """Do one step now (inside a transaction). What can't be done then is noted: GET /_sim/scenario shows it."""
    state.unschedule("scenario", ref)
    row = state.store.row("SELECT * FROM scenario_steps WHERE id = ? AND state = 'waiting'", ref)
    if row is None:
        return []
    error = None
    try:
        _ACTIONS[row["action"]](state, json.loads(row["wishes"]))
    except ControlError as refused:
        error = refused.message
    state.store.run(
        "UPDATE scenario_steps SET state = ?, error = ? WHERE id = ?",
        "failed" if error else "done",
        error,
        ref,
    )
    return []


def drop(state: State) -> dict[str, object]:
    """Nothing more of any scenario happens; what was armed stays armed."""
    with state.transaction():
        for row in state.store.rows("SELECT id FROM scenario_steps WHERE state = 'waiting'"):
            state.unschedule("scenario", row["id"])
        state.store.run("UPDATE scenario_steps SET state = 'dropped' WHERE state = 'waiting'")
    return show(state)


def show(state: State) -> dict[str, object]:
    """Every step that was ever loaded, in order."""
    return {
        "steps": [
            {
                "scenario": row["scenario"],
                "step": row["place"],
                "at": iso(row["at"]),
                row["action"]: json.loads(row["wishes"]),
                "state": row["state"],
                "error": row["error"],
            }
            for row in state.store.rows("SELECT * FROM scenario_steps ORDER BY id")
        ]
    }


def _checked(scenario: Mapping[str, object]) -> tuple[str, list[tuple[float, str, dict[str, object]]]]:
    control.refuse_others(scenario, "name", "description", "steps")
    for key in ("name", "description"):
        if not isinstance(scenario.get(key, ""), str):
            raise ControlError(400, f"{key} is a text")
    steps = scenario.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS:
        raise ControlError(400, f"steps is a list of 1 to {_MOST_STEPS} steps")
    return str(scenario.get("name", "unnamed")), [_step(place, step) for place, step in enumerate(steps)]


def _step(place: int, step: object) -> tuple[float, str, dict[str, object]]:
    where = f"steps[{place}]"
    if not isinstance(step, dict):
        raise ControlError(400, f"{where} is no JSON object")
    actions = [key for key in step if key not in {"after_s", "note"}]
    if len(actions) != 1 or actions[0] not in _ACTIONS:
        raise ControlError(400, f"{where} has exactly one of {', '.join(_ACTIONS)}, and after_s and note")
    after_s = step.get("after_s", 0)
    if not isinstance(after_s, int | float) or isinstance(after_s, bool) or not 0 <= after_s <= _MOST_S:
        raise ControlError(400, f"{where}.after_s is a number of seconds, up to a year")
    wishes = step[actions[0]]
    if not isinstance(wishes, dict):
        raise ControlError(400, f"{where}.{actions[0]} is a JSON object")
    return after_s, actions[0], wishes


def _rehearse(state: State, place: int, action: str, wishes: dict[str, object]) -> None:
    try:
        with state.transaction():
            # A clock can't be taken back by the store: its wish is read, and that is all.
            if action == "clock":
                _read_clock(wishes)
            else:
                _ACTIONS[action](state, wishes)
            raise _Rehearsed
    except _Rehearsed:
        return
    except ControlError as error:
        # 409 is what is not so yet, such as an open prompt: it may be when the step's time comes.
        if error.status != 409:
            raise ControlError(400, f"steps[{place}].{action}: {error.message}") from None


def _read_clock(wishes: Mapping[str, object]) -> None:
    control.refuse_others(wishes, "advance_s")
    seconds = control.read_number(wishes, "advance_s")
    if seconds is None or not 0 < seconds <= _MOST_S:
        raise ControlError(400, "advance_s is a number of seconds above zero, up to a year")


def _set_phone(state: State, wishes: Mapping[str, object]) -> None:
    rest = {key: value for key, value in wishes.items() if key != "msisdn"}
    control.set_phone(state, wishes.get("msisdn"), rest)


def _clear_faults(state: State, wishes: Mapping[str, object]) -> None:
    control.refuse_others(wishes)
    with state.transaction():
        state.faults.clear()


def _initiator(state: State, wishes: Mapping[str, object]) -> None:
    control.refuse_others(wishes, "password", "lock")
    if wishes.get("lock") is True:
        levers.lock_initiator(state)
    else:
        levers.set_password(state, {key: value for key, value in wishes.items() if key == "password"})


_ACTIONS: dict[str, Callable[[State, dict[str, object]], object]] = {
    "fault": control.add_fault,
    "clear_faults": _clear_faults,
    "switches": control.set_switches,
    "phone": _set_phone,
    "payment": control.book_payment,
    "float": levers.change_float,
    "initiator": _initiator,
    "clock": control.move_clock,
    "forge": levers.forge,
    "sms_reports": levers.set_sms_reports,
}
