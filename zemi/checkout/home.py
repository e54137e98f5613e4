"""The first page, and the pages for what is not there or broken."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from zemi.checkout.page import finish, page, render
from zemi.web.requests import REQUEST_ID


@page("GET")
def home(request: HttpRequest) -> HttpResponse:
    """What Zemi is, and in sandbox mode the way to the two phones."""
    return render(request, "home")


@page("GET")
def help_page(request: HttpRequest) -> HttpResponse:
    """What people ask most, answered with where the money is."""
    return render(request, "help")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """No such page."""
    return _lost(request, 404, "not_found_title", "not_found", "money_unmoved")


def broken(request: HttpRequest) -> HttpResponseBase:
    """A page failed; the exception is logged by Django itself."""
    return _lost(request, 500, "broken_title", "broken", "money_doubtful")


def stale(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form that was not made for this browser, or too long ago: nothing was done."""
    return _lost(request, 403, "stale_title", "stale", "money_unmoved")


def _lost(request: HttpRequest, status: int, title: str, text: str, money: str) -> HttpResponseBase:
    request_id = request.META.get(REQUEST_ID, "")
    response = render(
        request, "lost", status=status, title=title, text=text, money=money, request_id=request_id
    )
    return finish(request, response)
