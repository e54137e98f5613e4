"""Keyed hashes to find by and sealed values to use: every key comes from one master key outside the database.

The master key ring is given once, at start (`use_keys`). A ring has numbered keys; the highest number seals and
hashes, all of them open; the lowest makes the indexes, and so stays in the ring. Sub-keys are derived by HKDF, one per
purpose, so that a leak of one says nothing of another (SAFETY 3.1).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_MAC_BYTES = 16
_ring: dict[int, bytes] = {}


class SealBroken(ValueError):
    """A sealed value was changed, moved to another row, or sealed by a key that is not in the ring."""


def read_ring(text: str) -> dict[int, bytes]:
    """Read a key ring: "1:<64 hex digits>", several separated by commas.

    :raises ValueError: a key that is not 32 bytes of hex, or a number outside 1 to 255
    """
    ring: dict[int, bytes] = {}
    for part in text.split(","):
        number, colon, value = part.strip().partition(":")
        if not colon or not number.isdecimal() or not 1 <= int(number) <= 255:
            raise ValueError("each master key is written <number>:<64 hex digits>")
        key = bytes.fromhex(value)
        if len(key) != 32:
            raise ValueError("a master key has 32 bytes: 64 hex digits")
        ring[int(number)] = key
    return ring


def use_keys(ring: Mapping[int, bytes]) -> None:
    """Use `ring` from now on: the highest number seals and hashes."""
    _ring.clear()
    _ring.update(ring)
    _subkey.cache_clear()
    _cipher.cache_clear()


def current_key() -> int:
    """The number of the key that seals and hashes now."""
    return max(_ring)


def blind_index(purpose: str, value: str) -> bytes:
    """Hash `value` so that equal values of one purpose can be found and nothing else can be told (32 bytes)."""
    # Always by the oldest key of the ring: an index made by one key is not found by another.
    return keyed_hash(f"index:{purpose}", value.encode(), key=min(_ring))


def keyed_hash(purpose: str, message: bytes, *, key: int | None = None) -> bytes:
    """HMAC-SHA256 of `message` under the sub-key of `purpose` (32 bytes).

    :raises SealBroken: `key` is not in the ring
    """
    return hmac.digest(_subkey(key or current_key(), purpose), message, hashlib.sha256)


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)


def sign(purpose: str, payload: bytes) -> str:
    """Write `payload` as text for a URL that nobody but us can have written; it is not hidden."""
    key = current_key()
    mac = keyed_hash(f"signed:{purpose}", payload, key=key)[:_MAC_BYTES]
    return _signed(key, mac, payload)


def read_signed(purpose: str, text: str) -> bytes | None:
    """Read back what `sign` wrote for the same purpose; None for anything else."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        key, mac, payload = raw[0], raw[1 : 1 + _MAC_BYTES], raw[1 + _MAC_BYTES :]
        again = keyed_hash(f"signed:{purpose}", payload, key=key)[:_MAC_BYTES]
    except (ValueError, IndexError):
        return None
    # Some other text would decode to the same bytes: only the one that was written is taken.
    return payload if same(mac, again) and _signed(key, mac, payload) == text else None


def seal(value: str, *, context: str) -> bytes:
    """Encrypt `value` (AES-256-GCM) and bind it to `context`, which names table, column and row."""
    key = current_key()
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([key]) + nonce + _cipher(key).encrypt(nonce, value.encode(), context.encode())


def unseal(sealed: bytes | memoryview, *, context: str) -> str:
    """Open what `seal` closed for the same context.

    :raises SealBroken: it was altered, belongs to another row, or its key is gone
    """
    raw = bytes(sealed)
    try:
        cipher = _cipher(raw[0])
        return cipher.decrypt(raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :], context.encode()).decode()
    except (InvalidTag, IndexError, ValueError) as error:
        raise SealBroken("a sealed value does not open") from error


def sign_publicly(purpose: str, message: bytes) -> bytes:
    """Sign `message` (Ed25519), so that whoever has the public key can prove it and nobody else can make it."""
    return _signing_key(current_key(), purpose).sign(message)


def public_keys(purpose: str) -> dict[int, bytes]:
    """The public key to `sign_publicly` of each key of the ring, by its number; the highest signs now."""
    return {key: _signing_key(key, purpose).public_key().public_bytes_raw() for key in sorted(_ring)}


def _signing_key(key: int, purpose: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_subkey(key, f"ed25519:{purpose}"))


def seal_under(secret: str, value: str, *, context: str) -> bytes:
    """Encrypt `value` so that it opens only together with `secret`, which is kept nowhere."""
    key = current_key()
    nonce = os.urandom(_NONCE_BYTES)
    return bytes([key]) + nonce + _cipher_under(key, secret).encrypt(nonce, value.encode(), context.encode())


def unseal_under(secret: str, sealed: bytes | memoryview, *, context: str) -> str:
    """Open what `seal_under` closed with the same secret, for the same context.

    :raises SealBroken: another secret, another row, or its key is gone
    """
    raw = bytes(sealed)
    try:
        cipher = _cipher_under(raw[0], secret)
        return cipher.decrypt(raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :], context.encode()).decode()
    except (InvalidTag, IndexError, ValueError) as error:
        raise SealBroken("a sealed value does not open") from error


def _cipher_under(key: int, secret: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=secret.encode(), info=b"zemi:sealed-under")
    return AESGCM(derived.derive(_subkey(key, "seal-under")))


def _signed(key: int, mac: bytes, payload: bytes) -> str:
    return base64.urlsafe_b64encode(bytes([key]) + mac + payload).rstrip(b"=").decode()


@cache
def _subkey(key: int, purpose: str) -> bytes:
    try:
        master = _ring[key]
    except KeyError as error:
        raise SealBroken(f"master key {key} is not in the ring") from error
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"zemi:{purpose}".encode()).derive(master)


@cache
def _cipher(key: int) -> AESGCM:
    return AESGCM(_subkey(key, "seal"))
