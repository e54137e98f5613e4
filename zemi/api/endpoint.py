"""The base of every view: declare access, input and answer; translate in, call once, translate out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from zemi.api.auth import Access, asker_of
from zemi.api.fields import Unreadable, Value
from zemi.api.idempotency import Answered, Keeper, Keys, begin
from zemi.api.json import Listed, write
from zemi.api.throttle import Toll, toll_of
from zemi.api.versions import asked_version, own_version, version_headers
from zemi.common import clock
from zemi.common.db import listening
from zemi.common.errors import REQUIRED, FieldProblem, InvalidInput, ZemiError
from zemi.common.faults import fault_point
from zemi.common.keyed import key_noted
from zemi.common.texts import Text
from zemi.orders.models import Order
from zemi.orders.parties import Role
from zemi.snapshots.lists import Page

_METHODS = ("get", "post")
_UNKNOWN = Text(
    en="There is no such query parameter here.", sw="Hakuna kigezo cha hoja chenye jina hili hapa."
)
_NULL = Text(
    en="null is not a value here; leave the field out instead.",
    sw="null si thamani hapa; acha sehemu hii kabisa.",
)


class Shape(serializers.Serializer[Any]):
    """What a body looks like: declared as any serializer, so that OpenAPI can be made from it.

    Reading goes through `read`, which uses the declared fields as they are: DRF would copy all of them for
    every request. Fields that aren't declared are ignored, also those that would set a state (status, fee).
    """

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> dict[str, Any]:
        """Read every declared field that is there; what is left out stays out, for the domain's own default.

        :raises InvalidInput: with every field that is missing or can't be read
        """
        values: dict[str, Any] = {}
        problems: list[FieldProblem] = []
        for name, field in cls._declared_fields.items():
            raw = body.get(name, empty)
            if raw is empty:
                if field.required:
                    problems.append(FieldProblem(name, "required", REQUIRED))
                continue
            if raw is None:
                problems.append(FieldProblem(name, "null", _NULL))
                continue
            try:
                values[name] = field.read(raw) if isinstance(field, Value) else field.to_internal_value(raw)
            except Unreadable as error:
                problems.append(FieldProblem(name, error.code, error.text))
        if problems:
            raise InvalidInput(*problems)
        return values


class JsonOnly(BaseContentNegotiation):
    """Requests are JSON and so are answers, whatever Accept says (RFC 9110, 12.5.1 allows it)."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:  # type: ignore[override]
        """Take the parser if the body is called JSON; None is 415."""
        kind = request.content_type.partition(";")[0].strip().lower()
        return parsers[0] if kind == "application/json" else None

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Take the first."""
        return renderers[0], renderers[0].media_type or ""


class Endpoint(APIView):
    """One operation. A subclass that answers a method without declaring its `access` can't even be imported.

    `query` is the shape of what stands after the "?", `input` and `output` those of the bodies, `statuses` those
    of success, `errors` the refusals that its domain call raises: OpenAPI is made from them. With `lists` the
    answer has many of `output`, and says how to get the next ones. `answer_schema` stands instead of `output` where the
    answer has no envelope, because somebody else's protocol says what it is; such an endpoint has no versions
    either (`is_versioned`).
    """

    access: ClassVar[Access]
    is_versioned: ClassVar[bool] = True
    tag: ClassVar[str] = "orders"
    query: ClassVar[type[Shape] | None] = None
    input: ClassVar[type[Shape] | None] = None
    output: ClassVar[type[Shape] | None] = None
    lists: ClassVar[bool] = False
    answer_schema: ClassVar[Mapping[str, Any] | None] = None
    media_type: ClassVar[str] = "application/json"
    statuses: ClassVar[Mapping[int, str]] = {200: "Done."}
    # What `OrderParty` has found: the order that the address names, and what the caller is to it.
    order: Order
    role: Role
    errors: ClassVar[tuple[type[ZemiError], ...]] = ()

    # What it does with the header Idempotency-Key, and whether answers are kept for as long as money calls need it.
    keys: ClassVar[Keys] = Keys.OPTIONAL
    moves_money: ClassVar[bool] = False
    # Whether a delivery code may stand in its answer: what is kept of it dies with the code.
    tells_code: ClassVar[bool] = False
    # Whether an API key stands in its answer: it is shown again only to a key with the same scopes.
    tells_key: ClassVar[bool] = False

    # Providers and those who watch over us are never told to wait.
    has_toll: ClassVar[bool] = True

    # Of the one request that this view is made for: what keeps its answer, and whose delivery code stands in it.
    toll: Toll | None = None
    keeper: Keeper | None = None
    secret_of: UUID | None = None

    http_method_names = [*_METHODS, "head"]
    content_negotiation_class = JsonOnly
    metadata_class = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse an endpoint that doesn't say who may use it.

        :raises TypeError: there is a method and no `access`
        """
        super().__init_subclass__(**kwargs)
        if any(hasattr(cls, method) for method in _METHODS) and not hasattr(cls, "access"):
            raise TypeError(f"{cls.__qualname__} declares no access")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; what the domain concludes is kept with its effect, where the request carries a key."""
        with key_noted(), listening(self._keep_conclusion):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the caller in, then look at the key: who may not act is not shown what was answered before."""
        asked = asked_version(request) if self.is_versioned else None
        super().initial(request, *args, **kwargs)
        if self.is_versioned:
            # A first call pins its account, also when it asks for another version.
            own = own_version(request)
            request.version = asked or own
        if request.method == "POST" and self.keys is not Keys.NONE:
            self.keeper = begin(
                request,
                keys=self.keys,
                moves_money=self.moves_money,
                tells_key=self.tells_key,
                body=lambda: request.data if self.input is not None else request._request.body,
                now=clock.now(),
            )
            fault_point("key_looked_at")

    def check_throttles(self, request: Request) -> None:
        """Charge the caller, who has been let in: a link's holder by the link, whoever has a name by that."""
        if self.has_toll:
            by_link = getattr(self, "role", None) is Role.LINK
            self.toll = toll_of(
                request, link_token=asker_of(request).link_token if by_link else "", now=clock.now()
            )
            self.toll.pay()

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal, or what was answered before."""
        if isinstance(exc, Answered):
            return cast("Response", exc.response)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Name the version, and keep the answer if the request carried a key and nothing was kept with its effect."""
        final = super().finalize_response(request, response, *args, **kwargs)
        # A call that was refused before its version was settled has none.
        for name, value in version_headers(getattr(request, "version", None)).items():
            final.headers[name] = value
        if self.toll is not None:
            self.toll.show(final)
        if self.keeper is not None:
            self.keeper.settle(_rendered(final), self.secret_of)
        return final

    def present(self, result: Any) -> Response:
        """Say what a use case came to. An endpoint that has this keeps its answer with the effect (`conclude`).

        Never called where an endpoint has none: DRF's views and Django's models leave no room for abstract methods.
        """
        raise NotImplementedError

    @property
    def begun_at(self) -> datetime | None:
        """When a request with this key began that died without an answer; None when this is the first."""
        return self.keeper.claim.begun_at if self.keeper is not None else None

    def _keep_conclusion(self, result: Any) -> None:
        if self.keeper is not None and type(self).present is not Endpoint.present:
            answer = super().finalize_response(self.request, self.present(result))
            self.keeper.keep_with_effect(_rendered(answer), self.secret_of)

    def read(self, request: Request) -> dict[str, Any]:
        """Read the body by the endpoint's `input`.

        :raises ZemiError: it can't be read
        """
        if self.input is None:
            raise TypeError(f"{type(self).__qualname__} declares no input")
        return self.input.read(cast("dict[str, Any]", request.data))

    def read_query(self, request: Request) -> dict[str, Any]:
        """Read what stands after the "?" by the endpoint's `query`. An unknown name is refused: a filter that is
        misspelt would show what it was to leave out.

        :raises InvalidInput: a name or a value can't be read
        """
        if self.query is None:
            raise TypeError(f"{type(self).__qualname__} declares no query")
        given: dict[str, Any] = {name: request.query_params[name] for name in request.query_params}
        unknown = [name for name in given if name not in self.query._declared_fields]
        if unknown:
            raise InvalidInput(*(FieldProblem(name[:40], "unknown", _UNKNOWN) for name in unknown[:10]))
        return self.query.read(given)

    def answer(self, data: Mapping[str, Any], status: int = 200) -> Response:
        """Answer with `data` in the envelope. Nothing here may be kept by a cache on the way."""
        return Response(data, status=status, headers={"Cache-Control": "no-store"})

    def answer_page(self, page: Page, *, limit: int) -> Response:
        """Answer with some of many, and with the cursor of those that come after them."""
        meta: dict[str, Any] = {
            "has_more": page.next_cursor is not None,
            "next_cursor": page.next_cursor,
            "limit": limit,
        }
        if page.total is not None:
            meta["total"] = page.total
        return Response(Listed(page.items, meta), headers={"Cache-Control": "no-store"})

    def answer_bare(self, data: Mapping[str, Any], status: int = 200) -> HttpResponse:
        """Answer with `data` as it is, where somebody else's protocol says what an answer looks like."""
        headers = {"Cache-Control": "no-store"}
        return HttpResponse(write(data), status=status, content_type="application/json", headers=headers)


