"""The link of an order: whoever holds it may see the order's pages; acts ask for more (DESIGN 5).

Its token has 128 bits and stands in no other place: references are short, spoken aloud, and open nothing.
"""

import re
import secrets

from django.conf import settings

from zemi.common import crypto
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order

# Where the pages of an order are; short, since it goes out by text message.
PATH = "/o/"
TOKEN_BYTES = 16
# The longest host with which every text message still has room for its link (tests/rules/test_texts.py).
LONGEST_HOST_IN_TEXTS = 28
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def give_link(order: Order) -> None:
    """Give an order that is about to be written a link of its own."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    order.link_hash = crypto.blind_index("order-link", token)
    order.link_sealed = crypto.seal(token, context=_context(order))


def find_by_link(token: str) -> Order:
    """Find the order that `token` opens, with its buyer and seller.

    :raises OrderNotFound: it opens none
    """
    order = None
    if _TOKEN.fullmatch(token):
        found = Order.objects.select_related("buyer", "seller")
        order = found.filter(link_hash=crypto.blind_index("order-link", token)).first()
    if order is None:
        raise OrderNotFound
    return order


def opens(order: Order, token: str) -> bool:
    """Tell whether `token` is that of this order's link."""
    if order.link_hash is None or not _TOKEN.fullmatch(token):
        return False
    return crypto.same(bytes(order.link_hash), crypto.blind_index("order-link", token))


def token_of(order: Order) -> str:
    """The token that opens this order; "" for one that is older than links."""
    return crypto.unseal(order.link_sealed, context=_context(order)) if order.link_sealed else ""


def link_of(order: Order) -> str:
    """The address of this order's page, such as "https://zemi.co.ke/o/Xq3vN8ZtLw2RkP5yBd7MhA"; "" without one."""
    token = token_of(order)
    return f"{settings.PUBLIC_ORIGIN}{PATH}{token}" if token else ""


def link_in_text(order: Order) -> str:
    """The same for a text message, without its scheme; "" where it would not fit."""
    return address_in_text(link_of(order))


def address_in_text(address: str) -> str:
    """An address of ours for a text message, without its scheme; "" where it would not fit."""
    _, _, rest = address.partition("://")
    return rest if len(rest.partition("/")[0]) <= LONGEST_HOST_IN_TEXTS else ""


def _context(order: Order) -> str:
    return f"orders|link|{order.id}"
