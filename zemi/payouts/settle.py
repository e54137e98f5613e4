"""What became of a payout: the provider's answers, results and status answers all end here, in any order and number."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from zemi.common.db import inside_transaction, outside_transaction, unit_of_work
from zemi.common.logs import log
from zemi.common.work import back_off, finish
from zemi.events.errors import InvalidTransition
from zemi.events.log import transition
from zemi.ledger import chart
from zemi.ledger.posting import Line, post
from zemi.payouts.locks import lock_attempt
from zemi.payouts.models import AttemptStatus, Payout, PayoutAttempt, PayoutStatus
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, DisburseResult, Reason, Refused, Succeeded, Unknown
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint

# A result has this long to come by itself; the gaps follow between questions, the last one repeats (SAFETY 4.2).
FIRST_QUERY = timedelta(minutes=2)
QUERY_GAPS_S = (120, 300, 900, 3600)
SILENCE = timedelta(minutes=5)
HELD_FOR = timedelta(minutes=10)
OVERDUE = timedelta(hours=24)

# Nothing moved, and a later try with a new id may well succeed: the money waits in flight (DOMAIN Y10b).
_HOLD = frozenset({Reason.FLOAT_LOW, Reason.LIMIT, Reason.WALLET_FULL, Reason.CREDENTIALS})


def handle_disburse_callback(row: WebhookLog, result: DisburseResult, *, now: datetime) -> None:
    """Handle a claimed result, queue time-out or status answer. Only an attempt's own secret path counts."""
    try:
        if row.subject_id is None:
            raise PayoutAttempt.DoesNotExist
        apply_outcome(row.subject_id, result.outcome, now=now, row=row, result=result)
    except PayoutAttempt.DoesNotExist:
        with unit_of_work():
            mark_handled(row, now=now, error="unknown_attempt")


def apply_outcome(
    attempt_id: UUID,
    outcome: DisburseOutcome,
    *,
    now: datetime,
    row: WebhookLog | None = None,
    result: DisburseResult | None = None,
) -> None:
    """Record what is known of an attempt now. Idempotent: what is final stays, a repetition changes nothing.

    Opens its own transaction.
    """
    with unit_of_work():
        attempt = lock_attempt(attempt_id)
        if result is not None and not _is_about(result, attempt):
            log.error("payout.ids_differ", attempt=str(attempt_id))
            error = "ids_differ"
        else:
            judge = _apply if attempt.is_open else _compare
            error = judge(attempt, outcome, now=now)
        if row is not None:
            mark_handled(row, now=now, error=error, originator_id=attempt.originator_conversation_id)


def record_accepted(attempt: PayoutAttempt, accepted: Accepted, *, now: datetime) -> None:
    """Record that the provider took an attempt of this moment. Opens its own transaction.

    No lock and nothing read again: both moves are conditional, in the order in which `lock_attempt` locks.
    """
    try:
        with unit_of_work():
            transition(attempt.payout, PayoutStatus.SUBMITTED, at=now, actor="provider", updated_at=now)
            transition(
                attempt,
                AttemptStatus.ACCEPTED,
                at=now,
                actor="provider",
                updated_at=now,
                conversation_id=accepted.provider_reference[:80],
                response_code=accepted.code[:40],
                response_text=accepted.text[:200],
            )
    except InvalidTransition:
        # The result overtook this answer: what it proved stands.
        log.info("payout.result_before_answer", attempt=str(attempt.id))


