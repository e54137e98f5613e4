"""What people and tests do to the simulated world: phones, hand-booked payments, clock, faults, switches."""

import re
from collections.abc import Mapping
from datetime import datetime

from simulator import credentials, daraja_stk, phones, sms
from simulator.books import (
    SHILLING,
    DuplicateReceipt,
    Payment,
    utility,
    wallet,
)
from simulator.clock import SECOND, iso
from simulator.fault_kinds import KINDS
from simulator.state import State

_SHILLINGS = re.compile(r"([0-9]{1,9})(?:\.00?)?")
_RECEIPT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FAULT_OPTIONS = ("skip", "burst", "times", "body", "status", "then", "code")
# Decided when the prompt was made: no person can change it.
_FIXED = {"rule_limited", "wrong_product", "wrong_party", "never_shown"}


class ControlError(ValueError):
    """A request to the simulator itself that it can't follow; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def config(base_url: str, certificate: str, password: str) -> dict[str, str]:
    """All that a client needs to be pointed here."""
    return {
        "base_url": base_url,
        "consumer_key": credentials.CONSUMER_KEY,
        "consumer_secret": credentials.CONSUMER_SECRET,
        "shortcode": credentials.COLLECTION_SHORTCODE,
        "passkey": credentials.PASSKEY,
        "b2c_shortcode": credentials.PAYOUT_SHORTCODE,
        "initiator_name": credentials.INITIATOR_NAME,
        "initiator_password": password,
        "certificate": certificate,
        "sms_username": credentials.SMS_USERNAME,
        "sms_api_key": credentials.SMS_API_KEY,
    }


def books(state: State) -> dict[str, object]:
    """Every account in cents; the sum is zero."""
    accounts = state.books.accounts()
    return {"unit": "KES cents", "accounts": accounts, "sum": sum(accounts.values())}


def show_phone(state: State, number: object) -> dict[str, object]:
    """Balance, prompts (open and past) and messages of a phone."""
    msisdn = read_msisdn(number)
    with state.transaction():
        prompts = [
            {
                "checkout_request_id": prompt.checkout_request_id,
                "shortcode": prompt.shortcode,
                "amount": prompt.amount,
                "account_reference": prompt.account_reference,
                "description": prompt.description,
                "open": prompt.decided_at is None,
                "requested_at": iso(prompt.requested_at),
                "decided_at": None if prompt.decided_at is None else iso(prompt.decided_at),
                "result_code": prompt.result_code,
                "result_desc": prompt.result_desc,
                "receipt": prompt.receipt,
            }
            for prompt in daraja_stk.prompts_of(state, msisdn)
        ]
        return {
            "msisdn": msisdn,
            "name": phones.name_of(state, msisdn),
            "balance": state.books.balance(wallet(msisdn)),
            "prompts": prompts,
            "sms": sms.messages(state, msisdn),
        }


def set_phone(state: State, number: object, wishes: Mapping[str, object]) -> dict[str, object]:
    """Script the next prompt of a phone (next, delay_s, callback), decide the open one (prompt), or name it.

    :raises ControlError: nothing was changed
    """
    msisdn = read_msisdn(number)
    refuse_others(wishes, "next", "delay_s", "callback", "prompt", "name")
    outcome = _choice(wishes, "next", phones.OUTCOMES)
    callback = _choice(wishes, "callback", phones.CALLBACK_MODES)
    decision = _choice(wishes, "prompt", ("pay", "cancel", "wrong_pin"))
    delay_s = read_number(wishes, "delay_s")
    name = wishes.get("name")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise ControlError(400, "name is a text")
    if delay_s is not None and delay_s < 0:
        raise ControlError(400, "delay_s is not negative")

    with state.transaction():
        delay_us = None if delay_s is None else int(delay_s * SECOND)
        if any(wish is not None for wish in (outcome, delay_us, callback, name)):
            phones.script(state, msisdn, outcome=outcome, delay_us=delay_us, callback=callback, name=name)
        if decision is not None:
            prompt = daraja_stk.find_open(state, msisdn)
            if prompt is None:
                raise ControlError(409, "there is no open prompt on this phone")
            planned = prompt.planned if prompt.planned in _FIXED else decision
            daraja_stk.decide(state, prompt, planned, at=state.clock.micros())
        return show_phone(state, msisdn)


def book_payment(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Book a pay-in that has happened, without prompt or callback. The world tops up what the wallet lacks.

    With `checkout_request_id` it is that prompt which is paid, if it is still open; its callback then follows.

    :raises ControlError: 409 for a receipt that is in the books already, or a prompt that is open no longer
    """
    refuse_others(
        wishes, "shortcode", "msisdn", "amount", "receipt", "account_reference", "checkout_request_id"
    )
    msisdn = read_msisdn(wishes.get("msisdn"))
    shortcode = str(wishes.get("shortcode", credentials.COLLECTION_SHORTCODE))
    amount = read_amount(wishes.get("amount"))
    reference = read_text(wishes, "account_reference")
    receipt = read_receipt(wishes)
    checkout = read_text(wishes, "checkout_request_id")

    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise ControlError(400, "there is no such shortcode")
        at = state.clock.micros()
        debit = state.books.open_wallet(msisdn, at=at)
        receipt = receipt or state.ids.receipt(at)
        state.books.top_up(debit, to=amount, at=at)
        try:
            state.books.refuse_known(receipt)
            if checkout:
                _pay_prompt(state, checkout, msisdn, amount, receipt, at=at)
            else:
                payment = Payment(
                    receipt=receipt,
                    kind="manual",
                    debit=debit,
                    credit=utility(shortcode),
                    amount=amount,
                    at=at,
                    account_reference=reference,
                )
                state.books.pay(payment)
        except DuplicateReceipt:
            raise ControlError(409, "this receipt is in the books already") from None
    return {"receipt": receipt, "amount": amount, "at": iso(at)}


