"""People with phones: what each does with a prompt, and the test numbers (README.md)."""

import hashlib
import re
from dataclasses import dataclass

from simulator.clock import SECOND
from simulator.state import State

OUTCOMES = ("pay", "cancel", "no_balance", "unreachable", "wrong_pin", "wait")
CALLBACK_MODES = ("normal", "lost", "twice")
PROMPT_LIFE_US = 60 * SECOND

_KENYAN = re.compile(r"(?:\+?254|0)?([17][0-9]{8})")
_FIRST_NAMES = ("AMINA", "BARAKA", "CHEBET", "DAUDI", "ESTHER", "FATUMA", "GITAU", "HALIMA", "JUMA", "KAMAU")
_LAST_NAMES = (
    "ACHIENG",
    "HASSAN",
    "KIPTOO",
    "MUTUA",
    "MWANGI",
    "NJERI",
    "ODHIAMBO",
    "OTIENO",
    "WAFULA",
    "WANJIKU",
)


@dataclass(frozen=True)
class Plan:
    """What a phone will do with a prompt, and how the callback of it goes (see callbacks.plan)."""

    outcome: str
    delay_us: int
    callback_mode: str = "normal"


_TEST_NUMBERS = {
    "254700000001": Plan("pay", 3 * SECOND),
    "254700000002": Plan("pay", 45 * SECOND),
    "254700000003": Plan("cancel", 3 * SECOND),
    "254700000004": Plan("no_balance", 3 * SECOND),
    "254700000005": Plan("unreachable", 3 * SECOND),
    "254700000006": Plan("wrong_pin", 3 * SECOND),
    "254700000007": Plan("pay", 3 * SECOND, "lost"),
    "254700000008": Plan("pay", 3 * SECOND, "twice_and_stray"),
}
# Payouts to this number succeed and their result never comes: only a status query tells.
_SILENT_PAYEE = "254700000009"


def normalise(number: str) -> str | None:
    """2547XXXXXXXX from any Kenyan form (0722..., 722..., +254 722 ...); None when it is none."""
    match = _KENYAN.fullmatch(re.sub(r"[\s()-]", "", number))
    return None if match is None else f"254{match[1]}"


def plan_prompt(state: State, msisdn: str) -> Plan:
    """What this phone does with the prompt that it gets now; a script set by `script` is used up by it."""
    usual = _TEST_NUMBERS.get(msisdn, Plan("pay", state.pay_after_us))
    row = state.store.row("SELECT next, delay_us, callback FROM phones WHERE msisdn = ?", msisdn)
    if row is None:
        return usual
    state.store.run(
        "UPDATE phones SET next = NULL, delay_us = NULL, callback = NULL WHERE msisdn = ?", msisdn
    )
    outcome = row["next"] or usual.outcome
    delay = usual.delay_us if row["delay_us"] is None else row["delay_us"]
    return Plan(
        outcome, PROMPT_LIFE_US if outcome == "wait" else delay, row["callback"] or usual.callback_mode
    )


def payout_callback_mode(msisdn: str) -> str:
    """How the result of a payout to this phone goes."""
    return "lost" if msisdn == _SILENT_PAYEE else "normal"


def script(
    state: State,
    msisdn: str,
    *,
    outcome: str | None,
    delay_us: int | None,
    callback: str | None,
    name: str | None,
) -> None:
    """Set what the next prompt on a phone does; what is None stays as it was."""
    state.store.run(
        "INSERT INTO phones (msisdn, next, delay_us, callback, name) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (msisdn) DO UPDATE SET next = coalesce(excluded.next, next),"
        " delay_us = coalesce(excluded.delay_us, delay_us), callback = coalesce(excluded.callback, callback),"
        " name = coalesce(excluded.name, name)",
        msisdn,
        outcome,
        delay_us,
        callback,
        name,
    )


def name_of(state: State, msisdn: str) -> str:
    """The name under which a phone is registered: set by `script`, or always the same made-up one."""
    found = state.store.value("SELECT name FROM phones WHERE msisdn = ?", msisdn)
    if found is not None:
        return str(found)
    digest = hashlib.sha256(msisdn.encode()).digest()
    return f"{_FIRST_NAMES[digest[0] % len(_FIRST_NAMES)]} {_LAST_NAMES[digest[1] % len(_LAST_NAMES)]}"
