"""Read one order as its viewer may see it."""

from collections.abc import Sequence
from datetime import datetime

from zemi.events.models import Event
from zemi.orders.lookup import charged_lookup
from zemi.orders.models import Order
from zemi.orders.parties import Asker, Role
from zemi.orders.queries import get_order
from zemi.snapshots.lists import Page, page_of
from zemi.snapshots.objects import Shown, read_expand, render, show_event_of_timeline, show_order_to_stranger

MOST_EVENTS = 1000
_INSIDERS = (Role.MERCHANT, Role.BUYER, Role.SELLER, Role.LINK)


def read_order(
    *, order_reference: str, asker: Asker, expand: Sequence[str] = (), caller: str, now: datetime
) -> Shown:
    """Read an order by its reference: its own people and who has its link see all of it, others what a stranger may see.

    A merchant whose key is not for reading is a stranger here (DOMAIN 4.9), and other merchants' orders are not found.

    A miss is charged to the caller, so that references can't be tried in bulk. `expand` is for its own people.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises TooManyAttempts: the caller has missed too often
    :raises ExpandUnknown: it has no such part
    """
    parts = read_expand("order", expand)
    with charged_lookup(caller, now=now):
        order = get_order(order_reference=order_reference, merchant_id=asker.merchant_id)
    roles = asker.roles_in(order) - (frozenset() if asker.may_read else {Role.MERCHANT})
    viewer = next((role for role in _INSIDERS if role in roles), None)
    if viewer is None:
        return show_order_to_stranger(order)
    [shown] = render("order", [order], viewer=viewer, expand=parts)
    return shown


def read_timeline(order: Order, *, limit: int = MOST_EVENTS, cursor: str = "") -> Page:
    """What happened to an order and to what belongs to it, oldest first, at most `limit` at once.

    :raises CursorInvalid: the cursor is not one of ours, or of another order's
    """
    rows = Event.objects.filter(order_id=order.id)
    scope = repr(("timeline", str(order.id)))
    found, next_cursor = page_of(rows, scope=scope, limit=limit, cursor=cursor, oldest_first=True)
    return Page([show_event_of_timeline(event) for event in found], next_cursor)
