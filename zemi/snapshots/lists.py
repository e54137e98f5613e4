"""Lists of objects, newest first: pages by a signed cursor, filters, and never anything of somebody else's.

The order is that of the keys, which follow the machine's clock: an object made while somebody pages comes before the
first page, so that nothing is shown twice and nothing is left out (DOMAIN 4.4).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from zemi.common import crypto
from zemi.common.ids import read_public_id, read_reference
from zemi.orders.models import Order
from zemi.orders.parties import Asker
from zemi.snapshots.errors import CursorInvalid, ObjectNotFound
from zemi.snapshots.objects import Expand, Shown, created_column, prefix_of, render, rows_of

USUAL_LIMIT = 25
MOST = 100
_PURPOSE = "list-cursor"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which objects are wanted, and how many at once.

    `reference` is the merchant's own number of the order, `order` the order's reference; times are of [from, until).
    """

    limit: int = USUAL_LIMIT
    cursor: str = ""
    created_from: datetime | None = None
    created_until: datetime | None = None
    status: str = ""
    order: str = ""
    reference: str = ""
    with_total: bool = False

    @property
    def filters(self) -> tuple[object, ...]:
        """What a cursor is bound to."""
        return (self.created_from, self.created_until, self.status, self.order, self.reference)


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, and the cursor of those that come after them; None: there are no more."""

    items: list[Shown]
    next_cursor: str | None
    total: int | None = None


def list_objects(name: str, *, asker: Asker, wish: Wish, expand: Expand | None = None) -> Page:
    """List a merchant's or a person's own objects of the kind `name`.

    :raises CursorInvalid: the cursor is not one of ours, or of another list
    """
    rows = _own(name, asker, order=wish.order, reference=wish.reference)
    created = created_column(name)
    bounds: Mapping[str, Any] = {
        f"{created}__gte": wish.created_from,
        f"{created}__lt": wish.created_until,
        "status": wish.status or None,
    }
    rows = rows.filter(**{column: bound for column, bound in bounds.items() if bound is not None})
    scope = repr((name, str(asker.merchant_id or asker.party_id), wish.filters))
    found, next_cursor = page_of(rows, scope=scope, limit=wish.limit, cursor=wish.cursor)
    total = rows.count() if wish.with_total else None
    return Page(render(name, found, viewer=asker, expand=expand), next_cursor, total)


def read_object(name: str, *, asker: Asker, public_id: str, expand: Expand | None = None) -> Shown:
    """Read one object of a merchant's or a person's own.

    :raises ObjectNotFound: there is none, or it is somebody else's
    """
    key = read_public_id(prefix_of(name), public_id)
    row = _own(name, asker).filter(pk=key).first() if key is not None else None
    if row is None:
        raise ObjectNotFound
    [shown] = render(name, [row], viewer=asker, expand=expand)
    return shown


def page_of(
    rows: "QuerySet[Any]", *, scope: str, limit: int, cursor: str, oldest_first: bool = False
) -> tuple[list[Any], str | None]:
    """Take one page out of `rows`, newest first unless told otherwise; the cursor of the next too. `scope` says which
    list it is, and with it which way it goes.

    :raises CursorInvalid: the cursor is not one of ours, or of another list
    """
    bound = hashlib.sha256(scope.encode()).digest()[:8]
    if cursor:
        payload = crypto.read_signed(_PURPOSE, cursor)
        if payload is None or payload[16:] != bound:
            raise CursorInvalid
        last = UUID(bytes=payload[:16])
        rows = rows.filter(pk__gt=last) if oldest_first else rows.filter(pk__lt=last)
    found = list(rows.order_by("id" if oldest_first else "-id")[: limit + 1])
    if len(found) <= limit:
        return found, None
    found = found[:limit]
    return found, crypto.sign(_PURPOSE, found[-1].pk.bytes + bound)


def _own(name: str, asker: Asker, *, order: str = "", reference: str = "") -> "QuerySet[Any]":
    """What belongs to a merchant's orders, or to those of which a person is buyer or seller.

    Payouts are their sellers' alone. Refunds are also of whoever paid: a phone that is not the buyer's may pay, and its
    money may never have belonged to an order.
    """
    if asker.merchant_id is not None:
        theirs = Q(merchant_id=asker.merchant_id)
    else:
        theirs = Q(seller_id=asker.party_id)
        theirs |= Q(buyer_id=asker.party_id) if name != "payout" else Q()
    of_order = {
        **({"order_reference": read_reference(order)} if order else {}),
        **({"merchant_reference": reference} if reference else {}),
    }
    if name == "order":
        return rows_of(name).filter(theirs, **of_order)
    rows = rows_of(name)
    own = rows.filter(order_id__in=Order.objects.filter(theirs, **of_order).values("id"))
    if name != "refund" or asker.party_id is None or reference:
        return own
    paid = rows.filter(payer_id=asker.party_id)
    if order:
        paid = paid.filter(order__order_reference=read_reference(order))
    # Two small sets, each by its own index; either alone would have the other's rows looked through.
    return rows.filter(pk__in=own.values("id").union(paid.values("id")))
