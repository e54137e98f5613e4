"""The photo of what a payment link sells: read what was uploaded, keep a small picture of it, find it again."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from zemi.common.db import outside_transaction, unit_of_work
from zemi.common.work import due_keys
from zemi.identity.models import Party
from zemi.links import photo_reader
from zemi.links.errors import LinkNotFound, PhotoMoves, PhotoTooLarge, PhotoUnreadable
from zemi.links.locks import lock_link
from zemi.links.models import PaymentLink, Photo
from zemi.orders.models import Order, OrderStatus
from zemi.trust.limits import charge_or_refuse, named

MOST_UPLOADED_BYTES = 8 * 1024 * 1024
CONTENT_TYPE = "image/webp"
_READER = Path(photo_reader.__file__)
# Waiting for its turn at a busy processor counts too.
_LONGEST_S = 30


@outside_transaction
def read_photo(data: bytes, *, seller: Party, now: datetime) -> bytes:
    """Make of an upload the small picture that is kept: WebP, without whatever the file told beside its pixels.

    Opens a transaction of its own, then reads in a process of its own, which may fall or be stopped.

    :raises TooManyAttempts: this seller has uploaded too many
    :raises PhotoTooLarge: more than MOST_UPLOADED_BYTES, or more than MOST_PIXELS
    :raises PhotoMoves: it is an animation
    :raises PhotoUnreadable: no JPEG, PNG or WebP, or a broken one
    """
    charge_or_refuse(named("photos_per_phone", str(seller.id)), now=now)
    if len(data) > MOST_UPLOADED_BYTES:
        raise PhotoTooLarge
    try:
        # It is told no secrets: -I and an empty environment.
        done = subprocess.run(  # noqa: S603 (our own file; what was uploaded is its input)
            [sys.executable, "-I", str(_READER)],
            input=data,
            capture_output=True,
            timeout=_LONGEST_S,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PhotoUnreadable from None
    match done.returncode:
        case 0:
            return done.stdout
        case photo_reader.TOO_LARGE:
            raise PhotoTooLarge
        case photo_reader.MOVES:
            raise PhotoMoves
        case _:
            raise PhotoUnreadable


def next_look(now: datetime) -> datetime:
    """When a photo is looked at next: nobody can have ceased to need it before."""
    return now + timedelta(days=settings.PHOTO_DAYS)


@outside_transaction
def forget_unneeded_photos(*, now: datetime, limit: int = 50) -> int:
    """Delete photos that for ZEMI_PHOTO_DAYS no open link and no order has needed; each in a transaction of its own.

    How many were looked at. Their digest stays in the terms.
    """
    keys = due_keys(Photo, "look_at", now=now, limit=limit)
    for key in keys:
        with unit_of_work():
            link = lock_link(key)
            rows = Photo.objects.filter(link=link)
            if _is_needed(link, now=now):
                rows.update(look_at=next_look(now))
            else:
                rows.delete()
    return len(keys)


def _is_needed(link: PaymentLink, *, now: datetime) -> bool:
    """Whether something is sold by this locked link, or was lately; or an order by it goes on, or ended lately."""
    before = now - timedelta(days=settings.PHOTO_DAYS)
    orders = Order.objects.filter(payment_link=link)
    going_on = Q(status__in=[OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID]) | Q(updated_at__gt=before)
    return link.is_open(now) or link.updated_at > before or orders.filter(going_on).exists()


def has_photo(link_id: UUID | None) -> bool:
    """Tell whether there is a picture of what this link sells."""
    return link_id is not None and Photo.objects.filter(link_id=link_id).exists()


def picture_of(link_id: UUID | None) -> bytes:
    """The picture of this link, a file of CONTENT_TYPE.

    :raises LinkNotFound: it has none
    """
    found = Photo.objects.filter(link_id=link_id).first()
    if found is None:
        raise LinkNotFound
    return bytes(found.picture)
