"""Lock an order: always the first lock of whatever moves its money (DESIGN 4)."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order


@inside_transaction
def lock_order(*, order_reference: str) -> Order:
    """Lock the order and read it afresh.

    :raises OrderNotFound: there is none
    """
    # On SQLite BEGIN IMMEDIATE has locked everything already; Django leaves the clause out.
    try:
        return Order.objects.select_for_update().get(order_reference=order_reference)
    except Order.DoesNotExist as error:
        raise OrderNotFound from error


@inside_transaction
def lock_order_by_key(order_id: UUID) -> Order:
    """Lock the order with this key and read it afresh. It exists: a foreign key names it."""
    return Order.objects.select_for_update().get(pk=order_id)
