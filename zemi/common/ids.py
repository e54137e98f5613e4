"""Identifiers: keys that sort by time, references for people, secrets for links."""

import os
import secrets
import threading
import time
from uuid import UUID

# Crockford's alphabet leaves out I, L, O and U, which people misread (DESIGN 5).
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")

_lock = threading.Lock()
_last = (0, 0)


def new_key() -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of milliseconds, then a counter that keeps the order within one process.

    Keys follow the machine's clock, not the product's: they order rows, they never decide anything.
    """
    global _last  # noqa: PLW0603 (the counter is the process's own)
    with _lock:
        stamp = time.time_ns() // 1_000_000
        last_stamp, last_counter = _last
        if stamp > last_stamp:
            counter = int.from_bytes(os.urandom(2)) & 0x7FF
        else:
            stamp, counter = last_stamp, last_counter + 1
            if counter > 0xFFF:
                stamp, counter = stamp + 1, 0
        _last = (stamp, counter)
    value = (
        (stamp << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | (int.from_bytes(os.urandom(8)) >> 2)
    )
    return UUID(int=value)


def new_reference() -> str:
    """Make an order reference: "ZEM-" and 8 Crockford characters (40 bits), 12 in all: what Daraja takes (DARAJA 1.2)."""
    return "ZEM-" + "".join(secrets.choice(_CROCKFORD) for _ in range(8))


def read_reference(written: str) -> str:
    """Put a reference that a person typed into its one form: capitals, misread letters mended."""
    text = written.strip().upper()
    prefix, dash, rest = text.partition("-")
    return f"{prefix}{dash}{rest.translate(_MISREAD)}" if prefix == "ZEM" else text


def new_code() -> str:
    """Make a six-digit delivery code from the system's randomness."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_request_id() -> str:
    """Make the id of one request, for logs and support."""
    return f"req_{new_key().hex}"
