"""B2C top-up: from the collecting shortcode to the paying one's Utility, by BusinessPayToBulk (DARAJA 1, 4.5)."""

from collections.abc import Mapping

from simulator import commands, wire
from simulator.books import SHILLING, NotEnoughMoney, Payment, utility, working
from simulator.clock import eat_digits
from simulator.commands import Command, Outcome
from simulator.credentials import COLLECTION_SHORTCODE, PAYOUT_SHORTCODE
from simulator.daraja_balance import account_text
from simulator.fields import Fields
from simulator.state import State


def request_topup(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Queue a top-up.

    :raises GatewayError: nothing was done
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    initiator = fields.text("Initiator"), fields.text("SecurityCredential")
    fields.choice("CommandID", "BusinessPayToBulk")
    fields.choice("SenderIdentifierType", "4")
    fields.choice("RecieverIdentifierType", "4")
    amount = fields.amount(least=1, most=999_999_999) * SHILLING
    sender, receiver = fields.shortcode("PartyA"), fields.shortcode("PartyB")
    reference = fields.text("AccountReference", most=13)
    fields.text("Remarks", least=2, most=100)
    wishes = {"amount": amount, "sender": sender, "receiver": receiver, "reference": reference}
    return commands.accept(state, "topup", fields, wishes, initiator=initiator)


def carry_out(state: State, command: Command, at: int) -> Outcome:
    """Move the money, or say why not (inside a transaction)."""
    sender, receiver = str(command.wishes["sender"]), str(command.wishes["receiver"])
    if not state.books.knows(utility(receiver)):
        return Outcome(code="SFC_IC0003")
    if (sender, receiver) != (COLLECTION_SHORTCODE, PAYOUT_SHORTCODE):
        return Outcome(code="2028")
    source = working(sender) if state.switches.get("topup_source") == "working" else utility(sender)

    payment = Payment(
        receipt=state.ids.receipt(at),
        kind="topup",
        debit=source,
        credit=utility(receiver),
        amount=int(command.wishes["amount"]),
        at=at,
        conversation_id=command.conversation_id,
        originator_conversation_id=command.originator_conversation_id,
        account_reference=str(command.wishes["reference"]),
    )
    try:
        state.books.pay(payment)
    except NotEnoughMoney:
        return Outcome(code="1")
    return Outcome(code="0", receipt=payment.receipt, parameters=_parameters(state, payment, receiver))


def _parameters(state: State, payment: Payment, receiver: str) -> dict[str, object]:
    left = state.books.balance(payment.debit)
    shown = f"{{Amount={{CurrencyCode=KES, MinimumAmount={left}, BasicAmount={wire.cents(left):.2f}}}}}"
    name = "Working Account" if payment.debit.endswith(":working") else "Utility Account"
    return {
        "DebitAccountBalance": shown,
        "Amount": f"{wire.cents(payment.amount):.2f}",
        "DebitPartyAffectedAccountBalance": account_text(name, left),
        "TransCompletedTime": str(eat_digits(payment.at)),
        "DebitPartyCharges": "",
        "ReceiverPartyPublicName": f"{receiver} - Simulator",
        "Currency": "KES",
        "InitiatorAccountCurrentBalance": shown,
    }
