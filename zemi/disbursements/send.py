"""Send what is owed: commit the intent, call once, record what was heard. What is unknown is asked about, never repeated."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import prefetch_related_objects

from zemi.common.db import append, inside_transaction, outside_transaction, unit_of_work
from zemi.common.faults import fault_point
from zemi.common.ids import new_key
from zemi.common.work import LEASE, claim_due, finish, handle_each
from zemi.disbursements.ask import ask_about
from zemi.disbursements.change import call_off_unsent
from zemi.disbursements.models import Attempt, Disbursement, DisbursementStatus, HeldReason, Method
from zemi.disbursements.settle import FIRST_QUERY, apply_outcome, record_accepted, requeue_held
from zemi.disbursements.switch import Gate, gate
from zemi.events.errors import InvalidTransition
from zemi.events.log import transition
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, DisburseRequest, ReverseRequest
from zemi.webhooks.tokens import CallbackKind, mint

D = TypeVar("D", bound=Disbursement)
# Whoever has money of ours that was not owed gets no more until a person has ended the case; closing it makes due.
SUSPENSE_LOOK = timedelta(hours=1)


class _GateClosed(Exception):
    """It must not be sent now: undoes the unit that was about to write the intent."""

    def __init__(self, way: Gate) -> None:
        super().__init__(way.reason)
        self.gate = way


@outside_transaction
def work_on_due(model: type[D], *, payee: tuple[str, ...], now: datetime, limit: int) -> int:
    """Send what is queued, ask about what was sent and has had no result, and try again what was held.

    `payee` names the relations to whom is paid, which are read once for all of them.
    """
    rows = claim_due(model, now=now, limit=limit)
    prefetch_related_objects(rows, *payee, "order")
    handle_each(rows, _work_on, now=now)
    return len(rows)


def _work_on(row: Disbursement, now: datetime) -> None:
    if row.status == DisbursementStatus.HELD:
        requeue_held(row, now=now)
    elif row.status == DisbursementStatus.QUEUED:
        send_claimed(row, now=now)
    else:
        ask_about(row, now=now)


def claim(row: Disbursement, *, now: datetime) -> bool:
    """Claim one queued row out of turn, on the same columns as the sweep: one of the two gets it."""
    claimed = type(row)._default_manager.filter(
        pk=row.pk, fence=row.fence, due_at__isnull=False, lease_until=row.lease_until
    )
    changed = claimed.exclude(lease_until__gt=now).update(
        lease_until=now + LEASE, fence=row.fence + 1, tries=row.tries + 1
    )
    if changed != 1:
        return False
    row.fence += 1
    row.tries += 1
    return True


def send_claimed(row: Disbursement, *, now: datetime) -> None:
    """Send a claimed, queued row, unless something stands in its way: then it is looked at again later."""
    opens_at = registry.circuits().opens_at(row.method)
    if opens_at is not None:
        # No try of this row's: however long the provider is away, it goes out as soon as it is back.
        finish(row, due_at=opens_at, error="circuit_open", tries=row.tries - 1)
        return
    attempt = _commit_intent(row, now=now)
    if attempt is None:
        return
    fault_point("before_disburse")
    outcome = _call(attempt)
    fault_point("after_disburse")
    if isinstance(outcome, Accepted):
        record_accepted(attempt, outcome, now=now)
    else:
        apply_outcome(type(attempt), attempt.id, outcome, now=now)


def _commit_intent(row: Disbursement, *, now: datetime) -> Attempt | None:
    """Write the attempt before the call. None when it must wait, is owed no more, or somebody else moved the row on."""
    try:
        with unit_of_work():
            if not row.is_still_owed:
                # An earlier try had been sent when the provider itself gave the money back (M14), and came to nothing.
                call_off_unsent(type(row)._default_manager.filter(pk=row.pk), actor="worker", now=now)
                return None
            method = row.method
            if method == Method.B2C and not row.has_payee:
                hold(row, HeldReason.NO_PAYEE, now=now)
                return None
            transition(
                row,
                DisbursementStatus.SUBMITTING,
                at=now,
                actor="worker",
                # What is known of its payee is as old as the claim.
                still={"fence": row.fence},
                updated_at=now,
                sent_at=now,
                # If this process dies now, it is asked about: it may have been sent.
                due_at=now + FIRST_QUERY,
                lease_until=None,
            )
            # After the row itself, so that whoever settles and stops takes the two locks in the same order.
            way = gate(row.SUBJECT, party_id=row.payee_id, now=now)
            if not way.is_open:
                raise _GateClosed(way)
            # The first claim can't find an attempt.
            last: Attempt | None = row.tries_made().order_by("-number").first() if row.tries > 1 else None
            if last is not None and last.is_open:
                # It is queued again because this attempt provably never left: same attempt, same id.
                setattr(last, last.OWNER, row)
                return last
            key = new_key()
            attempt = row.new_attempt(
                id=key,
                number=last.number + 1 if last else 1,
                method=method,
                originator_conversation_id=f"zemi-{key.hex}",
                amount_minor=row.amount_minor,
                currency=row.currency,
                created_at=now,
                updated_at=now,
            )
            append(attempt)
        return attempt
    except InvalidTransition:
        return None
    except _GateClosed as closed:
        # A suspense case is a person's to end: until then the row is looked at hourly.
        finish(row, due_at=closed.gate.opens_at or now + SUSPENSE_LOOK, error=closed.gate.reason)
        return None


@inside_transaction
def hold(row: Disbursement, reason: HeldReason, *, now: datetime, until: datetime | None = None) -> None:
    """Keep something queued or just made from being sent, until `until` or until somebody acts."""
    transition(
        row,
        DisbursementStatus.HELD,
        at=now,
        actor="worker",
        held_reason=reason,
        due_at=until,
        lease_until=None,
        updated_at=now,
        data={"reason": reason},
    )


@outside_transaction
def _call(attempt: Attempt) -> DisburseOutcome:
    owed = attempt.owed
    if attempt.is_reversal:
        return registry.mobile_money().reverse(
            ReverseRequest(
                receipt=owed.pay_in,
                amount=attempt.amount,
                reference=owed.reference,
                result_url=_hook(CallbackKind.REVERSAL_RESULT, attempt),
                timeout_url=_hook(CallbackKind.REVERSAL_TIMEOUT, attempt),
            )
        )
    return registry.mobile_money().disburse(
        DisburseRequest(
            originator_id=attempt.originator_conversation_id,
            amount=attempt.amount,
            payee=attempt.paid_to,
            reference=owed.reference,
            result_url=_hook(CallbackKind.B2C_RESULT, attempt),
            timeout_url=_hook(CallbackKind.B2C_TIMEOUT, attempt),
        )
    )


def _hook(kind: CallbackKind, attempt: Attempt) -> str:
    return f"{settings.CALLBACK_ORIGIN}/hooks/{mint(kind, attempt.id)}"
