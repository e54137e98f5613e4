"""What a page for signed-in developers has: a session opened with an API key, whose scopes say what it shows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from zemi.api.errors import ScopeMissing
from zemi.common import clock
from zemi.identity.api_keys import Scope
from zemi.identity.key_sessions import find_key_session
from zemi.identity.models import ApiKey, KeySession
from zemi.trust.limits import charge_or_refuse, named
from zemi.web.page import View, page
from zemi.web.requests import caller_address

HOME = "/developers"
# The prefix makes browsers refuse it from anywhere but this very host, by https.
COOKIE = "__Host-developer" if settings.LIVE else "developer"
_FOUND = "zemi.key_session"


def developer_page(*methods: str, scope: Scope) -> Callable[[View], View]:
    """Make a view a page for whoever is signed in with a key that has `scope`; it gets the key. Others sign in first."""

    def decorate(view: Callable[..., HttpResponseBase]) -> View:
        @page(*methods, charged=charged)
        @wraps(view)
        def answer(request: HttpRequest, **named_parts: Any) -> HttpResponseBase:
            key = key_of(request)
            if key is None:
                return redirect(HOME)
            if scope not in key.scopes:
                raise ScopeMissing(scope=scope)
            return view(request, key, **named_parts)

        return answer

    return decorate


@contextmanager
def charged(request: HttpRequest, _: str | None) -> Iterator[None]:
    """Charge the session, not the merchant: looking at pages takes nothing from what its programs may ask.

    A stranger's forms are charged to the address, so that keys aren't tried in bulk.

    :raises TooManyAttempts: the budget is used up
    """
    session, now = session_of(request), clock.now()
    if session is not None:
        charge_or_refuse(named("authenticated", f"developer:{session.id}"), now=now)
    elif request.method not in {"GET", "HEAD"}:
        charge_or_refuse(named("anonymous_writes", caller_address(request)), now=now)
    yield


def session_of(request: HttpRequest) -> KeySession | None:
    """Who is signed in; None is a stranger. Looked up once a request."""
    if _FOUND not in request.META:
        request.META[_FOUND] = find_key_session(request.COOKIES.get(COOKIE, ""), now=clock.now())
    found: KeySession | None = request.META[_FOUND]
    return found


def key_of(request: HttpRequest) -> ApiKey | None:
    """The key that the session was opened with."""
    session = session_of(request)
    return session.api_key if session is not None else None
