"""Read Zemi's webhooks, after their signature has been proved (Standard Webhooks)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from zemi_client.errors import ZemiClientError

# Bytes; the least of the Standard Webhooks.
_LEAST_KEY = 24


class NotFromZemi(ZemiClientError):
    """The signature is missing, wrong, or older than five minutes. Answer 401 and do nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `id` is the same on every delivery: keep it, and ignore what you have seen. Of one object, an event
    with a smaller `sequence` than one that was seen is older news. `request_id` and `idempotency_key_hash` name the
    request that caused it, where one did: the latter is `key_hash` of the key that it carried."""

    id: str
    type: str
    at: datetime
    sequence: int
    object: Mapping[str, Any]
    previous: Mapping[str, Any]
    request_id: str | None = None
    idempotency_key_hash: str | None = None


def key_hash(idempotency_key: str) -> str:
    """What events say of a request that carried `idempotency_key`."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def read_event(body: bytes, headers: Mapping[str, str], *, secret: str) -> Event:
    """Read a delivery: `body` exactly as it came, `headers` with webhook-id, -timestamp and -signature.

    `secret` is the endpoint's, whsec_...

    :raises NotFromZemi: it can't be trusted
    :raises ValueError: `secret` is none, whatever came
    """
    signature = Webhook(_key_of(secret))
    given = {name.lower(): value for name, value in headers.items()}
    try:
        signature.verify(body, given)
        found = json.loads(body)
    except (WebhookVerificationError, ValueError) as error:
        raise NotFromZemi(str(error)) from error
    request = found.get("request") or {}
    return Event(
        id=str(found["id"]),
        type=str(found["type"]),
        at=datetime.fromisoformat(found["timestamp"]),
        sequence=int(found["sequence"]),
        object=found["data"]["object"],
        previous=found["data"].get("previous") or {},
        request_id=request.get("id"),
        idempotency_key_hash=request.get("idempotency_key_hash"),
    )


def _key_of(secret: str) -> bytes:
    """Read a secret strictly: one that was mistyped must not look like a forger at every delivery."""
    kind, _, written = secret.strip().partition("_")
    try:
        key = base64.b64decode(written, validate=True)
    except ValueError:
        key = b""
    if kind != "whsec" or len(key) < _LEAST_KEY:
        raise ValueError("the secret of an endpoint is whsec_ and base64")
    return key
