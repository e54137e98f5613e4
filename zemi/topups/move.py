"""Top up the account that pays out: commit the intent, call once, settle by result or statement (DOMAIN P17)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from zemi.common.db import insert, inside_transaction, outside_transaction, unit_of_work, violates
from zemi.common.ids import new_reference
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.events.log import record, transition
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.posting import Line, post
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, Reason, Refused, Succeeded, TopUpRequest
from zemi.topups.errors import FloatNotThere, TopUpUnderWay
from zemi.topups.locks import lock_top_up, lock_unknown_top_up
from zemi.topups.models import OPEN, TopUp, TopUpStatus
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint


@outside_transaction
def top_up(*, amount: Money, now: datetime) -> TopUp:
    """Move `amount`, whole shillings, from the collecting to the paying account; its result comes later.

    Opens transactions of its own. What is unknown is never sent anew.

    :raises TopUpUnderWay: another has no result yet
    :raises FloatNotThere: the collecting account has less
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
    registry.mobile_money()
    with unit_of_work():
        found = lock_top_up(key)
        if found is None:
            error = "unknown_top_up"
        elif found.status in OPEN:
            error = _settle(found, outcome, now=now)
        else:
            error = _compare(found, outcome)
        if row is not None:
            mark_handled(row, now=now, error=error)


@inside_transaction
def decide_top_up(reference: str, *, moved: bool, actor: str, now: datetime) -> bool:
    """Say what became of a top-up whose outcome is unknown, by the statement; False when no such one is open. A step."""
    row = lock_unknown_top_up(reference)
    if row is None:
        return False
    words = f"decided by {actor}"
    said = Succeeded("by_statement", words) if moved else Refused(Reason.OTHER, "no_evidence", words)
    _settle(row, said, now=now)
    return True


@inside_transaction
def _settle(row: TopUp, outcome: DisburseOutcome, *, now: datetime) -> str:
    provider = registry.mobile_money()
    words: dict[str, Any] = {"result_code": outcome.code[:40], "result_text": outcome.text[:200]}
    if isinstance(outcome, Succeeded):
        if outcome.amount is not None and outcome.amount != row.amount:
            # Neither moved as asked nor not at all: two people decide.
            log.error("top_up.amount_differs", top_up=str(row.id))
            return "amount_differs"
        event = transition(
            row,
            TopUpStatus.SUCCEEDED,
            at=now,
            actor="provider",
            updated_at=now,
            transaction_id=outcome.receipt,
            **words,
        )
        arrived = chart.disbursement(provider.disbursement_account)
        post(event, Line("top_up_arrived", row.id, arrived, chart.in_transit(row.id), row.amount))
    elif isinstance(outcome, Refused):
        event = transition(row, TopUpStatus.FAILED, at=now, actor="provider", updated_at=now, **words)
        home = chart.collection(provider.collection_account)
        post(event, Line("top_up_returned", row.id, home, chart.in_transit(row.id), row.amount))
    elif isinstance(outcome, Accepted):
        if row.status == TopUpStatus.INTENT:
            transition(row, TopUpStatus.SUBMITTED, at=now, actor="provider", updated_at=now)
    elif row.status != TopUpStatus.UNKNOWN:
        log.error("top_up.unknown", top_up=str(row.id))
        transition(row, TopUpStatus.UNKNOWN, at=now, actor="provider", updated_at=now, **words)
    return ""


def _compare(row: TopUp, outcome: DisburseOutcome) -> str:
    if isinstance(outcome, Succeeded) and row.status == TopUpStatus.FAILED:
        log.error("top_up.success_after_failure", top_up=str(row.id))
        return "success_after_failure"
    return ""


def _hook(kind: CallbackKind, key: UUID) -> str:
    return f"{settings.CALLBACK_ORIGIN}/hooks/{mint(kind, key)}"
