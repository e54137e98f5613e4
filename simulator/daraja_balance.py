"""Account balance: one pipe text for all accounts of a shortcode (DARAJA 1.7, 2.5)."""

from collections.abc import Mapping

from simulator import commands, wire
from simulator.books import FEES, b2c_fee, utility, working
from simulator.clock import eat_digits
from simulator.commands import Command, Outcome
from simulator.credentials import PAYOUT_SHORTCODE
from simulator.fields import Fields
from simulator.state import State


def request_balance(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Take the question; the answer goes to ResultURL.

    :raises GatewayError: nothing was done
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    initiator = fields.text("Initiator"), fields.text("SecurityCredential")
    fields.choice("CommandID", "AccountBalance")
    shortcode = fields.shortcode("PartyA")
    fields.choice("IdentifierType", "4")
    fields.text("Remarks", least=2, most=100)
    return commands.accept(state, "balance", fields, {"shortcode": shortcode}, initiator=initiator)


def answer(state: State, command: Command, at: int) -> Outcome:
    """What the accounts hold at `at` (inside a transaction)."""
    shortcode = str(command.wishes["shortcode"])
    if not state.books.knows(utility(shortcode)):
        return Outcome(code="2028")
    charges = -state.books.balance(FEES) if shortcode == PAYOUT_SHORTCODE else 0
    accounts = [
        ("Working Account", state.books.balance(working(shortcode)), 0),
        ("Utility Account", state.books.balance(utility(shortcode)), reserved(state, shortcode)),
        ("Charges Paid Account", charges, 0),
        ("Organization Settlement Account", 0, 0),
    ]
    text = "&".join(account_text(name, total, held) for name, total, held in accounts)
    return Outcome(code="0", parameters={"AccountBalance": text, "BOCompletedTime": eat_digits(at)})


def account_text(name: str, total: int, held: int = 0) -> str:
    """`name|KES|total|available|reserved|uncleared` of cents; nothing is ever uncleared here."""
    numbers = "|".join(f"{wire.cents(cents):.2f}" for cents in (total, total - held, held, 0))
    return f"{name}|KES|{numbers}"


def reserved(state: State, shortcode: str) -> int:
    """Cents that accepted payouts will take with their fees, as far as the account has them."""
    rows = state.store.rows(
        "SELECT amount FROM payouts WHERE settled_at IS NULL AND refusal_code IS NULL AND shortcode = ?",
        shortcode,
    )
    wanted: int = sum(row["amount"] + b2c_fee(row["amount"]) for row in rows)
    return min(wanted, state.books.balance(utility(shortcode)))
