"""What became of a payment: the provider's answers, results and status answers all end here, in any order and number."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from zemi.common.db import inside_transaction, unit_of_work, violates
from zemi.common.logs import log
from zemi.common.work import back_off, finish
from zemi.disbursements import switch
from zemi.disbursements.doubt import in_doubt_until
from zemi.disbursements.locks import lock_attempt
from zemi.disbursements.models import Attempt, AttemptStatus, Disbursement, DisbursementStatus, HeldReason
from zemi.disbursements.suspense import open_case
from zemi.events.errors import InvalidTransition
from zemi.events.log import transition
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Line, post
from zemi.notifications.alerts import alert_operators
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, DisburseResult, Reason, Refused, Succeeded, Unknown
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog

# A result has this long to come by itself before the first question: a fresh send is never judged (SAFETY 4.2).
FIRST_QUERY = timedelta(minutes=2)
HELD_FOR = timedelta(minutes=10)
# A full wallet or a day's limit takes longer to go away than a low float.
HELD_FOR_LIMIT = timedelta(hours=1)

# What certainly was not sent: the circuit sees to it that all together don't ask too often.
_MOST_WAIT_S = 60
# Nothing moved, and a later try with a new id may well succeed: the money waits in flight (DOMAIN Y10b).
_HOLD = {
    Reason.FLOAT_LOW: HeldReason.FLOAT_LOW,
    Reason.LIMIT: HeldReason.LIMIT,
    Reason.WALLET_FULL: HeldReason.WALLET_FULL,
    Reason.CREDENTIALS: HeldReason.CREDENTIALS,
}
# Where it isn't HELD_FOR. Another way is open at once.
_HELD_FOR: Mapping[str, timedelta] = {
    HeldReason.LIMIT: HELD_FOR_LIMIT,
    HeldReason.WALLET_FULL: HELD_FOR_LIMIT,
    HeldReason.REVERSAL_REFUSED: timedelta(0),
}


def handle_disburse_callback(
    row: WebhookLog, result: DisburseResult, *, models: Sequence[type[Attempt]], now: datetime
) -> None:
    """Handle a claimed result, queue time-out or status answer. Only an attempt's own secret path counts.

    `models` are the kinds of attempt that it may be about, the likeliest first.
    """
    for model in models if row.subject_id is not None else ():
        try:
            apply_outcome(model, row.subject_id, result.outcome, now=now, row=row, result=result)  # type: ignore[arg-type]
            return
        except model.DoesNotExist:
            continue
    with unit_of_work():
        mark_handled(row, now=now, error="unknown_attempt")


def apply_outcome(
    model: type[Attempt],
    attempt_id: UUID,
    outcome: DisburseOutcome,
    *,
    now: datetime,
    row: WebhookLog | None = None,
    result: DisburseResult | None = None,
) -> None:
    """Record what is known of an attempt now. Idempotent: what is final stays, a repetition changes nothing.

    Opens its own transaction.

    :raises Attempt.DoesNotExist: no attempt of this kind has that id
    """
    try:
        with unit_of_work():
            attempt = lock_attempt(model, attempt_id)
            if result is not None and not _is_about(result, attempt):
                log.error("disbursement.ids_differ", attempt=str(attempt_id))
                error = "ids_differ"
            else:
                switch.stop_if_refused(outcome, now=now)
                judge = apply_locked if attempt.is_open else _compare
                error = judge(attempt, outcome, now=now)
            if row is not None:
                mark_handled(row, now=now, error=error, originator_id=attempt.originator_conversation_id)
    except IntegrityError as broken:
        owed = model.owner_model()
        if not violates(broken, owed, f"{owed._meta.app_label}_receipt_once"):
            raise
        # A number is of one payment alone: this word proves nothing, and who has no other is asked about again.
        log.error("disbursement.receipt_of_another", attempt=str(attempt_id))
        if row is not None:
            with unit_of_work():
                mark_handled(row, now=now, error="receipt_of_another")


def record_accepted(attempt: Attempt, accepted: Accepted, *, now: datetime) -> None:
    """Record that the provider took an attempt of this moment. Opens its own transaction.

    No lock and nothing read again: both moves are conditional, in the order in which `lock_attempt` locks.
    """
    # A reversal bears no id of ours: the gateway's originator id is the one to ask by (DARAJA 1.5).
    known_as = accepted.request_reference if attempt.is_reversal else accepted.provider_reference
    try:
        with unit_of_work():
            transition(attempt.owed, DisbursementStatus.SUBMITTED, at=now, actor="provider", updated_at=now)
            transition(
                attempt,
                AttemptStatus.ACCEPTED,
                at=now,
                actor="provider",
                updated_at=now,
                conversation_id=known_as[:80],
                response_code=accepted.code[:40],
                response_text=accepted.text[:200],
            )
    except InvalidTransition:
        # The result overtook this answer: what it proved stands.
        log.info("disbursement.result_before_answer", attempt=str(attempt.id))


def requeue_held(row: Disbursement, *, now: datetime) -> None:
    """Queue a held row again; it will be sent as a new attempt, the last one being closed. Opens its own transaction.

    Whatever it was held for, and whoever named another number meanwhile: after a doubt it is not sent before a day is over.
    """
    try:
        with unit_of_work():
            until = in_doubt_until(row)
            if until is not None and now < until:
                finish(row, due_at=until, error="was_unknown")
                return
            transition(
                row,
                DisbursementStatus.QUEUED,
                at=now,
                actor="worker",
                # Since it was claimed its payee may have been changed: then it waits for that, not for what it waited for.
                still={"fence": row.fence},
                held_reason="",
                due_at=now,
                lease_until=None,
                updated_at=now,
            )
    except InvalidTransition:
        log.info("disbursement.moved_meanwhile", subject=row.SUBJECT, id=str(row.id))


def call_a_person(model: type[Attempt], attempt_id: UUID, *, now: datetime) -> None:
    """Put what is unknown for too long before a person (DOMAIN Y14). Opens its own transaction; idempotent."""
    with unit_of_work():
        owed = lock_attempt(model, attempt_id).owed
        if owed.status == DisbursementStatus.UNKNOWN:
            log.error("disbursement.needs_attention", subject=owed.SUBJECT, id=str(owed.id))
            transition(owed, DisbursementStatus.NEEDS_ATTENTION, at=now, actor="worker", updated_at=now)
            alert_operators(
                "alert.needs_attention",
                incident=f"{owed.SUBJECT}.{owed.id}",
                now=now,
                subject=owed.SUBJECT,
                amount=f"{owed.amount.shillings:,}",
            )


@inside_transaction
def apply_locked(attempt: Attempt, outcome: DisburseOutcome, *, now: datetime) -> str:
    """Record what is known of an open attempt that is locked; answer a word about it where there is one to say."""
    owed = attempt.owed
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
            if owed.status in {DisbursementStatus.SUBMITTING, DisbursementStatus.SUBMITTED}:
                transition(
                    owed,
                    DisbursementStatus.UNKNOWN,
                    at=now,
                    actor="provider",
                    due_at=now + FIRST_QUERY,
                    updated_at=now,
                )
            return ""
        case Refused() if outcome.may_resend:
            if owed.status not in {DisbursementStatus.SUBMITTING, DisbursementStatus.UNKNOWN}:
                return "not_sent"
            # Certainly not sent, by the only one who was to send it: the attempt goes out later under its own id.
            if attempt.status == AttemptStatus.UNKNOWN:
                transition(attempt, AttemptStatus.INTENT, at=now, actor="provider", updated_at=now)
            opens_at = registry.circuits().opens_at(attempt.method)
            transition(
                owed,
                DisbursementStatus.QUEUED,
                at=now,
                actor="provider",
                due_at=opens_at or now + back_off(owed.tries, most_s=_MOST_WAIT_S),
                lease_until=None,
                updated_at=now,
                data={"reason": outcome.reason},
            )
            return ""
        case Refused():
            return _refused(attempt, outcome, now=now)
        case _:
            return _succeeded(attempt, outcome, now=now)


def _succeeded(attempt: Attempt, outcome: Succeeded, *, now: datetime) -> str:
    owed = attempt.owed
    if outcome.amount is not None and outcome.amount != attempt.amount:
        # Neither paid as asked nor unpaid: a person decides, nothing is booked and nothing is sent again.
        log.error("disbursement.amount_differs", subject=owed.SUBJECT, id=str(owed.id))
        return "amount_differs"
    event = _mark_succeeded(attempt, outcome, now=now)
    post(
        event,
        Line(f"{owed.SUBJECT}_paid", owed.id, owed.in_flight, _cash(attempt), owed.amount),
        _fee(attempt, owed.id),
    )
    if owed.tries > 1:
        switch.float_is_back()
    return ""


def _mark_succeeded(attempt: Attempt, outcome: Succeeded, *, now: datetime) -> Event:
    owed = attempt.owed
    transition(
        attempt,
        AttemptStatus.SUCCEEDED,
        at=now,
        actor="provider",
        is_open=False,
        updated_at=now,
        **_words(outcome),
    )
    return transition(
        owed,
        DisbursementStatus.SUCCEEDED,
        at=now,
        actor="provider",
        transaction_id=outcome.receipt,
        held_reason="",
        due_at=None,
        lease_until=None,
        updated_at=now,
        data={"amount": str(owed.amount), "receipt": outcome.receipt},
    )


def _cash(attempt: Attempt) -> AccountRef:
    """Where the money left from: a reversal takes it out of the paybill that it came into."""
    provider = registry.mobile_money()
    if attempt.is_reversal:
        return chart.collection(provider.collection_account)
    return chart.disbursement(provider.disbursement_account)


def _fee(attempt: Attempt, subject: UUID | str) -> Line:
    provider = registry.mobile_money()
    free = attempt.is_reversal
    fee = attempt.amount - attempt.amount if free else provider.disbursement_fee(attempt.amount)
    return Line(
        f"{attempt.owed.SUBJECT}_fee", subject, chart.disbursement_fees(provider.name), _cash(attempt), fee
    )


def _refused(attempt: Attempt, outcome: Refused, *, now: datetime) -> str:
    owed = attempt.owed
    transition(
        attempt,
        AttemptStatus.FAILED,
        at=now,
        actor="provider",
        is_open=False,
        updated_at=now,
        **_words(outcome),
    )
    reason = f"{outcome.reason}: {outcome.text}"[:200]
    held = owed.held_after(attempt) or _HOLD.get(outcome.reason, "")
    if held:
        log.error(
            "disbursement.held", subject=owed.SUBJECT, id=str(owed.id), reason=str(held), result=outcome.code
        )
        transition(
            owed,
            DisbursementStatus.HELD,
            at=now,
            actor="provider",
            failure_reason=reason,
            held_reason=held,
            due_at=now + _HELD_FOR.get(held, HELD_FOR),
            lease_until=None,
            updated_at=now,
            data={"reason": held},
        )
        if held == HeldReason.FLOAT_LOW:
            switch.wait_for_float(amount=owed.amount, now=now)
        return ""
    event = transition(
        owed,
        DisbursementStatus.FAILED,
        at=now,
        actor="provider",
        failure_reason=reason,
        held_reason="",
        due_at=None,
        lease_until=None,
        updated_at=now,
        data={"reason": outcome.reason},
    )
    give_back(event, owed, f"{owed.id}.{attempt.number}")
    return ""


@inside_transaction
def give_back(event: Event, owed: Disbursement, subject: UUID | str) -> None:
    """Book that what was in flight goes back to where it is owed from (P10c, P6c)."""
    come_back(
        event, owed, Line(f"{owed.SUBJECT}_returned", subject, owed.in_flight, owed.returns_to, owed.amount)
    )


@inside_transaction
def come_back(event: Event, owed: Disbursement, line: Line) -> None:
    """Book by `line` that its money is where it is owed from again, and make up with it for the loss that it was."""
    repaid = owed.repaid_loss()
    loss = [] if repaid is None else [Line("loss_repaid", line.subject, owed.returns_to, *repaid)]
    post(event, line, *loss)
    owed.after_return()


@inside_transaction
def _compare(attempt: Attempt, outcome: DisburseOutcome, *, now: datetime) -> str:
    """A word about an attempt that is closed already: a repetition is normal, a contradiction is for a person."""
    if isinstance(outcome, Succeeded):
        if attempt.status == AttemptStatus.FAILED:
            return _late_success(attempt, outcome, now=now)
        if outcome.receipt in {None, attempt.owed.transaction_id}:
            return ""
        if attempt.owed.transaction_id is None and outcome.amount in {None, attempt.amount}:
            # It was proved without its number.
            type(attempt.owed)._default_manager.filter(pk=attempt.owed.pk).update(
                transaction_id=outcome.receipt
            )
        else:
            log.error("disbursement.second_receipt", attempt=str(attempt.id))
            return "second_receipt"
    elif isinstance(outcome, Refused) and attempt.status == AttemptStatus.SUCCEEDED:
        return "failure_after_success"
    return ""


@inside_transaction
def _late_success(attempt: Attempt, outcome: Succeeded, *, now: datetime) -> str:
    """An attempt that was said to have failed was paid (DOMAIN Y18, Y20).

    If its money still waits to be sent anew, it is the attempt that paid it. Otherwise the money was given back, or is
    paid by another attempt or by what replaces it: what left is a claim, booked to suspense at once, and a person decides.
    """
    owed = attempt.owed
    log.error("disbursement.success_after_failure", attempt=str(attempt.id), id=str(owed.id))
    if outcome.amount is not None and outcome.amount != attempt.amount:
        # Some money left, not what was asked: nothing is sent any more until a person has looked.
        type(owed)._default_manager.filter(pk=owed.pk, status__in=["held", "queued"]).update(
            due_at=None, lease_until=None
        )
        return "amount_differs"
    if owed.status in {DisbursementStatus.HELD, DisbursementStatus.QUEUED}:
        # A newer attempt that provably never left may stand open beside a queued row: it must never leave now.
        for newer in owed.tries_made().filter(is_open=True):
            setattr(newer, newer.OWNER, owed)
            transition(newer, AttemptStatus.FAILED, at=now, actor="provider", is_open=False, updated_at=now)
        _succeeded(attempt, outcome, now=now)
        return "success_after_failure"
    over = {DisbursementStatus.FAILED, DisbursementStatus.CANCELLED}
    was_given_back = owed.status in over and not owed.is_replaced
    if was_given_back:
        event = _mark_succeeded(attempt, outcome, now=now)
    else:
        event = transition(
            attempt,
            AttemptStatus.SUCCEEDED,
            at=now,
            actor="provider",
            is_open=False,
            updated_at=now,
            data={"receipt": outcome.receipt},
            **_words(outcome),
        )
    open_case(
        event,
        owed,
        was_given_back=was_given_back,
        transaction_id=outcome.receipt,
        cash=_cash(attempt),
        fee=_fee(attempt, f"{owed.id}.{attempt.number}"),
        now=now,
    )
    return "success_after_failure"


def _is_about(result: DisburseResult, attempt: Attempt) -> bool:
    """Whether a result's ids, as far as both sides know them, are this attempt's: one that agrees is enough (DARAJA 1.4)."""
    told = {result.originator_id, result.provider_reference} - {""}
    ours = {attempt.originator_conversation_id, attempt.conversation_id}
    # Before the answer to our call was recorded, the provider's own id can't be compared.
    return not told or not attempt.conversation_id or bool(told & ours)


def _words(outcome: DisburseOutcome) -> dict[str, Any]:
    return {"result_code": outcome.code[:40], "result_text": outcome.text[:200]}
