"""Secret callback paths: one per attempt and kind, proved by a keyed hash, so that none has to be stored or looked up.

`/hooks/<hex>` holds a kind, a key number, the attempt's key and an HMAC-SHA256 over them. Hex, because Daraja asks for
paths without words such as "mpesa" or "cmd", which other alphabets can spell by chance (SAFETY 3.0 row 17).
"""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from zemi.common import crypto

_PURPOSE = "callback-path"
_MAC_BYTES = 32
_LENGTH = 2 * (1 + 1 + 16 + _MAC_BYTES)


class CallbackKind(IntEnum):
    """What a callback path is for; `webhook_type` is the word in the inbox."""

    STK = 1
    B2C_RESULT = 2
    B2C_TIMEOUT = 3
    STATUS_RESULT = 4
    STATUS_TIMEOUT = 5
    REVERSAL_RESULT = 6
    REVERSAL_TIMEOUT = 7
    # Its subject is the inbox row of a confirmation that nothing had proved.
    TRANSACTION_RESULT = 8
    # One path each for the whole shortcode: their subject is UUID(int=0). A validation comes before the money, and looks
    # like its confirmation.
    C2B_VALIDATION = 9
    C2B_CONFIRMATION = 10
    TOP_UP_RESULT = 11
    TOP_UP_TIMEOUT = 12
    BALANCE_RESULT = 13

    @property
    def webhook_type(self) -> str:
        """The seed's `webhook_type`."""
        return f"mpesa_{self.name.lower()}"


@dataclass(frozen=True, slots=True)
class CallbackToken:
    """What a secret path proves: the provider was given it for this attempt and this purpose."""

    kind: CallbackKind
    subject_id: UUID


def mint(kind: CallbackKind, subject_id: UUID) -> str:
    """Make the secret part of the path for one attempt: 100 hex digits."""
    key = crypto.current_key()
    head = bytes([kind, key]) + subject_id.bytes
    return (head + crypto.keyed_hash(_PURPOSE, head, key=key)).hex()


def read(text: str) -> CallbackToken | None:
    """Read a path's secret; None when it is not one of ours."""
    if len(text) != _LENGTH:
        return None
    try:
        raw = bytes.fromhex(text)
        head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not crypto.same(mac, crypto.keyed_hash(_PURPOSE, head, key=head[1])):
            return None
        return CallbackToken(CallbackKind(head[0]), UUID(bytes=head[2:]))
    except (ValueError, crypto.SealBroken):
        return None
