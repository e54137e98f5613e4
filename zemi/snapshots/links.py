"""Payment links as their owners see them, and what a buyer who holds one is offered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from zemi.common.clock import stamp
from zemi.common.ids import public_id
from zemi.links.models import LinkStatus, PaymentLink
from zemi.links.queries import Owner, links_of
from zemi.links.tokens import address_of
from zemi.snapshots.lists import USUAL_LIMIT, Page, page_of
from zemi.snapshots.objects import Shown

PREFIX = "link"


@dataclass(frozen=True, slots=True)
class LinkWish:
    """Which links are wanted, and how many at once; times are of [from, until)."""

    limit: int = USUAL_LIMIT
    cursor: str = ""
    status: str = ""
    created_from: datetime | None = None
    created_until: datetime | None = None
    with_total: bool = False

    @property
    def filters(self) -> tuple[object, ...]:
        """What a cursor is bound to."""
        return (self.status, self.created_from, self.created_until)


def list_links(owner: Owner, *, wish: LinkWish, now: datetime) -> Page:
    """List the links of one owner, newest first.

    :raises CursorInvalid: the cursor is not one of ours, or of another list
    """
    rows = links_of(owner)
    if wish.status:
        rows = _with_status(rows, wish.status, now=now)
    bounds = {"created_at__gte": wish.created_from, "created_at__lt": wish.created_until}
    rows = rows.filter(**{column: bound for column, bound in bounds.items() if bound is not None})
    scope = repr(("link", str(owner.merchant_id), str(owner.party_id), wish.filters))
    found, next_cursor = page_of(rows, scope=scope, limit=wish.limit, cursor=wish.cursor)
    total = rows.count() if wish.with_total else None
    return Page([show_link(link, now=now) for link in found], next_cursor, total)


def show_link(link: PaymentLink, *, now: datetime) -> Shown:
    """Write a link for its owner, with the address to share."""
    return {**show_link_of_event(link, now=now), "url": address_of(link)}


def show_link_of_event(link: PaymentLink, *, now: datetime) -> Shown:
    """Write a link as its events show it: without the address, which opens it."""
    return {
        "id": public_id(PREFIX, link.id),
        "object": "link",
        "livemode": settings.LIVE,
        "status": link.status_at(now),
        **_terms(link),
        "fee": str(link.fee),
        "seller_receives": str(link.net),
        "stock": link.stock,
        "sold": link.sold,
        "expires_at": stamp(link.expires_at),
        "created_at": stamp(link.created_at),
        "updated_at": stamp(link.updated_at),
    }


def show_offer(link: PaymentLink, *, now: datetime) -> Shown:
    """Write what a link offers, for whoever holds it."""
    return {
        "object": "offer",
        "livemode": settings.LIVE,
        "status": link.status_at(now),
        **_terms(link),
        "expires_at": stamp(link.expires_at),
    }


def _terms(link: PaymentLink) -> dict[str, Any]:
    return {
        "product_description": link.product_description,
        "amount": str(link.amount),
        "currency": link.currency,
        "seller_phone_masked": link.seller.phone_masked,
        "release_policy": link.release_policy,
        "pay_within_h": link.pay_within_h,
        "terms": link.terms,
        "terms_hash": link.terms_hash,
    }


def _with_status(rows: "QuerySet[PaymentLink]", status: str, *, now: datetime) -> "QuerySet[PaymentLink]":
    """The rule of `PaymentLink.status_at`, as the database reads it."""
    over = Q(expires_at__isnull=False, expires_at__lte=now)
    if status == LinkStatus.EXPIRED:
        return rows.filter(over & ~Q(status=LinkStatus.DISABLED) | Q(status=status))
    if status == LinkStatus.DISABLED:
        return rows.filter(status=status)
    return rows.filter(~over, status=status)
