"""What people and tests do with money by hand: paybill, settlement, the books at a moment, the statement."""

import re
from collections.abc import Mapping
from datetime import datetime

from simulator import credentials, daraja_c2b, daraja_reversal
from simulator.books import SHILLING, DuplicateReceipt, NotEnoughMoney, Payment, utility, working
from simulator.clock import iso, to_micros
from simulator.control import (
    ControlError,
    books,
    read_amount,
    read_msisdn,
    read_receipt,
    read_text,
    refuse_others,
)
from simulator.state import State
from simulator.statement import statement


def pay_bill(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """A person types a payment by hand: validated if that is switched on, booked, confirmed.

    :raises ControlError: 409 for a receipt that is known already
    """
    refuse_others(wishes, "msisdn", "amount", "shortcode", "account_reference", "receipt")
    msisdn = read_msisdn(wishes.get("msisdn"))
    amount = read_amount(wishes.get("amount"))
    if amount > 250_000 * SHILLING:
        raise ControlError(400, "amount is at most 250000")
    shortcode = str(wishes.get("shortcode", credentials.COLLECTION_SHORTCODE))
    reference = read_text(wishes, "account_reference") or ""
    receipt = read_receipt(wishes)
    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise ControlError(400, "there is no such shortcode")
        try:
            typed = daraja_c2b.pay_by_hand(
                state, shortcode=shortcode, msisdn=msisdn, amount=amount, reference=reference, receipt=receipt
            )
        except DuplicateReceipt:
            raise ControlError(409, "this receipt is in the books already") from None
        return typed.as_json()


def forget_urls(state: State) -> dict[str, object]:
    """Delete every registered C2B URL, as a person does in the portal."""
    with state.transaction():
        daraja_c2b.forget_urls(state)
    return {"ok": True}


def settle(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Move money of a shortcode from Utility to Working, as a person does in the portal (DARAJA 4.5).

    :raises ControlError: 409 when the account has less
    """
    refuse_others(wishes, "shortcode", "amount")
    shortcode = str(wishes.get("shortcode", credentials.COLLECTION_SHORTCODE))
    amount = read_amount(wishes.get("amount"))
    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise ControlError(400, "there is no such shortcode")
        at = state.clock.micros()
        payment = Payment(
            receipt=state.ids.receipt(at),
            kind="settlement",
            debit=utility(shortcode),
            credit=working(shortcode),
            amount=amount,
            at=at,
        )
        try:
            state.books.pay(payment)
        except NotEnoughMoney:
            raise ControlError(409, "the account has less") from None
        return {"receipt": payment.receipt, "amount": amount, "at": iso(at)}


def reverse_pay_in(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Give a pay-in back to whoever paid, as the provider's care desk does: nobody is called back.

    :raises ControlError: 404 for a receipt that is none, 409 for one that was reversed or whose money is gone
    """
    refuse_others(wishes, "receipt")
    receipt = read_receipt(wishes)
    with state.transaction():
        original = state.books.find(receipt or "")
        if original is None or original.kind not in daraja_reversal.REVERSIBLE:
            raise ControlError(404, "no pay-in has this receipt")
        if state.books.reversed_of(original.receipt):
            raise ControlError(409, "it has been reversed")
        at = state.clock.micros()
        payment = daraja_reversal.reversal_of(
            original, receipt=state.ids.receipt(at), amount=original.amount, at=at
        )
        try:
            state.books.pay(payment)
        except NotEnoughMoney:
            raise ControlError(409, "the account has less") from None
        return {"receipt": payment.receipt, "amount": payment.amount, "at": iso(at)}


def transactions(state: State, wishes: Mapping[str, str]) -> dict[str, object]:
    """What moved, oldest first: all of it, or `limit` of it from number `offset` on.

    :raises ControlError: not whole numbers
    """
    refuse_others(wishes, "offset", "limit")
    if not all(re.fullmatch("[0-9]{1,9}", number) for number in wishes.values()):
        raise ControlError(400, "offset and limit are whole numbers")
    limit = int(wishes["limit"]) if "limit" in wishes else None
    found = state.books.payments(offset=int(wishes.get("offset", 0)), limit=limit)
    return {"transactions": [payment.as_json() for payment in found]}


def books_at(state: State, at: str | None) -> dict[str, object]:
    """The books now, or as they were at the moment `at` (ISO 8601 with a zone).

    :raises ControlError: not a moment
    """
    if at is None:
        return books(state)
    moment = _moment("at", at)
    accounts = state.books.accounts_at(moment)
    return {"unit": "KES cents", "at": iso(moment), "accounts": accounts, "sum": sum(accounts.values())}


def statement_of(state: State, wishes: Mapping[str, str]) -> str:
    """The CSV statement: shortcode, from, to (ISO 8601, both included) and account (utility or working).

    :raises ControlError: a wish that can't be followed
    """
    refuse_others(wishes, "shortcode", "from", "to", "account")
    shortcode = wishes.get("shortcode", credentials.COLLECTION_SHORTCODE)
    account = wishes.get("account", "utility")
    if account not in {"utility", "working"}:
        raise ControlError(400, "account is utility or working")
    if not state.books.knows(utility(shortcode)):
        raise ControlError(400, "there is no such shortcode")
    end = _moment("to", wishes["to"]) if "to" in wishes else state.clock.micros()
    start = _moment("from", wishes["from"]) if "from" in wishes else min(state.books.opened_at(), end)
    if start > end:
        raise ControlError(400, "from is not after to")
    return statement(state, shortcode, account=account, start=start, end=end)


def _moment(name: str, text: str) -> int:
    # A '+' that was not percent-encoded arrives as a space.
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise ControlError(400, f"{name} is a moment, as in 2026-07-01T12:00:00+03:00") from None
    if parsed.tzinfo is None:
        raise ControlError(400, f"{name} needs a zone, as in 2026-07-01T12:00:00+03:00")
    return to_micros(parsed)
