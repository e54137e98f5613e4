"""Sign what goes out, by the Standard Webhooks scheme; its library does the arithmetic of `v1`.

Of `v1a` (Ed25519) it knows nothing, and passes over it. Whoever proves by that needs no secret, only our public key.
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook

from zemi.common import crypto

_SECRET_BYTES = 32
_PURPOSE = "webhooks"


def new_secret() -> str:
    """Make an endpoint's secret: whsec_ and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message_id: str, body: str, *, signers: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers that say who sent `body`, and when; one signature for each secret of `signers`, and ours."""
    timestamp = str(int(at.timestamp()))
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in signers]
    own = crypto.sign_publicly(_PURPOSE, f"{message_id}.{timestamp}.{body}".encode())
    signatures.append(f"v1a,{base64.b64encode(own).decode()}")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def show_public_keys() -> list[dict[str, Any]]:
    """Write the keys that prove `v1a`, the newest first: whpk_ and 32 bytes in base64."""
    found = crypto.public_keys(_PURPOSE)
    return [
        {
            "number": number,
            "public_key": f"whpk_{base64.b64encode(found[number]).decode()}",
            "signs": number == max(found),
        }
        for number in sorted(found, reverse=True)
    ]
