"""What came of an attempt: book the money if it came, say so if it didn't.

Success beats failure in any order, and is booked once: the attempt's status and the receipt's number see to that.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q

from zemi.common.db import inside_transaction, outside_transaction, unit_of_work, violates
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.common.work import claim_due, finish, handle_each
from zemi.events.log import record, transition
from zemi.notifications.alerts import alert_operators
from zemi.orders.models import Order
from zemi.payments.allocate import claim_orphan, give_number, shares_of, take_in
from zemi.payments.c2b import ask_for_proof
from zemi.payments.contradicted import claimed_receipt, flag_contradicted, told_otherwise
from zemi.payments.locks import lock_payment, lock_receipt
from zemi.payments.models import (
    CLAIMABLE,
    CONTRADICTED,
    LIVE,
    NO_EVIDENCE,
    PROVED,
    Payment,
    PaymentStatus,
    Receipt,
    reference_index,
)
from zemi.payments.queries import receipt_in_doubt, receipt_told_by_hand
from zemi.payments.reasons import retry_after_s
from zemi.providers import registry
from zemi.providers.base import ChargeResult, Refused, Succeeded
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog

# Asked again so long after each question that got no final answer (SAFETY 3.3, 4); the last one repeats.
QUERY_GAPS_S = (10, 30, 120, 600, 3600)
# A callback's failure ends the attempt, and is looked at once more: it may be a stray one, after a success whose own
# callback was lost (DARAJA 2.1). Then the money is there, and only a question finds it.
SECOND_LOOK = timedelta(minutes=1)
# The open path asks for nothing more often than this, whoever posts to it.
HINT_DELAY = timedelta(seconds=10)
# A day without a final answer, and a statement that shows nothing: only both end an attempt (M15).
EVIDENCE_WAIT = timedelta(hours=24)


def handle_charge_callback(row: WebhookLog, result: ChargeResult, *, now: datetime) -> None:
    """Handle a claimed callback about a prompt. A success counts only when the provider, asked back, confirms it.

    A callback on an attempt's own secret path proves its origin: its failure ends the attempt, its receipt and amount
    are believed once the payment is confirmed. Any other is a hint to ask, and nothing in it is believed.
    """
    payment = _attempt_of(row, result)
    if payment is None:
        _look_into_stranger(row, result.outcome, now=now)
        return
    if row.subject_id is None:
        _take_hint(payment, row, now=now)
        return
    claimed = result.outcome
    if isinstance(claimed, Refused):
        fail_charge(payment.id, claimed, now=now, row=row, ask_again_by=result.provider_reference)
        return
    if payment.status in PROVED:
        settle_charge(payment.id, claimed, now=now, row=row)
        return

    found = registry.mobile_money().query_charge(payment.provider_reference or result.provider_reference)
    denied = isinstance(found, Refused) and not found.may_resend
    number = claimed.receipt if isinstance(claimed, Succeeded) else None
    # A number that another channel has proved is a second witness: then the denial is what is wrong.
    if isinstance(found, Succeeded) or (denied and told_otherwise(payment, number).exists()):
        settle_charge(payment.id, claimed, now=now, row=row)
        return
    # Still pending, no answer, or the query contradicts a proven success: ask again, never fail it by a query.
    error = "not_confirmed_yet"
    if isinstance(found, Refused) and denied:
        error = CONTRADICTED
        if not flag_contradicted(payment.id, claimed, code=found.code, now=now):
            _close(row, now=now, error=error)
            return
    finish(row, due_at=now + _gap(row.tries), error=error)


def _look_into_stranger(row: WebhookLog, claimed: object, *, now: datetime) -> None:
    """A word about a prompt that nobody here knows: after a restore, say, or with an id that is not the attempt's.

    On a secret path M-Pesa has said it. The receipt that it names is asked about; what its status proves is booked as
    money of nobody (5.8 row 13), and nothing because of this word alone. The open path is for hints about what is known.
    """
    if row.subject_id is None or not isinstance(claimed, Succeeded) or not claimed.receipt:
        _close(row, now=now, error="unknown_checkout_id")
    else:
        ask_for_proof(row, claimed.receipt, unproved="unknown_checkout_id", now=now)


def _take_hint(payment: Payment, row: WebhookLog, *, now: datetime) -> None:
    """Somebody says that there is news: ask soon, but not sooner for being told a hundred times."""
    soon = now + HINT_DELAY
    with unit_of_work():
        Payment.objects.filter(pk=payment.pk).filter(
            Q(status__in=LIVE, due_at__gt=soon) | Q(status=PaymentStatus.FAILED, due_at__isnull=True)
        ).update(due_at=soon)
        mark_handled(row, now=now, error="hint", merchant_request_id=payment.merchant_request_id)


def settle_charge(payment_id: UUID, claimed: object, *, now: datetime, row: WebhookLog | None = None) -> None:
    """Book the money of an attempt that is confirmed as paid, and close the inbox row that said so. Idempotent.

    `claimed` is the Succeeded that carries receipt number and amount, where they are known; without an amount it is
    the one that was asked for. Opens its own transaction.
    """
    said = claimed if isinstance(claimed, Succeeded) else Succeeded()
    try:
        with unit_of_work():
            payment = lock_payment(payment_id)
            error = (
                _number_receipt(payment, said, now=now)
                if payment.status in PROVED
                else _book(payment, said, now=now)
            )
            if row is not None:
                mark_handled(row, now=now, error=error, merchant_request_id=payment.merchant_request_id)
    except IntegrityError as broken:
        if not violates(broken, Receipt, "payments_receipt_once"):
            raise
        _close(row, now=now, error=_merge(payment_id, said, now=now))


def fail_charge(
    payment_id: UUID,
    refused: Refused,
    *,
    now: datetime,
    row: WebhookLog | None = None,
    ask_again_by: str = "",
) -> None:
    """End an attempt for which no money came. A completed one stays completed. Opens its own transaction.

    One whose success was told and denied is ended by no further word: a person decides, or a statement (SAFETY 3.3, 4).
    With `ask_again_by`, the provider's id of the prompt, it is asked about once more; without, it has been asked about.
    """
    with unit_of_work():
        payment = lock_payment(payment_id)
        error = "failure_after_success" if payment.status in PROVED else ""
        if payment.is_contradicted:
            error = CONTRADICTED
            Payment.objects.filter(pk=payment.pk, status__in=LIVE).update(
                due_at=now + _gap(payment.tries), lease_until=None
            )
        elif payment.status in LIVE:
            transition(
                payment,
                PaymentStatus.FAILED,
                at=now,
                actor="provider",
                data={"reason": refused.reason, "retry_after_s": retry_after_s(refused.reason)},
                failure_reason=refused.reason,
                result_code=refused.code[:40],
                result_text=refused.text[:200],
                **({} if payment.provider_reference else payment.reference_columns(ask_again_by)),
                is_live=False,
                due_at=now + SECOND_LOOK if ask_again_by else None,
                lease_until=None,
                updated_at=now,
            )
        elif payment.status == PaymentStatus.FAILED and not ask_again_by:
            Payment.objects.filter(pk=payment.pk).update(due_at=None, lease_until=None)
        if row is not None:
            mark_handled(row, now=now, error=error, merchant_request_id=payment.merchant_request_id)


@inside_transaction
def close_without_evidence(payment: Payment, *, statement_until: datetime, now: datetime) -> bool:
    """End an attempt that nobody could tell about for a day, once a statement that covers it shows no money (M15).

    Where the clocks left in doubt whether a line of the order was its money or was paid by hand, it was booked as the
    latter: it is the attempt's now, since nobody else will tell. `statement_until` is how far the statement reaches that
    was read without finding it. False when it is too early. A step; the attempt must be locked.
    """
    payment.statement_checked_at = statement_until
    payment.save(update_fields=["statement_checked_at"])
    day_over = payment.created_at + EVIDENCE_WAIT
    is_open = payment.status in LIVE or payment.is_contradicted
    if not is_open or now < day_over or statement_until < day_over:
        return False
    end_without_money(payment, actor="reconciliation", now=now)
    return True


@inside_transaction
def end_without_money(payment: Payment, *, actor: str, now: datetime) -> None:
    """End an open or contradicted attempt as one that brought nothing, unless its money is in the books already.

    A step; the attempt must be locked.
    """
    booked = claimed_receipt(payment) or receipt_in_doubt(payment)
    if booked is not None:
        _adopt(payment, booked, Succeeded("statement", receipt=booked.transaction_id), actor=actor, now=now)
        return
    if payment.status == PaymentStatus.FAILED:
        # Ended before its success was told.
        Payment.objects.filter(pk=payment.pk).update(failure_reason=NO_EVIDENCE, updated_at=now)
        record("payment.denied", payment, at=now, actor=actor, data={"reason": NO_EVIDENCE})
        return
    transition(
        payment,
        PaymentStatus.FAILED,
        at=now,
        actor=actor,
        data={"reason": NO_EVIDENCE},
        failure_reason=NO_EVIDENCE,
        is_live=False,
        due_at=None,
        lease_until=None,
        updated_at=now,
    )


@inside_transaction
def book_decided(payment: Payment, said: Succeeded, *, actor: str, now: datetime) -> None:
    """Book the money of a contradicted attempt that people found to be paid. A step; the attempt must be locked.

    :raises IntegrityError: another movement has the number
    """
    booked = claimed_receipt(payment)
    if booked is not None:
        _adopt(payment, booked, said, actor=actor, now=now)
    else:
        _book(payment, said, actor=actor, now=now)


@outside_transaction
def query_due_payments(*, now: datetime, limit: int = 20) -> int:
    """Ask the provider about attempts that have had no final answer. A pending one is asked about again, later."""
    payments = claim_due(Payment, now=now, limit=limit)
    handle_each(payments, _query, now=now)
    return len(payments)


def _query(payment: Payment, now: datetime) -> None:
    # Only ever let go: another request may have opened a newer attempt since this one was claimed.
    changes: dict[str, Any] = {} if payment.live_until > now else {"is_live": False}
    if not payment.provider_reference:
        # The answer with the provider's id was lost: there is nothing to ask by. The secret path will find the attempt.
        with unit_of_work():
            locked = lock_payment(payment.id)
            if locked.status == PaymentStatus.PENDING:
                transition(locked, PaymentStatus.UNKNOWN, at=now, actor="worker", updated_at=now)
        finish(payment, due_at=now + _gap(payment.tries), **changes)
        return
    found = registry.mobile_money().query_charge(payment.provider_reference)
    final = isinstance(found, Refused) and not found.may_resend
    if isinstance(found, Succeeded):
        settle_charge(payment.id, found, now=now)
    elif isinstance(found, Refused) and final and payment.failure_reason != CONTRADICTED:
        fail_charge(payment.id, found, now=now)
    elif payment.status == PaymentStatus.FAILED and payment.tries >= len(QUERY_GAPS_S):
        # It was a second look, and no answer is to be had.
        finish(payment)
    else:
        finish(payment, due_at=now + _gap(payment.tries), **changes)


def _attempt_of(row: WebhookLog, result: ChargeResult) -> Payment | None:
    if row.subject_id is not None:
        payment = Payment.objects.filter(pk=row.subject_id).first()
        # An early callback finds its attempt before the ids are known; afterwards they must agree.
        if payment is not None and payment.provider_reference not in {"", result.provider_reference}:
            return None
        return payment
    if not result.provider_reference:
        return None
    key = reference_index(result.provider_reference)
    return Payment.objects.filter(provider=row.provider, provider_reference_hash=key).first()


def _book(payment: Payment, said: Succeeded, *, actor: str = "provider", now: datetime) -> str:
    order: Order = payment.order
    amount = said.amount or payment.amount
    by_hand = None if said.receipt else receipt_told_by_hand(payment, amount)
    # Two attempts of one payer may both find it: the other one has it, or waits here.
    if by_hand is not None and lock_receipt(by_hand.id).payment_id == by_hand.payment_id:
        _adopt(payment, by_hand, said, actor=actor, now=now)
        return "merged"
    fits = shares_of(order, amount, now=now) is not None
    _complete(payment, said, amount, allocated=fits, actor=actor, now=now)
    take_in(_receipt(payment, said, amount, now=now), order, actor=actor, now=now)
    if amount != payment.amount:
        # The real amount counts, and somebody looks why (M6).
        return _tell_of_amount(payment, amount, now=now)
    return "" if fits else "order_not_payable"


@inside_transaction
def _adopt(
    payment: Payment, receipt: Receipt, said: Succeeded, *, actor: str = "provider", now: datetime
) -> None:
    """Make a receipt that was told of by hand the attempt's; one that is nobody's goes to the order, if that can take it."""
    if receipt.order_id is None and receipt.status in CLAIMABLE:
        claim_orphan(receipt, payment.order, actor=actor, now=now)
    _complete(payment, said, receipt.amount, allocated=receipt.allocated_minor > 0, actor=actor, now=now)
    Receipt.objects.filter(pk=receipt.pk).update(payment=payment)


def _complete(
    payment: Payment, said: Succeeded, amount: Money, *, allocated: bool, actor: str, now: datetime
) -> None:
    transition(
        payment,
        PaymentStatus.COMPLETED,
        at=now,
        actor=actor,
        data={"amount": str(amount), "receipt": said.receipt, "allocated": allocated},
        is_live=False,
        due_at=None,
        lease_until=None,
        updated_at=now,
    )


def _receipt(payment: Payment, said: Succeeded, amount: Money, *, now: datetime) -> Receipt:
    return Receipt(
        payment=payment,
        order=payment.order,
        provider=payment.provider,
        transaction_id=said.receipt,
        amount_minor=amount.minor,
        currency=amount.currency,
        payer_phone_hash=payment.payer_phone_hash,
        received_at=now,
    )


def _number_receipt(payment: Payment, said: Succeeded, *, now: datetime) -> str:
    """Learn the number of a receipt that a query had proved without one; another number is other money (M12).

    Unless another attempt of the order was proved without one: a confirmation gave this one's receipt a number first, and
    it was that one's.
    """
    if said.receipt is None:
        return ""
    if give_number(Receipt.objects.filter(payment=payment), said.receipt):
        if said.amount is not None and said.amount != payment.amount:
            return _tell_of_amount(payment, said.amount, now=now)
        return ""
    if Receipt.objects.filter(provider=payment.provider, transaction_id=said.receipt).exists():
        return ""
    return _take_other_number(payment, said, said.receipt, now=now)


@inside_transaction
def _take_other_number(payment: Payment, said: Succeeded, number: str, *, now: datetime) -> str:
    if payment.failure_reason == CONTRADICTED:
        # It was proved under another number. This one was denied, and no word alone sends its money back (M12).
        log.error("payment.contradicted_number", payment=str(payment.id))
        return CONTRADICTED
    amount = said.amount or payment.amount
    crossed = Receipt.objects.filter(
        Q(order_id=payment.order_id) | Q(payer_phone_hash=payment.payer_phone_hash), amount_minor=amount.minor
    )
    if give_number(crossed, number):
        return "merged"
    receipt = _receipt(payment, said, amount, now=now)
    take_in(receipt, payment.order, actor="provider", now=now, second=True)
    return "second_receipt"


def _merge(payment_id: UUID, said: Succeeded, *, now: datetime) -> str:
    """The number of this success is in the books already: the same money, told by hand first (M13), or another's."""
    with unit_of_work():
        payment = lock_payment(payment_id)
        number = Receipt.objects.filter(provider=payment.provider, transaction_id=said.receipt)
        known = lock_receipt(number.values_list("id", flat=True)[0])
        if known.payment_id is not None or payment.status in PROVED:
            log.error("receipt.known", payment=str(payment_id))
            return "receipt_known"
        _adopt(payment, known, said, now=now)
        told = said.amount or payment.amount
        if known.amount == told:
            return "merged"
        return _tell_of_amount(payment, known.amount if told == payment.amount else told, now=now)


def _tell_of_amount(payment: Payment, told: Money, *, now: datetime) -> str:
    """Tell the operators, once for an attempt, that M-Pesa tells of another sum than was asked for (M6)."""
    log.error("payment.amount_differs", payment=str(payment.id))
    order: Order = payment.order
    alert_operators(
        "alert.payment_amount_differs",
        incident=f"payment.{payment.id}.amount",
        now=now,
        amount=f"{told.rounded_down().shillings:,}",
        due=f"{payment.amount.shillings:,}",
        reference=order.order_reference,
    )
    return "amount_differs"


def _close(row: WebhookLog | None, *, now: datetime, error: str) -> None:
    if row is not None:
        with unit_of_work():
            mark_handled(row, now=now, error=error)


def _gap(tries: int) -> timedelta:
    return timedelta(seconds=QUERY_GAPS_S[min(max(tries, 1), len(QUERY_GAPS_S)) - 1])
