"""Top up the account that pays out: commit the intent, call once, settle by result or statement (DOMAIN P17)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from zemi.common.db import insert, inside_transaction, outside_transaction, unit_of_work, violates
from zemi.common.faults import fault_point
from zemi.common.ids import new_reference
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.common.work import due_keys
from zemi.disbursements import switch
from zemi.events.log import record, transition
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Line, post
from zemi.notifications.alerts import alert_operators
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, Reason, Refused, Succeeded, TopUpRequest, Unknown
from zemi.topups.errors import CredentialsRefused, FloatNotThere, TopUpUnderWay
from zemi.topups.locks import lock_open_top_up, lock_top_up
from zemi.topups.models import OPEN, TopUp, TopUpStatus
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint

# Without a result for so long it is unknown: its answer was lost, or the process that was to send it.
SILENCE = timedelta(minutes=10)


@outside_transaction
def top_up(*, amount: Money, now: datetime) -> TopUp:
    """Move `amount`, whole shillings, from the collecting to the paying account; its result comes later.

    Opens transactions of its own. What is unknown is never sent anew.

    :raises TopUpUnderWay: another has no result yet
    :raises FloatNotThere: the collecting account has less
    :raises CredentialsRefused: M-Pesa refuses our credentials, and nobody has started sending again
    """
    provider = registry.mobile_money()
    row = TopUp(
        reference=new_reference(),
        amount_minor=amount.minor,
        currency=amount.currency,
        created_at=now,
        updated_at=now,
    )
    try:
        with unit_of_work():
            if switch.is_refused():
                raise CredentialsRefused
            insert(row)
            held = balance_of(chart.collection(provider.collection_account))
            if held < amount:
                raise FloatNotThere(held=str(held))
            event = record("top_up.created", row, at=now, actor="operator", data={"amount": str(amount)})
            source = chart.collection(provider.collection_account)
            post(event, Line("top_up", row.id, chart.in_transit(row.id), source, row.amount))
    except IntegrityError as broken:
        if violates(broken, TopUp, "topups_one_open"):
            raise TopUpUnderWay from broken
        raise
    fault_point("before_top_up")
    outcome = provider.top_up(
        TopUpRequest(
            amount=amount,
            reference=row.reference,
            result_url=_hook(CallbackKind.TOP_UP_RESULT, row.id),
            timeout_url=_hook(CallbackKind.TOP_UP_TIMEOUT, row.id),
        )
    )
    settle_top_up(row.id, outcome, now=now)
    row.refresh_from_db()
    return row


def settle_top_up(
    key: UUID, outcome: DisburseOutcome, *, now: datetime, row: WebhookLog | None = None
) -> None:
    """Record what is known of a top-up now. Idempotent; opens its own transaction."""
    registry.make_ready()
    with unit_of_work():
        switch.stop_if_refused(outcome, now=now)
        found = lock_top_up(key)
        if found is None:
            error = "unknown_top_up"
        elif found.status in OPEN:
            error = _settle(found, outcome, now=now)
        else:
            error = _compare(found, outcome, now=now)
        if row is not None:
            mark_handled(row, now=now, error=error)


@outside_transaction
def doubt_silent_top_ups(*, now: datetime) -> int:
    """Call unknown what has had no result for SILENCE: then the statement tells what became of it, or two people do."""
    # Only one is open at a time.
    waiting = [TopUpStatus.INTENT, TopUpStatus.SUBMITTED]
    keys = due_keys(TopUp, "updated_at", now=now - SILENCE, limit=1, statuses=waiting)
    for key in keys:
        settle_top_up(key, Unknown(text="no result"), now=now)
    return len(keys)


@inside_transaction
def decide_top_up(reference: str, *, moved: bool, actor: str, now: datetime) -> bool:
    """Say what became of a top-up without a result, by the statement; False when no such one is open. A step.

    That it has not moved can be said once its result has been away for SILENCE: until then it may be on its way, and a
    statement doesn't show it yet.

    :raises TopUpUnderWay: too early to say that it has not moved
    """
    row = lock_open_top_up(reference)
    if row is None:
        return False
    if not moved and (row.status != TopUpStatus.UNKNOWN or now < row.created_at + SILENCE):
        raise TopUpUnderWay
    words = f"decided by {actor}"
    said = Succeeded("by_statement", words) if moved else Refused(Reason.OTHER, "no_evidence", words)
    _settle(row, said, now=now)
    return True


@inside_transaction
def _settle(row: TopUp, outcome: DisburseOutcome, *, now: datetime) -> str:
    if isinstance(outcome, Succeeded) and outcome.amount in {None, row.amount}:
        _arrived(row, outcome, chart.in_transit(row.id), now=now)
    elif isinstance(outcome, Succeeded):
        # Neither moved as asked nor not at all: two people decide.
        log.error("top_up.amount_differs", top_up=str(row.id))
        _doubt(row, outcome, now=now)
        return "amount_differs"
    elif isinstance(outcome, Refused):
        event = transition(
            row, TopUpStatus.FAILED, at=now, actor="provider", updated_at=now, **_words(outcome)
        )
        post(event, Line("top_up_returned", row.id, _home(), chart.in_transit(row.id), row.amount))
    elif isinstance(outcome, Accepted):
        if row.status == TopUpStatus.INTENT:
            transition(row, TopUpStatus.SUBMITTED, at=now, actor="provider", updated_at=now)
    else:
        _doubt(row, outcome, now=now)
    return ""


@inside_transaction
def _arrived(row: TopUp, outcome: Succeeded, source: AccountRef, *, now: datetime) -> None:
    event = transition(
        row,
        TopUpStatus.SUCCEEDED,
        at=now,
        actor="provider",
        updated_at=now,
        transaction_id=outcome.receipt,
        **_words(outcome),
    )
    arrived = chart.disbursement(registry.mobile_money().disbursement_account)
    post(event, Line("top_up_arrived", row.id, arrived, source, row.amount))


@inside_transaction
def _doubt(row: TopUp, outcome: Succeeded | Unknown, *, now: datetime) -> None:
    """Leave it to the statement and to people, who are told once."""
    if row.status == TopUpStatus.UNKNOWN:
        return
    log.error("top_up.unknown", top_up=str(row.id))
    transition(row, TopUpStatus.UNKNOWN, at=now, actor="provider", updated_at=now, **_words(outcome))
    alert_operators(
        "alert.top_up_unknown",
        incident=f"top_up.{row.id}",
        now=now,
        reference=row.reference,
        amount=f"{row.amount.shillings:,}",
    )


@inside_transaction
def _compare(row: TopUp, outcome: DisburseOutcome, *, now: datetime) -> str:
    """A word about one that has ended. A failure that was none: the money left where it was given back to."""
    if row.status != TopUpStatus.FAILED or not isinstance(outcome, Succeeded):
        return ""
    log.error("top_up.success_after_failure", top_up=str(row.id))
    if outcome.amount in {None, row.amount}:
        _arrived(row, outcome, _home(), now=now)
    return "success_after_failure"


def _home() -> AccountRef:
    return chart.collection(registry.mobile_money().collection_account)


def _words(outcome: DisburseOutcome) -> dict[str, Any]:
    return {"result_code": outcome.code[:40], "result_text": outcome.text[:200]}


def _hook(kind: CallbackKind, key: UUID) -> str:
    return f"{settings.CALLBACK_ORIGIN}/hooks/{mint(kind, key)}"
