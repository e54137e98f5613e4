"""Sessions of developers: a key, shown once on a page, exchanged for a token that is short-lived and kept as a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings

from zemi.common import crypto
from zemi.common.db import unit_of_work, write_if
from zemi.identity import api_keys
from zemi.identity.errors import ApiKeyUnknown
from zemi.identity.models import KeySession

_PURPOSE = "key-session"


def open_key_session(*, key_text: str, now: datetime) -> tuple[KeySession, str]:
    """Exchange an API key for a session; its token, which is signed, is in the answer and nowhere else.

    Opens its own transaction.

    :raises ApiKeyUnknown: it is no key that is valid now
    """
    key = api_keys.authenticate(key_text, now=now)
    if key is None:
        raise ApiKeyUnknown
    token = secrets.token_bytes(32)
    ends_at = now + timedelta(minutes=settings.SESSION_MIN)
    with unit_of_work():
        session = KeySession.objects.create(
            api_key=key, token_hash=_hash(token), created_at=now, expires_at=ends_at
        )
    return session, crypto.sign(_PURPOSE, token)


def find_key_session(text: str, *, now: datetime) -> KeySession | None:
    """Find the session of a token, with its key and merchant; None for a wrong one, and when it or its key has ended."""
    token = crypto.read_signed(_PURPOSE, text) if text else None
    if token is None:
        return None
    found = KeySession.objects.select_related("api_key__merchant").filter(token_hash=_hash(token)).first()
    if found is None or found.ended_at is not None or found.expires_at <= now:
        return None
    key = found.api_key
    return found if key.mode_id == settings.MODE and api_keys.is_valid(key, now=now) else None


def end_key_session(session: KeySession, *, now: datetime) -> None:
    """End a session; its token opens nothing any more."""
    write_if(session, {"ended_at": now}, ended_at=None)


def _hash(token: bytes) -> bytes:
    # 256 bits of randomness need no slow hash (ASVS 6.5.2).
    return hashlib.sha256(token).digest()
