"""Keys of merchants: zk_test_<8 id>_<43 secret><6 checksum>, or zk_live_… (SAFETY 3.9)."""

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from django.conf import settings

from zemi.common import crypto
from zemi.common.db import columns, fetch, unit_of_work
from zemi.identity.models import ApiKey, Merchant

_FORM = re.compile(r"zk_(test|live)_([a-z0-9]{8})_([A-Za-z0-9_-]{43})([0-9a-f]{8})", re.ASCII)
_PUBLIC = "abcdefghijklmnopqrstuvwxyz0123456789"


class Scope(StrEnum):
    """What a key may do: each word writes what it names, `read` reads everything of the merchant's.

    `payouts` moves money and `keys` makes keys: neither is in any default set.
    """

    ORDERS = "orders"
    PAYMENTS = "payments"
    PAYOUTS = "payouts"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    WEBHOOKS = "webhooks"
    READ = "read"
    KEYS = "keys"


def create_api_key(
    *, merchant_name: str, scopes: Iterable[Scope], now: datetime, lifetime: timedelta | None = None
) -> tuple[ApiKey, str]:
    """Make a key for a merchant, who is made too if new. The key's text is in the answer and nowhere else.

    Opens its own transaction.
    """
    secret = secrets.token_urlsafe(32)
    public_id = "".join(secrets.choice(_PUBLIC) for _ in range(8))
    with unit_of_work():
        merchant, _ = Merchant.objects.get_or_create(name=merchant_name, defaults={"created_at": now})
        key = ApiKey.objects.create(
            merchant=merchant,
            public_id=public_id,
            secret_hash=_hash(secret),
            scopes=sorted(scopes),
            mode=settings.MODE,
            created_at=now,
            expires_at=now + lifetime if lifetime else None,
        )
    return key, _text(public_id, secret)


def authenticate(token: str, *, now: datetime) -> ApiKey | None:
    """Find the key that `token` is; None for a wrong, expired or revoked one, and for one of the other mode."""
    match = _FORM.fullmatch(token)
    if match is None:
        return None
    _, public_id, secret, _ = match.groups()
    if _text(public_id, secret) != token:
        return None
    key = _find(public_id)
    if key is None or not crypto.same(bytes(key.secret_hash), _hash(secret)):
        return None
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    return key


def _find(public_id: str) -> ApiKey | None:
    statement = f"SELECT {columns(ApiKey, 'k')} FROM identity_apikey k WHERE k.public_id = %s AND k.mode = %s"  # noqa: S608 (own names)
    for (key,) in fetch(statement, [public_id, settings.MODE], ApiKey):
        return cast("ApiKey", key)
    return None


def _hash(secret: str) -> bytes:
    # 256 bits of randomness need no slow hash (ASVS 6.5.2).
    return hashlib.sha256(secret.encode()).digest()


def _text(public_id: str, secret: str) -> str:
    body = f"zk_{'live' if settings.LIVE else 'test'}_{public_id}_{secret}"
    # The checksum lets secret scanners and typing mistakes be told apart without asking the database.
    return f"{body}{zlib.crc32(body.encode()):08x}"
