"""Kenyan mobile numbers: any form that people write in, E.164 out."""

import re
from dataclasses import dataclass

import phonenumbers

from zemi.common.texts import Text

# Inside other words, with its country or trunk prefix only: nine digits alone may be anybody's order number.
_WITHIN = re.compile(r"(?<![0-9])(?:\+?254|00254|0)[17][0-9]{8}(?![0-9])", re.ASCII)
_SPACERS = re.compile(r"[ ().\-]")
_WRITTEN = re.compile(r"\+?[0-9][0-9 ()./-]{7,24}", re.ASCII)


class InvalidPhone(ValueError):
    """The text is not a Kenyan mobile number; `text` says what would be."""

    text = Text(
        en="Give a Kenyan mobile number, such as 0712345678 or 254712345678.",
        sw="Andika namba ya simu ya Kenya, mfano 0712345678 au 254712345678.",
    )


@dataclass(frozen=True, slots=True)
class Phone:
    """A Kenyan mobile number in E.164, such as +254712345678. Personal data: never logged, never in a URL."""

    e164: str

    @classmethod
    def parse(cls, written: str) -> "Phone":
        """Read a number in any Kenyan form: 07…, 01…, 7…, 254…, +254…, 00254…, spaces and dashes allowed.

        :raises InvalidPhone: digits that are not ASCII, an extension, another country, a line that is not mobile
        """
        # The library would quietly accept Arabic digits, "tel:" and extensions (ECOSYSTEM 1.7).
        if not _WRITTEN.fullmatch(written.strip(" ")):
            raise InvalidPhone
        digits = re.sub(r"[^0-9+]", "", written)
        digits = f"+{digits[2:]}" if digits.startswith("00") else digits
        try:
            number = phonenumbers.parse(digits, "KE")
        except phonenumbers.NumberParseException as error:
            raise InvalidPhone from error
        if (
            number.country_code != 254
            or not phonenumbers.is_valid_number(number)
            or phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE
        ):
            raise InvalidPhone
        return cls(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    @property
    def msisdn(self) -> str:
        """The form that Daraja takes: 254712345678."""
        return self.e164[1:]

    @property
    def last4(self) -> str:
        """The digits that may be shown to the parties of an order."""
        return self.e164[-4:]

    def __repr__(self) -> str:
        """Mask it: a repr ends up in tracebacks and logs."""
        return f"Phone(****{self.last4})"

    __str__ = __repr__


def holds_phone(text: str) -> bool:
    """Whether a mobile number is written somewhere in `text`: for words that are shown, sent and logged."""
    return _WITHIN.search(_SPACERS.sub("", text)) is not None
