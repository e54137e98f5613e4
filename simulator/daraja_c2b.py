"""C2B: URLs once registered, payments that people type by hand, validation and confirmation (DARAJA 1.7, 2.2)."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from simulator import callbacks, limits, phones, wire
from simulator.books import SHILLING, NotEnoughMoney, Payment, utility, wallet
from simulator.clock import eat_digits
from simulator.fields import Fields, GatewayError, has_refused_word, invalid
from simulator.state import State
from simulator.tariffs import paybill_charge

REJECTIONS = ("C2B00011", "C2B00012", "C2B00013", "C2B00014", "C2B00015", "C2B00016")
_TYPES = {"CustomerPayBillOnline": "Pay Bill", "CustomerBuyGoodsOnline": "Buy Goods"}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A row of `c2b_payments`: a payment by hand; `amount` in cents. The receipt is its own from the start."""

    id: int = 0
    receipt: str
    transaction_type: str
    shortcode: str
    msisdn: str
    amount: int
    account_reference: str
    third_party_id: str = ""
    requested_at: int
    validation: int | None = None
    state: str = "waiting"
    result_code: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Typed":
        """The payment of a row."""
        return cls(**{key: row[key] for key in row.keys()})  # noqa: SIM118 (a Row iterates over its values)

    def as_json(self) -> dict[str, object]:
        """As POST /_sim/paybill answers."""
        shown = ("receipt", "shortcode", "msisdn", "amount", "account_reference", "state", "result_code")
        return {key: getattr(self, key) for key in shown}


