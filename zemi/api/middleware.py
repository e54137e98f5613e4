"""What every request gets: an id, one line in the log, and a known sender."""

import re
from collections.abc import Callable
from io import BytesIO
from time import perf_counter

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars

from zemi.api.errors import BadRequest, json_answer
from zemi.common import clock
from zemi.common.ids import new_request_id, read_public_id
from zemi.common.logs import log, mask
from zemi.identity.models import ApiKey
from zemi.request_log.models import LoggedRequest
from zemi.request_log.record import recorder
from zemi.web.requests import ERROR_CODE, REQUEST_ID

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)


class RequestContext:
    """Names the request, and writes one line about it when it is answered. The first of all middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the header Request-Id."""
        started = perf_counter()
        request_id = new_request_id()
        request.META[REQUEST_ID] = request_id
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        correlation_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if _SAFE_ID.fullmatch(correlation_id):
            bind_contextvars(correlation_id=correlation_id)

        response = self._answer(request)
        response.headers["Request-Id"] = request_id
        if isinstance(response, HttpResponse):
            # Without a length the server would send it in chunks; without a body HEAD is what it should be.
            response.headers.setdefault("Content-Length", str(len(response.content)))
            if request.method == "HEAD":
                response.content = b""
        # The route, never the path: a callback's path is a secret, an order's names a sale.
        match = request.resolver_match
        ms = (perf_counter() - started) * 1000
        log.info(
            "request",
            method=request.method,
            route=f"/{match.route}" if match else "(none)",
            status=response.status_code,
            error=request.META.get(ERROR_CODE, ""),
            ms=round(ms, 1),
        )
        _note(request, response.status_code, ms=ms)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost as error:
            # What is raised from the first middleware would pass by the headers that every answer gets.
            return response_for_exception(request, error)
        if "HTTP_TRANSFER_ENCODING" not in request.META or _take_chunked_body(request):
            return self._get_response(request)
        return json_answer(request, BadRequest())


def _note(request: HttpRequest, status: int, *, ms: float) -> None:
    """Have a merchant's request written down for the developers' pages; nobody waits for it."""
    # DRF leaves the key that it found on the request of Django.
    key = getattr(request, "auth", None)
    request_key = read_public_id("req", request.META[REQUEST_ID])
    if not isinstance(key, ApiKey) or request_key is None:
        return
    recorder.note(
        LoggedRequest(
            id=request_key,
            merchant_id=key.merchant_id,
            key_id=key.public_id,
            method=(request.method or "")[:7],
            path=mask(request.path)[:200],
            status=status,
            code=request.META.get(ERROR_CODE, ""),
            duration_ms=int(ms),
            at=clock.now(),
        )
    )


def _take_chunked_body(request: HttpRequest) -> bool:
    """Read a body that came in chunks, without Content-Length, as some Java clients send it. False: it broke.

    Django reads as much as Content-Length says, which is nothing then: a callback would be stored empty. The
    server says by `wsgi.input_terminated` that its stream ends where the chunks end.
    """
    if (
        request.META.get("wsgi.input_terminated")
        and "chunked" in request.META["HTTP_TRANSFER_ENCODING"].lower()
    ):
        try:
            body = request.META["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        except Exception as error:
            # Broken chunks or a broken connection: WSGI names no class for a server's errors. It is a 400.
            log.info("request.unreadable", error=type(error).__qualname__)
            return False
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = BytesIO(body)
    return True
