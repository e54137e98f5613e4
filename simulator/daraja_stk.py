"""STK push and STK query (DARAJA 1.2, 1.3, 2.1)."""

import base64
import hmac
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import callbacks, codes, daraja_c2b, limits, phones, wire
from simulator.books import SHILLING, NotEnoughMoney, Payment, utility
from simulator.clock import SECOND, eat_digits
from simulator.credentials import COLLECTION_SHORTCODE, PASSKEY
from simulator.faults import Fault
from simulator.fields import Fields, invalid, merchant_error
from simulator.state import State
from simulator.tariffs import paybill_charge

# What a person, the network or the core makes of a prompt -> ResultCode and words (DARAJA 3.1).
_FAILURES: dict[str, tuple[str, str]] = {
    "no_balance": ("1", "The balance is insufficient for the transaction."),
    "daily_limit": ("4", "The amount would exceed the daily limit of the payer."),
    "rule_limited": ("17", "Rule limited."),
    "cancel": ("1032", "Request cancelled by user"),
    # Reported of pushes whose phone numbers were JSON strings (DARAJA 1.2): accepted, and never on the phone.
    "never_shown": ("1037", "DS timeout user cannot be reached"),
    "unreachable": ("1037", "DS timeout user cannot be reached"),
    "wait": ("1037", "No response from user."),
    "wrong_pin": ("2001", "The initiator information is invalid."),
    "wrong_product": ("2028", "The request is not permitted according to product assignment"),
    "wrong_party": ("SFC_IC0003", "The operator does not exist."),
}
# The same amount from the same customer again within this time after a success is refused (DARAJA 4.2).
_SAME_AMOUNT_US = 120 * SECOND


@dataclass(frozen=True)
class Prompt:
    """A row of `prompts`; `amount` in cents, times in microseconds."""

    id: int
    checkout_request_id: str
    merchant_request_id: str
    shortcode: str
    msisdn: str
    amount: int
    account_reference: str
    description: str
    callback_url: str
    callback_mode: str
    planned: str
    requested_at: int
    decide_at: int
    decided_at: int | None
    result_code: str | None
    result_desc: str | None
    receipt: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Prompt":
        """The prompt of a row."""
        return cls(**{key: row[key] for key in row.keys()})  # noqa: SIM118 (a Row iterates over its values)


def request_prompt(state: State, body: Mapping[str, object]) -> tuple[Prompt, dict[str, object]]:
    """Put a prompt on a phone; return it with the gateway's answer.

    :raises GatewayError: nothing was done
    """
    fields = Fields(body, strict_lengths=state.switches.get("strict_lengths") is True)
    shortcode = _authenticated_shortcode(state, fields)
    transaction_type = fields.choice("TransactionType", "CustomerPayBillOnline", "CustomerBuyGoodsOnline")
    amount = fields.amount(least=1, most=250_000)
    phone_type = state.switches.get("phone_type")
    fields.msisdn("PartyA", only_text=phone_type == "text")
    party_b = fields.shortcode("PartyB")
    msisdn = fields.msisdn("PhoneNumber", only_text=phone_type == "text")
    callback_url = fields.url("CallBackURL")
    strict_reference = state.switches.get("strict_reference") is True
    account_reference = fields.text("AccountReference", most=12, strict=strict_reference)
    # The docs call it optional; live, its absence is reported under another field's name (DARAJA 1.2).
    description = fields.text("TransactionDesc", most=13, called="Remarks")

    now = state.clock.micros()
    with state.transaction():
        if find_open(state, msisdn) is not None:
            raise merchant_error(
                "Unable to lock subscriber, a transaction is already in process for the current subscriber"
            )
        plan = phones.plan_prompt(state, msisdn)
        planned = plan.outcome
        if party_b != shortcode:
            planned = "wrong_party"
        elif transaction_type != "CustomerPayBillOnline":
            planned = "wrong_product"
        elif phone_type == "number" and any(isinstance(body[key], str) for key in ("PartyA", "PhoneNumber")):
            planned = "never_shown"
        elif _is_repeated(state, shortcode, msisdn, amount * SHILLING, now):
            planned = "rule_limited"
        prompt = Prompt(
            id=0,
            checkout_request_id=_unused_checkout_id(state, now, msisdn),
            merchant_request_id=state.ids.merchant_request(),
            shortcode=shortcode,
            msisdn=msisdn,
            amount=amount * SHILLING,
            account_reference=account_reference,
            description=description,
            callback_url=callback_url,
            callback_mode=plan.callback_mode,
            planned=planned,
            requested_at=now,
            decide_at=now + plan.delay_us,
            decided_at=None,
            result_code=None,
            result_desc=None,
            receipt=None,
        )
        prompt = _insert(state, prompt)
        state.books.open_wallet(msisdn, at=now)
        state.schedule("prompt", prompt.id, at=prompt.decide_at)
    return prompt, {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "Success. Request accepted for processing",
    }


