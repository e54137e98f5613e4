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


def refundable_receipts(order: Order) -> list[Receipt]:
    """The receipts that paid an order, the latest first."""
    rows = Receipt.objects.filter(order=order, status=ReceiptStatus.ALLOCATED)
    return list(rows.select_related("payment").order_by("-received_at", "-id")[:20])