@outside_transaction
def ask_about(payout: Payout, *, now: datetime) -> None:
    """Ask the provider what became of a claimed payout that was sent. The answer comes by callback."""
    attempt = PayoutAttempt.objects.filter(payout=payout, is_open=True).first()
    if now - payout.created_at > OVERDUE:
        # Nobody but a person with the provider's statement can end this now; until then it is asked about.
        log.error("payout.overdue", payout=str(payout.id), status=str(payout.status))
    if attempt is None:
        # Its result was handled since it was claimed.
        return
    if payout.status == PayoutStatus.SUBMITTING or payout.updated_at <= now - SILENCE:
        apply_outcome(attempt.id, Unknown(text="no result"), now=now)
    answer = registry.mobile_money().query_disbursement(
        attempt.originator_conversation_id,
        result_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.STATUS_RESULT, attempt.id)}",
        timeout_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.STATUS_TIMEOUT, attempt.id)}",
    )
    if isinstance(answer, Succeeded):
        apply_outcome(attempt.id, answer, now=now)
    gap = QUERY_GAPS_S[min(max(payout.tries - 1, 1), len(QUERY_GAPS_S)) - 1]
    finish(payout, due_at=now + timedelta(seconds=gap))


def requeue_held(payout: Payout, *, now: datetime) -> None:
    """Queue a held payout again; it will be sent as a new attempt, the last one being closed. Opens its own transaction."""
    try:
        with unit_of_work():
            transition(
                payout,
                PayoutStatus.QUEUED,
                at=now,
                actor="worker",
                due_at=now,
                lease_until=None,
                updated_at=now,
            )
    except InvalidTransition:
        log.info("payout.moved_meanwhile", payout=str(payout.id))


@inside_transaction
def _apply(attempt: PayoutAttempt, outcome: DisburseOutcome, *, now: datetime) -> str:
    payout = attempt.payout
    match outcome:
        case Accepted():
            return ""
        case Unknown():
            if attempt.status != AttemptStatus.UNKNOWN:
                transition(
                    attempt,
                    AttemptStatus.UNKNOWN,
                    at=now,
                    actor="provider",
                    updated_at=now,
                    **_words(outcome),
                )
            if payout.status in {PayoutStatus.SUBMITTING, PayoutStatus.SUBMITTED}:
                transition(
                    payout,
                    PayoutStatus.UNKNOWN,
                    at=now,
                    actor="provider",
                    due_at=now + FIRST_QUERY,
                    updated_at=now,
                )
            return ""
        case Refused() if outcome.may_resend:
            if payout.status not in {PayoutStatus.SUBMITTING, PayoutStatus.UNKNOWN}:
                return "not_sent"
            # Certainly not sent, by the only one who was to send it: the attempt goes out later under its own id.
            if attempt.status == AttemptStatus.UNKNOWN:
                transition(attempt, AttemptStatus.INTENT, at=now, actor="provider", updated_at=now)
            transition(
                payout,
                PayoutStatus.QUEUED,
                at=now,
                actor="provider",
                due_at=now + back_off(payout.tries),
                lease_until=None,
                updated_at=now,
                data={"reason": outcome.reason},
            )
            return ""
        case Refused():
            return _refused(attempt, outcome, now=now)
        case _:
            return _succeeded(attempt, outcome, now=now)


def _succeeded(attempt: PayoutAttempt, outcome: Succeeded, *, now: datetime) -> str:
    payout = attempt.payout
    if outcome.amount is not None and outcome.amount != attempt.amount:
        # Neither paid as asked nor unpaid: a person decides, nothing is booked and nothing is sent again.
        log.error("payout.amount_differs", payout=str(payout.id))
        return "amount_differs"
    words = _words(outcome)
    transition(
        attempt, AttemptStatus.SUCCEEDED, at=now, actor="provider", is_open=False, updated_at=now, **words
    )
    event = transition(
        payout,
        PayoutStatus.SUCCEEDED,
        at=now,
        actor="provider",
        transaction_id=outcome.receipt,
        due_at=None,
        lease_until=None,
        updated_at=now,
        data={"amount": str(payout.amount), "receipt": outcome.receipt},
    )
    provider = registry.mobile_money()
    cash = chart.disbursement(provider.disbursement_account)
    fee = provider.disbursement_fee(payout.amount)
    post(
        event,
        Line("payout_paid", payout.id, chart.payout_in_flight(payout.id), cash, payout.amount),
        Line("payout_fee", payout.id, chart.disbursement_fees(provider.name), cash, fee),
    )
    return ""


