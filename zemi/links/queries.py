"""Find payment links: by the token that opens one, or as their owner."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from zemi.links.errors import LinkNotFound
from zemi.links.models import LinkStatus, PaymentLink
from zemi.links.tokens import TOKEN, index_of


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose links: a merchant's by its key, or those that a person has made, who is signed in. One of the two."""

    merchant_id: UUID | None = None
    party_id: UUID | None = None


def links_of(owner: Owner) -> "QuerySet[PaymentLink]":
    """All links of one owner, with their sellers, in no order."""
    rows = PaymentLink.objects.select_related("seller")
    if owner.merchant_id is not None:
        return rows.filter(merchant_id=owner.merchant_id)
    return rows.filter(merchant__isnull=True, seller_id=owner.party_id)


def get_link(key: UUID | None, *, owner: Owner) -> PaymentLink:
    """Find a link of this owner by its key.

    :raises LinkNotFound: there is none, or it is somebody else's: the answer is the same
    """
    link = links_of(owner).filter(pk=key).first() if key is not None else None
    if link is None:
        raise LinkNotFound
    return link


def open_links_of(owner: Owner, *, now: datetime) -> "QuerySet[PaymentLink]":
    """Those by which an order can be made now (`PaymentLink.is_open`), in no order."""
    return links_of(owner).filter(Q(expires_at=None) | Q(expires_at__gt=now), status=LinkStatus.ACTIVE)


def find_link(token: str, *, owner: Owner | None = None) -> PaymentLink:
    """Find the link that `token` opens, with its seller; with `owner` only if it is one of theirs.

    :raises LinkNotFound: it opens none
    """
    link = None
    if TOKEN.fullmatch(token):
        rows = PaymentLink.objects.select_related("seller") if owner is None else links_of(owner)
        link = rows.filter(token_hash=index_of(token)).first()
    if link is None:
        raise LinkNotFound
    return link
