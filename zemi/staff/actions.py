"""The table of what staff may do to money; each is a step, run once its request is allowed (SAFETY 3.7).

A payload holds ids, codes and amounts as text, never a phone: whoever reads the requests reads no personal data.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet

from zemi.common.db import inside_transaction
from zemi.common.ids import new_key, read_reference
from zemi.common.money import InvalidAmount, Money
from zemi.disbursements import change
from zemi.disbursements.locks import lock_case, lock_disbursement
from zemi.disbursements.models import Disbursement, DisbursementStatus, SuspenseCase, SuspenseStatus
from zemi.disbursements.suspense import charge_case, lose_case, recover_case
from zemi.events.log import record
from zemi.identity.models import Party
from zemi.ledger import chart
from zemi.ledger.chart import Side
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.orders.locks import lock_order
from zemi.payments.locks import lock_payment
from zemi.payments.models import Payment
from zemi.payouts.change import change_payee
from zemi.payouts.disburse import replace_payout
from zemi.payouts.models import Payout
from zemi.providers import registry
from zemi.providers.base import LineKind
from zemi.reconciliation.statements import is_denied_by_statement
from zemi.refunds.models import Refund
from zemi.refunds.payers import redirect_by_staff
from zemi.releases.reversal import reverse_pay_in
from zemi.staff import errors
from zemi.staff.payment import refuse_number_of_another, say_paid, say_unpaid
from zemi.staff.refund import refund_order
from zemi.topups.move import decide_top_up
from zemi.unclaimed.apart import return_to_owner
from zemi.unclaimed.locks import lock_unclaimed
from zemi.unclaimed.models import UnclaimedBalance

Payload = Mapping[str, str]
# A number of the provider's, or what an account is kept for: what the columns hold.
_WORD = re.compile(r"[0-9A-Za-z._-]{1,40}", re.ASCII)
Run = Callable[[Payload, str, datetime], None]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that staff may do.

    `names` are what its payload holds. `always_two`: it needs a second person whatever the amount.
    """

    names: tuple[str, ...]
    run: Run
    meaning: str
    always_two: bool = True


_MODELS: dict[str, type[Disbursement]] = {"payout": Payout, "refund": Refund}


def amount_in(payload: Payload) -> Money:
    """The amount of a payload.

    :raises BadRequestOfStaff: it is none
    """
    try:
        return Money.parse(payload["amount"])
    except InvalidAmount as error:
        raise errors.BadRequestOfStaff(problem=error.text.render("en")) from error


def _refund_order(payload: Payload, actor: str, now: datetime) -> None:
    order = lock_order(order_reference=read_reference(payload["order"]))
    refund_order(order, amount=amount_in(payload), bearer=payload["bearer"], actor=actor, now=now)


def _locked(payload: Payload) -> Disbursement:
    try:
        model = _MODELS[payload["kind"]]
    except KeyError as error:
        raise errors.BadRequestOfStaff(
            problem="kind is payout or refund, or payment for paid and unpaid"
        ) from error
    return lock_disbursement(model, _id(payload, "id"))


def _cancel(payload: Payload, actor: str, now: datetime) -> None:
    change.cancel(_locked(payload), actor=actor, now=now)


def _retry(payload: Payload, actor: str, now: datetime) -> None:
    change.retry(_locked(payload), actor=actor, now=now)


def _reversed(payload: Payload, actor: str, now: datetime) -> None:
    change.record_reversal(_locked(payload), receipt=_number(payload, "receipt"), actor=actor, now=now)


def _paid(payload: Payload, actor: str, now: datetime) -> None:
    if payload["kind"] == Payment.SUBJECT:
        say_paid(_payment(payload), _number(payload, "receipt"), actor=actor, now=now)
        return
    owed, receipt = _locked(payload), _number(payload, "receipt")
    # For the words: of two at once the database's unique numbers refuse the second.
    refuse_number_of_another(receipt)
    attempt = owed.open_attempt()
    kind = LineKind.REVERSAL if attempt is not None and attempt.is_reversal else LineKind.PAYMENT
    if is_denied_by_statement(receipt, kind=kind, amount=owed.amount):
        raise errors.BadRequestOfStaff(problem=f"the statement's line {receipt} is another movement or sum")
    change.decide(owed, paid=True, receipt=receipt, actor=actor, now=now)


