"""Say what became of a payment of which M-Pesa says both that it was paid and that it was not (SAFETY 3.3)."""

from datetime import datetime

from django.db.models import Model

from zemi.common.db import inside_transaction
from zemi.disbursements.models import SuspenseCase
from zemi.orders.models import Order
from zemi.payments.contradicted import claim_of, claimed_receipt
from zemi.payments.errors import PaymentNotContradicted
from zemi.payments.models import PayInReversal, Payment, Receipt
from zemi.payments.queries import CLOCKS_APART
from zemi.payments.settle import EVIDENCE_WAIT, book_decided, end_without_money
from zemi.payouts.models import Payout
from zemi.providers.base import LineKind, Succeeded
from zemi.reconciliation.models import Direction
from zemi.reconciliation.statements import (
    is_covered,
    is_denied_by_statement,
    is_on_statement,
    is_told_by_statement,
)
from zemi.refunds.models import Refund
from zemi.staff.errors import BadRequestOfStaff

# A number of the provider's is of one movement, and of one of these.
_NUMBERED: tuple[type[Model], ...] = (Payout, Refund, SuspenseCase, Receipt, PayInReversal)


def refuse_number_of_another(receipt: str) -> None:
    """Refuse a number of the provider's that a movement has: for the words, of two at once the database refuses one.

    :raises BadRequestOfStaff: one has it
    """
    if any(model._default_manager.filter(transaction_id=receipt).exists() for model in _NUMBERED):
        raise BadRequestOfStaff(problem=f"{receipt} is the number of another movement")


@inside_transaction
def say_paid(payment: Payment, receipt: str, *, actor: str, now: datetime) -> None:
    """Book the money of a contradicted payment under M-Pesa's number of it. It must be locked.

    :raises PaymentNotContradicted: there is nothing to decide
    :raises BadRequestOfStaff: M-Pesa's message names another number, or the statement shows no such money
    """
    _must_be_contradicted(payment)
    claim = claim_of(payment)
    if claim.receipt and receipt != claim.receipt:
        # A mistyped number would be booked beside the real one, which the next statement then sends back.
        raise BadRequestOfStaff(
            problem=f"M-Pesa's message names {claim.receipt}; only a statement proves another number"
        )
    if claimed_receipt(payment) is None:
        refuse_number_of_another(receipt)
    is_missing = _is_covered(payment) and not is_on_statement(receipt)
    if is_missing or is_denied_by_statement(
        receipt, kind=LineKind.PAYMENT, amount=claim.amount, direction=Direction.IN
    ):
        raise BadRequestOfStaff(
            problem=f"the statement has no line {receipt} of KES {claim.amount} that came in"
        )
    said = Succeeded("by_statement", f"decided by {actor}", receipt=receipt, amount=claim.amount)
    book_decided(payment, said, actor=actor, now=now)


@inside_transaction
def say_unpaid(payment: Payment, *, actor: str, now: datetime) -> None:
    """End a contradicted payment as one that brought nothing. It must be locked.

    :raises PaymentNotContradicted: there is nothing to decide
    :raises BadRequestOfStaff: a statement has its money, or it was sent less than a day ago and no statement covers it
    """
    _must_be_contradicted(payment)
    claim, order = claim_of(payment), _order_of(payment)
    if is_told_by_statement(claim.receipt, order_reference=order.order_reference, amount=claim.amount):
        raise BadRequestOfStaff(
            problem="the statement has its money: run zemi reconcile, or say that it was paid"
        )
    if now < payment.created_at + EVIDENCE_WAIT and not _is_covered(payment):
        raise BadRequestOfStaff(
            problem="it was sent less than a day ago, and no statement that was read covers its time"
        )
    end_without_money(payment, actor=actor, now=now)


def _must_be_contradicted(payment: Payment) -> None:
    if not payment.is_contradicted:
        raise PaymentNotContradicted(status=str(payment.status))


def _is_covered(payment: Payment) -> bool:
    """Whether the statements tell all that came while its prompt was open, be M-Pesa's clock CLOCKS_APART from ours."""
    return is_covered(payment.created_at - CLOCKS_APART, payment.live_until + CLOCKS_APART)


def _order_of(payment: Payment) -> Order:
    order: Order = payment.order
    return order
