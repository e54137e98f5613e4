"""Pull the provider's list of what came in: a confirmation that was lost is found without a person (DARAJA 1.7)."""

from datetime import datetime, timedelta

from django.conf import settings

from zemi.common.db import outside_transaction, unit_of_work
from zemi.common.phone import Phone
from zemi.common.work import claim_due, finish, handle_each
from zemi.notifications.alerts import alert_operators
from zemi.providers import registry
from zemi.providers.base import Refused, Succeeded, Unknown
from zemi.providers.wire import EAT
from zemi.reconciliation.match import match_new_receipts
from zemi.reconciliation.models import Pull
from zemi.reconciliation.statements import PULL_BACK, SWEEP, pull_statement

# Money so young is left to its own callback, which tells more.
LAG = timedelta(minutes=5)
# What was told is asked for once more: the provider may have listed it late.
OVERLAP = timedelta(hours=2)
# Many pages take long; nobody else may ask for them meanwhile.
PULL_LEASE = timedelta(minutes=10)
# After no answer it is asked again so soon, or as soon as ever, whichever comes first.
AGAIN = timedelta(minutes=5)
# After so long without an answer operators are told: half of what the provider keeps is left to ask for.
BEHIND = timedelta(hours=24)
# While ZEMI_PULL_EVERY_MIN is 0: so often it is looked whether it still is.
OFF_LOOK = timedelta(hours=1)


@outside_transaction
def register_for_pulling(
    *, nominated: Phone, callback_url: str, now: datetime
) -> Succeeded | Refused | Unknown:
    """Tell the provider that its list will be pulled, and begin to, at once. May be repeated.

    `nominated` is a number of ours; nothing follows from what is sent to `callback_url`.

    :raises ProviderNotReady: there is nobody to tell
    """
    provider = registry.mobile_money()
    outcome = provider.register_pull(nominated=nominated, callback_url=callback_url)
    if isinstance(outcome, Succeeded):
        with unit_of_work():
            Pull.objects.bulk_create([Pull(provider=provider.name, due_at=now)], ignore_conflicts=True)
    return outcome


@outside_transaction
def pull_due_lists(*, now: datetime) -> int:
    """Pull each list that is due, and book what it proves: one process at a time. How many lists were due."""
    rows = claim_due(Pull, now=now, limit=1, lease=PULL_LEASE)
    handle_each(rows, _pull, now=now)
    return len(rows)


def _pull(row: Pull, now: datetime) -> None:
    every = timedelta(minutes=settings.PULL_EVERY_MIN)
    if not every:
        finish(row, due_at=now + OFF_LOOK)
        return
    oldest = now - PULL_BACK
    known = row.covered_until or oldest
    until = now - LAG
    if pull_statement(since=max(oldest, known - OVERLAP), until=until, source=SWEEP, now=now) is None:
        if now - known >= BEHIND and row.covered_until is not None:
            _tell_operators(known, now=now)
        finish(row, due_at=now + min(every, AGAIN), error="no_answer")
        return
    match_new_receipts(now=now)
    finish(row, due_at=now + every, covered_until=until)


def _tell_operators(since: datetime, *, now: datetime) -> None:
    with unit_of_work():
        alert_operators(
            "statement.not_pulled",
            incident=f"pull {since:%Y-%m-%dT%H:%M}",
            now=now,
            since=since.astimezone(EAT).strftime("%d.%m. %H:%M"),
        )
