"""Lock an order: always the first lock of whatever moves its money (DESIGN 4)."""

from typing import cast
from uuid import UUID

from zemi.common.db import columns, fetch, inside_transaction, locking
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order


@inside_transaction
def lock_order(*, order_reference: str) -> Order:
    """Lock the order and read it afresh.

    :raises OrderNotFound: there is none
    """
    statement = (
        f"SELECT {columns(Order, 'o')} FROM orders_order o WHERE o.order_reference = %s {locking('o')}"  # noqa: S608 (own names)
    )
    for (order,) in fetch(statement, [order_reference], Order):
        return cast("Order", order)
    raise OrderNotFound


@inside_transaction
def lock_order_by_key(order_id: UUID) -> Order:
    """Lock the order with this key and read it afresh. It exists: a foreign key names it."""
    return Order.objects.select_for_update().get(pk=order_id)