def _rendered(response: HttpResponseBase) -> HttpResponse:
    return cast("HttpResponse", response.render() if isinstance(response, Response) else response)


def by_method(**endpoints: type[Endpoint]) -> Callable[..., HttpResponseBase]:
    """Let one address do several things, an endpoint for each: by_method(get=ListKeys, post=CreateKey)."""
    views = {method: endpoint.as_view() for method, endpoint in endpoints.items()}
    first = next(iter(endpoints))

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = (request.method or "").lower()
        response = views.get("get" if method == "head" else method, views[first])(request, *args, **kwargs)
        response.headers["Allow"] = ", ".join(method.upper() for method in endpoints)
        return response

    # As an endpoint's own view is: keys and sessions are no cookies.
    view.csrf_exempt = True  # type: ignore[attr-defined]
    view.cls, view.initkwargs = endpoints[first], {}  # type: ignore[attr-defined]
    view.operations = views  # type: ignore[attr-defined]
    return view


def operations_of(view: Any) -> dict[str, Any]:
    """The view of each method that an address takes ("get", "post"); nothing for what is no endpoint."""
    found: dict[str, Any] | None = getattr(view, "operations", None)
    if found is not None:
        return found
    endpoint = getattr(view, "cls", None)
    if not (isinstance(endpoint, type) and issubclass(endpoint, Endpoint)):
        return {}
    return {method: view for method in _METHODS if hasattr(endpoint, method)}
