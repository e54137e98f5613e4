"""B2C: v3 with the merchant's OriginatorConversationID, v1 with the gateway's own (DARAJA 1.4, 2.3)."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator import callbacks, codes, limits, phones, wire
from simulator.books import FEES, SHILLING, NotEnoughMoney, Payment, b2c_fee, utility
from simulator.clock import EAT, SECOND, from_micros
from simulator.credentials import PAYOUT_SHORTCODE
from simulator.fields import Fields, GatewayError
from simulator.identifiers import filler_receipt
from simulator.state import State

# Waited in the queue until it was too old: nothing was paid, and a status query says so.
EXPIRED = "1019"
_REFERENCE = {
    "ReferenceItem": {
        "Key": "QueueTimeoutURL",
        "Value": "https://internalsandbox.safaricom.co.ke/mpesa/b2cresults/v1/submit",
    }
}


@dataclass(frozen=True)
class Payout:
    """A row of `payouts`; `amount` in cents. `reported_originator_id` is the id that the result carries."""

    id: int
    conversation_id: str
    originator_conversation_id: str
    reported_originator_id: str
    shortcode: str
    msisdn: str
    amount: int
    result_url: str
    callback_mode: str
    refusal_code: str | None
    requested_at: int
    settled_at: int | None
    result_code: str | None
    receipt: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Payout":
        """The payout of a row."""
        return cls(**{key: row[key] for key in row.keys()})  # noqa: SIM118 (a Row iterates over its values)


def request_payout(state: State, body: Mapping[str, object], *, version: int) -> dict[str, object]:
    """Queue a payout; return the acknowledgement. A wrong initiator is accepted: the result tells.

    :raises GatewayError: nothing was done, or (500.002.1001) a payout with this id was accepted earlier
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    own_id = fields.text("OriginatorConversationID") if version >= 3 else None
    initiator = fields.text("InitiatorName")
    credential = fields.text("SecurityCredential")
    fields.choice("CommandID", "BusinessPayment", "SalaryPayment", "PromotionPayment")
    amount = fields.amount(least=10, most=250_000) * SHILLING
    shortcode = fields.shortcode("PartyA")
    msisdn = fields.msisdn("PartyB")
    fields.text("Remarks", least=2, most=100)
    timeout_url = fields.url("QueueTimeOutURL")
    result_url = fields.url("ResultURL")
    # `Occassion` in v3, `Occasion` in v1 and in many libraries: optional under either name, and never read.

    now = state.clock.micros()
    with state.transaction():
        if own_id is not None and _is_used(state, own_id, now):
            form = str(state.switches.get("duplicate_form"))
            return _duplicate(state, own_id, form, result_url, at=now, msisdn=msisdn)
        again = state.faults.take("b2c_duplicate", api="b2c", msisdn=msisdn)
        refusal = state.credentials.initiator_refusal(initiator, credential)
        if refusal is None and shortcode != PAYOUT_SHORTCODE:
            refusal = "2028"
        for fault, code in (("b2c_unregistered", "2040"), ("b2c_wallet_full", "8")):
            if refusal is None and state.faults.take(fault, api="b2c", msisdn=msisdn) is not None:
                refusal = code
        if refusal is None:
            refusal = state.faults.refusal("b2c", msisdn)
        originator = own_id or state.ids.gateway_originator()
        strange = state.faults.take("gateway_originator_id", api="b2c", msisdn=msisdn) is not None
        notice = state.faults.take("b2c_timeout_notice", api="b2c", msisdn=msisdn)
        thens = {fault.then for fault in (again, notice) if fault is not None}
        if thens & {"expired", "nothing"}:
            refusal = EXPIRED
        is_silent = thens & {"expired", "nothing", "silence"}
        payout = Payout(
            id=0,
            conversation_id=state.ids.conversation(now),
            originator_conversation_id=originator,
            reported_originator_id=state.ids.merchant_request() if strange else originator,
            shortcode=shortcode,
            msisdn=msisdn,
            amount=amount,
            result_url=result_url,
            callback_mode="lost" if is_silent else phones.payout_callback_mode(msisdn),
            refusal_code=refusal,
            requested_at=now,
            settled_at=None,
            result_code=None,
            receipt=None,
        )
        payout = _insert(state, payout)
        due = now + state.result_after_us
        if notice is not None:
            _plan_timeout_notice(state, payout, timeout_url, at=due)
            due += notice.delay_us
        state.schedule("payout", payout.id, at=due)
    if again is not None:
        return _duplicate(state, originator, again.body, result_url, at=now, msisdn=msisdn)
    return {
        "ConversationID": payout.conversation_id,
        "OriginatorConversationID": payout.originator_conversation_id,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def settle(state: State, ref: int, *, at: int) -> list[int]:
    """Pay it, or don't; plan the result and return the ids of the callbacks (inside a transaction)."""
    row = state.store.row("SELECT * FROM payouts WHERE id = ? AND settled_at IS NULL", ref)
    if row is None:
        return []
    payout = Payout.of(row)
    state.unschedule("payout", ref)
    refusal = payout.refusal_code or limits.payout_refusal(state, payout.msisdn, payout.amount, at=at)
    receipt = None if refusal else _pay(state, payout, at)
    code = refusal or ("0" if receipt else "1")
    payout = replace(payout, settled_at=at, result_code=code, receipt=receipt)

    def stray(failure: str) -> object:
        return _result(state, replace(payout, result_code=failure or "1", receipt=None), at)

    state.store.run(
        "UPDATE payouts SET settled_at = ?, result_code = ?, receipt = ? WHERE id = ?", at, code, receipt, ref
    )
    return callbacks.plan(
        state,
        kind="b2c",
        url=payout.result_url,
        payload=_result(state, payout, at),
        at=at,
        msisdn=payout.msisdn,
        mode=payout.callback_mode,
        stray=stray if receipt else None,
    )


def find_payout(state: State, conversation: str) -> Payout | None:
    """The payout with this originator id (the merchant's or the one in the result) or this ConversationID."""
    row = state.store.row(
        "SELECT * FROM payouts WHERE originator_conversation_id = ?1 OR reported_originator_id = ?1"
        " OR conversation_id = ?1 ORDER BY id DESC",
        conversation,
    )
    return None if row is None else Payout.of(row)


def _is_used(state: State, originator: str, now: int) -> bool:
    # For how long Daraja remembers an id is undocumented (DARAJA 10): the switch decides.
    life_s = state.switches.originator_id_life_s()
    since = 0 if life_s is None else now - int(life_s * SECOND)
    return (
        state.store.row(
            "SELECT 1 FROM payouts WHERE originator_conversation_id = ? AND requested_at > ?",
            originator,
            since,
        )
        is not None
    )


def _duplicate(
    state: State, originator: str, form: str, url: str, *, at: int, msisdn: str
) -> dict[str, object]:
    """What the reuse of an id is told, in one of the forms that were seen (DARAJA 1.4).

    :raises GatewayError: the forms that are an HTTP error
    """
    if form in {"500.002.1001", "duplicate"}:
        raise GatewayError(500, "500.002.1001", "Duplicate OriginatorConversationID.")
    if form == "internal_error":
        raise GatewayError(500, "500.002.1001", "System internal error.")
    with state.transaction():
        conversation = state.ids.conversation(at)
    answer: dict[str, object] = {
        "ConversationID": conversation,
        "OriginatorConversationID": originator,
        "ResponseCode": "1",
        "ResponseDescription": "Duplicate OriginatorConversationID.",
    }
    if form == "result_15":
        result = {
            "ResultType": 0,
            "ResultCode": 15,
            "ResultDesc": codes.words("15"),
            "OriginatorConversationID": originator,
            "ConversationID": answer["ConversationID"],
            "TransactionID": filler_receipt(at),
            "ReferenceData": _REFERENCE,
        }
        due = at + state.result_after_us
        callbacks.plan(state, kind="b2c", url=url, payload={"Result": result}, at=due, msisdn=msisdn)
        answer |= {"ResponseCode": "0", "ResponseDescription": "Accept the service request successfully."}
    return answer


def _insert(state: State, payout: Payout) -> Payout:
    values = {key: value for key, value in payout.__dict__.items() if key != "id"}
    row_id = state.store.run(
        f"INSERT INTO payouts ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 (own names)
        *values.values(),
    )
    return replace(payout, id=row_id)


def _pay(state: State, payout: Payout, at: int) -> str | None:
    """The receipt, or None when the float has too little for the amount and its fee."""
    payment = Payment(
        receipt=state.ids.receipt(at),
        kind="b2c",
        debit=utility(payout.shortcode),
        credit=state.books.open_wallet(payout.msisdn, at=at),
        amount=payout.amount,
        fee=b2c_fee(payout.amount),
        at=at,
        conversation_id=payout.conversation_id,
        originator_conversation_id=payout.originator_conversation_id,
    )
    try:
        state.books.pay(payment)
    except NotEnoughMoney:
        return None
    return payment.receipt


def _result(state: State, payout: Payout, at: int) -> dict[str, object]:
    code = payout.result_code or ""
    result: dict[str, object] = {
        "ResultType": 0,
        "ResultCode": codes.as_sent(code),
        "ResultDesc": codes.words(code),
        "OriginatorConversationID": payout.reported_originator_id,
        "ConversationID": payout.conversation_id,
        "TransactionID": payout.receipt or filler_receipt(at),
    }
    if payout.receipt:
        name = phones.name_of(state, payout.msisdn)
        completed = from_micros(at).astimezone(EAT)
        values = {
            "TransactionAmount": wire.cents(payout.amount),
            "TransactionReceipt": payout.receipt,
            "ReceiverPartyPublicName": f"{payout.msisdn} - {name}",
            "TransactionCompletedDateTime": f"{completed:%d.%m.%Y %H:%M:%S}",
            "B2CUtilityAccountAvailableFunds": wire.cents(state.books.balance(utility(payout.shortcode))),
            "B2CWorkingAccountAvailableFunds": wire.cents(0),
            "B2CRecipientIsRegisteredCustomer": "Y",
            "B2CChargesPaidAccountAvailableFunds": wire.cents(-state.books.balance(FEES)),
        }
        parameters = [{"Key": key, "Value": value} for key, value in values.items()]
        result["ResultParameters"] = {"ResultParameter": parameters}
    result["ReferenceData"] = _REFERENCE
    return {"Result": result}


def _plan_timeout_notice(state: State, payout: Payout, url: str, *, at: int) -> None:
    # The code for "cached, to be sent again" (DARAJA 3.1): it means that nobody knows yet.
    result = {
        "ResultType": 1,
        "ResultCode": 100_000_000,
        "ResultDesc": "The request timed out while awaiting processing in the queue.",
        "OriginatorConversationID": payout.reported_originator_id,
        "ConversationID": payout.conversation_id,
        "TransactionID": filler_receipt(at),
        "ReferenceData": _REFERENCE,
    }
    payload = callbacks.timeout_payload(state, result)
    callbacks.plan(state, kind="b2c_timeout", url=url, payload=payload, at=at, msisdn=payout.msisdn)
