"""A merchant's events: each with its JSON, a command, and another try at telling it."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.common import clock
from zemi.common.ids import key_named, public_id
from zemi.developers.curl import curl
from zemi.developers.endpoints import find_endpoint
from zemi.developers.page import HOME, developer_page
from zemi.events.public import PUBLIC
from zemi.identity.api_keys import Scope
from zemi.identity.models import ApiKey
from zemi.snapshots.errors import ObjectNotFound
from zemi.snapshots.events import EventWish, events_of_merchant, list_events, read_event
from zemi.web.page import render
from zemi.webhooks.deliveries import resend
from zemi.webhooks.endpoints import list_endpoints, show_endpoint

_PATH = f"{HOME}/events"


@developer_page("GET", scope=Scope.READ)
def events(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """What happened, newest first, of one type if one is chosen."""
    chosen = request.GET.get("type", "")
    chosen = chosen if chosen in PUBLIC else ""
    wish = EventWish(cursor=request.GET.get("cursor", ""), type=chosen)
    found = list_events(merchant_id=key.merchant_id, wish=wish, now=clock.now())
    return render(
        request,
        "developers/events",
        tab="developers",
        here="events",
        page=found,
        types=sorted(PUBLIC),
        chosen=chosen,
        curl=curl(f"/api/v1/events?type={chosen}" if chosen else "/api/v1/events"),
    )


@developer_page("GET", scope=Scope.READ)
def event(request: HttpRequest, key: ApiKey, event_id: str) -> HttpResponse:
    """One event as webhooks tell it; keys for webhooks may send it again."""
    shown = read_event(event_id, merchant_id=key.merchant_id, now=clock.now())
    endpoints = list_endpoints(key.merchant_id) if Scope.WEBHOOKS in key.scopes else []
    return render(
        request,
        "developers/event",
        tab="developers",
        here="events",
        event=shown,
        body=json.dumps(shown, indent=2, ensure_ascii=False),
        endpoints=[show_endpoint(each) for each in endpoints if each.disabled_at is None],
        curl=curl(f"/api/v1/events/{shown['id']}"),
    )


@developer_page("GET", "POST", scope=Scope.WEBHOOKS)
def send_again(request: HttpRequest, key: ApiKey, event_id: str) -> HttpResponseBase:
    """Send an event to one endpoint again.

    :raises ObjectNotFound: it is none of this merchant's
    """
    if request.method != "POST":
        return redirect(f"{_PATH}/{event_id}")
    found = events_of_merchant(key.merchant_id).filter(pk=key_named("evt", event_id)).first()
    if found is None:
        raise ObjectNotFound
    endpoint = find_endpoint(request.POST.get("endpoint", ""), key)
    resend(found, endpoint=endpoint, now=clock.now())
    return redirect(f"{HOME}/webhooks/{public_id('we', endpoint.id)}")
