"""Identifiers shaped like Daraja's and Africa's Talking's (DARAJA 1.2, 9.1), the same for the same seed."""

import hashlib
from datetime import datetime

from simulator.clock import EAT, from_micros
from simulator.store import Store

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Identifiers:
    """Makes identifiers from the seed and a counter that lives in the store. Call inside a transaction."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._seed = seed

    def merchant_request(self) -> str:
        """The newer shape, e.g. 2654-4b64-97ff-b827b542881d3130."""
        digits = self._hex()
        return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:28]}"

    def gateway_originator(self) -> str:
        """The older shape that the gateway gives to a request without an id of its own: 16740-34861180-1."""
        number = self._number()
        return f"{10_000 + number % 90_000}-{10_000_000 + number // 90_000 % 90_000_000}-1"

    def conversation(self, at: int) -> str:
        """AG_YYYYMMDD_ and 20 hex."""
        return f"AG_{_eat(at):%Y%m%d}_{self._hex()[:20]}"

    def checkout_request(self, at: int, msisdn: str) -> str:
        """ws_CO_, DDMMYYYYHHMMSS, up to three digits, the last nine digits of the phone."""
        return f"ws_CO_{_eat(at):%d%m%Y%H%M%S}{self._number() % 1_000:03d}{msisdn[-9:]}"

    def receipt(self, at: int) -> str:
        """Ten capitals and digits that begin with year, month and day: TKN4X81Q0Z."""
        number = self._number()
        tail = ""
        for _ in range(7):
            number, digit = divmod(number, 36)
            tail += _BASE36[digit]
        return receipt_prefix(at) + tail

    def token(self) -> str:
        """28 alphanumerics, as Daraja's access tokens are."""
        number = int(self._hex(), 16)
        return "".join(_ALPHANUMERIC[number // 62**place % 62] for place in range(28))

    def message(self) -> str:
        """ATXid_ and 32 hex."""
        return f"ATXid_{self._hex()[:32]}"

    def _hex(self) -> str:
        counter = self._store.next_number("identifiers")
        return hashlib.sha256(f"{self._seed}:{counter}".encode()).hexdigest()

    def _number(self) -> int:
        return int(self._hex()[:16], 16)


def receipt_prefix(at: int) -> str:
    """Year (N is 2019), month (A to L) and day (1 to 9, then A is 10) of a moment in Nairobi (DARAJA 1.2)."""
    moment = _eat(at)
    year = chr(ord("A") + (moment.year - 2006) % 26)
    month = chr(ord("A") + moment.month - 1)
    day = str(moment.day) if moment.day < 10 else chr(ord("A") + moment.day - 10)
    return f"{year}{month}{day}"


def filler_receipt(at: int) -> str:
    """What stands in TransactionID when nothing was paid: SKE0000000, not a receipt (DARAJA 2)."""
    return receipt_prefix(at) + "0000000"


def _eat(at: int) -> datetime:
    return from_micros(at).astimezone(EAT)
