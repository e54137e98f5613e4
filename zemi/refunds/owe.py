"""Owe a refund: take the money from where it lies, never more than came, and queue it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F

from zemi.common.db import insert, inside_transaction
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.models import DisbursementStatus
from zemi.events.log import record, transition
from zemi.identity.parties import find_or_create_parties
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.providers import registry
from zemi.providers.base import PAYOUT_LEAST
from zemi.refunds.errors import RefundExceedsReceipt
from zemi.refunds.models import FRESH, TOO_SMALL, Refund, RefundedReceipt


@inside_transaction
def owe_refund(
    *,
    order: Order | None,
    receipt_id: UUID,
    amount: Money,
    source: AccountRef,
    payee_phone: Phone | None,
    pay_in: str | None,
    received: Money,
    reason: str,
    actor: str,
    now: datetime,
    received_at: datetime | None = None,
) -> Refund:
    """Owe `amount` of a receipt of `received` to its payer, out of `source` (P6a, P7c), and queue it.

    The order, if there is one, must be locked. `pay_in` is the provider's number of the receipt: all of a fresh one is
    undone by a reversal, anything else is paid by B2C. Without `payee_phone` it waits until the payer is known. Less than
    KES 10, which M-Pesa can't pay out, is the payer's credit at once, and so the refund is over.

    :raises RefundExceedsReceipt: refunds of a receipt never exceed it
    """
    return owe_refund_from(
        {source: amount},
        order=order,
        receipt_id=receipt_id,
        payee_phone=payee_phone,
        pay_in=pay_in,
        received=received,
        reason=reason,
        actor=actor,
        now=now,
        received_at=received_at,
    )


@inside_transaction
def owe_refund_from(
    sources: Mapping[AccountRef, Money],
    *,
    order: Order | None,
    receipt_id: UUID,
    payee_phone: Phone | None,
    pay_in: str | None,
    received: Money,
    reason: str,
    actor: str,
    now: datetime,
    received_at: datetime | None = None,
) -> Refund:
    """As `owe_refund`, out of several accounts: the amount is their sum.

    :raises RefundExceedsReceipt: refunds of a receipt never exceed it
    """
    amount = Money(sum(part.minor for part in sources.values()), received.currency)
    payer = find_or_create_parties({payee_phone}, now=now)[payee_phone] if payee_phone else None
    fresh = received_at is not None and now - received_at <= FRESH
    reverses = pay_in if pay_in and amount == received and fresh else ""
    refund = Refund(
        order=order,
        receipt_id=receipt_id,
        payer=payer,
        provider=registry.mobile_money().name,
        amount_minor=amount.minor,
        currency=amount.currency,
        reason=reason,
        reverses=reverses,
        sources={str(ref.line.code): part.minor for ref, part in sources.items() if part.minor},
        created_at=now,
        updated_at=now,
    )
    if payer is not None and amount < PAYOUT_LEAST and not reverses:
        _credit(refund, sources, actor=actor, now=now)
        return refund
    _count(receipt_id, amount, received)
    insert(refund)
    event = record(
        "refund.created", refund, at=now, actor=actor, data={"amount": str(amount), "reason": str(reason)}
    )
    post(
        event,
        *(
            Line("refund", f"{refund.id}.{ref.line.code}", ref, refund.in_flight, part)
            for ref, part in sources.items()
        ),
    )
    transition(refund, DisbursementStatus.QUEUED, at=now, actor=actor, due_at=now, updated_at=now)
    return refund


def _count(receipt_id: UUID, amount: Money, received: Money) -> None:
    RefundedReceipt.objects.bulk_create(
        [RefundedReceipt(receipt_id=receipt_id, received_minor=received.minor)], ignore_conflicts=True
    )
    counted = RefundedReceipt.objects.filter(
        pk=receipt_id, received_minor__gte=F("refunded_minor") + amount.minor
    )
    if counted.update(refunded_minor=F("refunded_minor") + amount.minor) != 1:
        raise RefundExceedsReceipt


def _credit(refund: Refund, sources: Mapping[AccountRef, Money], *, actor: str, now: datetime) -> None:
    insert(refund)
    event = transition(
        refund,
        DisbursementStatus.CANCELLED,
        at=now,
        actor=actor,
        failure_reason=TOO_SMALL,
        updated_at=now,
        data={"amount": str(refund.amount), "reason": str(refund.reason)},
    )
    post(
        event,
        *(
            Line("credit", f"{refund.id}.{ref.line.code}", ref, refund.returns_to, part)
            for ref, part in sources.items()
        ),
    )
