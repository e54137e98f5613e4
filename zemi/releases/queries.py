"""Read a sale: the order, and how far its money is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zemi.orders.lookup import charged_lookup
from zemi.orders.models import Order
from zemi.orders.queries import get_order
from zemi.payouts.queries import seed_status_of


@dataclass(frozen=True, slots=True)
class Sale:
    """An order, and its payout in the seed's word: None before there is one."""

    order: Order
    payout_status: str | None


def read_sale(*, order_reference: str, merchant_id: UUID | None, caller: str, now: datetime) -> Sale:
    """Read an order by its reference. A miss is charged to the caller, so that references can't be tried in bulk.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises TooManyAttempts: the caller has missed too often
    """
    with charged_lookup(caller, now=now):
        order = get_order(order_reference=order_reference, merchant_id=merchant_id)
    return Sale(order, seed_status_of(order.id))
