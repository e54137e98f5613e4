"""Commands that ask the API for what a page shows. The key is a variable of the shell: none stands in a page for long."""

import json
import secrets
import shlex
from dataclasses import dataclass

from django.conf import settings
from django.urls import Resolver404, resolve

from zemi.api.endpoint import Shape, operations_of
from zemi.api.fields import Value
from zemi.api.idempotency import HEADER, Keys
from zemi.common.json_schema import example_of

# What the API leaves to its caller, and merchants have to say.
_OF_MERCHANTS = frozenset({"seller_phone"})


@dataclass(frozen=True, slots=True)
class Written:
    """A command that writes: with a body, it is the documented example; without one, the request itself."""

    command: str
    has_body: bool


def curl(path: str) -> str:
    """A command that reads, for a POSIX shell in which ZEMI_KEY holds an API key."""
    return " ".join(_words(path))


def curl_post(path: str) -> Written | None:
    """A command that does anew what is done at an address, by a new act's key; None: nothing can be written there."""
    try:
        view = operations_of(resolve(path).func).get("post")
    except Resolver404:
        return None
    if view is None:
        return None
    endpoint, words = view.cls, [*_words(path), "-X POST"]
    if endpoint.keys is not Keys.NONE:
        words.append(f"-H {shlex.quote(f'{HEADER}: {secrets.token_hex(16)}')}")
    if endpoint.input is None:
        return Written(" ".join(words), has_body=False)
    body = json.dumps(example_body(endpoint.input), ensure_ascii=False)
    words += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return Written(" ".join(words), has_body=True)


def example_body(shape: type[Shape]) -> dict[str, object]:
    """The documented example of a body: what has to be in it."""
    return {
        name: example_of(field.openapi())
        for name, field in shape._declared_fields.items()
        if isinstance(field, Value) and (field.required or name in _OF_MERCHANTS)
    }


def export(key_text: str) -> str:
    """The command that puts a key into ZEMI_KEY."""
    return f"export ZEMI_KEY={shlex.quote(key_text)}"


def _words(path: str) -> list[str]:
    return ["curl -sS", shlex.quote(settings.PUBLIC_ORIGIN + path), '-H "Authorization: Bearer $ZEMI_KEY"']