def decide(state: State, prompt: Prompt, outcome: str, *, at: int, receipt: str | None = None) -> list[int]:
    """End an open prompt at `at`; move the money; plan the callbacks and return their ids.

    Inside a transaction. `outcome` is of phones.OUTCOMES or of the failures above; "wait" is no answer. A payment
    gets the number `receipt`, if one is wished for.

    :raises DuplicateReceipt: the number is in the books already; nothing was changed
    """
    state.unschedule("prompt", prompt.id)
    wished, receipt = receipt, None
    payment = None
    forced = state.faults.refusal("stk", prompt.msisdn)
    if outcome == "pay" and limits.pay_in_refusal(state, prompt.msisdn, prompt.amount, at=at):
        outcome = "daily_limit"
    if outcome == "pay" and forced is None:
        payment = _pay(state, prompt, at, wished)
        outcome = "pay" if payment else "no_balance"
        receipt = payment.receipt if payment else None
    if forced is not None:
        code, words = forced, codes.words(forced)
    else:
        code, words = ("0", codes.words("0")) if receipt else _FAILURES[outcome]
    state.store.run(
        "UPDATE prompts SET decided_at = ?, result_code = ?, result_desc = ?, receipt = ? WHERE id = ?",
        at,
        code,
        words,
        receipt,
        prompt.id,
    )

    def stray(failure: str) -> object:
        named = (failure, codes.words(failure)) if failure else _FAILURES["unreachable"]
        return _callback(prompt, *named, None)

    metadata = None if receipt is None else _metadata(prompt, receipt, at)
    planned = callbacks.plan(
        state,
        kind="stk",
        url=prompt.callback_url,
        payload=_callback(prompt, code, words, metadata),
        at=at,
        msisdn=prompt.msisdn,
        mode=prompt.callback_mode,
        stray=stray if receipt else None,
    )
    if payment is not None and state.switches.get("stk_on_confirmation_url") is True:
        planned += daraja_c2b.announce(state, payment)
    return planned


def fall_due(state: State, ref: int, *, at: int) -> list[int]:
    """What was planned for a prompt happens (inside a transaction); return the ids of the callbacks."""
    row = state.store.row("SELECT * FROM prompts WHERE id = ? AND decided_at IS NULL", ref)
    if row is None:
        return []
    prompt = Prompt.of(row)
    return decide(state, prompt, prompt.planned, at=at)


