"""Reading JSON that others wrote: raw tokens instead of floats, nothing trusted before it is looked at.

All readers raise `UnreadableCallback` and nothing else, whatever the bytes are (SAFETY 5e).
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import NoReturn

from zemi.common.money import CENTS, Money
from zemi.common.phone import InvalidPhone, Phone
from zemi.providers.base import UnreadableCallback

EAT = timezone(timedelta(hours=3), "EAT")  # East Africa Time; Kenya has no daylight saving
MOST_BYTES = 256 * 1024
_MOST_ENTRIES = 200
_MOST_WORDS = 500

_CODE = re.compile(r"[A-Za-z0-9_.]{1,32}", re.ASCII)
_IDENTIFIER = re.compile(r"[!-~]{1,128}", re.ASCII)
_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2})0{0,6})?", re.ASCII)
_BALANCE = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)
_RECEIPT = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
# M-Pesa fills TransactionID with zeros when there is no transaction: SKE0000000, NLJ0000000 (DARAJA 2).
_FILLER = re.compile(r".*0{5}", re.ASCII)
_COMPACT_TIME = re.compile(r"[0-9]{14}", re.ASCII)
_DOTTED_TIME = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)


class Number(str):
    """A JSON number as it was written: "1.00". It never becomes a float, nor an int of 5,000 digits."""

    __slots__ = ()


def read_object(body: bytes) -> dict[str, object]:
    """Read one JSON object; keys that occur twice, NaN and Infinity are refused.

    :raises UnreadableCallback: anything else
    """
    if len(body) > MOST_BYTES:
        raise UnreadableCallback("too large")
    try:
        read = json.loads(
            body.decode("utf-8-sig"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once_each,
        )
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise UnreadableCallback("not a JSON object") from error
    if not isinstance(read, dict):
        raise UnreadableCallback("not a JSON object")
    return read


def child(parent: Mapping[str, object], name: str) -> dict[str, object]:
    """Take the object that `parent` holds under `name`.

    :raises UnreadableCallback: there is none
    """
    found = parent.get(name)
    if not isinstance(found, dict):
        raise UnreadableCallback(f"{name} is not an object")
    return found


def code(parent: Mapping[str, object], name: str) -> str:
    """Take a code, which comes as a number or as a string (DARAJA 2), as a string.

    :raises UnreadableCallback: missing, or not a code ("-0", "1e2", "00", true)
    """
    found = parent.get(name)
    if not isinstance(found, str):
        raise UnreadableCallback(f"{name} is not a code")
    text = found.strip(" ")
    padded = text.isdecimal() and text != "0" and text.startswith("0")
    if not _CODE.fullmatch(text) or padded or (isinstance(found, Number) and not text.isdecimal()):
        raise UnreadableCallback(f"{name} is not a code")
    return text


def identifier(parent: Mapping[str, object], name: str) -> str:
    """Take an identifier, opaque and up to 128 visible ASCII characters; empty when it is missing.

    :raises UnreadableCallback: something that can't be one
    """
    found = parent.get(name)
    if found is None or found == "":
        return ""
    if not isinstance(found, str) or not _IDENTIFIER.fullmatch(found.strip(" ")):
        raise UnreadableCallback(f"{name} is not an identifier")
    return found.strip(" ")


def words(parent: Mapping[str, object], name: str) -> str:
    """Take the provider's words for people: one line, at most 500 characters; empty when there are none."""
    found = parent.get(name)
    if not isinstance(found, str):
        return ""
    # Lone surrogates and NUL are not printable: neither can be stored.
    start = found[: 4 * _MOST_WORDS]
    printable = "".join(character if character.isprintable() else " " for character in start)
    return " ".join(printable.split())[:_MOST_WORDS]


