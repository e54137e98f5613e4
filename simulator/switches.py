"""Choices where Daraja's sources disagree or nobody documents it (DARAJA 10). They are kept in the store."""

import json

from simulator.store import Store

# Name -> the values it takes; the first is the default.
SWITCHES: dict[str, tuple[object, ...]] = {
    # Whether the documented maximum lengths (AccountReference 12, TransactionDesc 13, ...) are enforced.
    "strict_lengths": (False, True),
    # What an STK query says of an open prompt: HTTP 500 with 500.001.1001, or 200 with ResultCode 4999.
    "query_pending_form": ("500.001.1001", "4999"),
    # What a status query of an unknown id brings: a result that says so, nothing, or the queue time-out.
    "status_unknown_id": ("not_found", "silence", "timeout"),
    # Whether the same amount from the same phone within two minutes of a success ends in 17.
    "two_minute_rule": (True, False),
}


class Switches:
    """Read by the processes, set by people and tests."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> object:
        """The value of a switch."""
        found = self._store.meta(f"switch:{name}")
        return SWITCHES[name][0] if found is None else json.loads(found)

    def set(self, name: str, value: object) -> None:
        """Change one.

        :raises ValueError: no such switch, or it does not take this value
        """
        allowed = SWITCHES.get(name)
        if allowed is None:
            raise ValueError(f"unknown switch {name!r}; there are {', '.join(SWITCHES)}")
        if value not in allowed or type(value) is not type(allowed[0]):
            raise ValueError(f"{name} is one of {json.dumps(allowed)}")
        with self._store.transaction():
            self._store.remember(f"switch:{name}", json.dumps(value))

    def all(self) -> dict[str, object]:
        """Every switch with its value."""
        return {name: self.get(name) for name in SWITCHES}
