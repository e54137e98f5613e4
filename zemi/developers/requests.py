"""A merchant's requests: what was asked, what it was told, and what came of it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from zemi.common.ids import public_id
from zemi.developers.curl import curl, curl_post
from zemi.developers.page import developer_page
from zemi.identity.api_keys import Scope
from zemi.identity.models import ApiKey
from zemi.request_log.read import find_request, list_requests
from zemi.snapshots.errors import ObjectNotFound
from zemi.snapshots.events import events_of_merchant
from zemi.web.page import render

_MOST_EVENTS = 50


@developer_page("GET", scope=Scope.READ)
def requests(request: HttpRequest, key: ApiKey) -> HttpResponse:
    """What the merchant's keys asked, newest first."""
    refused = request.GET.get("refused") == "1"
    found, more = list_requests(
        merchant_id=key.merchant_id, before=request.GET.get("before", ""), only_refused=refused
    )
    rows = [(public_id("req", each.id), each) for each in found]
    return render(
        request,
        "developers/requests",
        tab="developers",
        here="requests",
        rows=rows,
        older=rows[-1][0] if more else "",
        refused=refused,
        days=settings.REQUEST_LOG_DAYS,
    )


@developer_page("GET", scope=Scope.READ)
def request(request: HttpRequest, key: ApiKey, request_id: str) -> HttpResponse:
    """One request, and the events that it caused.

    :raises ObjectNotFound: it is none of this merchant's, or too old
    """
    found = find_request(request_id, merchant_id=key.merchant_id)
    if found is None:
        raise ObjectNotFound
    caused = events_of_merchant(key.merchant_id).filter(request_id=request_id).order_by("id")[:_MOST_EVENTS]
    return render(
        request,
        "developers/request",
        tab="developers",
        here="requests",
        found=found,
        request_id=request_id,
        events=[(public_id("evt", each.id), each.type) for each in caused],
        curl=curl(found.path) if found.method in {"GET", "HEAD"} else "",
        written=curl_post(found.path) if found.method == "POST" else None,
    )
