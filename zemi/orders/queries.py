"""Read orders."""

from uuid import UUID

from zemi.common.ids import read_reference
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order


def get_order(*, order_reference: str, merchant_id: UUID | None = None) -> Order:
    """Find an order by the reference that people know.

    With `merchant_id`, orders of other merchants are not found; orders that a buyer made are everybody's to read.

    :raises OrderNotFound: there is none, or it is another merchant's
    """
    order = (
        Order.objects.select_related("buyer", "seller")
        .filter(order_reference=read_reference(order_reference))
        .first()
    )
    if order is None or (merchant_id is not None and order.merchant_id not in {None, merchant_id}):
        raise OrderNotFound
    return order
