"""The seed's simulated payment: the simulator books a receipt, and from there on it is a payment like any other.

Sandbox only: in live mode nothing routes here. The checks come first, so that a refusal has moved nothing anywhere.
"""

import json
from collections.abc import Mapping
from datetime import datetime
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
from zemi.providers.base import Refused, Succeeded, Unknown
from zemi.webhooks.inbox import receive


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
    :raises ProviderUnreachable: the simulator does not answer
    """
    if payment_method != PaymentMethod.MPESA:
        raise errors.PaymentMethodUnavailable(available=str(PaymentMethod.MPESA))
    registry.mobile_money()
    payment = _open(order_reference, transaction_id, amount, payer_phone, metadata or {}, now=now)
    outcome = _book_at_simulator(payment, order_reference, transaction_id)

    row = receive(
        webhook_type="simulated_payment",
        provider=payment.provider,
        subject_id=payment.id,
        now=now,
        body=json.dumps({"transaction_id": transaction_id, "amount": str(amount)}).encode(),
        content_type="application/json",
        user_agent="",
        source_address=source_address,
    )
    if isinstance(outcome, Succeeded):
        settle_charge(payment.id, Succeeded(receipt=transaction_id, amount=amount), now=now, row=row)
        payment.refresh_from_db()
        return Order.objects.get(pk=payment.order_id)
    if isinstance(outcome, Refused):
        if payment.merchant_request_id:
            # The open prompt was just answered on the phone: its own callback tells what became of it.
            raise errors.PaymentInProgress
        fail_charge(payment.id, outcome, now=now, row=row)
        raise errors.ProviderUnreachable if outcome.may_resend else errors.TransactionIdUsed
    raise errors.ProviderUnreachable


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
        check_payable(order, amount)
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
