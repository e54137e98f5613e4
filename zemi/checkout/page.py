"""What the pages of buyers and sellers have: whose budget a look takes from, and who is signed in."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial, wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from zemi.common import clock
from zemi.identity.models import Session
from zemi.identity.sessions import authenticate
from zemi.links.photos import CONTENT_TYPE, has_photo
from zemi.orders.errors import OrderNotFound
from zemi.orders.lookup import charged_lookup
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import charge_or_refuse, named
from zemi.web import page as web
from zemi.web.requests import caller_address
from zemi.web.status import STATUS

_OF_A_PICTURE = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# The prefix makes browsers refuse it from anywhere but this very host, by https.
PARTY_COOKIE = "__Host-party" if settings.LIVE else "party"


def poll(view: Callable[..., str]) -> web.View:
    """Answer what a page asks every few seconds: a stamp as plain text, 400 bytes with all headers at most."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        return _bare(
            lambda: HttpResponse(view(request, **kwargs), content_type="text/plain"),
            _charged(request, kwargs.get("token")),
        )

    return answer


def picture(view: Callable[..., bytes], *, charged: web.Charge | None = None) -> web.View:
    """Answer with a picture that never changes: shown, never run, and kept by the browser of whoever had its address."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        return _bare(
            lambda: HttpResponse(view(request, **kwargs), content_type=CONTENT_TYPE, headers=_OF_A_PICTURE),
            (charged or _charged)(request, kwargs.get("token")),
        )

    return answer


def _bare(make: Callable[[], HttpResponse], charge: AbstractContextManager[None]) -> HttpResponse:
    """Answer what no person reads: a refusal is a status and no words."""
    try:
        with charge:
            response = make()
    except (OrderNotFound, TooManyAttempts) as error:
        response = HttpResponse(status=STATUS[error.kind], content_type="text/plain")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@contextmanager
def _charged(request: HttpRequest, token: str | None) -> Iterator[None]:
    """Charge a page of an order to its link, so that phones behind one address don't starve each other.

    A link that opens nothing is charged to the address: tokens are not tried in bulk. Other pages are charged to who is
    signed in; a stranger's forms to the address.

    :raises TooManyAttempts: the link, the person or the address has used up its budget
    """
    now = clock.now()
    if token is None:
        session = session_of(request)
        if session is not None:
            charge_or_refuse(named("authenticated", f"party:{session.party_id}"), now=now)
        elif request.method not in {"GET", "HEAD"}:
            charge_or_refuse(named("anonymous_writes", caller_address(request)), now=now)
        yield
        return
    with charged_lookup(caller_address(request), now=now):
        limit = "link_reads" if request.method in {"GET", "HEAD"} else "link_writes"
        charge_or_refuse(named(limit, f"link:{token}"), now=now)
        yield


def session_of(request: HttpRequest) -> Session | None:
    """Who is signed in, to sell or because a phone was proved to buy; None is a stranger."""
    return authenticate(request.COOKIES.get(PARTY_COOKIE, ""), now=clock.now())


def keep_session(response: HttpResponse, token: str) -> None:
    """Have the browser keep the session that `token` is for as long as it lasts."""
    response.set_cookie(
        PARTY_COOKIE,
        token,
        max_age=timedelta(minutes=settings.SESSION_MIN),
        secure=settings.LIVE,
        httponly=True,
        samesite="Lax",
    )


def photo_path(path: str, token: str, link_id: UUID | None) -> str:
    """Where a page below `path` has the photo of what the link sells; "" if there is none."""
    return f"{path}{token}/photo" if has_photo(link_id) else ""


def render(request: HttpRequest, name: str, **facts: Any) -> HttpResponse:
    """Render the template `name` of this package; see `zemi.web.page.render`."""
    return web.render(request, f"checkout/{name}", **facts)


page = partial(web.page, charged=_charged)
