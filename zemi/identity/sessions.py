"""Sessions of people: a proved phone, exchanged for a token that is short-lived and kept as a hash (DOMAIN 4.9)."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings

from zemi.common.db import columns, fetch, outside_transaction, unit_of_work, write_if
from zemi.common.phone import Phone
from zemi.identity.models import Party, Session
from zemi.identity.otp import Purpose, use_otp
from zemi.identity.parties import find_or_create_parties

PREFIX = "zs_"
_FORM = re.compile(r"zs_[A-Za-z0-9_-]{43}", re.ASCII)


@outside_transaction
def sign_in(*, phone: Phone, code: str, now: datetime) -> tuple[Session, str]:
    """Exchange a one-time code (purpose sign_in) for a session; its token is in the answer and nowhere else.

    Opens transactions of its own.

    :raises OneTimeCodeWrong: the phone is not proved
    """
    use_otp(phone=phone, purpose=Purpose.SIGN_IN, code=code, now=now)
    return open_session(phone=phone, now=now)


def open_session(*, phone: Phone, now: datetime) -> tuple[Session, str]:
    """Open a session for whoever has proved `phone` just now. Opens its own transaction."""
    token = PREFIX + secrets.token_urlsafe(32)
    with unit_of_work():
        session = Session.objects.create(
            party=find_or_create_parties({phone}, now=now)[phone],
            token_hash=_hash(token),
            created_at=now,
            expires_at=now + timedelta(minutes=settings.SESSION_MIN),
        )
    return session, token


def authenticate(token: str, *, now: datetime) -> Session | None:
    """Find the session that `token` is, with its party; None for a wrong one and for one that is over."""
    if not _FORM.fullmatch(token):
        return None
    statement = (
        f"SELECT {columns(Session, 's')}, {columns(Party, 'p')} FROM identity_session s "  # noqa: S608 (own names)
        "JOIN identity_party p ON p.id = s.party_id WHERE s.token_hash = %s"
    )
    for session, party in fetch(statement, [_hash(token)], Session, Party):
        if session.ended_at is None and now < session.expires_at:
            session.party = party
            return cast("Session", session)
    return None


def sign_out(session: Session, *, now: datetime) -> None:
    """End a session; its token opens nothing any more. Once ended it stays so."""
    write_if(session, {"ended_at": now}, ended_at=None)


def _hash(token: str) -> bytes:
    # 256 bits of randomness need no slow hash (ASVS 6.5.2).
    return hashlib.sha256(token.encode()).digest()