def _pay_prompt(state: State, checkout: str, msisdn: str, amount: int, receipt: str, *, at: int) -> None:
    prompt = daraja_stk.find(state, checkout)
    if prompt is None or prompt.decided_at is not None:
        raise ControlError(409, "this prompt is open no longer")
    if (prompt.msisdn, prompt.amount) != (msisdn, amount):
        raise ControlError(400, "this prompt is on another phone, or for another amount")
    if prompt.planned in _FIXED:
        raise ControlError(409, "this prompt can't be paid")
    daraja_stk.decide(state, prompt, "pay", at=at, receipt=receipt)


def read_text(wishes: Mapping[str, object], name: str) -> str | None:
    """A text that may be missing; an empty one is none.

    :raises ControlError: not a text
    """
    value = wishes.get(name)
    if value is not None and not isinstance(value, str):
        raise ControlError(400, f"{name} is a text")
    return value or None


def read_receipt(wishes: Mapping[str, object]) -> str | None:
    """A receipt of the caller's choice, if there is one.

    :raises ControlError: not such a text
    """
    receipt = read_text(wishes, "receipt")
    if receipt is not None and not _RECEIPT.fullmatch(receipt):
        raise ControlError(400, "receipt is up to 64 letters, digits, '_', '.' or '-'")
    return receipt


