"""Keys of merchants: zk_test_<8 id>_<43 secret><8 checksum>, or zk_live_… (SAFETY 3.9)."""

import hashlib
import re
import secrets
import zlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection

from zemi.common import crypto
from zemi.common.db import columns, conclude, fetch, inside_transaction, unit_of_work, violates, write_if
from zemi.common.errors import FieldProblem, InvalidInput
from zemi.common.texts import Text
from zemi.events.log import record
from zemi.identity.errors import ApiKeyEnded, ApiKeyNotFound, ApiKeyRotated, ScopesNotHeld
from zemi.identity.models import ApiKey, Merchant

# How long a key that was replaced goes on by default, so that nothing stops while the new one is rolled out.
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
# Characters; the database holds no more.
MOST_NAME, MOST_LABEL = 100, 60
# Nobody has so many: their list has one page.
MOST_LISTED = 1000
# The time of a key's last use is written at most so often.
USE_NOTED_EVERY = timedelta(minutes=10)
_FORM = re.compile(r"zk_(test|live)_([a-z0-9]{8})_([A-Za-z0-9_-]{43})([0-9a-f]{8})", re.ASCII)
_PUBLIC = "abcdefghijklmnopqrstuvwxyz0123456789"
_NOTE_USE = """
    UPDATE identity_apikey SET last_used_at = %s
    WHERE public_id = %s AND (last_used_at IS NULL OR last_used_at <= %s)"""


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
    *,
    merchant_name: str,
    scopes: Iterable[Scope],
    now: datetime,
    lifetime: timedelta | None = None,
    label: str = "",
) -> tuple[ApiKey, str]:
    """Make a key for a merchant, who is made too if new: for the operator. Its text is in the answer and nowhere else.

    Opens its own transaction.

    :raises InvalidInput: the merchant's name or the label is no name; nothing was made
    """
    # The API reads its own fields so; what an operator types comes here as it is.
    problems = [
        *_problems_of("merchant", merchant_name, 1, MOST_NAME),
        *_problems_of("name", label, 0, MOST_LABEL),
    ]
    if problems:
        raise InvalidInput(*problems)
    with unit_of_work():
        merchant, _ = Merchant.objects.get_or_create(name=merchant_name, defaults={"created_at": now})
        return _make(
            merchant_id=merchant.id, scopes=scopes, label=label, lifetime=lifetime, now=now, actor="operator"
        )


def add_api_key(
    *,
    by: ApiKey,
    scopes: Collection[Scope],
    now: datetime,
    lifetime: timedelta | None = None,
    label: str = "",
) -> tuple[ApiKey, str]:
    """Make another key for the merchant of the key `by`. Opens its own transaction.

    :raises ScopesNotHeld: a key gives no more than it has itself
    """
    missing = sorted(set(scopes) - set(by.scopes))
    if missing:
        raise ScopesNotHeld(scopes=", ".join(missing))
    with unit_of_work():
        return conclude(
            _make(
                merchant_id=by.merchant_id,
                scopes=scopes,
                label=label,
                lifetime=lifetime,
                now=now,
                actor="merchant",
            )
        )


