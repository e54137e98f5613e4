"""What a person may do to a payout or refund: call it off, try it again, say what became of it (DOMAIN Y4, Y14 to Y19).

Steps: the caller has asked whether this person may, and has two of them where two are needed.
"""

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from zemi.common.db import inside_transaction
from zemi.disbursements.doubt import DISTANCE, in_doubt_until, sent_at
from zemi.disbursements.errors import DisbursementNotChangeable, TooSoonToDecide, TooSoonToRetry
from zemi.disbursements.locks import lock_case_of, lock_disbursement
from zemi.disbursements.models import (
    NOT_SENT,
    AttemptStatus,
    Disbursement,
    DisbursementStatus,
    HeldReason,
    SuspenseStatus,
)
from zemi.disbursements.settle import apply_locked, come_back, give_back
from zemi.disbursements.suspense import recover_case
from zemi.events.log import transition
from zemi.ledger import chart
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.providers import registry
from zemi.providers.base import Reason, Refused, Succeeded

D = TypeVar("D", bound=Disbursement)
MOST_TRIES = 3

_S = DisbursementStatus


@inside_transaction
def cancel(row: Disbursement, *, actor: str, now: datetime) -> None:
    """Call off what has not been sent; its money goes back to where it is owed from (Y4, P10c). It must be locked.

    :raises DisbursementNotChangeable: it was sent, or may have been
    """
    if row.status not in NOT_SENT:
        raise DisbursementNotChangeable(kind=row.SUBJECT, status=str(row.status))
    attempt = row.open_attempt()
    if attempt is not None:
        # It provably never left, and waited to be sent under the same id: it must not leave now.
        setattr(attempt, attempt.OWNER, row)
        transition(attempt, AttemptStatus.FAILED, at=now, actor=actor, is_open=False, updated_at=now)
    event = transition(
        row,
        _S.CANCELLED,
        at=now,
        actor=actor,
        held_reason="",
        due_at=None,
        lease_until=None,
        updated_at=now,
    )
    give_back(event, row, f"{row.id}.cancelled")


@inside_transaction
def call_off_unsent(rows: QuerySet[D], *, actor: str, now: datetime) -> list[D]:
    """Call off those of `rows` that were not sent, each locked in turn; which they were. Their order must be locked."""
    called_off = []
    for key in list(rows.filter(status__in=NOT_SENT).order_by("id").values_list("id", flat=True)):
        row = lock_disbursement(rows.model, key)
        # Between the look and the lock it may have been sent.
        if row.status in NOT_SENT:
            cancel(row, actor=actor, now=now)
            called_off.append(row)
    return called_off


@inside_transaction
def retry(row: Disbursement, *, actor: str, now: datetime, until: datetime | None = None) -> None:
    """Owe again what conclusively failed, as a new attempt with a new id (Y15). It must be locked.

    With `until` it goes to another number, and is held so long; the tries to the old one don't count then.

    :raises DisbursementNotChangeable: it has not failed, or its money is not there any more
    :raises TooSoonToRetry: three tries were made, or the last one was ever unknown and was sent less than a day ago
    """
    attempt = row.tries_made().order_by("-number").first()
    if row.status != _S.FAILED or attempt is None or not row.is_still_owed:
        raise DisbursementNotChangeable(kind=row.SUBJECT, status=str(row.status))
    if until is None and attempt.number >= MOST_TRIES:
        raise TooSoonToRetry
    refuse_in_doubt(row, now=now)
    if lock_balance(row.returns_to) < row.amount:
        raise DisbursementNotChangeable(kind=row.SUBJECT, status="spent")
    event = transition(
        row,
        _S.HELD if until else _S.QUEUED,
        at=now,
        actor=actor,
        held_reason=HeldReason.PAYEE_CHANGED if until else "",
        failure_reason="",
        due_at=until or now,
        lease_until=None,
        updated_at=now,
        data=of_freeze(until) if until else {},
    )
    post(
        event,
        Line(
            f"{row.SUBJECT}_retried", f"{row.id}.{attempt.number}", row.returns_to, row.in_flight, row.amount
        ),
    )
    row.after_retry()


def of_freeze(until: datetime) -> dict[str, str]:
    """What an event says of a row that is held since it goes to another number."""
    return {"reason": str(HeldReason.PAYEE_CHANGED), "until": until.isoformat()}


@inside_transaction
def refuse_in_doubt(row: Disbursement, *, now: datetime) -> None:
    """Refuse to pay anew what was ever in doubt, too soon after it was sent. It must be locked.

    :raises TooSoonToRetry: its last try was ever unknown and was sent less than a day ago
    """
    until = in_doubt_until(row)
    if until is not None and now < until:
        raise TooSoonToRetry


@inside_transaction
def record_reversal(row: Disbursement, *, receipt: str, actor: str, now: datetime) -> None:
    """The provider took a payment back: the money is in our account and owed again (Y19, P12). It must be locked.

    Of one that was paid after it had been given back (Y20) it ends the case, or undoes the loss or the charge.

    :raises DisbursementNotChangeable: it had not succeeded, or its money had come back in another way
    """
    case = lock_case_of(row)
    if row.status != _S.SUCCEEDED or (case is not None and case.status == SuspenseStatus.RECOVERED):
        raise DisbursementNotChangeable(kind=row.SUBJECT, status=str(row.status))
    event = transition(row, _S.REVERSED, at=now, actor=actor, updated_at=now, data={"receipt": receipt})
    cash = chart.disbursement(registry.mobile_money().disbursement_account)
    owner = row.returns_to
    if case is not None and case.status == SuspenseStatus.LOST:
        owner = chart.losses(case.id)
    line = Line(f"{row.SUBJECT}_reversed", row.id, cash, owner, row.amount)
    if case is None:
        come_back(event, row, line)
        return
    post(event, line)
    if case.status == SuspenseStatus.OPEN:
        # What was paid late had been given back already: this is what was claimed, and owed to nobody.
        recover_case(case, cash=owner, actor=actor, now=now)


@inside_transaction
def decide(row: Disbursement, *, paid: bool, receipt: str | None, actor: str, now: datetime) -> None:
    """Say what became of something whose outcome is unknown, by the provider's statement (Y14). It must be locked.

    :raises DisbursementNotChangeable: its outcome is not unknown
    :raises TooSoonToDecide: it is said not to be paid, and was sent less than a day ago: it may still be
    """
    attempt = row.open_attempt()
    if row.status not in {_S.UNKNOWN, _S.NEEDS_ATTENTION} or attempt is None:
        raise DisbursementNotChangeable(kind=row.SUBJECT, status=str(row.status))
    if not paid and now - sent_at(row, attempt) < DISTANCE:
        raise TooSoonToDecide
    setattr(attempt, attempt.OWNER, row)
    words = f"decided by {actor}"
    outcome = (
        Succeeded("by_statement", words, receipt=receipt)
        if paid
        else Refused(Reason.OTHER, "no_evidence", words)
    )
    apply_locked(attempt, outcome, now=now)
