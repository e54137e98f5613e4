"""Reversal of a payment that came in: the money goes back to the wallet it came from (DARAJA 1.6, 2.5)."""

from collections.abc import Mapping
from dataclasses import replace

from simulator import commands, phones, wire
from simulator.books import SHILLING, NotEnoughMoney, Payment, utility
from simulator.clock import eat_digits
from simulator.commands import Command, Outcome
from simulator.fields import Fields
from simulator.state import State

# Only what a customer paid in: a payout can't be reversed by API (DARAJA 0.7).
REVERSIBLE = {"stk", "c2b", "manual"}


def request_reversal(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Queue a reversal.

    :raises GatewayError: nothing was done
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    initiator = fields.text("Initiator"), fields.text("SecurityCredential")
    fields.choice("CommandID", "TransactionReversal")
    receipt = fields.text("TransactionID")
    amount = fields.amount(least=1, most=250_000) * SHILLING
    shortcode = fields.shortcode("ReceiverParty")
    fields.choice("RecieverIdentifierType", "11")
    fields.text("Remarks", least=2, most=100)
    wishes = {"receipt": receipt, "amount": amount, "shortcode": shortcode}
    return commands.accept(state, "reversal", fields, wishes, initiator=initiator)


def carry_out(state: State, command: Command, at: int) -> Outcome:
    """Give the money back, or say why not (inside a transaction)."""
    receipt, amount = str(command.wishes["receipt"]), int(command.wishes["amount"])
    own = utility(str(command.wishes["shortcode"]))
    original = state.books.find(receipt)
    if original is None or original.kind not in REVERSIBLE or original.credit != own:
        return Outcome(code="R000002")
    partial = state.switches.get("partial_reversal") is True
    left = original.amount - state.books.reversed_of(receipt)
    if left == 0 or (left < original.amount and not partial):
        return Outcome(code="R000001")
    if amount > left or (amount != original.amount and not partial):
        # What a wrong amount brings is documented nowhere: the core's "invalid parameter" (DARAJA 3.1).
        return Outcome(code="25")

    payment = replace(
        reversal_of(original, receipt=state.ids.receipt(at), amount=amount, at=at),
        conversation_id=command.conversation_id,
        originator_conversation_id=command.originator_conversation_id,
    )
    try:
        state.books.pay(payment)
    except NotEnoughMoney:
        return Outcome(code="1")
    return Outcome(code="0", receipt=payment.receipt, parameters=_parameters(state, payment))


def reversal_of(original: Payment, *, receipt: str, amount: int, at: int) -> Payment:
    """The way back of a pay-in, not yet booked."""
    return Payment(
        receipt=receipt,
        kind="reversal",
        debit=original.credit,
        credit=original.debit,
        amount=amount,
        at=at,
        account_reference=original.account_reference,
        original_receipt=original.receipt,
    )


def _parameters(state: State, payment: Payment) -> dict[str, object]:
    shortcode = payment.debit.split(":")[1]
    msisdn = payment.credit.removeprefix("wallet:")
    left = f"{wire.cents(state.books.balance(payment.debit)):.2f}"
    return {
        "DebitAccountBalance": f"Utility Account|KES|{left}|{left}|0.00|0.00",
        "Amount": wire.cents(payment.amount),
        "TransCompletedTime": eat_digits(payment.at),
        "OriginalTransactionID": payment.original_receipt,
        "Charge": 0,
        "CreditPartyPublicName": f"{msisdn} - {phones.name_of(state, msisdn)}",
        "DebitPartyPublicName": f"{shortcode} - Simulator",
    }
