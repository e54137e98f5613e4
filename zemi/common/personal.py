"""What in a text looks like a person's: for words that are stored in the clear, shown, and sent on (DOMAIN 4.5)."""

import re
from enum import StrEnum

from zemi.common.phone import holds_phone


class Personal(StrEnum):
    """What a text seems to hold."""

    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
# Of a national ID card: seven or eight digits that stand alone, so no part of a word, a date, an amount or a longer number.
_NATIONAL_ID = re.compile(r"(?<![\w/#-])(?<![0-9][.,:])[0-9]{7,8}(?![\w/-])(?![.,:][0-9])")
# Of the revenue authority: A for people, P for firms, and a check letter.
_TAX_PIN = re.compile(r"(?<!\w)[AP][0-9]{9}[A-Z](?!\w)", re.IGNORECASE)


def personal_in(text: str) -> Personal | None:
    """What of a person seems to be written in `text`; None: nothing that can be told by its form."""
    if holds_phone(text):
        return Personal.PHONE
    if _EMAIL.search(text):
        return Personal.EMAIL
    if _NATIONAL_ID.search(text) or _TAX_PIN.search(text):
        return Personal.ID_NUMBER
    return None
