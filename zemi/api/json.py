"""JSON at the door: read strictly, written compactly.

Python's reader is lenient where money can't be: it turns 1500.10 into a float, keeps the last of two equal
names, and takes NaN. Here numbers stay the characters that were sent, and whatever two readers could take
differently is refused (SAFETY 5e).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from zemi.api import errors

MAX_BYTES = 64 * 1024
_MAX_DEPTH = 16
_MAX_NUMBER = 40


class RawNumber(str):
    """A JSON number, exactly as it was written: "1500.00" stays four digits, a point and two."""

    __slots__ = ()


def _number(token: str) -> RawNumber:
    if len(token) > _MAX_NUMBER:
        raise errors.NumberTooLong
    return RawNumber(token)


def _no_constant(_: str) -> None:
    raise errors.NotANumber


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise errors.DuplicateField
    return found


_decoder = json.JSONDecoder(
    parse_int=_number, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object
)
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)

# Only these need the tree to be walked: an escape may hide a NUL or a lone surrogate, brackets may nest.
_ESCAPE = "\\u"
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


def read(body: bytes) -> dict[str, Any]:
    """Read a request's body. Numbers come as `RawNumber`, all else as JSON's own types.

    :raises ApiError: one of the classes of `zemi.api.errors`, each with its sentence
    """
    if len(body) > MAX_BYTES:
        raise errors.BodyTooLarge
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.NotUtf8 from error
    try:
        found = _decoder.decode(text)
    except RecursionError as error:
        raise errors.TooDeep from error
    except ValueError as error:
        raise errors.InvalidJson from error
    if not isinstance(found, dict):
        # A tower of brackets is refused for its height, whatever stands at its foot.
        raise (
            errors.TooDeep
            if text.count("[") > _MAX_DEPTH and _depth(found) > _MAX_DEPTH
            else errors.NotAnObject
        )
    if text.count("{") + text.count("[") > _MAX_DEPTH and _depth(found) > _MAX_DEPTH:
        raise errors.TooDeep
    if _ESCAPE in text and _has_unusable_text(found):
        raise errors.UnusableText
    return found


def write(value: Any) -> bytes:
    """Write `value` compactly, as UTF-8."""
    return _encoder.encode(value).encode()


class StrictJSONParser(BaseParser):
    """Reads application/json by `read`."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read at most one byte more than is allowed."""
        return read(stream.read(MAX_BYTES + 1))


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of many, and what is said about the rest."""

    items: list[Any]
    meta: Mapping[str, Any]


class EnvelopeRenderer(BaseRenderer):
    """Puts what a view answers into {"success": true, "data": ...}; an error comes with its own shape."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Write the body."""
        failed = renderer_context is not None and renderer_context["response"].exception
        if failed:
            return write(data)
        if isinstance(data, Listed):
            return write({"success": True, "data": data.items, "meta": data.meta})
        return write({"success": True, "data": data})


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            waiting.extend(
                (child, depth + 1) for child in (item.values() if isinstance(item, dict) else item)
            )
    return deepest


def _has_unusable_text(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _UNUSABLE.search(item):
                return True
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False
