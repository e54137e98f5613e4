"""The way in: an API key, pasted once; in a sandbox the demo merchant's key by one button."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.common import clock
from zemi.common.crypto import same
from zemi.common.errors import ZemiError
from zemi.developers.curl import curl, export
from zemi.developers.page import COOKIE, HOME, charged, key_of, session_of
from zemi.identity.api_keys import Scope
from zemi.identity.key_sessions import end_key_session, open_key_session
from zemi.identity.models import ApiKey
from zemi.sandbox.demo_key import read_demo_key
from zemi.web.page import page, render
from zemi.webhooks.endpoints import list_endpoints, show_endpoint


@page("GET", charged=charged)
def home(request: HttpRequest) -> HttpResponse:
    """The key one is signed in with, and a first command; strangers sign in."""
    key = key_of(request)
    if key is None:
        return render(request, "developers/sign_in", tab="developers", has_demo=_has_demo())
    shown = export(_demo_text(key) or f"{key.prefix}_...")
    return render(
        request,
        "developers/home",
        tab="developers",
        here="home",
        key=key,
        export=shown,
        curl=curl("/api/v1/orders"),
        given_up=_given_up(key),
    )


@page("GET", "POST", charged=charged)
def enter(request: HttpRequest) -> HttpResponseBase:
    """Sign in with the key that was pasted."""
    return (
        _enter(request, request.POST.get("key", "").strip()) if request.method == "POST" else redirect(HOME)
    )


@page("GET", "POST", charged=charged)
def demo(request: HttpRequest) -> HttpResponseBase:
    """Sign in with the demo merchant's key; in sandbox mode only.

    :raises Http404: this is no sandbox
    """
    if settings.LIVE:
        raise Http404
    return _enter(request, read_demo_key()) if request.method == "POST" else redirect(HOME)


@page("GET", "POST", charged=charged)
def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign out: the session ends here too, not only in the browser."""
    response = redirect(HOME)
    session = session_of(request)
    if request.method == "POST" and session is not None:
        end_key_session(session, now=clock.now())
        response.delete_cookie(COOKIE)
    return response


def _enter(request: HttpRequest, text: str) -> HttpResponseBase:
    try:
        _, token = open_key_session(key_text=text, now=clock.now())
    except ZemiError as error:
        return render(request, "developers/sign_in", tab="developers", error=error, has_demo=_has_demo())
    response = redirect(HOME)
    response.set_cookie(
        COOKIE,
        token,
        max_age=timedelta(minutes=settings.SESSION_MIN),
        secure=settings.LIVE,
        httponly=True,
        samesite="Strict",
    )
    return response


def _given_up(key: ApiKey) -> list[dict[str, Any]]:
    """The merchant's endpoints that nothing is sent to any more, to keys that may look after them."""
    if Scope.WEBHOOKS not in key.scopes:
        return []
    return [show_endpoint(each) for each in list_endpoints(key.merchant_id) if each.is_given_up]


def _has_demo() -> bool:
    return not settings.LIVE and bool(read_demo_key())


def _demo_text(key: ApiKey) -> str:
    """The text of the demo merchant's key, which the terminal shows too; of no other key is there one."""
    text = "" if settings.LIVE else read_demo_key()
    return text if text and same(text.split("_")[2].encode(), key.public_id.encode()) else ""