def rotate_api_key(
    *,
    merchant_id: UUID,
    public_id: str,
    now: datetime,
    overlap: timedelta = OVERLAP,
    by: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Replace a key by a new one with the same scopes and lifetime; the old one goes on for `overlap`, no longer.

    `by` is the key that asks, None the operator. Opens its own transaction.

    :raises ApiKeyNotFound: this merchant has no such key
    :raises ApiKeyEnded: it is revoked or over
    :raises ApiKeyRotated: it was replaced already
    :raises ScopesNotHeld: it may do what `by` may not
    """
    try:
        with unit_of_work():
            old = _find_own(merchant_id, public_id)
            missing = sorted(set(old.scopes) - set(by.scopes)) if by is not None else []
            if missing:
                raise ScopesNotHeld(scopes=", ".join(missing))
            ends_at = min(now + overlap, old.expires_at or now + overlap)
            if not is_valid(old, now=now) or not write_if(old, {"expires_at": ends_at}, revoked_at=None):
                raise ApiKeyEnded
            lifetime = old.expires_at - old.created_at if old.expires_at is not None else None
            return conclude(
                _make(
                    merchant_id=merchant_id,
                    scopes=old.scopes,
                    label=old.label,
                    lifetime=lifetime,
                    now=now,
                    actor="merchant" if by is not None else "operator",
                    replaces=old,
                )
            )
    except IntegrityError as error:
        if violates(error, ApiKey, "identity_api_key_replaced_once"):
            raise ApiKeyRotated from error
        raise


def revoke_api_key(*, merchant_id: UUID, public_id: str, now: datetime, actor: str) -> ApiKey:
    """End a key at once and for ever; one that was revoked before stays so. Opens its own transaction.

    :raises ApiKeyNotFound: this merchant has no such key
    """
    with unit_of_work():
        key = _find_own(merchant_id, public_id)
        if write_if(key, {"revoked_at": now}, revoked_at=None):
            key.revoked_at = now
            record("api_key.revoked", key, at=now, actor=actor)
        return conclude(key)


def list_api_keys(*, merchant_id: UUID) -> list[ApiKey]:
    """List a merchant's keys, those that are over too, newest first."""
    return list(
        ApiKey.objects.select_related("replaces")
        .filter(merchant_id=merchant_id)
        .order_by("-created_at", "-id")[:MOST_LISTED]
    )


def authenticate(token: str, *, now: datetime) -> ApiKey | None:
    """Find the key that `token` is; None for a wrong, expired or revoked one, and for one of the other mode."""
    match = _FORM.fullmatch(token)
    if match is None:
        return None
    _, public_id, secret, _ = match.groups()
    if _text(public_id, secret) != token:
        return None
    key = _find(public_id)
    if key is None or not crypto.same(bytes(key.secret_hash), _hash(secret)) or not is_valid(key, now=now):
        return None
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY:
        _note_use(key, now=now)
    return key


def is_valid(key: ApiKey, *, now: datetime) -> bool:
    """Whether a key opens anything now: neither revoked nor past its end."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


@inside_transaction
def _make(
    *,
    merchant_id: UUID,
    scopes: Iterable[str],
    label: str,
    lifetime: timedelta | None,
    now: datetime,
    actor: str,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    secret = secrets.token_urlsafe(32)
    public_id = "".join(secrets.choice(_PUBLIC) for _ in range(8))
    text = _text(public_id, secret)
    key = ApiKey.objects.create(
        merchant_id=merchant_id,
        public_id=public_id,
        secret_hash=_hash(secret),
        last4=text[-4:],
        label=label,
        scopes=sorted(set(scopes)),
        mode_id=settings.MODE,
        replaces=replaces,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    facts = {"scopes": key.scopes, "replaces": replaces.public_id if replaces is not None else None}
    record("api_key.created", key, at=now, actor=actor, data=facts)
    return key, text


def _find(public_id: str) -> ApiKey | None:
    statement = f"""SELECT {columns(ApiKey, "k")}, {columns(Merchant, "m")} FROM identity_apikey k
        JOIN identity_merchant m ON m.id = k.merchant_id WHERE k.public_id = %s AND k.mode = %s"""  # noqa: S608 (own names)
    for key, merchant in fetch(statement, [public_id, settings.MODE], ApiKey, Merchant):
        key.merchant = merchant
        return cast("ApiKey", key)
    return None


def _problems_of(field: str, name: str, least: int, most: int) -> list[FieldProblem]:
    if not name.strip() and least:
        return [FieldProblem(field, "blank", Text(en="This may not be empty.", sw="Hii haiwezi kuwa tupu."))]
    if len(name) > most:
        text = Text(en=f"At most {most} characters.", sw=f"Herufi zisizidi {most}.")
        return [FieldProblem(field, "too_long", text)]
    if not name.isprintable():
        text = Text(en="A name is one line of letters.", sw="Jina ni mstari mmoja wa herufi.")
        return [FieldProblem(field, "control_character", text)]
    return []


def _find_own(merchant_id: UUID, public_id: str) -> ApiKey:
    key = ApiKey.objects.filter(merchant_id=merchant_id, public_id=public_id).first()
    if key is None:
        raise ApiKeyNotFound
    return key


def _note_use(key: ApiKey, *, now: datetime) -> None:
    # Of many requests at once one writes; the others find it written.
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_USE, [adapt(now), key.public_id, adapt(now - USE_NOTED_EVERY)])


def _hash(secret: str) -> bytes:
    # 256 bits of randomness need no slow hash (ASVS 6.5.2).
    return hashlib.sha256(secret.encode()).digest()


def _text(public_id: str, secret: str) -> str:
    body = f"zk_{'live' if settings.LIVE else 'test'}_{public_id}_{secret}"
    # The checksum lets secret scanners and typing mistakes be told apart without asking the database.
    return f"{body}{zlib.crc32(body.encode()):08x}"
