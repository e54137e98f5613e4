"""Who is let into the console: staff who are signed in with both factors, not for too long (SAFETY 3.7)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.logs import log
from zemi.common.texts import Text
from zemi.trust.limits import charge_or_refuse, named
from zemi.web.page import View, language, page
from zemi.web.page import render as render_page
from zemi.web.requests import REQUEST_ID, caller_address

HOME, SIGN_IN, SECOND_FACTOR = "/console", "/console/sign-in", "/console/second-factor"
ENROL, FACTORS = "/console/enrol", "/console/factors"
IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=8)
# Who acts has shown the second factor so lately: a console left open moves nothing.
FRESH = timedelta(minutes=5)
_FACTOR, _FACTOR_AT, _SIGNED_IN_AT, _SEEN_AT = "factor", "factor_at", "signed_in_at", "seen_at"
# A look is written down once a minute, not each time.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the staff, signed in. `is_fresh`: the second factor was shown within FRESH."""

    user: User
    is_fresh: bool

    @property
    def name(self) -> str:
        """The name that stands in events and approvals."""
        return self.user.get_username()


def staff_of(request: HttpRequest) -> Staff | None:
    """Who is signed in with both factors; None is anybody else."""
    user, now = request.user, clock.now()
    if isinstance(user, AnonymousUser) or not user.is_staff or not request.session.get(_FACTOR):
        return None
    signed_in, seen, factor = (_moment(request, name) for name in (_SIGNED_IN_AT, _SEEN_AT, _FACTOR_AT))
    if signed_in is None or seen is None or factor is None:
        return None
    if not signed_in <= now < signed_in + LONGEST or now >= seen + IDLE:
        request.session.flush()
        return None
    if now >= seen + _SEEN_EVERY:
        request.session[_SEEN_AT] = now.isoformat()
    return Staff(user, factor <= now < factor + FRESH)


def let_in(request: HttpRequest, user: User, *, factor: str) -> None:
    """Open a session for `user`, who has shown both factors; whatever the old one held is gone."""
    now = clock.now().isoformat()
    request.session.flush()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    for name in (_SIGNED_IN_AT, _SEEN_AT, _FACTOR_AT):
        request.session[name] = now
    request.session[_FACTOR] = factor
    request.session.clear_expired()
    log.info("console.signed_in", actor=user.get_username(), factor=factor)


def shown_again(request: HttpRequest, *, factor: str) -> None:
    """Who is signed in has shown the second factor once more."""
    request.session[_FACTOR], request.session[_FACTOR_AT] = factor, clock.now().isoformat()


def staff_page(*methods: str) -> Callable[[View], View]:
    """Make a view a page of the console: `view(request, staff, ...)`. Anybody else is sent to sign in.

    A refusal becomes a page of the console.
    """

    def decorate(view: View) -> View:
        @page(*methods, charged=uncharged)
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            staff = staff_of(request)
            if staff is None:
                return redirect(_with_next(SIGN_IN, request))
            try:
                charge_or_refuse(named("authenticated", f"staff:{staff.user.pk}"), now=clock.now())
                return view(request, staff, **kwargs)
            except ZemiError as error:
                return refused(request, staff, error)

        return answer

    return decorate


def charge_try(request: HttpRequest, name: str = "") -> None:
    """Charge a try to sign in to the address that it comes from, and to the account that it is for.

    :raises TooManyAttempts: one of them has used up its budget
    """
    now = clock.now()
    charge_or_refuse(named("staff_sign_ins", caller_address(request)), now=now)
    if name:
        charge_or_refuse(named("staff_sign_ins", f"staff:{name.lower()[:150]}"), now=now)


@contextmanager
def uncharged(request: HttpRequest, token: str | None) -> Iterator[None]:
    """A page of the console charges what it wants itself."""
    yield


def render(
    request: HttpRequest,
    name: str,
    *,
    staff: Staff | None = None,
    status: int = 200,
    error: ZemiError | None = None,
    **facts: Any,
) -> HttpResponse:
    """Render the template `name` of the console, for `staff` or for a stranger who signs in."""
    facts |= {"staff": staff, "confirm": _with_next(SECOND_FACTOR, request)}
    return render_page(request, f"console/{name}", status=status, error=error, **facts)


def refused(request: HttpRequest, staff: Staff, error: ZemiError) -> HttpResponse:
    """Answer a refusal with a page: what happened, what to do, what to quote."""
    back = request.path if request.method == "POST" else HOME
    return render(
        request,
        "refused",
        staff=staff,
        error=error,
        back=back,
        request_id=request.META.get(REQUEST_ID, ""),
    )


def next_of(request: HttpRequest) -> str:
    """Where to go after signing in: a page of the console, and nothing else."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours and (wanted == HOME or wanted.startswith(f"{HOME}/")) else HOME


def _with_next(path: str, request: HttpRequest) -> str:
    return f"{path}?next={quote(request.path, safe='/')}"


def _moment(request: HttpRequest, name: str) -> datetime | None:
    written = request.session.get(name)
    return datetime.fromisoformat(written) if written else None


def spoken(request: HttpRequest, text: Text, **facts: Any) -> str:
    """Say a text in the language of the page."""
    return text.render(language(request), **facts)