def _unpaid(payload: Payload, actor: str, now: datetime) -> None:
    if payload["kind"] == Payment.SUBJECT:
        say_unpaid(_payment(payload), actor=actor, now=now)
        return
    change.decide(_locked(payload), paid=False, receipt=None, actor=actor, now=now)


def _payment(payload: Payload) -> Payment:
    key = _id(payload, "id")
    if not Payment.objects.filter(pk=key).exists():
        raise errors.BadRequestOfStaff(problem="no such payment")
    return lock_payment(key)


def _pay_in_reversed(payload: Payload, actor: str, now: datetime) -> None:
    reverse_pay_in(
        receipt_number=payload["receipt"].strip(),
        reversal_number=_number(payload, "reversal"),
        amount=amount_in(payload),
        actor=actor,
        now=now,
    )


def _change_payee(payload: Payload, actor: str, now: datetime) -> None:
    payee = Party.objects.filter(pk=_id(payload, "party")).first()
    if payee is None:
        raise errors.BadRequestOfStaff(problem="no such party")
    change_payee(lock_disbursement(Payout, _id(payload, "id")), payee, actor=actor, now=now)


def _redirect_refund(payload: Payload, actor: str, now: datetime) -> None:
    redirect_by_staff(_id(payload, "id"), _id(payload, "party"), actor=actor, now=now)


def _pay_again(payload: Payload, actor: str, now: datetime) -> None:
    old = lock_disbursement(Payout, _id(payload, "id"))
    replace_payout(old, amount=amount_in(payload), actor=actor, now=now)


def _end_case(payload: Payload, actor: str, now: datetime) -> None:
    try:
        case = lock_case(_id(payload, "id"))
    except SuspenseCase.DoesNotExist as error:
        raise errors.BadRequestOfStaff(problem="no such case") from error
    outcome = payload["outcome"]
    if outcome == SuspenseStatus.CHARGED:
        owed = _MODELS[case.subject_type]._default_manager.get(pk=case.subject_id)
        waits = _waits_to_be_sent(owed)
        if waits is not None:
            # Charged now it would be a debt, and what waits would be sent all the same.
            raise errors.BadRequestOfStaff(
                problem=f"call off {waits.SUBJECT} {waits.pk} first: it pays the same money"
            )
        debt = chart.seller_debt(case.party_id)
        charge_case(case, available=owed.returns_to, debt=debt, actor=actor, now=now)
    elif outcome == SuspenseStatus.RECOVERED:
        cash = chart.disbursement(registry.mobile_money().disbursement_account)
        recover_case(case, cash=cash, actor=actor, now=now)
    elif outcome == SuspenseStatus.LOST:
        lose_case(case, actor=actor, now=now)
    else:
        raise errors.BadRequestOfStaff(problem="outcome is charged, recovered or lost")


def _waits_to_be_sent(owed: Disbursement) -> Disbursement | None:
    """It, or what replaces it, if that has not been sent yet."""
    same: QuerySet[Disbursement] = type(owed)._default_manager.filter(pk=owed.pk)
    if isinstance(owed, Payout):
        same = Payout.objects.filter(release_id=owed.release_id)
    return same.filter(status__in=[DisbursementStatus.QUEUED, DisbursementStatus.HELD]).first()


def _return_unclaimed(payload: Payload, actor: str, now: datetime) -> None:
    try:
        row = lock_unclaimed(_id(payload, "id"))
    except UnclaimedBalance.DoesNotExist as error:
        raise errors.BadRequestOfStaff(problem="no such balance was set apart") from error
    return_to_owner(row, actor=actor, now=now)


def _end_top_up(payload: Payload, actor: str, now: datetime) -> None:
    if payload["outcome"] not in {"moved", "not_moved"}:
        raise errors.BadRequestOfStaff(problem="outcome is moved or not_moved")
    moved = payload["outcome"] == "moved"
    if not decide_top_up(read_reference(payload["reference"]), moved=moved, actor=actor, now=now):
        raise errors.BadRequestOfStaff(problem="no top-up with that reference is without a result")


