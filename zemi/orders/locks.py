"""Lock an order: always the first lock of whatever moves its money (DESIGN 4)."""

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
