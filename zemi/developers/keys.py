"""A merchant's keys: list, make, rotate, revoke, by the services that the API calls."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.developers.curl import curl
from zemi.developers.page import HOME, developer_page
from zemi.identity.api_keys import (
    Scope,
    add_api_key,
    is_valid,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from zemi.identity.models import ApiKey
from zemi.web.page import render

_PATH = f"{HOME}/keys"
# What can be chosen as the life of a new key, in days; 0 is without an end.
LIVES = (0, 30, 90, 365)


@developer_page("GET", "POST", scope=Scope.KEYS)
def keys(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """All keys of the merchant; with POST a new one, whose text is shown this once."""
    if request.method != "POST":
        return _show(request, key)
    wanted = [scope for scope in Scope if scope in request.POST.getlist("scope")]
    days = request.POST.get("days", "0")
    try:
        made = add_api_key(
            by=key,
            # The form offers what may be chosen; what else was sent chooses nothing.
            scopes=wanted or [Scope.READ],
            label=request.POST.get("name", "").strip()[:60],
            lifetime=timedelta(days=int(days)) if days in {"30", "90", "365"} else None,
            now=clock.now(),
        )
    except ZemiError as error:
        return _show(request, key, error=error)
    return _show(request, key, made=made)


@developer_page("GET", "POST", scope=Scope.KEYS)
def rotate(request: HttpRequest, key: ApiKey, key_id: str) -> HttpResponseBase:
    """Replace a key; the old one goes on for a day."""
    if request.method != "POST":
        return redirect(_PATH)
    try:
        made = rotate_api_key(merchant_id=key.merchant_id, public_id=key_id, by=key, now=clock.now())
    except ZemiError as error:
        return _show(request, key, error=error)
    return _show(request, key, made=made)


@developer_page("GET", "POST", scope=Scope.KEYS)
def revoke(request: HttpRequest, key: ApiKey, key_id: str) -> HttpResponseBase:
    """End a key at once, and with one's own the session."""
    if request.method == "POST":
        revoke_api_key(merchant_id=key.merchant_id, public_id=key_id, now=clock.now(), actor="merchant")
    return redirect(_PATH)


def _show(
    request: HttpRequest,
    key: ApiKey,
    *,
    made: tuple[ApiKey, str] | None = None,
    error: ZemiError | None = None,
) -> HttpResponse:
    now = clock.now()
    found = [(each, is_valid(each, now=now)) for each in list_api_keys(merchant_id=key.merchant_id)]
    return render(
        request,
        "developers/keys",
        error=error,
        tab="developers",
        here="keys",
        key=key,
        keys=found,
        made=made,
        scopes=[scope for scope in Scope if scope in key.scopes],
        lives=LIVES,
        curl=curl("/api/v1/api_keys"),
    )
