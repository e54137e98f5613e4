"""Sign in: the password first, then the second factor; who has none yet enrols one. Nobody signs up here."""

from datetime import datetime, timedelta
from typing import Any

import segno
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe

from zemi.common import clock, crypto
from zemi.common.errors import ZemiError
from zemi.console import factors
from zemi.console.gate import (
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
    staff_page,
    uncharged,
)
from zemi.console.texts import TEXTS
from zemi.web.page import page

ENROL = "/console/enrol"
# Between the password and the second factor.
_PENDING, _PENDING_LIFE = "pending", timedelta(minutes=10)
_SECRET = "enrolling"  # noqa: S105 (a name)
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
    return _ask_factor_of(request, user)


@page("GET", "POST", charged=uncharged)
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second factor: after the password, or once more of somebody who is signed in and wants to act."""
    staff = staff_of(request)
    user = staff.user if staff is not None else _pending(request)
    if user is None or not factors.has_factor(user):
        return redirect(SIGN_IN)
    if request.method != "POST":
        return render(request, "second_factor", staff=staff, next=next_of(request))
    try:
        charge_try(request, f"{user.get_username()} second factor")
    except ZemiError as error:
        return render(request, "second_factor", staff=staff, error=error, next=next_of(request))
    code = request.POST.get("code", "").replace(" ", "")[:20]
    used = factors.use_code(user, code, now=clock.now())
    if used is None:
        wrong = spoken(request, TEXTS["factor_wrong"])
        return render(request, "second_factor", staff=staff, status=401, wrong=wrong, next=next_of(request))
    target = next_of(request)
    if staff is None:
        let_in(request, user, factor=used)
    else:
        shown_again(request, factor=used)
    return redirect(target)


@page("GET", "POST", charged=uncharged)
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Enrol an authenticator app: only straight after the password, and only who has no second factor yet."""
    user = _pending(request)
    if user is None or factors.has_factor(user):
        return redirect(SIGN_IN)
    secret = _secret(request)
    if request.method != "POST":
        return _show_secret(request, user, secret)
    try:
        charge_try(request, f"{user.get_username()} second factor")
    except ZemiError as error:
        return _show_secret(request, user, secret, error=error)
    codes = factors.enrol(user, secret, request.POST.get("code", "").replace(" ", "")[:20])
    if codes is None:
        return _show_secret(request, user, secret, status=400, wrong=spoken(request, TEXTS["factor_wrong"]))
    let_in(request, user, factor="totp")
    return render(request, "recovery_codes", staff=Staff(user, is_fresh=True), codes=codes)


@page("GET", "POST", charged=uncharged)
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Join the staff by a link of `zemi staff-user`: choose a password, then enrol a second factor. It opens once."""
    key, _, rest = token.partition("-")
    user = User.objects.filter(pk=int(key), is_staff=True, is_active=True).first() if _is_key(key) else None
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
    return _ask_factor_of(request, user)


@page("GET", "POST", charged=uncharged)
def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign out."""
    if request.method == "POST":
        logout(request)
    return redirect(SIGN_IN if request.method == "POST" else HOME)


@staff_page("GET", "POST")
def recovery_codes(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """Make new recovery codes; the old ones are dead."""
    if request.method != "POST" or not staff.is_fresh:
        return render(request, "recovery", staff=staff)
    return render(request, "recovery_codes", staff=staff, codes=factors.new_codes(staff.user))


def join_link(user: User) -> str:
    """The link by which `user` chooses a password and enrols a second factor: once, within 24 hours."""
    return f"{settings.PUBLIC_ORIGIN}/console/join/{user.pk}-{default_token_generator.make_token(user)}"


def _ask_password(request: HttpRequest, **facts: Any) -> HttpResponse:
    return render(request, "sign_in", next=next_of(request), **facts)


def _ask_factor_of(request: HttpRequest, user: User) -> HttpResponseBase:
    """The password was right: go on with the second factor. A session begun by somebody else is not gone on with."""
    target = next_of(request)
    request.session.flush()
    request.session[_PENDING] = {
        "user": user.pk,
        "at": clock.now().isoformat(),
        "hash": user.get_session_auth_hash(),
    }
    return redirect(f"{SECOND_FACTOR if factors.has_factor(user) else ENROL}?next={target}")


def _pending(request: HttpRequest) -> User | None:
    """Who gave the right password a short while ago, and is still who that was."""
    kept = request.session.get(_PENDING)
    if not kept or not _is_recent(datetime.fromisoformat(kept["at"])):
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True, is_staff=True).first()
    if user is None or not crypto.same(kept["hash"].encode(), user.get_session_auth_hash().encode()):
        return None
    return user


def _is_recent(at: datetime) -> bool:
    return timedelta(0) <= clock.now() - at < _PENDING_LIFE


def _secret(request: HttpRequest) -> str:
    """The secret that is being enrolled, kept sealed in the session until its first code has come."""
    kept = request.session.get(_SECRET)
    if kept:
        return crypto.unseal(bytes.fromhex(kept), context="staff|enrolling")
    secret = factors.new_secret()
    request.session[_SECRET] = crypto.seal(secret, context="staff|enrolling").hex()
    return secret


def _show_secret(request: HttpRequest, user: User, secret: str, **facts: Any) -> HttpResponse:
    return render(
        request, "enrol", secret=secret, drawing=_drawn(factors.setup_address(user, secret)), **facts
    )


def _drawn(content: str) -> SafeString:
    drawn = segno.make(content, error="m", micro=False).svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 (drawn here, without any words)


def _is_key(written: str) -> bool:
    return written.isascii() and written.isdecimal() and len(written) < 10
