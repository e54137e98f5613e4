"""Read one object as its viewer may see it."""

from datetime import datetime
from uuid import UUID

from zemi.orders.lookup import charged_lookup
from zemi.orders.queries import get_order
from zemi.snapshots.objects import Expand, Shown, render, show_order_to_stranger


def read_order(
    *,
    order_reference: str,
    merchant_id: UUID | None,
    expand: Expand | None = None,
    caller: str,
    now: datetime,
) -> Shown:
    """Read an order by its reference: its own merchant sees all of it, everybody else what a stranger may see.

    A miss is charged to the caller, so that references can't be tried in bulk.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises TooManyAttempts: the caller has missed too often
    """
    with charged_lookup(caller, now=now):
        order = get_order(order_reference=order_reference, merchant_id=merchant_id)
    if merchant_id is None or order.merchant_id != merchant_id:
        return show_order_to_stranger(order)
    [shown] = render("order", [order], expand=expand)
    return shown
