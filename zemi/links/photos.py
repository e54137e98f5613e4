"""The photo of what a payment link sells: read what was uploaded, keep a small picture of it, find it again."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from zemi.common.db import outside_transaction
from zemi.identity.models import Party
from zemi.links import photo_reader
from zemi.links.errors import LinkNotFound, PhotoMoves, PhotoTooLarge, PhotoUnreadable
from zemi.links.models import Photo
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
