"""Ask a phone for the price of an order: commit the attempt, send the prompt once, record what was heard."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from zemi.common.db import insert, outside_transaction, unit_of_work, violates, write_if
from zemi.common.faults import fault_point
from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.events.errors import InvalidTransition
from zemi.events.log import record, transition
from zemi.orders.locks import lock_order
from zemi.orders.lookup import charged_lookup
from zemi.orders.models import Order
from zemi.payments import errors
from zemi.payments.allocate import is_open
from zemi.payments.models import Payment, PaymentMethod, PaymentStatus, payer_index
from zemi.payments.queries import payment_begun_since
from zemi.payments.settle import fail_charge
from zemi.providers import registry
from zemi.providers.base import Accepted, ChargeOutcome, ChargeRequest, Reason, Refused
from zemi.trust.limits import Allowance, charge, give_back, room_at
from zemi.webhooks.tokens import CallbackKind, mint

# A prompt is dead after about a minute; five leave room for a slow network (DOMAIN M1).
PROMPT_LIFE = timedelta(minutes=5)
# The first question comes when most people have entered their PIN (SAFETY 3.3, 5).
FIRST_QUERY = timedelta(seconds=25)
FAILED_IN_10_MINUTES = 3
FAILED_IN_A_DAY = 10
_10_MINUTES, _A_DAY = timedelta(minutes=10), timedelta(days=1)


def start_payment(
    *,
    order_reference: str,
    payer_phone: Phone,
    amount: Money,
    description: str,
    caller: str,
    begun_at: datetime | None = None,
    now: datetime,
) -> Payment:
    """Send a payment prompt for an order to `payer_phone`, which need not be the buyer's.

    Opens two transactions with the call between them. The answer's status is `pending`, or `unknown` when the provider's
    answer was lost: then the prompt may be on the phone, and it must not be sent again. `begun_at` is when the same was
    begun by a request that died: what became of its prompt is the answer, however it stands, and no second one is sent.

    :raises OrderNotFound, OrderNotPayable, AmountMismatch: nothing was sent
    :raises TooManyAttempts: `caller` has asked for too many orders that do not exist
    :raises PaymentInProgress: the order has a live attempt
    :raises PromptTooSoon: this phone was asked too recently, or refused too often
    :raises PaymentRefused, ProviderUnreachable: the provider did not take it; nothing is on its way
    """
    registry.make_ready()
    with charged_lookup(caller, now=now):
        begun = _begun_since(begun_at, order_reference=order_reference, payer_phone=payer_phone, now=now)
        if begun is not None:
            return begun
        payment = _begin(order_reference=order_reference, payer_phone=payer_phone, amount=amount, now=now)
    outcome = _send(payment, payer_phone, order_reference=order_reference, description=description)
    return _record(payment, outcome, payer_phone=payer_phone, now=now)


def open_attempt(order: Order, *, payer_phone: Phone, now: datetime) -> Payment:
    """Insert a live attempt for a locked order.

    :raises IntegrityError: payments_one_live, the order has a live attempt
    """
    provider = registry.mobile_money()
    payment = Payment(
        order=order,
        payment_method=PaymentMethod.MPESA,
        provider=provider.name,
        amount_minor=order.due.minor,
        currency=order.currency,
        live_until=now + PROMPT_LIFE,
        due_at=now + FIRST_QUERY,
        created_at=now,
        updated_at=now,
    )
    payment.set_payer(payer_phone)
    insert(payment)
    record("payment.pending", payment, at=now, actor="buyer", data={"amount": str(order.due)})
    return payment


def check_payable(order: Order, amount: Money, *, now: datetime) -> None:
    """Refuse what a locked order can't take.

    :raises OrderNotPayable: it does not await a payment, and has not just expired
    :raises AmountMismatch: `amount` is not what is due
    """
    if not is_open(order, now=now):
        raise errors.OrderNotPayable(status=str(order.status))
    if amount != order.due:
        raise errors.AmountMismatch(due=str(order.due))


def retire_dead_attempts(order: Order, *, now: datetime) -> None:
    """Let go of attempts whose prompt is long dead; they are still watched for late money. The order must be locked."""
    Payment.objects.filter(order=order, is_live=True, live_until__lte=now).update(is_live=False)


def _begin(*, order_reference: str, payer_phone: Phone, amount: Money, now: datetime) -> Payment:
    try:
        with unit_of_work():
            order = lock_order(order_reference=read_reference(order_reference))
            check_payable(order, amount, now=now)
            retire_dead_attempts(order, now=now)
            payment = open_attempt(order, payer_phone=payer_phone, now=now)
            _charge_prompt(payer_phone, payment.amount, now=now)
            return payment
    except _NoRoom:
        # Only now, when what was charged of the one budget that had room is undone.
        raise _too_soon(payer_phone, amount, now=now) from None
    except IntegrityError as error:
        if violates(error, Payment, "payments_one_live"):
            raise errors.PaymentInProgress from error
        raise


def _begun_since(
    moment: datetime | None, *, order_reference: str, payer_phone: Phone, now: datetime
) -> Payment | None:
    """The attempt of a request that died, unless the provider refused its prompt: then nothing is on its way."""
    if moment is None:
        return None
    payment = payment_begun_since(moment, order_reference=order_reference, payer_phone=payer_phone)
    if payment is None or (payment.status == PaymentStatus.FAILED and not payment.provider_reference):
        return None
    if payment.status == PaymentStatus.PENDING and not payment.provider_reference:
        # It died around the call: nobody will write down what was heard.
        _mark_unknown(payment, now=now)
    return payment


class _NoRoom(Exception):
    """A budget of prompts is used up."""


def _charge_prompt(payer_phone: Phone, amount: Money, *, now: datetime) -> None:
    if not charge(*_prompt_budgets(payer_phone, amount), now=now):
        raise _NoRoom
    # Only now, with the phone's budget row locked: nobody else can add a failure for this phone meanwhile.
    at = _left_alone_until(payer_phone, now=now)
    if at > now:
        raise _too_soon_until(at, now=now)


def _left_alone_until(payer_phone: Phone, *, now: datetime) -> datetime:
    """Until when a phone that failed too often is not asked again; `now` if it may be."""
    failed = list(
        Payment.objects.filter(
            payer_phone_hash=payer_index(payer_phone),
            created_at__gt=now - _A_DAY,
            status=PaymentStatus.FAILED,
        )
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:FAILED_IN_A_DAY]
    )
    until = [now]
    if len(failed) >= FAILED_IN_10_MINUTES:
        until.append(failed[FAILED_IN_10_MINUTES - 1] + _10_MINUTES)
    if len(failed) >= FAILED_IN_A_DAY:
        until.append(failed[FAILED_IN_A_DAY - 1] + _A_DAY)
    return max(until)


def _too_soon(payer_phone: Phone, amount: Money, *, now: datetime) -> errors.PromptTooSoon:
    """The refusal of a prompt that says when every rule allows the same one again."""
    room = room_at(*_prompt_budgets(payer_phone, amount), now=now)
    return _too_soon_until(max(room, _left_alone_until(payer_phone, now=now)), now=now)


def _too_soon_until(at: datetime, *, now: datetime) -> errors.PromptTooSoon:
    # In whole seconds, and never too early.
    whole = at + timedelta(microseconds=-at.microsecond % 1_000_000)
    return errors.PromptTooSoon(retry_after_s=max(1, ceil((at - now).total_seconds())), retry_at=whole)


def _prompt_budgets(payer_phone: Phone, amount: Money) -> tuple[Allowance, Allowance]:
    """One prompt a minute for a phone (DARAJA 4.2), one in two minutes for the same amount (DARAJA 3.1, code 17)."""
    return (
        Allowance("prompt", payer_phone.e164, 1, timedelta(seconds=60)),
        Allowance("prompt-amount", f"{payer_phone.e164}|{amount}", 1, timedelta(seconds=120)),
    )


@outside_transaction
def _send(payment: Payment, payer_phone: Phone, *, order_reference: str, description: str) -> ChargeOutcome:
    fault_point("before_charge")
    outcome = registry.mobile_money().charge(
        ChargeRequest(
            amount=payment.amount,
            payer=payer_phone,
            reference=read_reference(order_reference),
            description=description,
            callback_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.STK, payment.id)}",
        )
    )
    fault_point("after_charge")
    return outcome


def _record(payment: Payment, outcome: ChargeOutcome, *, payer_phone: Phone, now: datetime) -> Payment:
    said: dict[str, Any] = {"response_code": outcome.code[:40], "response_text": outcome.text[:200]}
    match outcome:
        case Accepted():
            said |= {"merchant_request_id": outcome.request_reference[:80]}
            said |= payment.reference_columns(outcome.provider_reference)
            # The callback may have overtaken this answer and settled the attempt: only the ids are written here.
            write_if(payment, said)
            for name, value in said.items():
                setattr(payment, name, value)
        case Refused():
            _refuse(payment, outcome, payer_phone=payer_phone, now=now)
        case _:
            _mark_unknown(payment, now=now, **said)
    return payment


def _refuse(payment: Payment, outcome: Refused, *, payer_phone: Phone, now: datetime) -> None:
    # From unknown as well: a slow call is overtaken by the sweep, and this is the better answer.
    fail_charge(payment.id, outcome, now=now)
    payment.refresh_from_db()
    if outcome.may_resend:
        with unit_of_work():
            give_back(*_prompt_budgets(payer_phone, payment.amount))
        raise errors.ProviderUnreachable(retry_after_s=60)
    if outcome.reason is Reason.TOO_SOON:
        # M-Pesa knows of a prompt that is none of ours, or was lost: its two minutes are counted from this one.
        raise _too_soon(payer_phone, payment.amount, now=now)
    raise errors.PaymentRefused


def _mark_unknown(payment: Payment, *, now: datetime, **said: Any) -> None:
    try:
        with unit_of_work():
            transition(payment, PaymentStatus.UNKNOWN, at=now, actor="provider", updated_at=now, **said)
    except InvalidTransition:
        # A callback was handled before the answer came: what it proved stands.
        payment.refresh_from_db()