def move_clock(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """advance_s, least_ahead_s or set.

    :raises ControlError: none of them, more than one, or not readable
    """
    refuse_others(wishes, "advance_s", "least_ahead_s", "set")
    seconds, ahead = read_number(wishes, "advance_s"), read_number(wishes, "least_ahead_s")
    moment = wishes.get("set")
    if sum(wish is not None for wish in (seconds, ahead, moment)) != 1:
        raise ControlError(400, "give advance_s, least_ahead_s or set")
    try:
        if seconds is not None:
            state.clock.advance(seconds)
        elif ahead is not None:
            state.clock.put_ahead(ahead)
        else:
            parsed = datetime.fromisoformat(str(moment))
            if parsed.tzinfo is None:
                raise ControlError(400, "set needs a zone, as in 2026-07-01T12:00:00+03:00")
            state.clock.set(parsed)
        return show_clock(state)
    except (OverflowError, ValueError) as error:
        raise ControlError(400, f"that is no moment: {error}") from None


def show_clock(state: State) -> dict[str, object]:
    """The simulator's time."""
    return {"now": state.clock.now().isoformat(), "ahead_s": state.clock.ahead().total_seconds()}


def add_fault(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Arm a fault (faults.py).

    :raises ControlError: no such fault, or it cannot be had so
    """
    refuse_others(wishes, "fault", "count", "rate", "seed", "api", "msisdn", "delay_s", *_FAULT_OPTIONS)
    name, api = wishes.get("fault"), wishes.get("api")
    count, seed = wishes.get("count"), wishes.get("seed", 0)
    if not isinstance(name, str):
        raise ControlError(400, f"fault is one of {', '.join(KINDS)}")
    if api is not None and not isinstance(api, str):
        raise ControlError(400, "api is a text")
    if not isinstance(seed, int) or not isinstance(count, int | None) or isinstance(count, bool):
        raise ControlError(400, "count and seed are whole numbers")
    msisdn = None if wishes.get("msisdn") is None else read_msisdn(wishes["msisdn"])
    try:
        with state.transaction():
            ref = state.faults.add(
                name,
                count=count,
                rate=read_number(wishes, "rate"),
                seed=seed,
                api=api,
                msisdn=msisdn,
                delay_s=read_number(wishes, "delay_s"),
                **{key: wishes.get(key) for key in _FAULT_OPTIONS},
            )
    except ValueError as error:
        raise ControlError(400, str(error)) from None
    return next(fault for fault in state.faults.all() if fault["id"] == ref)


def set_switches(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Set some switches (switches.py); return all.

    :raises ControlError: nothing was changed
    """
    try:
        with state.transaction():
            for name, value in wishes.items():
                state.switches.set(name, value)
    except ValueError as error:
        raise ControlError(400, str(error)) from None
    return state.switches.all()


def read_msisdn(number: object) -> str:
    """2547XXXXXXXX of any Kenyan form.

    :raises ControlError: none
    """
    found = phones.normalise(str(number)) if isinstance(number, str | int) else None
    if found is None:
        raise ControlError(400, "not a Kenyan mobile number")
    return found


def read_amount(amount: object, *, called: str = "amount") -> int:
    """Cents of whole shillings.

    :raises ControlError: none, or not above zero
    """
    match = _SHILLINGS.fullmatch(str(amount)) if isinstance(amount, str | int) else None
    if match is None or isinstance(amount, bool) or int(match[1]) == 0:
        raise ControlError(400, f'{called} is whole shillings above zero: 1500 or "1500.00"')
    return int(match[1]) * SHILLING


def _choice(wishes: Mapping[str, object], key: str, allowed: tuple[str, ...]) -> str | None:
    found = wishes.get(key)
    if found is not None and found not in allowed:
        raise ControlError(400, f"{key} is one of {', '.join(allowed)}")
    return None if found is None else str(found)


def read_number(wishes: Mapping[str, object], key: str) -> float | None:
    """A number; None when it is absent.

    :raises ControlError: it is none
    """
    found = wishes.get(key)
    if found is None:
        return None
    # NaN and the infinities are floats too; 1e12 seconds are thirty thousand years.
    if not isinstance(found, int | float) or isinstance(found, bool) or not -1e12 < found < 1e12:
        raise ControlError(400, f"{key} is a number")
    return float(found)


def refuse_others(wishes: Mapping[str, object], *known: str) -> None:
    """Nothing, when there are only `known` fields.

    :raises ControlError: there is another
    """
    strange = sorted(set(wishes) - set(known))
    if strange:
        raise ControlError(400, f"unknown field {strange[0]!r}; there are {', '.join(known) or 'none'}")
