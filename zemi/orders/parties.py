"""Who somebody is to an order: what one may see or do with it hangs on nothing else (DOMAIN 4.9)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from zemi.common.ids import read_reference
from zemi.orders.errors import OrderNotFound
from zemi.orders.links import opens
from zemi.orders.lookup import charged_lookup
from zemi.orders.models import Order


class Role(StrEnum):
    """What somebody is to one order. LINK: a holder of its link, whoever that is."""

    BUYER = "buyer"
    SELLER = "seller"
    MERCHANT = "merchant"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Asker:
    """What somebody has proved: a merchant by a key, a person by a phone, and maybe that they hold a link.

    `may_read` says whether the merchant's key is good for reading: one that isn't shows no more than a stranger sees.
    """

    merchant_id: UUID | None = None
    may_read: bool = False
    party_id: UUID | None = None
    link_token: str = ""

    def roles_in(self, order: Order) -> frozenset[Role]:
        """Everything that this asker is to `order`: in the sandbox the buyer stands in for a missing seller."""
        holders = {
            Role.BUYER: self.party_id is not None and order.buyer_id == self.party_id,
            Role.SELLER: self.party_id is not None and order.seller_id == self.party_id,
            Role.MERCHANT: self.merchant_id is not None and order.merchant_id == self.merchant_id,
            Role.LINK: opens(order, self.link_token),
        }
        return frozenset(role for role, holds in holders.items() if holds)


def find_order_of(
    asker: Asker, *, order_reference: str, roles: Collection[Role], caller: str, now: datetime
) -> tuple[Order, Role]:
    """Find an order that `asker` has one of `roles` in; that role too, the first of them in the order given.

    A miss is charged to `caller`, so that references can't be tried in bulk. Who is buyer, seller or merchant of an
    order never changes: what was found needs no second look under the lock.

    :raises OrderNotFound: there is none, or the asker is nothing of that sort to it: the answer is the same
    :raises TooManyAttempts: `caller` has missed too often
    """
    with charged_lookup(caller, now=now):
        found = Order.objects.select_related("buyer", "seller")
        order = found.filter(order_reference=read_reference(order_reference)).first()
        held = asker.roles_in(order) if order is not None else frozenset[Role]()
        role = next((role for role in roles if role in held), None)
        if order is None or role is None:
            raise OrderNotFound
    return order, role