def register_urls(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Keep where payments to a shortcode are announced, once.

    :raises GatewayError: nothing was kept; 500.003.1001 when the shortcode has its URLs
    """
    fields = Fields(body)
    shortcode = fields.shortcode("ShortCode")
    response_type = fields.choice("ResponseType", "Completed", "Cancelled")
    urls = fields.url("ConfirmationURL"), fields.url("ValidationURL")
    for field, url in zip(("ConfirmationURL", "ValidationURL"), urls, strict=True):
        if has_refused_word(url):
            raise invalid(field)
    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise invalid("ShortCode")
        if _urls(state, shortcode) is not None:
            raise GatewayError(500, "500.003.1001", "Urls are already registered")
        state.store.run("INSERT INTO c2b_urls VALUES (?, ?, ?, ?)", shortcode, response_type, *urls)
        return {
            "OriginatorCoversationID": state.ids.merchant_request(),
            "ResponseCode": "0",
            "ResponseDescription": "Success",
        }


def forget_urls(state: State) -> None:
    """What a person does in the portal before URLs can be registered anew (inside a transaction)."""
    state.store.run("DELETE FROM c2b_urls")


def simulate(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Have a phone pay by hand a moment later (the sandbox's own endpoint).

    :raises GatewayError: nothing was done
    """
    fields = Fields(body)
    shortcode = fields.shortcode("ShortCode")
    command = fields.choice("CommandID", *_TYPES)
    amount = fields.amount(least=1, most=250_000) * SHILLING
    msisdn = fields.msisdn("Msisdn")
    reference = fields.optional("BillRefNumber") or ""
    if command == "CustomerPayBillOnline" and not reference.strip():
        raise invalid("BillRefNumber")
    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise invalid("ShortCode")
        now = state.clock.micros()
        typed = Typed(
            transaction_type=_TYPES[command],
            receipt=state.ids.receipt(now),
            shortcode=shortcode,
            msisdn=msisdn,
            amount=amount,
            account_reference=reference,
            requested_at=now,
        )
        ref = _insert(state, typed)
        state.schedule("c2b", ref, at=now + state.result_after_us)
        return {
            "OriginatorCoversationID": state.ids.merchant_request(),
            "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully.",
        }


def pay_by_hand(
    state: State, *, shortcode: str, msisdn: str, amount: int, reference: str, receipt: str | None
) -> Typed:
    """A person types shortcode, account number and `amount` cents now (inside a transaction).

    Without validation it is booked, or has failed, when this returns.

    :raises DuplicateReceipt: the number is known already; nothing was done
    """
    now = state.clock.micros()
    receipt = receipt or state.ids.receipt(now)
    state.books.refuse_known(receipt)
    typed = Typed(
        transaction_type="Pay Bill",
        receipt=receipt,
        shortcode=shortcode,
        msisdn=msisdn,
        amount=amount,
        account_reference=reference,
        requested_at=now,
    )
    ref = _insert(state, typed)
    begin(state, ref, at=now)
    return _find(state, ref)


def begin(state: State, ref: int, *, at: int) -> list[int]:
    """Ask the merchant first, if that is switched on, or book it; return the ids of the callbacks."""
    state.unschedule("c2b", ref)
    typed = _find(state, ref)
    urls = _urls(state, typed.shortcode)
    if urls is None or state.switches.get("c2b_validation") is False:
        return _book(state, typed, at=at)
    (asked,) = callbacks.plan(
        state,
        kind="c2b_validation",
        url=urls["validation_url"],
        payload=_announcement(state, _payment(typed, at), typed=typed, balance=""),
        at=at,
        msisdn=typed.msisdn,
    )
    state.store.run("UPDATE c2b_payments SET state = 'validating', validation = ? WHERE id = ?", asked, ref)
    return [asked]


def validated(state: State, asked: int, answer: str | None, *, at: int) -> None:
    """Go on after the merchant's `answer` to a validation; None is no answer: ResponseType decides.

    Inside a transaction. A second answer to the same question changes nothing.
    """
    row = state.store.row("SELECT * FROM c2b_payments WHERE validation = ? AND state = 'validating'", asked)
    if row is None:
        return
    typed = Typed.of(row)
    said = _read(answer)
    if said is None:
        urls = _urls(state, typed.shortcode)
        accepted = urls is None or urls["response_type"] == "Completed"
        code = "0" if accepted else "C2B00016"
    else:
        code = str(said["ResultCode"])
        accepted = code == "0"
        own = said.get("ThirdPartyTransID")
        if isinstance(own, str | int):
            state.store.run("UPDATE c2b_payments SET third_party_id = ? WHERE id = ?", str(own), typed.id)
    if accepted:
        _book(state, _find(state, typed.id), at=at)
    else:
        _end(state, typed, "rejected", code)


def announce(state: State, payment: Payment, *, typed: Typed | None = None) -> list[int]:
    """Plan the confirmation of a payment to a shortcode that has registered URLs (inside a transaction)."""
    shortcode = payment.credit.split(":")[1]
    urls = _urls(state, shortcode)
    if urls is None:
        return []
    balance = f"{wire.cents(state.books.balance(payment.credit)):.2f}"
    return callbacks.plan(
        state,
        kind="c2b",
        url=urls["confirmation_url"],
        payload=_announcement(state, payment, typed=typed, balance=balance),
        at=payment.at,
        msisdn=payment.debit.removeprefix("wallet:"),
    )


def by_hand(state: State) -> list[dict[str, object]]:
    """Every payment by hand, oldest first."""
    rows = state.store.rows("SELECT * FROM c2b_payments ORDER BY id")
    return [Typed.of(row).as_json() for row in rows]


def shown_msisdn(msisdn: str, form: object) -> str:
    """A payer's number as a confirmation shows it: masked, full, sha256 or missing (DARAJA 2.2)."""
    match form:
        case "full":
            return msisdn
        case "sha256":
            return hashlib.sha256(msisdn.encode()).hexdigest()
        case "missing":
            return ""
        case _:
            return f"{msisdn[:4]} ***** {msisdn[-3:]}"


def _book(state: State, typed: Typed, *, at: int) -> list[int]:
    payment = _payment(typed, at)
    refusal = limits.pay_in_refusal(state, typed.msisdn, typed.amount, at=at)
    if refusal is not None:
        _end(state, typed, "failed", refusal)
        return []
    state.books.open_wallet(typed.msisdn, at=at)
    if state.switches.get("paybill_charge") is True:
        payment = Payment(**{**payment.__dict__, "fee": paybill_charge(typed.amount)})
    try:
        state.books.pay(payment)
    except NotEnoughMoney:
        _end(state, typed, "failed", "1")
        return []
    _end(state, typed, "completed", "0")
    return announce(state, payment, typed=typed)


def _payment(typed: Typed, at: int) -> Payment:
    return Payment(
        receipt=typed.receipt,
        kind="c2b",
        debit=wallet(typed.msisdn),
        credit=utility(typed.shortcode),
        amount=typed.amount,
        at=at,
        account_reference=typed.account_reference,
    )


def _announcement(state: State, payment: Payment, *, typed: Typed | None, balance: str) -> dict[str, str]:
    msisdn = payment.debit.removeprefix("wallet:")
    first, _, rest = phones.name_of(state, msisdn).partition(" ")
    middle, _, last = rest.rpartition(" ")
    return {
        "TransactionType": typed.transaction_type if typed else "Pay Bill",
        "TransID": payment.receipt,
        "TransTime": str(eat_digits(state.stamp(payment.at))),
        "TransAmount": f"{wire.cents(payment.amount):.2f}",
        "BusinessShortCode": payment.credit.split(":")[1],
        "BillRefNumber": payment.account_reference or "",
        "InvoiceNumber": "",
        "OrgAccountBalance": balance,
        "ThirdPartyTransID": typed.third_party_id if typed else "",
        "MSISDN": shown_msisdn(msisdn, state.switches.get("c2b_msisdn")),
        "FirstName": first,
        "MiddleName": middle,
        "LastName": last,
    }


def _read(answer: str | None) -> dict[str, object] | None:
    """The merchant's words, if they are any: an object with a ResultCode."""
    if answer is None:
        return None
    try:
        said = json.loads(answer)
        json.dumps(said, ensure_ascii=False).encode()  # UnicodeEncodeError: a lone surrogate
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("ResultCode"), str | int) else None


def _insert(state: State, typed: Typed) -> int:
    values = {key: value for key, value in typed.__dict__.items() if key != "id"}
    return state.store.run(
        f"INSERT INTO c2b_payments ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 (own names)
        *values.values(),
    )


def _find(state: State, ref: int) -> Typed:
    row = state.store.row("SELECT * FROM c2b_payments WHERE id = ?", ref)
    if row is None:
        raise LookupError(f"there is no payment {ref}")
    return Typed.of(row)


def _end(state: State, typed: Typed, to: str, code: str) -> None:
    state.store.run("UPDATE c2b_payments SET state = ?, result_code = ? WHERE id = ?", to, code, typed.id)


def _urls(state: State, shortcode: str) -> sqlite3.Row | None:
    return state.store.row("SELECT * FROM c2b_urls WHERE shortcode = ?", shortcode)
