"""The seed's simulated payment: the simulator books a receipt, and from there on it is a payment like any other.

Sandbox only: in live mode nothing routes here. The checks come first, so that a refusal has moved nothing anywhere.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from zemi.common.db import outside_transaction, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.orders.locks import lock_order
from zemi.orders.models import Order
from zemi.payments import errors
from zemi.payments.collect import check_payable, open_attempt, retire_dead_attempts
from zemi.payments.models import Payment, PaymentMethod, Receipt
from zemi.payments.settle import fail_charge, settle_charge
from zemi.providers import registry
from zemi.providers.base import Reason, Refused, Succeeded, Unknown
from zemi.webhooks.inbox import ClaimLost, mark_handled, receive
from zemi.webhooks.models import WebhookLog

# The worker leaves the row to the request for so long.
TIME_TO_ANSWER = timedelta(minutes=1)


def receive_simulated_payment(
    *,
    order_reference: str,
    transaction_id: str,
    amount: Money,
    payment_method: str,
    payer_phone: Phone | None = None,
    metadata: Mapping[str, Any] | None = None,
    source_address: str = "",
    now: datetime,
) -> Order:
    """Pay an order with the receipt `transaction_id`, in the simulator's books and in ours.

    If a prompt is open on a phone for the order, it is that prompt which is paid.

    :raises PaymentMethodUnavailable: only mpesa is simulated
    :raises OrderNotFound, OrderNotPayable, AmountMismatch, TransactionIdUsed, PaymentInProgress: nothing moved
    :raises ProviderUnreachable: the simulator was not reached, nothing moved
    :raises OutcomeUnknown: it did not answer; the worker finds out what it did
    """
    if payment_method != PaymentMethod.MPESA:
        raise errors.PaymentMethodUnavailable(available=str(PaymentMethod.MPESA))
    registry.make_ready()
    payment = _open(order_reference, transaction_id, amount, payer_phone, metadata or {}, now=now)
    # Stored before the simulator is asked: should this process die, the worker finds the row and ends what was begun.
    row = receive(
        webhook_type="simulated_payment",
        provider=payment.provider,
        subject_id=payment.id,
        now=now,
        due_at=now + TIME_TO_ANSWER,
        body=json.dumps({"transaction_id": transaction_id}).encode(),
        content_type="application/json",
        user_agent="",
        source_address=source_address,
    )
    outcome = _book_at_simulator(payment, order_reference, transaction_id)
    with suppress(ClaimLost):
        _record(payment, outcome, transaction_id, row, now=now)
    if isinstance(outcome, Unknown):
        raise errors.OutcomeUnknown
    if isinstance(outcome, Refused):
        if payment.merchant_request_id:
            # The open prompt was just answered on the phone: its own callback tells what became of it.
            raise errors.PaymentInProgress
        raise errors.ProviderUnreachable if outcome.may_resend else errors.TransactionIdUsed
    return Order.objects.get(pk=payment.order_id)


def finish_simulated_payment(row: WebhookLog, *, now: datetime) -> None:
    """End a simulated payment whose request died on the way: the simulator's books tell whether it was paid.

    :raises SandboxUnreachable: they can't be read
    """
    payment = Payment.objects.get(pk=str(row.subject_id))
    transaction_id = str(json.loads(row.body)["transaction_id"])
    booked = any(
        move.receipt == transaction_id and move.amount_minor == payment.amount_minor
        for move in registry.sandbox().transactions()
    )
    outcome = Succeeded() if booked else Refused(Reason.NOT_SENT)
    _record(payment, outcome, transaction_id, row, now=now)


def _record(
    payment: Payment,
    outcome: Succeeded | Refused | Unknown,
    transaction_id: str,
    row: WebhookLog,
    *,
    now: datetime,
) -> None:
    if isinstance(outcome, Succeeded):
        said = Succeeded(receipt=transaction_id, amount=payment.amount)
        settle_charge(payment.id, said, now=now, row=row)
    elif isinstance(outcome, Refused):
        if payment.merchant_request_id:
            with unit_of_work():
                mark_handled(row, now=now, error="prompt_answered")
        else:
            fail_charge(payment.id, outcome, now=now, row=row)


def _open(
    order_reference: str,
    transaction_id: str,
    amount: Money,
    payer_phone: Phone | None,
    metadata: Mapping[str, Any],
    *,
    now: datetime,
) -> Payment:
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        check_payable(order, amount, now=now)
        if Receipt.objects.filter(
            provider=registry.mobile_money().name, transaction_id=transaction_id
        ).exists():
            raise errors.TransactionIdUsed
        retire_dead_attempts(order, now=now)
        payment = Payment.objects.filter(order=order, is_live=True).first()
        if payment is None:
            payment = open_attempt(order, payer_phone=payer_phone or order.buyer.phone, now=now)
        elif not payment.provider_reference:
            raise errors.PaymentInProgress
        payment.metadata = dict(metadata)
        payment.save(update_fields=["metadata"])
    return payment


@outside_transaction
def _book_at_simulator(
    payment: Payment, order_reference: str, transaction_id: str
) -> Succeeded | Refused | Unknown:
    return registry.sandbox().pay(
        shortcode=registry.mobile_money().collection_account,
        payer=payment.payer_phone,
        amount=payment.amount,
        receipt=transaction_id,
        reference=read_reference(order_reference),
        checkout_request_id=payment.provider_reference,
    )
