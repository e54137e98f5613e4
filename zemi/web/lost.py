"""The pages for what is not there, broken, or too old."""

from django.http import HttpRequest, HttpResponseBase

from zemi.web.page import finish, render
from zemi.web.requests import REQUEST_ID


def not_found(request: HttpRequest) -> HttpResponseBase:
    """No such page."""
    return _lost(request, 404, "not_found_title", "not_found", "money_unmoved")


def broken(request: HttpRequest) -> HttpResponseBase:
    """A page failed; the exception is logged by Django itself."""
    return _lost(request, 500, "broken_title", "broken", "money_doubtful")


def stale(request: HttpRequest, reason: str = "") -> HttpResponseBase:  # noqa: ARG001 (Django's signature)
    """A form that was not made for this browser, or too long ago: nothing was done."""
    return _lost(request, 403, "stale_title", "stale", "money_unmoved")


def _lost(request: HttpRequest, status: int, title: str, text: str, money: str) -> HttpResponseBase:
    request_id = request.META.get(REQUEST_ID, "")
    response = render(
        request, "web/lost", status=status, title=title, text=text, money=money, request_id=request_id
    )
    return finish(request, response)
