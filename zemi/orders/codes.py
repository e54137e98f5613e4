"""The delivery code: six digits that release the money (SAFETY 3.2, ADR 0001)."""

import hmac
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher

from zemi.common import crypto
from zemi.orders.models import Order

_PURPOSE = "delivery-code"


class DeliveryCodeHasher(BasePasswordHasher):
    """Keyed HMAC-SHA256, bound to order and generation by its salt; used directly, never listed in PASSWORD_HASHERS.

    Slowness would protect nothing here: a million codes fall to whoever has the key, whatever the hash; without the
    key a leaked table is useless. The key number stands in the hash, so that keys can be rotated.
    """

    algorithm = "zemi-code-hmac"

    def encode(self, password: str, salt: str) -> str:
        """Hash `password` (the code) with the current key."""
        return self._encode(password, salt, crypto.current_key())

    def verify(self, password: str, encoded: str) -> bool:
        """Compare in constant time, on bytes."""
        parts = self.decode(encoded)
        again = self._encode(password, parts["salt"], parts["key"])
        return hmac.compare_digest(again.encode(), encoded.encode())

    def decode(self, encoded: str) -> dict[str, Any]:
        """Take the parts of a hash apart."""
        _, key, salt, digest = encoded.split("$")
        return {"algorithm": self.algorithm, "key": int(key), "salt": salt, "hash": digest}

    def must_update(self, encoded: str) -> bool:
        """Whether it was made with an older key."""
        return bool(self.decode(encoded)["key"] != crypto.current_key())

    def safe_summary(self, encoded: str) -> Any:
        """Nothing about a code is shown."""
        return {"algorithm": self.algorithm, "key": self.decode(encoded)["key"]}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Every comparison takes the same time already."""

    def _encode(self, password: str, salt: str, key: int) -> str:
        digest = crypto.keyed_hash(_PURPOSE, f"{salt}|{password}".encode(), key=key).hex()
        return f"{self.algorithm}${key}${salt}${digest}"


_hasher = DeliveryCodeHasher()


def set_code(order: Order, code: str) -> None:
    """Put the hash of `code` on an order that is about to be written, and the code itself sealed until its SMS."""
    order.delivery_code_hash = _hasher.encode(code, f"{order.id.hex}.{order.code_generation}")
    order.delivery_code_sealed = crypto.seal(code, context=_context(order))


def is_code_of(order: Order, code: str) -> bool:
    """Whether `code` is the order's present one."""
    return _hasher.verify(code, order.delivery_code_hash)


def sealed_code(order: Order) -> str | None:
    """The code in the clear; None once its SMS has been made."""
    return (
        crypto.unseal(order.delivery_code_sealed, context=_context(order))
        if order.delivery_code_sealed
        else None
    )


def _context(order: Order) -> str:
    return f"orders|delivery_code|{order.id}|{order.code_generation}"


def burn_comparison(code: str) -> None:
    """Do the work of a comparison for an order that doesn't exist, so that the answer takes as long."""
    _hasher.verify(code, _hasher.encode("000000", "nobody"))
