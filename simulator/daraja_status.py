"""Transaction status: what became of a receipt or an originator id, told by callback (DARAJA 1.5, 2.5)."""

from collections.abc import Mapping

from simulator import callbacks, codes, commands, daraja_stk, phones
from simulator.books import Payment
from simulator.clock import eat_digits
from simulator.commands import Command
from simulator.daraja_b2c import EXPIRED, Payout, find_payout
from simulator.fields import Fields, invalid
from simulator.identifiers import filler_receipt
from simulator.state import State

# What comes for an id that M-Pesa never saw is undocumented (DARAJA 1.5). R000002 is the documented
# "receipt invalid" of reversals; the switch `status_unknown_id` chooses silence or the time-out instead.
_UNKNOWN = ("R000002", "The transaction receipt number does not exist.")
# Commands that move money, and how the portal names what each kind of transaction is.
_MONEY = {"reversal", "topup"}
_REASONS = {
    "b2c": "Business Payment to Customer via API",
    "reversal": "Transaction Reversal",
    "topup": "Business Pay To Bulk",
    "settlement": "Organization Settlement",
}
_FEES = {"b2c": "Fee For B2C Payment", "stk": "Pay Bill Charge", "c2b": "Pay Bill Charge"}


def request_status(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Take the question; the answer goes to ResultURL.

    :raises GatewayError: nothing was done
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    initiator = fields.text("Initiator")
    credential = fields.text("SecurityCredential")
    fields.choice("CommandID", "TransactionStatusQuery")
    receipt = fields.optional("TransactionID") or None
    # The documented key is OriginalConversationID; clients that repeat the B2C key are understood.
    originator = (
        fields.optional("OriginalConversationID") or fields.optional("OriginatorConversationID") or None
    )
    if receipt is None and originator is None:
        raise invalid("TransactionID")
    fields.shortcode("PartyA")
    fields.choice("IdentifierType", "1", "2", "4")
    result_url = fields.url("ResultURL")
    timeout_url = fields.url("QueueTimeOutURL")
    fields.text("Remarks", most=100)

    now = state.clock.micros()
    about = phone_asked_about(state, body)
    with state.transaction():
        refusal = state.credentials.initiator_refusal(initiator, credential)
        if refusal is None:
            refusal = state.faults.refusal("status", about)
        conversation = state.ids.conversation(now)
        own_originator = state.ids.merchant_request()
        ref = state.store.run(
            "INSERT INTO status_queries (conversation_id, originator_conversation_id, asked_receipt,"
            " asked_originator, refusal_code, result_url, timeout_url) VALUES (?, ?, ?, ?, ?, ?, ?)",
            conversation,
            own_originator,
            receipt,
            originator,
            refusal,
            result_url,
            timeout_url,
        )
        state.schedule("status", ref, at=now + state.result_after_us)
    return {
        "OriginatorConversationID": own_originator,
        "ConversationID": conversation,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def answer(state: State, ref: int, *, at: int) -> list[int]:
    """Say what is true at `at`; return the ids of the callbacks (inside a transaction)."""
    state.unschedule("status", ref)
    asked = state.store.row("SELECT * FROM status_queries WHERE id = ?", ref)
    if asked is None:
        return []
    payment, request = _found(state, asked["asked_receipt"], asked["asked_originator"])

    about = request.msisdn if isinstance(request, Payout) else None
    kind, url, values = "status", asked["result_url"], None
    code, words = "0", codes.words("0")
    wanted = _wanted_by_fault(state, about)
    if asked["refusal_code"]:
        code = asked["refusal_code"]
        words = codes.words(code)
    elif wanted is None and payment is not None:
        values = _completed(state, payment, _initiated_at(state, payment, request))
    elif wanted is None and request is not None:
        values = _unmoved(state, request)
    else:
        wanted = wanted or str(state.switches.get("status_unknown_id"))
        if wanted == "silence":
            return []
        code, words = _UNKNOWN
        if wanted == "timeout":
            kind, url = "status_timeout", asked["timeout_url"]
            code, words = "100000000", "The request timed out while awaiting processing in the queue."

    result: dict[str, object] = {
        "ResultType": 0 if kind == "status" else 1,
        "ResultCode": codes.as_sent(code),
        "ResultDesc": words,
        "OriginatorConversationID": asked["originator_conversation_id"],
        "ConversationID": asked["conversation_id"],
        "TransactionID": filler_receipt(at),
    }
    if values is not None:
        result["ResultParameters"] = {"ResultParameter": [_item(key, value) for key, value in values.items()]}
    result["ReferenceData"] = {"ReferenceItem": {"Key": "Occasion"}}
    payload = callbacks.timeout_payload(state, result) if kind == "status_timeout" else {"Result": result}
    return callbacks.plan(state, kind=kind, url=url, payload=payload, at=at, msisdn=about)


def phone_asked_about(state: State, body: Mapping[str, object]) -> str | None:
    """The payee of the payout that a question is about, for the faults of one number."""
    for field in ("OriginalConversationID", "OriginatorConversationID", "TransactionID"):
        asked = Fields(body).optional(field)
        payment = state.books.find(asked) if asked else None
        payout = find_payout(state, (payment and payment.originator_conversation_id) or asked or "")
        if payout is not None:
            return payout.msisdn
    return None


def _wanted_by_fault(state: State, msisdn: str | None) -> str | None:
    """What a fault makes of an answer that is known: a value of the switch status_unknown_id."""
    for name, wanted in (
        ("status_silent", "silence"),
        ("status_not_found", "not_found"),
        ("status_timeout_notice", "timeout"),
    ):
        if state.faults.take(name, api="status", msisdn=msisdn) is not None:
            return wanted
    return None


def _found(
    state: State, receipt: str | None, originator: str | None
) -> tuple[Payment | None, Payout | Command | None]:
    """The transaction and the request that it came of, each None where there is none."""
    payment = state.books.find(receipt) if receipt else None
    if payment is not None:
        originator = payment.originator_conversation_id
    if not originator:
        return payment, None
    request: Payout | Command | None = find_payout(state, originator) or commands.find(state, originator)
    if isinstance(request, Command) and request.kind not in _MONEY:
        request = None
    if request is not None and request.receipt is not None:
        payment = state.books.find(request.receipt)
    return payment, request


def _initiated_at(state: State, payment: Payment, request: Payout | Command | None) -> int:
    if request is not None:
        return request.requested_at
    prompt = daraja_stk.find(state, payment.checkout_request_id) if payment.checkout_request_id else None
    return payment.at if prompt is None else prompt.requested_at


def _completed(state: State, payment: Payment, initiated_at: int) -> dict[str, object]:
    return {
        "DebitPartyName": _party(state, payment.debit),
        "CreditPartyName": _party(state, payment.credit),
        "DebitAccountType": _account_type(payment.debit),
        "DebitPartyCharges": f"{_FEES[payment.kind]}|KES|{_decimal(payment.fee)}" if payment.fee else None,
        "InitiatedTime": eat_digits(initiated_at),
        "FinalisedTime": eat_digits(payment.at),
        "ReceiptNo": payment.receipt,
        "TransactionStatus": "Completed",
        "Amount": _decimal(payment.amount),
        "TransactionReason": None,
        "ReasonType": _REASONS.get(payment.kind, "Pay Bill Online"),
        "ConversationID": payment.conversation_id,
        "OriginatorConversationID": payment.originator_conversation_id,
    }


def _unmoved(state: State, request: Payout | Command) -> dict[str, object]:
    if isinstance(request, Payout):
        return _unpaid(
            request, shortcode=request.shortcode, payee=request.msisdn, amount=request.amount, kind="b2c"
        )
    wishes = request.wishes
    payee: str | None
    if request.kind == "topup":
        shortcode, payee = wishes["sender"], f"{wishes['receiver']} - Simulator"
    else:
        original = state.books.find(wishes["receipt"])
        shortcode, payee = wishes["shortcode"], _party(state, original.debit) if original else None
    return _unpaid(request, shortcode=shortcode, payee=payee, amount=wishes["amount"], kind=request.kind)


def _unpaid(
    request: Payout | Command, *, shortcode: str, payee: str | None, amount: int, kind: str
) -> dict[str, object]:
    return {
        "DebitPartyName": f"{shortcode} - Simulator",
        "CreditPartyName": payee,
        "DebitAccountType": "Utility Account",
        "DebitPartyCharges": None,
        "InitiatedTime": eat_digits(request.requested_at),
        "FinalisedTime": None if request.settled_at is None else eat_digits(request.settled_at),
        "ReceiptNo": None,
        "TransactionStatus": _state_of(request),
        "Amount": _decimal(amount),
        "TransactionReason": None,
        "ReasonType": _REASONS[kind],
        "ConversationID": request.conversation_id,
        "OriginatorConversationID": request.originator_conversation_id,
    }


def _state_of(request: Payout | Command) -> str:
    # Of the documented states: waiting in the queue is Authorized, refused by the core is Declined.
    if request.settled_at is None:
        return "Authorized"
    return "Expired" if request.result_code == EXPIRED else "Declined"


def _party(state: State, account: str) -> str:
    kind, _, rest = account.partition(":")
    if kind == "wallet":
        return f"{rest} - {phones.name_of(state, rest)}"
    return f"{rest.partition(':')[0]} - Simulator"


def _account_type(account: str) -> str:
    if account.startswith("wallet:"):
        return "MMF Account For Customer"
    return "Working Account" if account.endswith(":working") else "Utility Account"


def _item(key: str, value: object) -> dict[str, object]:
    # A key without anything to say comes without Value (DARAJA 2).
    return {"Key": key} if value is None else {"Key": key, "Value": value}


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
