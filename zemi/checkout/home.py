"""The first page, and the page of help."""

from django.http import HttpRequest, HttpResponse

from zemi.checkout.page import page, render


@page("GET")
def home(request: HttpRequest) -> HttpResponse:
    """What Zemi is, and in sandbox mode the way to the two phones."""
    return render(request, "home")


@page("GET")
def help_page(request: HttpRequest) -> HttpResponse:
    """What people ask most, answered with where the money is."""
    return render(request, "help")
