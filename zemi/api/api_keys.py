"""A merchant's keys over HTTP, for keys with the scope `keys`. The first one is made by the operator's command."""

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import NeedsScope, holder_of, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import Shown, TextField, Unreadable, Value, WholeField
from zemi.api.idempotency import Keys
from zemi.api.shapes import TEXT_OR_NULL, TIME, TIME_OR_NULL
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.texts import Text
from zemi.identity import errors
from zemi.identity.api_keys import (
    LONGEST_OVERLAP,
    MOST_LISTED,
    OVERLAP,
    Scope,
    add_api_key,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from zemi.identity.models import ApiKey
from zemi.snapshots.lists import Page

_ID = {"type": "string", "pattern": "^[a-z0-9]{8}$", "examples": ["4f7k2m9q"]}
_HOUR = timedelta(hours=1)


class ScopesField(Value):
    """What a key may do, each word once."""

    schema = {
        "type": "array",
        "items": {"type": "string", "enum": [str(scope) for scope in Scope]},
        "minItems": 1,
        "uniqueItems": True,
        "examples": [["orders", "payments", "read"]],
    }
    _WORDS = ", ".join(Scope)
    _NOT_SCOPES = Text(
        en=f"Scopes are a list, each once, of: {_WORDS}.",
        sw=f"Ruhusa ni orodha, kila moja mara moja, ya: {_WORDS}.",
    )

    def read(self, raw: object) -> list[Scope]:
        """Read the words."""
        known = set(Scope)
        if (
            not isinstance(raw, list)
            or not raw
            or not all(type(word) is str and word in known for word in raw)
        ):
            raise Unreadable("invalid_scopes", self._NOT_SCOPES)
        if len(set(raw)) != len(raw):
            raise Unreadable("invalid_scopes", self._NOT_SCOPES)
        return [Scope(word) for word in raw]


class ApiKeyData(Shape):
    """A key, without its secret."""

    object = Shown({"type": "string", "const": "api_key"})
    id = Shown(_ID)
    prefix = Shown({"type": "string", "examples": ["zk_test_4f7k2m9q"]})
    last4 = Shown({"type": "string", "examples": ["9a3c"]})
    name = Shown({"type": "string"})
    scopes = Shown({"type": "array", "items": {"type": "string"}})
    livemode = Shown({"type": "boolean"})
    replaces = Shown(TEXT_OR_NULL | {"description": "The id of the key that it took over from."})
    created_at = Shown(TIME)
    expires_at = Shown(TIME_OR_NULL)
    revoked_at = Shown(TIME_OR_NULL)
    last_used_at = Shown(TIME_OR_NULL | {"description": "Right to ten minutes."})


class NewApiKeyData(ApiKeyData):
    """A new key. `key` is there only this once: only its hash is kept."""

    key = Shown({"type": "string", "pattern": "^zk_(test|live)_[a-z0-9]{8}_[A-Za-z0-9_-]{51}$"})


class CreateApiKeyInput(Shape):
    """What the key may do, and for how long."""

    scopes = ScopesField()
    name = TextField(required=False, least=0, most=60, example="shop in Mombasa")
    lifetime_days = WholeField(
        required=False,
        least=1,
        most=3650,
        example=90,
        help_text="Days after which it ends by itself; default never.",
    )


class ListApiKeys(Endpoint):
    """List your keys, also those that are over; the newest first."""

    access = NeedsScope(Scope.KEYS)
    tag = "api_keys"
    output = ApiKeyData
    lists = True

    def get(self, request: Request) -> Response:
        """List them."""
        keys = [_key(key) for key in list_api_keys(merchant_id=merchant_of(request))]
        return self.answer_page(Page(keys, None), limit=MOST_LISTED)


class ShowsNewApiKey(Endpoint):
    """What makes a key, by one that may."""

    access = NeedsScope(Scope.KEYS)
    keys = Keys.REQUIRED
    tells_key = True
    tag = "api_keys"
    output = NewApiKeyData
    statuses = {201: "The key was made."}

    def present(self, result: tuple[ApiKey, str]) -> Response:
        """Show the new key, once."""
        key, text = result
        return self.answer(_key(key) | {"key": text}, status=201)


class CreateApiKey(ShowsNewApiKey):
    """Make another key. It can't be given a scope that your own key lacks."""

    input = CreateApiKeyInput
    errors = (errors.ScopesNotHeld,)

    def post(self, request: Request) -> Response:
        """Make it."""
        given = self.read(request)
        days = given.get("lifetime_days")
        made = add_api_key(
            by=holder_of(request),
            scopes=given["scopes"],
            label=given.get("name", ""),
            lifetime=timedelta(days=days) if days else None,
            now=clock.now(),
        )
        return self.present(made)


class RotateApiKeyInput(Shape):
    """How long the old key goes on."""

    overlap_hours = WholeField(
        required=False,
        least=0,
        most=LONGEST_OVERLAP // _HOUR,
        example=OVERLAP // _HOUR,
        help_text=f"Hours that the old key goes on; default {OVERLAP // _HOUR}.",
    )


class RotateApiKey(ShowsNewApiKey):
    """Replace a key by a new one with the same scopes; for a while both are good."""

    input = RotateApiKeyInput
    errors = (errors.ApiKeyNotFound, errors.ApiKeyEnded, errors.ApiKeyRotated, errors.ScopesNotHeld)

    def post(self, request: Request, key_id: str) -> Response:
        """Replace it."""
        given = self.read(request)
        made = rotate_api_key(
            merchant_id=merchant_of(request),
            public_id=key_id,
            overlap=given["overlap_hours"] * _HOUR if "overlap_hours" in given else OVERLAP,
            by=holder_of(request),
            now=clock.now(),
        )
        return self.present(made)


class RevokeApiKey(Endpoint):
    """End a key at once and for ever, your own too."""

    access = NeedsScope(Scope.KEYS)
    keys = Keys.REQUIRED
    tag = "api_keys"
    output = ApiKeyData
    errors = (errors.ApiKeyNotFound,)

    def post(self, request: Request, key_id: str) -> Response:
        """End it."""
        key = revoke_api_key(
            merchant_id=merchant_of(request), public_id=key_id, now=clock.now(), actor="merchant"
        )
        return self.present(key)

    def present(self, result: ApiKey) -> Response:
        """Show the key as it is now."""
        return self.answer(_key(result))


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "object": "api_key",
        "id": key.public_id,
        "prefix": key.prefix,
        "last4": key.last4,
        "name": key.label,
        "scopes": key.scopes,
        "livemode": key.mode_id == "live",
        "replaces": key.replaces.public_id if key.replaces is not None else None,
        "created_at": stamp(key.created_at),
        "expires_at": stamp(key.expires_at),
        "revoked_at": stamp(key.revoked_at),
        "last_used_at": stamp(key.last_used_at),
    }
