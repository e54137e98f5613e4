"""Lock an attempt: the order first, then the attempt, in one statement (DESIGN 4)."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.payments.models import Payment, Receipt


@inside_transaction
def lock_payment(payment_id: UUID) -> Payment:
    """Lock the order of an attempt and then the attempt itself, and read both afresh."""
    # PostgreSQL locks in the order of the list.
    return Payment.objects.select_related("order").select_for_update(of=("order", "self")).get(pk=payment_id)


@inside_transaction
def lock_receipt(receipt_id: UUID) -> Receipt:
    """Lock a receipt that has no order, and read it afresh; an order to which it is to go must be locked before."""
    return Receipt.objects.select_for_update().get(pk=receipt_id)
