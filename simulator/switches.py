"""Choices where Daraja's sources disagree or nobody documents it (DARAJA 10). They are kept in the store."""

import json

from simulator.store import Store

# Name -> the values it takes; the first is the default.
SWITCHES: dict[str, tuple[object, ...]] = {
    # Whether the documented maximum lengths (AccountReference 12, TransactionDesc 13, ...) are enforced.
    "strict_lengths": (False, True),
    # The same for AccountReference's 12 characters alone.
    "strict_reference": (False, True),
    # What an STK query says of an open prompt: HTTP 500 with 500.001.1001, or 200 with ResultCode 4999.
    "query_pending_form": ("500.001.1001", "4999"),
    # What a status query of an unknown id brings: a result that says so, nothing, or the queue time-out.
    "status_unknown_id": ("not_found", "silence", "timeout"),
    # Whether the same amount from the same phone within two minutes of a success ends in 17.
    "two_minute_rule": (True, False),
    # What the queue time-out posts: the envelope of a result, its fields without envelope, or no body.
    "timeout_payload": ("envelope", "flat", "empty"),
    # How often a callback that was not answered with 2xx is sent again; when: callback_retry_gaps_s.
    "callback_retries": (0, 1, 2, 3),
    # PhoneNumber in the callback of a paid prompt, and its Balance.
    "stk_phone": ("number", "text", "masked", "hashed", "missing"),
    "stk_balance": ("no_value", "number", "text", "missing"),
    # Whether the B2C path without an id of the caller's still answers.
    "b2c_v1": ("answers", "gone"),
    # Whether Timestamp may be off by at most five minutes, read in which zone.
    "timestamp_check": ("off", "eat", "utc"),
    # PartyA and PhoneNumber: of either type; a text ends silently in 1037; a number is refused.
    "phone_type": ("either", "number", "text"),
    # How the reuse of an OriginatorConversationID is told.
    "duplicate_form": ("500.002.1001", "internal_error", "response_code_1", "result_15"),
    # What a dead or wrong token is told.
    "invalid_token_code": ("404.001.03", "401.002.01", "400.003.01", "401.003.01"),
    # Whether the initiator's password is dead 90 days after it was set.
    "initiator_password_expires": (True, False),
    # Whether a wallet's ceiling and a customer's day (limits.py) are enforced.
    "customer_limits": (True, False),
    # Whether a customer pays for paying a PayBill (tariffs.py); off: the merchant's tariff covers it.
    "paybill_charge": (False, True),
    # Whether a PayBill payment is validated first: Safaricom switches it on when asked (DARAJA 1.7).
    "c2b_validation": (False, True),
    # How a C2B confirmation shows the payer's number (DARAJA 2.2).
    "c2b_msisdn": ("masked", "full", "sha256", "missing"),
    # Whether the clock that stamps confirmations, pulled lists and statements is right: nobody promises that it is the
    # caller's.
    "stamp_clock": ("right", "slow"),
    # Whether STK payments are announced on the confirmation URL too (DARAJA 1.7).
    "stk_on_confirmation_url": (True, False),
    # Whether less than the whole of a payment can be reversed, which nobody documents (DARAJA 1.6).
    "partial_reversal": (False, True),
    # Whether the words refused in C2B URLs are refused in every callback URL (DARAJA 4.3).
    "strict_urls": (False, True),
    # Which account of the collecting shortcode a top-up of the float leaves (DARAJA 4.5).
    "topup_source": ("utility", "working"),
}
_MOST_S = 366 * 86_400
# Name -> default, for what is no choice among a few.
_NUMBERS: dict[str, object] = {
    # Seconds between a failed callback and the next try.
    "callback_retry_gaps_s": [1, 5, 15],
    # For how long an OriginatorConversationID is remembered as used; null: for ever.
    "originator_id_life_s": None,
}


class Switches:
    """Read by the processes, set by people and tests."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> object:
        """The value of a switch."""
        found = self._store.meta(f"switch:{name}")
        if found is not None:
            return json.loads(found)
        return SWITCHES[name][0] if name in SWITCHES else _NUMBERS[name]

    def set(self, name: str, value: object) -> None:
        """Change one.

        :raises ValueError: no such switch, or it does not take this value
        """
        allowed = SWITCHES.get(name)
        if name in _NUMBERS:
            _check_numbers(name, value)
        elif allowed is None:
            raise ValueError(f"unknown switch {name!r}; there are {', '.join([*SWITCHES, *_NUMBERS])}")
        elif value not in allowed or type(value) is not type(allowed[0]):
            raise ValueError(f"{name} is one of {json.dumps(allowed)}")
        with self._store.transaction():
            self._store.remember(f"switch:{name}", json.dumps(value))

    def all(self) -> dict[str, object]:
        """Every switch with its value."""
        return {name: self.get(name) for name in [*SWITCHES, *_NUMBERS]}

    def retry_gap_s(self, attempts: int) -> float | None:
        """How long to wait before a callback is sent again after `attempts` tries; None: it is not."""
        retries, gaps = self.get("callback_retries"), self.get("callback_retry_gaps_s")
        if not isinstance(retries, int) or not isinstance(gaps, list) or attempts > retries:
            return None
        return float(gaps[min(attempts, len(gaps)) - 1])

    def originator_id_life_s(self) -> float | None:
        """For how long an OriginatorConversationID counts as used; None: for ever."""
        found = self.get("originator_id_life_s")
        return float(found) if isinstance(found, int | float) else None


def _check_numbers(name: str, value: object) -> None:
    if name == "callback_retry_gaps_s":
        if not isinstance(value, list) or not 1 <= len(value) <= 3 or not all(map(_is_span, value)):
            raise ValueError(f"{name} is a list of one to three numbers of seconds, as [1, 5, 15]")
    elif value is not None and not _is_span(value):
        raise ValueError(f"{name} is a number of seconds, or null for ever")


def _is_span(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _MOST_S
