"""The OpenAPI document, made from the endpoints' own declarations (ECOSYSTEM 1.1)."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from zemi.api import errors, json, versions
from zemi.api.auth import KEY, LINK, LINK_HEADER, SESSION
from zemi.api.endpoint import Endpoint, operations_of
from zemi.api.error_list import explain
from zemi.api.fields import Value
from zemi.api.idempotency import HEADER, KEY_PATTERN, Keys
from zemi.common.errors import InvalidInput, ZemiError
from zemi.idempotency.errors import AnswerGone, InProgress, KeyInvalid, KeyMissing, KeyReused

_DESCRIPTION = """\
M-Pesa escrow checkout. The buyer pays, Zemi holds the money, the buyer gives a six-digit code when the goods
are in hand, and the seller is paid.

Everything under `/api/` is also under `/api/v1/`. Amounts are shillings: a JSON number or a text comes in, a
text with two decimals goes out. Times are UTC. Fields may be added to answers; none is renamed or removed.
Every answer has the header `Request-Id`. Errors are explained at `/docs/errors`. The header `Zemi-Version` asks for a
dated version of the answers; without it your account has the one that was the newest at its first call.
"""
_SCHEMES = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "zk_test_... or zk_live_...",
        "description": "A merchant's API key. Keys have scopes; `payouts` and `keys` are in no default set.",
    },
    SESSION: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "zs_...",
        "description": "A person who has proved a phone by a one-time code, at POST /api/v1/sessions.",
    },
    LINK: {
        "type": "apiKey",
        "in": "header",
        "name": LINK_HEADER,
        "description": "The token at the end of the order's `payment_url`: it opens this one order.",
    },
}
_READING = (
    errors.InvalidJson,
    errors.NotUtf8,
    errors.NotAnObject,
    errors.TooDeep,
    errors.DuplicateField,
    errors.NumberTooLong,
    errors.NotANumber,
    errors.UnusableText,
    InvalidInput,
    errors.UnsupportedMediaType,
)
_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["success", "error", "code", "details", "doc_url", "request_id"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        "error": {
            "type": "string",
            "description": "One sentence for people, in English or Swahili (Accept-Language).",
        },
        "code": {"type": "string", "description": "What programs read; the list is at /docs/errors."},
        "details": {
            "type": "object",
            "required": ["type", "retryable", "next_step"],
            "properties": {
                "type": {"type": "string"},
                "retryable": {"type": "boolean"},
                "next_step": {"type": "string", "description": "What to do about it, in the same language."},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "code", "message"],
                        "properties": {
                            "field": {"type": "string"},
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                        },
                    },
                },
            },
            "additionalProperties": True,
        },
        "doc_url": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457, sent when Accept asks for it.",
    "required": ["type", "title", "status", "detail", "instance", "code", "details", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "details": {"type": "object"},
        "request_id": {"type": "string"},
    },
}


_META: dict[str, Any] = {
    "type": "object",
    "required": ["has_more", "next_cursor", "limit"],
    "properties": {
        "has_more": {"type": "boolean"},
        "next_cursor": {
            "type": ["string", "null"],
            "description": "Send it as `cursor`, with the same filters, to get the next ones.",
        },
        "limit": {"type": "integer"},
        "total": {"type": "integer", "description": "How many there are in all; only with include=total."},
    },
}


class ZemiSchema(AutoSchema):
    """Describes an `Endpoint` by what it declares."""

    @property
    def _endpoint(self) -> Endpoint:
        view = self.view
        if not isinstance(view, Endpoint):
            raise TypeError(f"{type(view).__qualname__} is not an Endpoint")
        return view

    def get_operation_id(self) -> str:
        """Name the operation by its class; the second address of one operation is told apart by its end."""
        name = type(self._endpoint).__name__
        version = "V1" if self.path.startswith("/api/v1/") else ""
        slash = "Slash" if self.path.endswith("/") else ""
        return f"{name[0].lower()}{name[1:]}{version}{slash}"

    def get_summary(self) -> str:
        """The first line of the class's docstring."""
        return (type(self._endpoint).__doc__ or "").strip().splitlines()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        """The rest of it."""
        lines = (type(self._endpoint).__doc__ or "").strip().splitlines()[1:]
        return "\n".join(line.strip() for line in lines).strip()

    def get_tags(self) -> list[str]:
        """The endpoint's tag."""
        return [self._endpoint.tag]

    def get_request_serializer(self) -> Any:
        """The shape of the body."""
        return self._endpoint.input

    def get_response_serializers(self) -> Any:
        """The shape of the answer's data."""
        return self._endpoint.output or {}

    def get_auth(self) -> list[dict[str, Any]]:
        """The ways to say who one is, as the access takes them; {} where nobody has to."""
        access = self._endpoint.access
        if not self._endpoint.authentication_classes:
            return [{}]
        for way in access.ways:
            self.registry.register_on_missing(
                ResolvedComponent(
                    name=way, type=ResolvedComponent.SECURITY_SCHEMA, object=way, schema=_SCHEMES[way]
                )
            )
        scopes = [str(access.scope)] if access.scope is not None else []
        named = [{way: scopes if way == KEY else []} for way in access.ways]
        return [{}, *named] if access.open else named

    def get_override_parameters(self) -> list[Any]:
        """What may stand after the "?", and the headers: one makes a retry safe, one asks for a version."""
        query = self._endpoint.query
        found = [
            OpenApiParameter(
                name,
                field.openapi(),
                OpenApiParameter.QUERY,
                required=False,
                description=field.help_text or "",
            )
            for name, field in (query._declared_fields if query is not None else {}).items()
            if isinstance(field, Value)
        ]
        if self.method == "POST" and self._endpoint.keys is not Keys.NONE:
            found.append(
                OpenApiParameter(
                    HEADER,
                    {
                        "type": "string",
                        "pattern": KEY_PATTERN,
                        "examples": ["8e03978e-40d5-43e8-bc93-6894a57f9324"],
                    },
                    OpenApiParameter.HEADER,
                    required=self._endpoint.keys is Keys.REQUIRED,
                    description="A random text for each act; the same key again is answered the same, and does nothing.",
                )
            )
        if self._endpoint.is_versioned:
            found.append(
                OpenApiParameter(
                    versions.HEADER,
                    str,
                    OpenApiParameter.HEADER,
                    enum=sorted(versions.VERSIONS),
                    description="The version in which to answer; without it the one that your account is pinned to.",
                )
            )
        return found

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        if self.method != "POST":
            return None
        if self._endpoint.input is None:
            anything: dict[str, Any] = {"description": "Stored as it comes."}
            return {"content": {"application/json": {"schema": anything}}}
        component = self.resolve_serializer(self._endpoint.input, "request")
        return {"required": True, "content": {"application/json": {"schema": component.ref}}}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        view = self._endpoint
        headers = {"Request-Id": {"schema": {"type": "string"}, "description": "Quote it when you ask us."}}
        if view.is_versioned:
            headers[versions.HEADER] = {
                "schema": {"type": "string"},
                "description": "The version of this answer.",
            }
        bodies: dict[str, Any] = {
            str(status): {
                "description": description,
                "headers": headers,
                "content": {view.media_type: {"schema": self._success_schema()}},
            }
            for status, description in view.statuses.items()
        }
        for status, refusals in _by_status(self._refusals()).items():
            bodies.setdefault(
                str(status),
                {
                    "description": ", ".join(error.code for error in refusals),
                    "headers": headers,
                    "content": {
                        "application/json": {
                            "schema": self._shared("Error", _ERROR_SCHEMA),
                            "examples": {error.code: {"value": explain(error).example} for error in refusals},
                        },
                        "application/problem+json": {"schema": self._shared("Problem", _PROBLEM_SCHEMA)},
                    },
                },
            )
        return bodies

    def _success_schema(self) -> dict[str, Any]:
        view = self._endpoint
        if view.answer_schema is not None or view.output is None:
            return dict(view.answer_schema or {})
        one = self.resolve_serializer(view.output, "response").ref
        data = {"data": {"type": "array", "items": one}, "meta": _META} if view.lists else {"data": one}
        return {
            "type": "object",
            "required": ["success", *data],
            "properties": {"success": {"type": "boolean", "const": True}, **data},
            "additionalProperties": False,
        }

    def _refusals(self) -> Iterable[type[ZemiError]]:
        view = self._endpoint
        yield from view.errors
        if view.input is not None:
            yield from _READING
        elif view.query is not None:
            yield InvalidInput
        if self.method == "POST":
            yield errors.BodyTooLarge
            if view.keys is not Keys.NONE:
                yield from (KeyInvalid, KeyReused, InProgress)
            if view.keys is Keys.REQUIRED:
                yield KeyMissing
            if view.keys is not Keys.NONE and view.tells_code:
                yield AnswerGone
        if view.authentication_classes:
            yield from (errors.ApiKeyInvalid, errors.SessionInvalid)
        yield from view.access.refusals
        if view.is_versioned:
            yield errors.VersionUnknown
        if "{" in self.path:
            yield errors.AddressNotFound
        yield from (errors.MethodNotAllowed, errors.InternalError, errors.TemporarilyUnavailable)

    def _shared(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=schema)
        self.registry.register_on_missing(component)
        return dict(component.ref)


def list_operations(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """List each operation of an address with the endpoint that does it: a hook of the generator's."""
    addresses = {(path, regex): view for path, regex, _, view in endpoints}
    return [
        (path, regex, method.upper(), one)
        for (path, regex), view in addresses.items()
        for method, one in operations_of(view).items()
    ]


def document() -> dict[str, Any]:
    """Make the document.

    :raises ValueError: the generator has a doubt about an endpoint
    """
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        doubts = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
        raise ValueError("\n".join(doubts))
    found["info"]["description"] = _DESCRIPTION
    return found


@cache
def document_bytes() -> bytes:
    """The document as it is served; the same for the life of a process."""
    return json.write(document())


def _by_status(refusals: Iterable[type[ZemiError]]) -> dict[int, list[type[ZemiError]]]:
    found: dict[int, list[type[ZemiError]]] = {}
    for error in dict.fromkeys(refusals):
        found.setdefault(errors.status_of(error), []).append(error)
    return dict(sorted(found.items()))
