"""Sign what goes out, by the Standard Webhooks scheme; its library does the arithmetic."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook

_SECRET_BYTES = 32


def new_secret() -> str:
    """Make an endpoint's secret: whsec_ and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: str, *, signers: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers that say who sent `body`, and when; one signature for each secret of `signers`."""
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in signers]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