def named_values(container: object, *, entries: str, key: str, wanted: frozenset[str]) -> dict[str, object]:
    """Collect the `wanted` values of Safaricom's lists of named values.

    The list may be absent, or a single object instead of a list, and an entry may have no Value (DARAJA 2).
    :raises UnreadableCallback: another shape, or one of the wanted names twice with different values
    """
    if container is None or container == "":
        return {}
    if not isinstance(container, dict):
        raise UnreadableCallback(f"{entries} has no object around it")
    listed = container.get(entries)
    if listed is None or listed == "":
        return {}
    rows = listed if isinstance(listed, list) else [listed]
    if len(rows) > _MOST_ENTRIES:
        raise UnreadableCallback(f"{entries} has too many entries")
    found: dict[str, object] = {}
    for row in rows:
        name = row.get(key) if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(name, str):
            raise UnreadableCallback(f"{entries} has an entry without a name")
        value = row.get("Value")
        if name.strip() not in wanted or value is None:
            continue
        if found.setdefault(name.strip(), value) != value:
            raise UnreadableCallback(f"{name.strip()} has two values")
    return found


def amount(found: object) -> Money | None:
    """Read an amount of shillings from its raw token, number or string; None when it is missing.

    :raises UnreadableCallback: a sign, an exponent, fractions of a cent, zero, or no amount at all
    """
    if found is None or found == "":
        return None
    match = _AMOUNT.fullmatch(found.strip(" ")) if isinstance(found, str) else None
    if match is None:
        raise UnreadableCallback("not an amount")
    shillings, cents = match.groups()
    minor = int(shillings) * CENTS + int((cents or "0").ljust(2, "0"))
    if minor == 0:
        raise UnreadableCallback("an amount of nothing")
    return Money(minor)


def balance(found: str) -> Money:
    """Read a balance of shillings, which may be nothing or below it.

    :raises UnreadableCallback: no amount
    """
    match = _BALANCE.fullmatch(found.strip(" "))
    if match is None:
        raise UnreadableCallback("not a balance")
    sign, shillings, cents = match.groups()
    minor = int(shillings) * CENTS + int((cents or "0").ljust(2, "0"))
    return Money(-minor if sign else minor)


def msisdn(found: object) -> Phone | None:
    """Read a payer's number; None when it is missing, masked or hashed, which is the rule by now (DARAJA 2.2)."""
    text = found.strip(" ") if isinstance(found, str) else ""
    try:
        return Phone.parse(text) if text.isdecimal() else None
    except InvalidPhone:
        return None


def iso_time(found: object) -> datetime | None:
    """Read a time with its zone, "2026-11-23T10:13:00Z", or one of M-Pesa's own forms; None when it is neither."""
    # M-Pesa's own forms are none of ISO, and year 1 is none that UTC can express.
    with suppress(ValueError, OverflowError):
        read = datetime.fromisoformat(found) if isinstance(found, str) else None
        if read is not None and read.tzinfo is not None:
            return read.astimezone(UTC)
    return eat_time(found)


def receipt(found: object) -> str | None:
    """Read a receipt number; None when it is missing or only a filler that ends in zeros.

    :raises UnreadableCallback: it can't be one
    """
    if found is None or found == "":
        return None
    if not isinstance(found, str) or not _RECEIPT.fullmatch(found.strip(" ")):
        raise UnreadableCallback("not a receipt number")
    return None if _FILLER.fullmatch(found.strip(" ")) else found.strip(" ")


def eat_time(found: object) -> datetime | None:
    """Read either of M-Pesa's forms of time, both East African, as UTC; None when it is neither.

    A time decides nothing, so one that can't be read is no reason to put a payment aside.
    """
    text = found.strip(" ") if isinstance(found, str) else ""
    try:
        if _COMPACT_TIME.fullmatch(text):
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=EAT).astimezone(UTC)
        if _DOTTED_TIME.fullmatch(text):
            return datetime.strptime(text, "%d.%m.%Y %H:%M:%S").replace(tzinfo=EAT).astimezone(UTC)
    except (ValueError, OverflowError):  # month 13, or year 1 that UTC can't express
        return None
    return None


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found
