"""What a customer may hold and move: a full wallet ends in 8, a full day in 4 (DARAJA 3.1, 4.1)."""

from datetime import timedelta

from simulator.books import SHILLING, WORLD, wallet
from simulator.clock import EAT, from_micros, to_micros
from simulator.state import State

WALLET_CEILING_CENTS = 500_000 * SHILLING
DAY_CENTS = 500_000 * SHILLING


def pay_in_refusal(state: State, msisdn: str, amount: int, *, at: int) -> str | None:
    """ "4" when paying `amount` cents would take the customer beyond what may leave a wallet in a day."""
    if state.switches.get("customer_limits") is False:
        return None
    return "4" if moved_today(state, msisdn, "debit", at=at) + amount > DAY_CENTS else None


def payout_refusal(state: State, msisdn: str, amount: int, *, at: int) -> str | None:
    """ "8" when the payee's wallet would be too full, "4" when it would get too much in a day."""
    if state.switches.get("customer_limits") is False:
        return None
    if state.books.balance(wallet(msisdn)) + amount > WALLET_CEILING_CENTS:
        return "8"
    return "4" if moved_today(state, msisdn, "credit", at=at) + amount > DAY_CENTS else None


def moved_today(state: State, msisdn: str, side: str, *, at: int) -> int:
    """Cents that left (`debit`) or reached (`credit`) a wallet on the day of `at` in Nairobi; fees don't count.

    Neither does what the world gave or what a reversal brought back.
    """
    midnight = from_micros(at).astimezone(EAT).replace(hour=0, minute=0, second=0, microsecond=0)
    other = "credit" if side == "debit" else "debit"
    return int(
        state.store.value(
            f"SELECT coalesce(sum(amount), 0) FROM movements WHERE {side} = ? AND at >= ? AND at < ?"  # noqa: S608
            f" AND {other} <> ? AND kind NOT IN ('fee', 'reversal')",
            wallet(msisdn),
            to_micros(midnight),
            to_micros(midnight + timedelta(days=1)),
            WORLD,
        )
    )
