"""What the gateway checks before it accepts a request, and how it says no (DARAJA 1.2, 1.4, 3.2)."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from simulator.clock import EAT

_MSISDN = re.compile(r"254[17][0-9]{8}")
_DIGITS = re.compile(r"[0-9]{1,12}")
_SHORTCODE = re.compile(r"[0-9]{5,7}")
_TIMESTAMP = re.compile(r"[0-9]{14}")
_MOST_SKEW = timedelta(minutes=5)


# Documented for C2B URLs, in any case (DARAJA 4.3).
_REFUSED_WORDS = ("m-pesa", "mpesa", "safaricom", "exe", "exec", "cmd", "sql", "query")


class GatewayError(Exception):
    """The gateway refused: nothing was done."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(field: str) -> GatewayError:
    """400.002.02 for one field."""
    return GatewayError(400, "400.002.02", f"Bad Request - Invalid {field}")


def merchant_error(message: str) -> GatewayError:
    """500.001.1001, the catch-all whose text has to be read."""
    return GatewayError(500, "500.001.1001", message)


def has_refused_word(url: str) -> bool:
    """Whether a callback URL holds a word that Safaricom refuses (DARAJA 4.3)."""
    return any(word in url.lower() for word in _REFUSED_WORDS)


def parse_body(raw: bytes, content_type: str) -> dict[str, object]:
    """The JSON object of a request.

    Without the JSON content type the gateway sees no fields at all (DARAJA 1).

    :raises GatewayError: 400.002.05, not a JSON object
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise GatewayError(400, "400.002.05", "Invalid Request Payload")
    return body


class Fields:
    """Reads one request body field by field; each reader raises GatewayError for a field that is not right.

    Published clients send numbers or strings for the same field (DARAJA 1.2): both are read.
    `strict_lengths` enforces the documented maximum lengths, which the live gateway does not always do.
    """

    def __init__(self, body: Mapping[str, object], *, strict_lengths: bool = False) -> None:
        self._body = body
        self._strict = strict_lengths

    def text(
        self,
        field: str,
        *,
        most: int | None = None,
        least: int = 1,
        called: str | None = None,
        strict: bool = False,
    ) -> str:
        """A text with something in it; `called` is the name that the error uses when it is another.

        `strict` enforces the maximum of this one.
        """
        found = self.optional(field)
        if found is None or len(found.strip()) < least:
            raise invalid(called or field)
        if (strict or self._strict) and most is not None and len(found) > most:
            raise invalid(called or field)
        return found

    def optional(self, field: str) -> str | None:
        """A text or number as text; None when it is absent or of another type."""
        found = self._body.get(field)
        if isinstance(found, int) and not isinstance(found, bool):
            # Longer numbers are no field of this API, and Python refuses to print the longest.
            return str(found) if abs(found) < 10**40 else None
        if not isinstance(found, str) or not _is_storable(found):
            return None
        return found

    def amount(self, *, least: int, most: int) -> int:
        """Whole shillings."""
        found = self.optional("Amount") or ""
        if not _DIGITS.fullmatch(found) or not least <= int(found) <= most:
            raise invalid("Amount")
        return int(found)

    def msisdn(self, field: str, *, only_text: bool = False) -> str:
        """2547XXXXXXXX or 2541XXXXXXXX."""
        if only_text and not isinstance(self._body.get(field), str):
            raise invalid(field)
        return self._matching(field, _MSISDN)

    def shortcode(self, field: str) -> str:
        """Five to seven digits."""
        return self._matching(field, _SHORTCODE)

    def timestamp(self, field: str, *, near: datetime, zone: object = "off") -> str:
        """14 digits that are a moment.

        Zone and skew are not known to be checked (DARAJA 1.2): only a `zone` of eat or utc makes them be, against
        `near`.
        """
        found = self._matching(field, _TIMESTAMP)
        try:
            moment = datetime.strptime(found, "%Y%m%d%H%M%S").replace(tzinfo=UTC if zone == "utc" else EAT)
        except ValueError:
            raise invalid(field) from None
        if zone != "off" and abs(moment - near) > _MOST_SKEW:
            raise invalid(field)
        return found

    def url(self, field: str) -> str:
        """An http or https URL with a host and no spaces."""
        found = self.text(field)
        if any(letter.isspace() or not letter.isprintable() for letter in found):
            raise invalid(field)
        try:
            parts = urlsplit(found)
            parts.port  # noqa: B018 (raises for a port that is no number)
        except ValueError:
            raise invalid(field) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise invalid(field)
        return found

    def choice(self, field: str, *allowed: str) -> str:
        """One of the documented words."""
        found = self.text(field)
        if found not in allowed:
            raise invalid(field)
        return found

    def _matching(self, field: str, pattern: re.Pattern[str]) -> str:
        found = self.optional(field)
        if found is None or not pattern.fullmatch(found):
            raise invalid(field)
        return found


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
