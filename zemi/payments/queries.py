"""Read payments."""

from uuid import UUID

from zemi.orders.models import Order
from zemi.payments.models import Receipt, ReceiptStatus


def payment_of(order: Order) -> UUID:
    """The payment whose receipt paid a paid order."""
    return (
        Receipt.objects.filter(order=order, status=ReceiptStatus.ALLOCATED)
        .values_list("payment_id", flat=True)
        .get()
    )
