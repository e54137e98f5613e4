"""Handle stored callbacks: read them by the provider's rules, and hand what they say to the package that it is about."""

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from zemi.common.db import unit_of_work
from zemi.common.logs import log
from zemi.common.work import claim_due, handle_each
from zemi.disbursements.settle import handle_disburse_callback
from zemi.payments.c2b import handle_c2b_confirmation, handle_transaction_status
from zemi.payments.settle import handle_charge_callback
from zemi.payments.simulated import finish_simulated_payment
from zemi.payouts.models import PayoutAttempt
from zemi.providers import registry
from zemi.providers.base import DisburseResult, UnreadableCallback
from zemi.refunds.models import RefundAttempt
from zemi.topups.balances import handle_balance
from zemi.topups.move import settle_top_up
from zemi.webhooks.inbox import ClaimLost, mark_handled
from zemi.webhooks.models import WebhookLog

# What a result may be about, the likeliest first.
_ATTEMPTS = (PayoutAttempt, RefundAttempt)


def _stk(row: WebhookLog, now: datetime) -> None:
    try:
        result = registry.mobile_money().read_charge_callback(row.body)
    except UnreadableCallback:
        if row.subject_id is not None:
            raise
        # Somebody may have registered the open address for the paybill's confirmations too.
        _c2b(row, now)
        return
    handle_charge_callback(row, result, now=now)


def _b2c(row: WebhookLog, now: datetime) -> None:
    handle_disburse_callback(
        row, registry.mobile_money().read_disburse_callback(row.body), models=_ATTEMPTS, now=now
    )


def _b2c_timeout(row: WebhookLog, now: datetime) -> None:
    handle_disburse_callback(
        row, registry.mobile_money().read_timeout_notice(row.body), models=_ATTEMPTS, now=now
    )


def _status(row: WebhookLog, now: datetime) -> None:
    handle_disburse_callback(
        row, registry.mobile_money().read_status_callback(row.body), models=_ATTEMPTS, now=now
    )


def _reversal(row: WebhookLog, now: datetime) -> None:
    found = registry.mobile_money().read_reversal_callback(row.body)
    # The secret path says which refund it is; the ids are the gateway's own.
    result = DisburseResult(found.originator_id, found.provider_reference, found.outcome)
    handle_disburse_callback(row, result, models=(RefundAttempt,), now=now)


def _reversal_timeout(row: WebhookLog, now: datetime) -> None:
    result = registry.mobile_money().read_timeout_notice(row.body)
    handle_disburse_callback(row, result, models=(RefundAttempt,), now=now)


def _c2b(row: WebhookLog, now: datetime) -> None:
    handle_c2b_confirmation(row, registry.mobile_money().read_c2b_confirmation(row.body), now=now)


def _transaction(row: WebhookLog, now: datetime) -> None:
    provider = registry.mobile_money()
    answer = provider.read_status_callback(row.body).outcome
    handle_transaction_status(row, provider.read_transaction_callback(row.body), answer=answer, now=now)


def _top_up(row: WebhookLog, now: datetime) -> None:
    found = registry.mobile_money().read_reversal_callback(row.body)
    settle_top_up(_subject(row), found.outcome, now=now, row=row)


def _top_up_timeout(row: WebhookLog, now: datetime) -> None:
    notice = registry.mobile_money().read_timeout_notice(row.body)
    settle_top_up(_subject(row), notice.outcome, now=now, row=row)


def _subject(row: WebhookLog) -> UUID:
    # Only secret paths lead here, and each names its subject.
    return cast("UUID", row.subject_id)


def _balance(row: WebhookLog, now: datetime) -> None:
    handle_balance(row, registry.mobile_money().read_balance_callback(row.body), now=now)


def _simulated(row: WebhookLog, now: datetime) -> None:
    finish_simulated_payment(row, now=now)


def _nothing(row: WebhookLog, now: datetime) -> None:
    """Nothing follows from it: a query that timed out is asked again on schedule, a validation is no payment yet."""
    with unit_of_work():
        mark_handled(row, now=now)


_HANDLERS: dict[str, Callable[[WebhookLog, datetime], None]] = {
    "mpesa_stk": _stk,
    "mpesa_b2c_result": _b2c,
    "mpesa_b2c_timeout": _b2c_timeout,
    "mpesa_reversal_result": _reversal,
    "mpesa_reversal_timeout": _reversal_timeout,
    "mpesa_status_result": _status,
    "mpesa_c2b_confirmation": _c2b,
    "mpesa_transaction_result": _transaction,
    "mpesa_top_up_result": _top_up,
    "mpesa_top_up_timeout": _top_up_timeout,
    "mpesa_balance_result": _balance,
    "mpesa_status_timeout": _nothing,
    "mpesa_c2b_validation": _nothing,
    # Closed in the request that wrote it; due here only after a crash between.
    "simulated_payment": _simulated,
}


def handle_due_callbacks(*, now: datetime, limit: int = 20) -> int:
    """Handle callbacks that are due. What can't be read is kept, closed with its reason, and left to a person."""
    rows = claim_due(WebhookLog, now=now, limit=limit)
    handle_each(rows, _handle, now=now)
    return len(rows)


def _handle(row: WebhookLog, now: datetime) -> None:
    try:
        _HANDLERS[row.webhook_type](row, now)
    except UnreadableCallback:
        log.warning("callback.unreadable", row=str(row.id), webhook_type=row.webhook_type)
        with unit_of_work():
            mark_handled(row, now=now, error="unreadable")
    except ClaimLost:
        log.info("callback.claim_lost", row=str(row.id))
