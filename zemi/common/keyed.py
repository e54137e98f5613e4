"""Under which Idempotency-Key a merchant has asked for what happens now: events remember its hash (DOMAIN 4.6)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_hash: ContextVar[bytes | None] = ContextVar("idempotency_key_hash", default=None)


@contextmanager
def key_noted() -> Iterator[None]:
    """Let one request note its key inside; nothing of it is left for the next one of this thread."""
    token = _hash.set(None)
    try:
        yield
    finally:
        _hash.reset(token)


def note_key(key: str) -> None:
    """Remember the SHA-256 of `key`: its merchant can compute it, and find what one of its requests has caused."""
    _hash.set(hashlib.sha256(key.encode()).digest())


def current_key_hash() -> bytes | None:
    """The hash of the key under which this thread acts; None in a worker, and for all who are no merchant."""
    return _hash.get()
