"""A success that was told on an attempt's own path, and that the provider, asked back, denies (SAFETY 3.3, 4; DOMAIN 5.8).

No answer ends it: a proof does (a query that confirms it, a statement), or people. Until then its order does not expire.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from zemi.common.db import inside_transaction, unit_of_work
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.events.log import record
from zemi.events.models import Event
from zemi.notifications.alerts import alert_operators
from zemi.orders.models import Order
from zemi.payments.locks import lock_payment, lock_receipt
from zemi.payments.models import CONTRADICTED, NO_EVIDENCE, PROVED, Payment, Receipt
from zemi.providers.base import Succeeded


@dataclass(frozen=True, slots=True)
class Claim:
    """What the denied message says: the number, empty where it has none, and the sum."""

    receipt: str
    amount: Money


def flag_contradicted(payment_id: UUID, claimed: object, *, code: str, now: datetime) -> bool:
    """Put an attempt whose success is claimed and denied before people, once; `code` is the denial's.

    False: it was decided before that no money came, and there is nothing more to ask. Opens its own transaction.
    """
    said = claimed if isinstance(claimed, Succeeded) else Succeeded()
    with unit_of_work():
        payment = lock_payment(payment_id)
        if payment.status in PROVED or payment.failure_reason in {CONTRADICTED, NO_EVIDENCE}:
            return payment.status in PROVED or payment.failure_reason == CONTRADICTED
        log.error("payment.contradicted", payment=str(payment.id), denied_by=code)
        Payment.objects.filter(pk=payment.pk).update(failure_reason=CONTRADICTED)
        amount = said.amount or payment.amount
        record(
            "payment.contradicted",
            payment,
            at=now,
            actor="provider",
            data={"receipt": said.receipt or "", "amount": str(amount), "code": code},
        )
        order: Order = payment.order
        alert_operators(
            "alert.payment_contradicted",
            incident=f"payment.{payment.id}",
            now=now,
            amount=f"{amount.rounded_down().shillings:,}",
            reference=order.order_reference,
        )
        return True


def claim_of(payment: Payment) -> Claim:
    """What was claimed of an attempt that is or was contradicted; of another one nothing but its own sum."""
    event = Event.objects.filter(subject_id=payment.id, type="payment.contradicted").order_by("id").first()
    if event is None:
        return Claim("", payment.amount)
    return Claim(event.data["receipt"], Money.parse(event.data["amount"]))


def told_otherwise(payment: Payment, number: str | None) -> "QuerySet[Receipt]":
    """The receipt with this number, if it was proved in another way than by the attempt, and is nobody else's."""
    return Receipt.objects.filter(
        Q(order=payment.order) | Q(order__isnull=True),
        provider=payment.provider,
        transaction_id=number or "",
        payment__isnull=True,
    )


@inside_transaction
def claimed_receipt(payment: Payment) -> Receipt | None:
    """The receipt that has the claimed number, told in another way and nobody else's: then the claim was true. Locked."""
    key = told_otherwise(payment, claim_of(payment).receipt).values_list("id", flat=True).first()
    if key is None:
        return None
    known = lock_receipt(key)
    # Somebody else may have been given it before the lock was had.
    return known if known.payment_id is None and known.order_id in {None, payment.order_id} else None
