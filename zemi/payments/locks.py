"""Lock an attempt: the order first, then the attempt, in one statement (DESIGN 4)."""

from typing import cast
from uuid import UUID

from zemi.common.db import columns, fetch, inside_transaction, locking
from zemi.orders.models import Order
from zemi.payments.models import Payment, Receipt


@inside_transaction
def lock_payment(payment_id: UUID) -> Payment:
    """Lock the order of an attempt and then the attempt itself, and read both afresh."""
    # PostgreSQL locks in the order of the list.
    statement = f"""
        SELECT {columns(Payment, "p")}, {columns(Order, "o")}
        FROM payments_payment p JOIN orders_order o ON o.id = p.order_id
        WHERE p.id = %s {locking("o", "p")}"""  # noqa: S608 (own names)
    [(payment, order)] = fetch(statement, [payment_id], Payment, Order)
    payment.order = order
    return cast("Payment", payment)


@inside_transaction
def lock_receipt(receipt_id: UUID) -> Receipt:
    """Lock a receipt that has no order, and read it afresh; an order to which it is to go must be locked before."""
    return Receipt.objects.select_for_update().get(pk=receipt_id)
