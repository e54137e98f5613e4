"""What every page has: a language, a strict content policy, and a page of its own for each refusal."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render as render_template
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from zemi.checkout.texts import TEXTS
from zemi.common import clock
from zemi.common.errors import InvalidInput, Kind, ZemiError
from zemi.identity.models import Session
from zemi.identity.sessions import authenticate
from zemi.orders.errors import OrderNotFound
from zemi.orders.lookup import charged_lookup
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import charge_or_refuse, named
from zemi.web.requests import ERROR_CODE, REQUEST_ID, caller_address, language_of
from zemi.web.status import STATUS, status_of

LANGUAGE_COOKIE = "lang"
# The prefix makes browsers refuse it from anywhere but this very host, by https.
SELLER_COOKIE = "__Host-seller" if settings.LIVE else "seller"
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


def page(*methods: str, charged: Charge | None = None) -> Callable[[View], View]:
    """Make a view a page: it answers `methods` (GET if none is named), and a refusal becomes a page too.

    `charged` says whose budget a look takes from; if left out it is the link's, the signed-in person's or the address's.
    """
    charge = charged or _charged
    allowed = methods or ("GET",)

    def decorate(view: View) -> View:
        @require_http_methods([*allowed, *(["HEAD"] if "GET" in allowed else [])])
        @csrf_protect
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                with charge(request, kwargs.get("token")):
                    response = view(request, *args, **kwargs)
            except ZemiError as error:
                response = refused(request, error)
            return finish(request, response)

        answer.methods = allowed  # type: ignore[attr-defined]  # read by the list of addresses
        return answer

    return decorate


def poll(view: Callable[..., str]) -> View:
    """Answer what a page asks every few seconds: a stamp as plain text, 400 bytes with all headers at most."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            with _charged(request, kwargs.get("token")):
                response = HttpResponse(view(request, **kwargs), content_type="text/plain")
        except (OrderNotFound, TooManyAttempts) as error:
            response = HttpResponse(status=STATUS[error.kind], content_type="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


@contextmanager
def _charged(request: HttpRequest, token: str | None) -> Iterator[None]:
    """Charge a page of an order to its link, so that phones behind one address don't starve each other.

    A link that opens nothing is charged to the address: tokens are not tried in bulk. Other pages are charged to who is
    signed in; a stranger's forms to the address.

    :raises TooManyAttempts: the link, the person or the address has used up its budget
    """
    now = clock.now()
    if token is None:
        session = session_of(request)
        if session is not None:
            charge_or_refuse(named("authenticated", f"party:{session.party_id}"), now=now)
        elif request.method not in {"GET", "HEAD"}:
            charge_or_refuse(named("anonymous_writes", caller_address(request)), now=now)
        yield
        return
    with charged_lookup(caller_address(request), now=now):
        limit = "link_reads" if request.method in {"GET", "HEAD"} else "link_writes"
        charge_or_refuse(named(limit, f"link:{token}"), now=now)
        yield


def session_of(request: HttpRequest) -> Session | None:
    """Who is signed in to sell; None is a stranger."""
    return authenticate(request.COOKIES.get(SELLER_COOKIE, ""), now=clock.now())


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
    """Render the template `name` of this package, or of another one: "developers/keys".

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
        **facts,
    }
    if error is not None:
        status = status_of(type(error))
        context |= {"problem": error.sentence(spoken), "problem_advice": error.advice(spoken)}
    template = name if "/" in name else f"checkout/{name}"
    response = render_template(request, f"{template}.html", context, status=status)
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
    return render(request, "refused", error=error, money=money, request_id=request.META.get(REQUEST_ID, ""))
