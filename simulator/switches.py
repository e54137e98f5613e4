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
    # Whether a wallet's ceiling and a customer's day (limits.py) are enforced.
    "customer_limits": (False, True),
    # Whether a customer pays for paying a PayBill (tariffs.py); off: the merchant's tariff covers it.
    "paybill_charge": (False, True),
    # Whether a PayBill payment is validated first: Safaricom switches it on when asked (DARAJA 1.7).
    "c2b_validation": (False, True),
    # How a C2B confirmation shows the payer's number (DARAJA 2.2).
    "c2b_msisdn": ("masked", "full", "sha256", "missing"),
    # Whether STK payments are announced on the confirmation URL too (DARAJA 1.7).
    "stk_on_confirmation_url": (True, False),
    # Whether less than the whole of a payment can be reversed, which nobody documents (DARAJA 1.6).
    "partial_reversal": (False, True),
    # Whether the words refused in C2B URLs are refused in every callback URL (DARAJA 4.3).
    "strict_urls": (False, True),
    # Which account of the collecting shortcode a top-up of the float leaves (DARAJA 4.5).
    "topup_source": ("utility", "working"),
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