def _refused(attempt: PayoutAttempt, outcome: Refused, *, now: datetime) -> str:
    payout = attempt.payout
    words = _words(outcome)
    transition(
        attempt, AttemptStatus.FAILED, at=now, actor="provider", is_open=False, updated_at=now, **words
    )
    reason = f"{outcome.reason}: {outcome.text}"[:200]
    if outcome.reason in _HOLD:
        log.error("payout.held", payout=str(payout.id), reason=str(outcome.reason), result=outcome.code)
        transition(
            payout,
            PayoutStatus.HELD,
            at=now,
            actor="provider",
            failure_reason=reason,
            due_at=now + HELD_FOR,
            lease_until=None,
            updated_at=now,
            data={"reason": outcome.reason},
        )
        return ""
    event = transition(
        payout,
        PayoutStatus.FAILED,
        at=now,
        actor="provider",
        failure_reason=reason,
        due_at=None,
        lease_until=None,
        updated_at=now,
        data={"reason": outcome.reason},
    )
    post(
        event,
        Line(
            "payout_returned",
            payout.id,
            chart.payout_in_flight(payout.id),
            chart.seller_payable(payout.seller_id),
            payout.amount,
        ),
    )
    return ""


@inside_transaction
def _compare(attempt: PayoutAttempt, outcome: DisburseOutcome, *, now: datetime) -> str:
    """A word about an attempt that is closed already: a repetition is normal, a contradiction is for a person."""
    if isinstance(outcome, Succeeded):
        if attempt.status == AttemptStatus.FAILED:
            return _late_success(attempt, outcome, now=now)
        if outcome.receipt is not None and outcome.receipt != attempt.payout.transaction_id:
            log.error("payout.second_receipt", attempt=str(attempt.id))
            return "second_receipt"
    elif isinstance(outcome, Refused) and attempt.status == AttemptStatus.SUCCEEDED:
        return "failure_after_success"
    return ""


@inside_transaction
def _late_success(attempt: PayoutAttempt, outcome: Succeeded, *, now: datetime) -> str:
    """An attempt that was said to have failed was paid. If its payout waits to be sent anew, it is the one that paid it."""
    log.error("payout.success_after_failure", attempt=str(attempt.id), payout=str(attempt.payout_id))
    if attempt.payout.status not in {PayoutStatus.HELD, PayoutStatus.QUEUED}:
        # Given back to the seller, or sent again already: what it means for the books is a person's to say.
        return "success_after_failure"
    if outcome.amount is not None and outcome.amount != attempt.amount:
        # Some money left, not what was asked: nothing is sent any more until a person has looked.
        Payout.objects.filter(pk=attempt.payout_id).update(due_at=None, lease_until=None)
        return "amount_differs"
    # A newer attempt that provably never left may stand open beside a queued payout: it must never leave now.
    for newer in PayoutAttempt.objects.filter(payout=attempt.payout, is_open=True):
        transition(newer, AttemptStatus.FAILED, at=now, actor="provider", is_open=False, updated_at=now)
    _succeeded(attempt, outcome, now=now)
    return "success_after_failure"


def _is_about(result: DisburseResult, attempt: PayoutAttempt) -> bool:
    """Whether a result's ids, as far as both sides know them, are this attempt's: one that agrees is enough (DARAJA 1.4)."""
    told = {result.originator_id, result.provider_reference} - {""}
    ours = {attempt.originator_conversation_id, attempt.conversation_id}
    # Before the answer to our call was recorded, the provider's own id can't be compared.
    return not told or not attempt.conversation_id or bool(told & ours)


def _words(outcome: DisburseOutcome) -> dict[str, Any]:
    return {"result_code": outcome.code[:40], "result_text": outcome.text[:200]}
