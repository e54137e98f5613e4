"""Identifiers: keys that sort by time, references for people, secrets for links."""

import os
import re
import secrets
import threading
import time
from uuid import UUID, uuid5

# Crockford's alphabet leaves out I, L, O and U, which people misread (DESIGN 5).
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")

# Keys are made of the time (`new_key`): none is zero.
_NOBODY = UUID(int=0)
_PUBLIC = re.compile(r"(?P<prefix>[a-z]+)_(?P<key>[0-9a-f]{32})", re.ASCII)

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


def public_id(prefix: str, key: UUID) -> str:
    """Write a key as the API shows it, with what it is a key of: pay_01932f4e6c7a7c3d8e1f5a6b7c8d9e0f."""
    return f"{prefix}_{key.hex}"


def read_public_id(prefix: str, written: str) -> UUID | None:
    """Read such a key back; None for any other text."""
    found = _PUBLIC.fullmatch(written)
    return UUID(found["key"]) if found is not None and found["prefix"] == prefix else None


def key_named(prefix: str, written: str) -> UUID:
    """The key that such an id names, to look a row up by; any other text names one that no row has."""
    return read_public_id(prefix, written) or _NOBODY


def read_key(written: str) -> UUID | None:
    """Read a key as a form or an address carries it; None if it is none."""
    try:
        return UUID(written)
    except ValueError:
        return None


def key_of_form(once: UUID, *said: object) -> UUID:
    """The key of what a form asks for: of the same form, said the same, always the same; changed, another."""
    return uuid5(once, "|".join(map(str, said)))


def new_code() -> str:
    """Make a six-digit delivery code from the system's randomness."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_request_id() -> str:
    """Make the id of one request, for logs and support."""
    return f"req_{new_key().hex}"
