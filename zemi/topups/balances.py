"""Ask the provider what our shortcodes hold; the answer comes by callback (DARAJA 1.7)."""

from datetime import datetime

from django.conf import settings

from zemi.common.db import insert, outside_transaction, unit_of_work
from zemi.disbursements import switch
from zemi.providers import registry
from zemi.providers.base import BalanceResult, Succeeded, Unknown
from zemi.topups.errors import CredentialsRefused
from zemi.topups.models import BalanceReading
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint


@outside_transaction
def ask_balances(*, now: datetime) -> list[BalanceReading]:
    """Ask about the collecting and the paying shortcode.

    :raises CredentialsRefused: M-Pesa refuses our credentials, and nobody has started sending again
    """
    if switch.is_refused():
        raise CredentialsRefused
    provider = registry.mobile_money()
    readings = []
    for shortcode in (provider.collection_account, provider.disbursement_account):
        reading = BalanceReading(shortcode=shortcode, asked_at=now)
        insert(reading)
        hooks = f"{settings.CALLBACK_ORIGIN}/hooks"
        answer = provider.balance(
            account=shortcode,
            result_url=f"{hooks}/{mint(CallbackKind.BALANCE_RESULT, reading.id)}",
            timeout_url=f"{hooks}/{mint(CallbackKind.STATUS_TIMEOUT, reading.id)}",
        )
        if isinstance(answer, Unknown):
            reading.problem = f"{answer.code} {answer.text}"[:200]
            reading.save(update_fields=["problem"])
        readings.append(reading)
    return readings


def handle_balance(row: WebhookLog, told: BalanceResult, *, now: datetime) -> None:
    """Handle a claimed answer: keep it beside its question. Opens its own transaction."""
    accounts = [
        {"name": one.name, "total": one.total.minor, "available": one.available.minor}
        for one in told.accounts
    ]
    problem = "" if isinstance(told.outcome, Succeeded) else f"{told.outcome.code} {told.outcome.text}"[:200]
    with unit_of_work():
        switch.stop_if_refused(told.outcome, now=now)
        BalanceReading.objects.filter(pk=str(row.subject_id)).update(
            told_at=now, accounts=accounts, problem=problem
        )
        mark_handled(row, now=now, error=problem)
