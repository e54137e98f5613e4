"""Money as integer minor units and a currency: nothing else carries an amount inside Zemi."""

import re
from dataclasses import dataclass

from zemi.common.texts import Text

_TOKEN = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?", re.ASCII)

BASIS_POINTS = 10_000
CENTS = 100


class InvalidAmount(ValueError):
    """The token is not an amount; `reason` is a stable word, `text` the sentence for people."""

    def __init__(self, reason: str, text: Text) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


_NOT_AN_AMOUNT = Text(
    en="Write the amount as plain digits with at most two decimals, such as 1500 or 1500.00.",
    sw="Andika kiasi kwa tarakimu za kawaida, desimali zisizidi mbili, mfano 1500 au 1500.00.",
)
_TOO_FINE = Text(
    en="The amount has more than two decimals; the smallest unit is one cent.",
    sw="Kiasi kina desimali zaidi ya mbili; kipimo kidogo kabisa ni senti moja.",
)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` units (cents) of `currency`; signed only as the result of a subtraction."""

    minor: int
    currency: str = "KES"

    @classmethod
    def parse(cls, token: str, currency: str = "KES") -> "Money":
        """Read an amount from its raw token, so that no float ever stands between the wire and the cents.

        :raises InvalidAmount: signs, exponents, grouping, digits that are not ASCII, more than two decimals
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            # "1500.000" gets the sentence of its own because it is what a float formatter writes.
            if re.fullmatch(r"[0-9]{1,10}\.[0-9]{3,18}", token, re.ASCII):
                raise InvalidAmount("max_decimals", _TOO_FINE)
            raise InvalidAmount("invalid_amount", _NOT_AN_AMOUNT)
        whole, fraction = match.groups()
        return cls(int(whole) * CENTS + int((fraction or "0").ljust(2, "0")), currency)

    def __str__(self) -> str:
        """Print as the API does: "1500.00"."""
        sign, minor = ("-", -self.minor) if self.minor < 0 else ("", self.minor)
        return f"{sign}{minor // CENTS}.{minor % CENTS:02d}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number of shillings, the only thing that M-Pesa moves (DARAJA 0.12)."""
        return self.minor % CENTS == 0

    @property
    def shillings(self) -> int:
        """The whole shillings.

        :raises ValueError: there are cents, which M-Pesa can't move
        """
        if not self.is_whole:
            raise ValueError("amount has cents")
        return self.minor // CENTS

    def rounded_down(self) -> "Money":
        """The whole shillings of it, without the cents."""
        return Money(self.minor - self.minor % CENTS, self.currency)

    def share(self, bps: int) -> "Money":
        """Take `bps` basis points of it, rounded half up to whole shillings (DOMAIN 6.3).

        The rest, `self - share`, stays whole if `self` is, so that it can be paid out by M-Pesa.
        """
        shillings = (self.minor * bps + BASIS_POINTS * CENTS // 2) // (BASIS_POINTS * CENTS)
        return Money(shillings * CENTS, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} don't mix")
        return other


def kes(shillings: int) -> Money:
    """Whole Kenyan shillings as money."""
    return Money(shillings * CENTS, "KES")