@dataclass(frozen=True, slots=True)
class _Adjustment:
    id: UUID
    SUBJECT: ClassVar[str] = "adjustment"
    timeline_id: UUID | None = None


def _adjust(payload: Payload, actor: str, now: datetime) -> None:
    debit, credit = (_account(payload[side]) for side in ("debit", "credit"))
    amount = amount_in(payload)
    if debit == credit or not amount.minor:
        raise errors.BadRequestOfStaff(problem="a correction moves an amount between two accounts")
    for account, side in ((debit, Side.CREDIT), (credit, Side.DEBIT)):
        there = lock_balance(account) if account.line.keeps_balance and account.line.side is side else amount
        if there < amount:
            raise errors.BadRequestOfStaff(problem=f"{account} has KES {there}")
    event = record(
        "ledger.adjusted", _Adjustment(new_key()), at=now, actor=actor, data={"amount": str(amount)}
    )
    post(event, Line("adjustment", event.subject_id, debit, credit, amount))


def _account(text: str) -> chart.AccountRef:
    """Read "2200:<of>" as an account."""
    code, _, of = text.partition(":")
    line = chart.BY_CODE.get(int(code) if code.isdecimal() and len(code) < 6 else 0)
    if line is None or bool(line.dimension) != bool(of) or not _WORD.fullmatch(of or "-"):
        raise errors.BadRequestOfStaff(
            problem=f"no account {text!r}: write code, or code:what-it-is-kept-for"
        )
    if line.dimension == "party":
        of = str(_id({"party": of}, "party"))
    return chart.AccountRef(line, of)


def _number(payload: Payload, name: str) -> str:
    """A number that the provider gave to a movement, as it writes it."""
    number = payload[name].strip().upper()
    if not _WORD.fullmatch(number):
        raise errors.BadRequestOfStaff(problem=f"{name} is no number of the provider's")
    return number


def _id(payload: Payload, name: str) -> UUID:
    try:
        return UUID(payload[name])
    except ValueError as error:
        raise errors.BadRequestOfStaff(problem=f"{name} is no id") from error


ACTIONS: Mapping[str, Action] = {
    "refund": Action(
        ("order", "amount", "bearer"),
        _refund_order,
        "give money of an order back; bearer is seller or zemi, for what is released already",
        always_two=False,
    ),
    "cancel": Action(("kind", "id"), _cancel, "call off a payout or refund that was not sent"),
    "retry": Action(("kind", "id"), _retry, "send a failed payout or refund again", always_two=False),
    "change-payee": Action(
        ("id", "party"), _change_payee, "pay a failed payout to another number, after 72 hours"
    ),
    "redirect-refund": Action(
        ("id", "party"), _redirect_refund, "send a refund to another number that was proved, after 12 hours"
    ),
    "pay-again": Action(
        ("id", "amount"),
        _pay_again,
        "pay a seller what was taken back, called off, or is left of what failed: a new payout replaces the old one",
        always_two=False,
    ),
    "paid": Action(
        ("kind", "id", "receipt"),
        _paid,
        "what was unknown was paid, by the statement; kind may be payment",
    ),
    "unpaid": Action(("kind", "id"), _unpaid, "what was unknown was not paid; kind may be payment"),
    "reversed": Action(("kind", "id", "receipt"), _reversed, "the provider took a payment back"),
    "pay-in-reversed": Action(
        ("receipt", "reversal", "amount"), _pay_in_reversed, "the provider gave a payment back to its payer"
    ),
    "end-case": Action(("id", "outcome"), _end_case, "end a suspense case: charged, recovered or lost"),
    "return-unclaimed": Action(
        ("id",), _return_unclaimed, "put a balance that was set apart back: its owner is there again"
    ),
    "end-top-up": Action(
        ("reference", "outcome"), _end_top_up, "an unknown top-up was moved or not_moved, by the statement"
    ),
    "adjust": Action(("debit", "credit", "amount"), _adjust, "book a correction between two accounts"),
}


@inside_transaction
def run(action: str, payload: Payload, *, actor: str, now: datetime) -> None:
    """Do what an allowed request says, in the unit of work that allowed it."""
    ACTIONS[action].run(payload, actor, now)
