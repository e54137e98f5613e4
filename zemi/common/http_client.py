"""The one HTTP client. Time-outs on everything, no redirects, no retries, answers capped in size.

What became of a request is told apart the way that money needs it (SAFETY 4.2): it was certainly not sent, or
nobody knows.
"""

import threading
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import httpx2

CONNECT_S = 5.0
READ_S = 20.0
MOST_BYTES = 256 * 1024


_transport: httpx2.BaseTransport | None = None
_lock = threading.Lock()


class NotSent(Exception):
    """Not a byte of the request left: it may be sent again."""


class NoAnswer(Exception):
    """The request may have arrived: what it did is unknown, and it must not be sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and raw body of an answer; `date` is what its server's clock says (RFC 9110, 6.6.1), if it says it."""

    status: int
    body: bytes
    date: str = ""


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    read_timeout_s: float = READ_S,
) -> Answer:
    """Send one request, once.

    :raises NotSent: name look-up, connection or TLS failed: nothing arrived
    :raises NoAnswer: it was sent, and the answer was lost, late or too large
    """
    # Straight to the transport: no cookies, no redirects, no proxies or credentials from the environment.
    request = httpx2.Request(
        method,
        _parsed(url),
        headers=_with_basic(headers, auth),
        json=json,
        data=dict(form) if form else None,
        extensions={
            "timeout": {"connect": CONNECT_S, "read": read_timeout_s, "write": READ_S, "pool": CONNECT_S}
        },
    )
    try:
        response = _shared().handle_request(request)
        try:
            return Answer(response.status_code, _body(response), response.headers.get("date", ""))
        finally:
            response.close()
    except (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        httpx2.UnsupportedProtocol,
    ) as error:
        raise NotSent(type(error).__name__) from error
    except httpx2.HTTPError as error:
        raise NoAnswer(type(error).__name__) from error


@lru_cache(maxsize=64)
def _parsed(url: str) -> httpx2.URL:
    """Providers have a handful of addresses, and to parse one takes as long as all else that a request is made of."""
    return httpx2.URL(url)


def _with_basic(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    basic = {"Authorization": "Basic " + b64encode(":".join(auth).encode()).decode()} if auth else {}
    return {**(headers or {}), **basic, "Accept": "application/json", "User-Agent": "zemi"}


def _body(response: httpx2.Response) -> bytes:
    body = b""
    # Nobody is asked to compress: what comes is nearly always the body as it is.
    plain = cast("Iterable[bytes]", response.stream)
    for chunk in response.iter_bytes() if "content-encoding" in response.headers else plain:
        body += chunk
        if len(body) > MOST_BYTES:
            raise NoAnswer("the answer is too large")
    return body


def use_transport(transport: httpx2.BaseTransport | None) -> None:
    """Send through `transport` from now on (tests mount the simulator so); None is the network again."""
    global _transport  # noqa: PLW0603 (one per process)
    with _lock:
        if _transport is not None:
            _transport.close()
        _transport = transport


def _shared() -> httpx2.BaseTransport:
    global _transport  # noqa: PLW0603 (one per process)
    with _lock:
        if _transport is None:
            _transport = httpx2.HTTPTransport(trust_env=False)
        return _transport
