"""A merchant's webhook endpoints: made, changed, pinged, brought level. Read and done as the API reads and does it."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.api.webhooks import CreateEndpointInput, UpdateEndpointInput
from zemi.common import clock
from zemi.common.errors import InvalidInput, ZemiError
from zemi.common.ids import key_named, public_id, read_key
from zemi.developers.curl import curl
from zemi.developers.page import HOME, developer_page
from zemi.events.public import TOLD
from zemi.identity.api_keys import Scope
from zemi.identity.models import ApiKey
from zemi.snapshots.webhooks import STATUSES, list_deliveries
from zemi.web.page import language, render
from zemi.webhooks.deliveries import ping, redeliver
from zemi.webhooks.endpoints import (
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoints,
    rotate_secret,
    show_endpoint,
    update_endpoint,
)
from zemi.webhooks.models import WebhookEndpoint
from zemi.webhooks.replays import LONGEST, ask_replay

_PATH = f"{HOME}/webhooks"
# How far back one can ask for what was missed, in days.
SPANS = (1, 3, 7, LONGEST.days)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def webhooks(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """The merchant's endpoints; with POST a new one, whose secret is shown this once."""
    if request.method != "POST":
        return _list(request, key)
    given, once = _given(request), read_key(request.POST.get("once", ""))
    try:
        read = CreateEndpointInput.read(given)
        made = create_endpoint(merchant_id=key.merchant_id, **read, once=once, now=clock.now())
    except ZemiError as error:
        return _list(request, key, error=error, given=given, wrong=_wrong(request, error))
    return _list(request, key, made=made[0], secret=made[1])


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def webhook(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """One endpoint, and what was sent to it: every try and its answer. With POST it is changed."""
    endpoint = find_endpoint(endpoint_id, key)
    if request.method != "POST":
        return _show(request, endpoint)
    given = _given(request)
    if request.POST.get("alert") == "nobody":
        given["alert_phone"] = ""
    try:
        read = UpdateEndpointInput.read(given)
        update_endpoint(endpoint.id, merchant_id=key.merchant_id, **read, now=clock.now())
    except ZemiError as error:
        return _show(request, endpoint, error=error, given=given, wrong=_wrong(request, error))
    return _back(endpoint)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def rotate(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """Give an endpoint a new secret, shown this once; the one before it signs too for a day."""
    endpoint = find_endpoint(endpoint_id, key)
    if request.method != "POST":
        return _back(endpoint)
    endpoint, secret = rotate_secret(endpoint.id, merchant_id=key.merchant_id, now=clock.now())
    return _show(request, endpoint, secret=secret)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def switch(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """Switch an endpoint off, or on again."""
    endpoint = find_endpoint(endpoint_id, key)
    wanted = request.POST.get("to")
    if request.method == "POST" and wanted in {"on", "off"}:
        update_endpoint(endpoint.id, merchant_id=key.merchant_id, enabled=wanted == "on", now=clock.now())
    return _back(endpoint)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def send_ping(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """Send an endpoint a test event; its delivery says what became of it."""
    endpoint = find_endpoint(endpoint_id, key)
    if request.method == "POST":
        ping(endpoint.id, merchant_id=key.merchant_id, now=clock.now())
    return _back(endpoint, queued=request.method == "POST")


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def replay(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """Have everything sent that did not reach an endpoint in the last days."""
    endpoint = find_endpoint(endpoint_id, key)
    days = request.POST.get("days", "")
    if request.method == "POST" and days in map(str, SPANS):
        now = clock.now()
        ask_replay(endpoint=endpoint, since=now - timedelta(days=int(days)), until=now, now=now)
        return _back(endpoint, queued=True)
    return _back(endpoint)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def delete(request: HttpRequest, key: ApiKey, endpoint_id: str) -> HttpResponseBase:
    """Send nothing more to an endpoint, and forget its secrets."""
    endpoint = find_endpoint(endpoint_id, key)
    if request.method != "POST":
        return _back(endpoint)
    delete_endpoint(endpoint.id, merchant_id=key.merchant_id, now=clock.now())
    return redirect(_PATH)


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def deliver_again(request: HttpRequest, key: ApiKey, endpoint_id: str, delivery_id: str) -> HttpResponseBase:
    """Send one delivery again at once."""
    endpoint = find_endpoint(endpoint_id, key)
    if request.method == "POST":
        redeliver(key_named("wd", delivery_id), endpoint=endpoint, now=clock.now())
    return _back(endpoint, queued=request.method == "POST")


def find_endpoint(written: str, key: ApiKey) -> WebhookEndpoint:
    """Find the key's merchant's endpoint of that public id.

    :raises WebhookEndpointNotFound: there is none, or it is somebody else's
    """
    return get_endpoint(key_named("we", written), merchant_id=key.merchant_id)


def _given(request: HttpRequest) -> dict[str, Any]:
    """What the form holds, as a program would send it. An empty phone says nothing: the one that is there stays."""
    given: dict[str, Any] = {
        "url": request.POST.get("url", "").strip(),
        "description": request.POST.get("description", "").strip(),
        "types": [each for each in request.POST.getlist("types") if each],
    }
    phone = request.POST.get("alert_phone", "").strip()
    return given | ({"alert_phone": phone} if phone else {})


def _wrong(request: HttpRequest, error: ZemiError) -> dict[str, str]:
    """What is wrong with which field, for the form."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return {problem.field: problem.text.render(language(request)) for problem in problems}


def _back(endpoint: WebhookEndpoint, *, queued: bool = False) -> HttpResponseBase:
    return redirect(f"{_PATH}/{public_id('we', endpoint.id)}" + ("?queued=1" if queued else ""))


def _list(
    request: HttpRequest,
    key: ApiKey,
    *,
    made: WebhookEndpoint | None = None,
    error: ZemiError | None = None,
    **facts: Any,
) -> HttpResponse:
    found = [show_endpoint(each) for each in list_endpoints(key.merchant_id)]
    return render(
        request,
        "developers/webhooks",
        error=error,
        tab="developers",
        here="webhooks",
        endpoints=found,
        made=show_endpoint(made) if made is not None else None,
        types=sorted(TOLD),
        most=WebhookEndpoint.MOST,
        curl=curl("/api/v1/webhook_endpoints"),
        **facts,
    )


def _show(
    request: HttpRequest, endpoint: WebhookEndpoint, *, error: ZemiError | None = None, **facts: Any
) -> HttpResponse:
    chosen = request.GET.get("status", "")
    chosen = chosen if chosen in STATUSES else ""
    shown = show_endpoint(endpoint)
    return render(
        request,
        "developers/webhook",
        error=error,
        tab="developers",
        here="webhooks",
        endpoint=shown,
        page=list_deliveries(endpoint, limit=25, cursor=request.GET.get("cursor", ""), status=chosen),
        statuses=STATUSES,
        chosen=chosen,
        queued="queued" in request.GET,
        types=sorted(TOLD),
        spans=SPANS,
        curl=curl(f"/api/v1/webhook_endpoints/{shown['id']}/deliveries"),
        **({"given": shown} | facts),
    )