def query(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """What became of a prompt.

    :raises GatewayError: still open (500.001.1001 "being processed"), unknown, or a bad field
    """
    fields = Fields(body)
    shortcode = _authenticated_shortcode(state, fields)
    checkout_request_id = fields.text("CheckoutRequestID")

    with state.transaction():
        row = state.store.row(
            "SELECT * FROM prompts WHERE checkout_request_id = ? AND shortcode = ?",
            checkout_request_id,
            shortcode,
        )
        if row is None:
            # The wording for an unknown id is undocumented (DARAJA 1.3); pydaraja 0.3.7 knows it by this one.
            if not checkout_request_id.startswith("ws_CO_"):
                raise invalid("CheckoutRequestID")
            raise merchant_error("This transaction does not exist")
        prompt = Prompt.of(row)
        fault = state.faults.take("query_pending", api="query", msisdn=prompt.msisdn)
        if fault is not None:
            form: object = _pending_form(fault)
        elif prompt.result_code is None:
            form = state.switches.get("query_pending_form")
        elif lie := state.faults.take("query_contradicts", api="query", msisdn=prompt.msisdn):
            opposite = "1037" if prompt.result_code == "0" else "0"
            code = opposite if lie.body == "opposite" else lie.body
            return _query_answer(prompt, code, codes.words(code))
        else:
            return _query_answer(prompt, prompt.result_code, prompt.result_desc or "")
    # Raised after the transaction: the fault is used up by it.
    if form == "500.001.1001":
        raise merchant_error("The transaction is being processed")
    # The same text came once with ResultCode 1 (DARAJA 1.3).
    return _query_answer(prompt, "1" if form == "result_code_1" else "4999", codes.words("4999"))


def _pending_form(fault: Fault) -> str:
    in_turn = ("500.001.1001", "4999")
    if fault.body == "in_turn":
        return in_turn[fault.turn % 2 == 1]
    if fault.body == "500.001.1001_first":
        return in_turn[fault.turn % 2 == 0]
    return fault.body


def find_open(state: State, msisdn: str) -> Prompt | None:
    """The prompt that a phone shows now."""
    row = state.store.row("SELECT * FROM prompts WHERE msisdn = ? AND decided_at IS NULL", msisdn)
    return None if row is None else Prompt.of(row)


def find(state: State, checkout_request_id: str) -> Prompt | None:
    """The prompt with this id, open or past."""
    row = state.store.row("SELECT * FROM prompts WHERE checkout_request_id = ?", checkout_request_id)
    return None if row is None else Prompt.of(row)


def prompts_of(state: State, msisdn: str) -> list[Prompt]:
    """Every prompt that a phone got, oldest first."""
    return [
        Prompt.of(row)
        for row in state.store.rows("SELECT * FROM prompts WHERE msisdn = ? ORDER BY id", msisdn)
    ]


def _authenticated_shortcode(state: State, fields: Fields) -> str:
    shortcode = fields.shortcode("BusinessShortCode")
    password = fields.text("Password")
    timestamp = fields.timestamp(
        "Timestamp", near=state.clock.now(), zone=state.switches.get("timestamp_check")
    )
    if shortcode != COLLECTION_SHORTCODE:
        raise merchant_error("Merchant does not exist")
    expected = base64.b64encode(f"{shortcode}{PASSKEY}{timestamp}".encode())
    if not hmac.compare_digest(password.encode(), expected):
        raise merchant_error("Wrong credentials")
    return shortcode


def _is_repeated(state: State, shortcode: str, msisdn: str, amount: int, now: int) -> bool:
    if state.switches.get("two_minute_rule") is False:
        return False
    return (
        state.store.row(
            "SELECT 1 FROM prompts WHERE msisdn = ? AND shortcode = ? AND amount = ? AND result_code = '0'"
            " AND decided_at > ?",
            msisdn,
            shortcode,
            amount,
            now - _SAME_AMOUNT_US,
        )
        is not None
    )


def _unused_checkout_id(state: State, now: int, msisdn: str) -> str:
    while True:  # three digits are few: a phone may be asked again within the second
        found = state.ids.checkout_request(now, msisdn)
        if state.store.row("SELECT 1 FROM prompts WHERE checkout_request_id = ?", found) is None:
            return found


def _insert(state: State, prompt: Prompt) -> Prompt:
    values = {key: value for key, value in prompt.__dict__.items() if key != "id"}
    row_id = state.store.run(
        f"INSERT INTO prompts ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 (own names)
        *values.values(),
    )
    return Prompt(**{**prompt.__dict__, "id": row_id})


def _pay(state: State, prompt: Prompt, at: int, wished: str | None) -> Payment | None:
    """The payment, or None when the wallet has too little."""
    payment = Payment(
        receipt=wished or state.ids.receipt(at),
        kind="stk",
        debit=state.books.open_wallet(prompt.msisdn, at=at),
        credit=utility(prompt.shortcode),
        amount=prompt.amount,
        at=at,
        checkout_request_id=prompt.checkout_request_id,
        account_reference=prompt.account_reference,
        fee=paybill_charge(prompt.amount) if state.switches.get("paybill_charge") is True else 0,
    )
    try:
        state.books.pay(payment)
    except NotEnoughMoney:
        return None
    return payment


def _callback(prompt: Prompt, code: str, words: str, metadata: object) -> dict[str, object]:
    found: dict[str, object] = {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": int(code) if code.isdigit() else code,
        "ResultDesc": words,
    }
    if metadata is not None:
        found["CallbackMetadata"] = metadata
    return {"Body": {"stkCallback": found}}


def _metadata(prompt: Prompt, receipt: str, at: int) -> dict[str, object]:
    return {
        "Item": [
            {"Name": "Amount", "Value": wire.cents(prompt.amount)},
            {"Name": "MpesaReceiptNumber", "Value": receipt},
            {"Name": "Balance"},
            {"Name": "TransactionDate", "Value": eat_digits(at)},
            {"Name": "PhoneNumber", "Value": int(prompt.msisdn)},
        ]
    }


def _query_answer(prompt: Prompt, code: str, words: str) -> dict[str, object]:
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successfully",
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": code,
        "ResultDesc": words,
    }
