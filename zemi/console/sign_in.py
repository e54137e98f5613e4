"""Sign in: the password first, then the second factor. Nobody signs up here."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.common import clock, crypto
from zemi.common.errors import ZemiError
from zemi.console import factors, passkeys
from zemi.console.gate import (
    ENROL,
    HOME,
    SECOND_FACTOR,
    SIGN_IN,
    Staff,
    charge_try,
    let_in,
    next_of,
    render,
    shown_again,
    spoken,
    staff_of,
    uncharged,
)
from zemi.console.texts import TEXTS
from zemi.web.page import page

# Between the password and the second factor.
_PENDING, _PENDING_LIFE = "pending", timedelta(minutes=10)
# Whoever has a password and no second factor yet may enrol one so long after the account was made.
ENROL_WITHIN = timedelta(hours=24)


@page("GET", "POST", charged=uncharged)
def enter(request: HttpRequest) -> HttpResponseBase:
    """Ask for name and password."""
    if request.method != "POST":
        return redirect(next_of(request)) if staff_of(request) else _ask_password(request)
    name, password = request.POST.get("name", "").strip()[:150], request.POST.get("password", "")[:200]
    try:
        charge_try(request, name)
    except ZemiError as error:
        return _ask_password(request, who=name, error=error)
    user = authenticate(request, username=name, password=password)
    if not isinstance(user, User) or not user.is_staff:
        return _ask_password(request, who=name, status=401, wrong=spoken(request, TEXTS["staff_wrong"]))
    if not factors.has_factor(user) and clock.now() - user.date_joined > ENROL_WITHIN:
        too_late = spoken(request, TEXTS["staff_too_late"], who=user.get_username())
        return _ask_password(request, who=name, status=403, wrong=too_late)
    return _go_on(request, user)


@page("GET", "POST", charged=uncharged)
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second factor: after the password, or once more of somebody who is signed in and wants to act."""
    staff = staff_of(request)
    user = staff.user if staff is not None else pending(request)
    if user is None or not factors.has_factor(user):
        return redirect(SIGN_IN)
    if request.method != "POST":
        return _ask_factor(request, user, staff)
    try:
        charge_try(request, f"{user.get_username()} second factor")
    except ZemiError as error:
        return _ask_factor(request, user, staff, error=error)
    used = _shown(request, user)
    if used is None:
        wrong = "passkey_wrong" if "passkey" in request.POST else "factor_wrong"
        return _ask_factor(request, user, staff, status=401, wrong=spoken(request, TEXTS[wrong]))
    target = next_of(request)
    if staff is None:
        let_in(request, user, factor=used)
    else:
        shown_again(request, factor=used)
    return redirect(target)


@page("GET", "POST", charged=uncharged)
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Join the staff by a link of `zemi staff-user`: choose a password, then enrol a second factor. It opens once."""
    key, _, rest = token.partition("-")
    user = (
        User.objects.filter(pk=int(key), is_staff=True, is_active=True).first() if is_row_key(key) else None
    )
    if user is None or not default_token_generator.check_token(user, rest):
        try:
            charge_try(request)
        except ZemiError as error:
            return _ask_password(request, error=error)
        return _ask_password(request, status=404, wrong=spoken(request, TEXTS["join_dead"]))
    if request.method != "POST":
        return render(request, "join", who=user.get_username())
    password = request.POST.get("password", "")[:200]
    try:
        validate_password(password, user)
    except ValidationError:
        # Django's own words for it are not all there in Swahili.
        wrong = spoken(request, TEXTS["join_weak"])
        return render(request, "join", who=user.get_username(), status=400, wrong=wrong)
    user.set_password(password)
    user.save(update_fields=["password"])
    return _go_on(request, user)


@page("GET", "POST", charged=uncharged)
def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign out."""
    if request.method == "POST":
        logout(request)
    return redirect(SIGN_IN if request.method == "POST" else HOME)


def join_link(user: User) -> str:
    """The link by which `user` chooses a password and enrols a second factor: once, within 24 hours."""
    return f"{passkeys.origin()}/console/join/{user.pk}-{default_token_generator.make_token(user)}"


def pending(request: HttpRequest) -> User | None:
    """Who gave the right password a short while ago, and is still who that was."""
    kept = request.session.get(_PENDING)
    if not kept or not _is_recent(datetime.fromisoformat(kept["at"])):
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()
    if user is None or not crypto.same(kept["hash"].encode(), user.get_session_auth_hash().encode()):
        return None
    return user


def is_row_key(written: str) -> bool:
    """Whether this may be the key of a row of Django's own tables, which are counted."""
    return written.isascii() and written.isdecimal() and len(written) < 10


def _ask_password(request: HttpRequest, **facts: Any) -> HttpResponse:
    return render(request, "sign_in", next=next_of(request), **facts)


def _ask_factor(request: HttpRequest, user: User, staff: Staff | None, **facts: Any) -> HttpResponse:
    facts |= {"next": next_of(request), "ask": passkeys.ask_to_show(user), "origin": passkeys.origin()}
    return render(request, "second_factor", staff=staff, **facts)


def _shown(request: HttpRequest, user: User) -> str | None:
    """Which factor was shown; None if it is none of theirs."""
    if "passkey" in request.POST:
        return "webauthn" if passkeys.was_shown(user, request.POST["passkey"]) else None
    code = request.POST.get("code", "").replace(" ", "")[:20]
    return factors.use_code(user, code, now=clock.now())


def _go_on(request: HttpRequest, user: User) -> HttpResponseBase:
    """The password was right: go on with the second factor. A session begun by somebody else is not gone on with."""
    target = next_of(request)
    request.session.flush()
    request.session[_PENDING] = {
        "user": user.pk,
        "at": clock.now().isoformat(),
        "hash": user.get_session_auth_hash(),
    }
    return redirect(f"{SECOND_FACTOR if factors.has_factor(user) else ENROL}?next={target}")


def _is_recent(at: datetime) -> bool:
    return timedelta(0) <= clock.now() - at < _PENDING_LIFE
