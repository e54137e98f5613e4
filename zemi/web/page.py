"""What every page has: a language, a strict content policy, and a page of its own for each refusal."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render as render_template
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from zemi.common.errors import InvalidInput, Kind, ZemiError
from zemi.common.ids import new_key
from zemi.web.requests import ERROR_CODE, REQUEST_ID, language_of
from zemi.web.status import STATUS, status_of
from zemi.web.texts import TEXTS

LANGUAGE_COOKIE = "lang"
_A_YEAR_S = 365 * 24 * 3600
# No inline script or style, nothing of anybody else's, in nobody's frame.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Addresses are secrets: no other site is told them. "no-referrer" would hide a form's origin from ourselves.
    "Referrer-Policy": "same-origin",
    # What the back button shows is asked for again: it may have been paid meanwhile.
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}

View = Callable[..., HttpResponseBase]
# Charges whoever looks at a page, and may refuse; its second argument is the token in the page's address, if any.
Charge = Callable[[HttpRequest, str | None], AbstractContextManager[None]]


def page(*methods: str, charged: Charge) -> Callable[[View], View]:
    """Make a view a page: it answers `methods` (GET if none is named), and a refusal becomes a page too.

    `charged` says whose budget a look takes from.
    """
    allowed = methods or ("GET",)

    def decorate(view: View) -> View:
        @require_http_methods([*allowed, *(["HEAD"] if "GET" in allowed else [])])
        @csrf_protect
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                with charged(request, kwargs.get("token")):
                    response = view(request, *args, **kwargs)
            except ZemiError as error:
                response = refused(request, error)
            return finish(request, response)

        answer.methods = allowed  # type: ignore[attr-defined]  # read by the list of addresses
        return answer

    return decorate


def finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Give a page its headers, and remember the language that was chosen on it."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers["Content-Language"] = language(request)
    if request.GET.get("lang") in {"en", "sw"}:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language(request),
            max_age=_A_YEAR_S,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def language(request: HttpRequest) -> str:
    """What the person chose: now, earlier, or in the browser's settings."""
    for chosen in (request.GET.get("lang"), request.COOKIES.get(LANGUAGE_COOKIE)):
        if chosen in {"en", "sw"}:
            return str(chosen)
    return language_of(request)


def render(
    request: HttpRequest, name: str, *, status: int = 200, error: ZemiError | None = None, **facts: Any
) -> HttpResponse:
    """Render the template `name`, with the package that it is of: "checkout/pay".

    With `error` it is the answer to a refusal: the status, the log and Retry-After say so, and the template gets
    `problem`, what happened, and `problem_advice`, what to do.
    """
    spoken = language(request)
    other = "en" if spoken == "sw" else "sw"
    query = QueryDict(mutable=True)
    query.update(request.GET.dict() if request.method == "GET" else {})
    query["lang"] = other
    context = {
        "language": spoken,
        "other_language": other,
        # A form that was refused can't be asked for again by a link: then the switch leads to the same address.
        "switch_language": f"?{query.urlencode()}",
        "sandbox": not settings.LIVE,
        # Of a form that makes something: pressed twice, it makes one.
        "once": new_key(),
        **facts,
    }
    if error is not None:
        status = status_of(type(error))
        context |= {"problem": error.sentence(spoken), "problem_advice": error.advice(spoken)}
    response = render_template(request, f"{name}.html", context, status=status)
    if error is not None:
        request.META[ERROR_CODE] = error.code
        if error.retry_after_s is not None:
            response.headers["Retry-After"] = str(error.retry_after_s)
    elif status == STATUS[Kind.VALIDATION]:
        request.META[ERROR_CODE] = InvalidInput.code
    return response


def refused(request: HttpRequest, error: ZemiError) -> HttpResponse:
    """Answer a refusal with a page: what happened, where the money is, what to do, what to quote."""
    doubtful = error.kind in {Kind.PROVIDER, Kind.INTERNAL}
    money = TEXTS["money_doubtful" if doubtful else "money_unmoved"].render(language(request))
    return render(
        request, "web/refused", error=error, money=money, request_id=request.META.get(REQUEST_ID, "")
    )
