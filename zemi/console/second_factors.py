"""The second factors of whoever is signed in, and the first one of whoever joins: enrol, take away, recovery codes."""

from typing import Any

import segno
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe

from zemi.common import clock, crypto
from zemi.common.errors import ZemiError
from zemi.console import factors, passkeys
from zemi.console.errors import ConfirmFirst, NotOffered
from zemi.console.gate import (
    ENROL,
    FACTORS,
    SECOND_FACTOR,
    SIGN_IN,
    Staff,
    charge_try,
    let_in,
    render,
    spoken,
    staff_of,
    staff_page,
    uncharged,
)
from zemi.console.sign_in import is_row_key, pending
from zemi.console.texts import TEXTS
from zemi.web.page import page

_SECRET = "enrolling"  # noqa: S105 (a name)


@page("GET", "POST", charged=uncharged)
def enrol(request: HttpRequest) -> HttpResponseBase:
    """Enrol a passkey or an authenticator app: the first one straight after the password, others having shown one."""
    staff = staff_of(request)
    user = staff.user if staff is not None else pending(request)
    if user is None or (staff is None and factors.has_factor(user)):
        return redirect(SIGN_IN)
    if staff is not None and not staff.is_fresh:
        return redirect(f"{SECOND_FACTOR}?next={ENROL}")
    secret = _secret(request)
    if request.method != "POST":
        return _ask(request, user, staff, secret)
    return _take(request, user, staff, secret)


@staff_page("GET", "POST")
def mine(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """What one has enrolled, and take one of several away."""
    if request.method != "POST":
        return render(request, "factors", staff=staff, found=list(factors.factors_of(staff.user)))
    if not staff.is_fresh:
        raise ConfirmFirst
    key = request.POST.get("factor", "")
    if not is_row_key(key):
        raise NotOffered
    factors.take_away(staff.user, int(key), now=clock.now())
    return redirect(FACTORS)


@staff_page("GET", "POST")
def recovery_codes(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """Make new recovery codes; the old ones are dead."""
    if request.method != "POST" or not staff.is_fresh:
        return render(request, "recovery", staff=staff)
    return render(request, "recovery_codes", staff=staff, codes=factors.new_codes(staff.user))


def _take(request: HttpRequest, user: User, staff: Staff | None, secret: str) -> HttpResponseBase:
    try:
        charge_try(request, f"{user.get_username()} second factor")
    except ZemiError as error:
        return _ask(request, user, staff, secret, error=error)
    codes = _enrolled(request, user, secret, is_first=staff is None)
    if codes is None:
        wrong = "passkey_not_made" if "passkey" in request.POST else "factor_wrong"
        return _ask(request, user, staff, secret, status=400, wrong=spoken(request, TEXTS[wrong]))
    if staff is None:
        let_in(request, user, factor="webauthn" if "passkey" in request.POST else "totp")
    request.session.pop(_SECRET, None)
    if not codes:
        return redirect(FACTORS)
    return render(request, "recovery_codes", staff=Staff(user, is_fresh=True), codes=codes)


def _enrolled(request: HttpRequest, user: User, secret: str, *, is_first: bool) -> list[str] | None:
    now = clock.now()
    if "passkey" in request.POST:
        return factors.enrol_passkey(user, request.POST["passkey"], is_first=is_first, now=now)
    code = request.POST.get("code", "").replace(" ", "")[:20]
    return factors.enrol_app(user, secret, code, is_first=is_first, now=now)


def _secret(request: HttpRequest) -> str:
    """The secret that is being enrolled, kept sealed in the session until its first code has come."""
    kept = request.session.get(_SECRET)
    if kept:
        return crypto.unseal(bytes.fromhex(kept), context="staff|enrolling")
    secret = factors.new_secret()
    request.session[_SECRET] = crypto.seal(secret, context="staff|enrolling").hex()
    return secret


def _ask(request: HttpRequest, user: User, staff: Staff | None, secret: str, **facts: Any) -> HttpResponse:
    return render(
        request,
        "enrol",
        staff=staff,
        secret=secret,
        drawing=_drawn(factors.setup_address(user, secret)),
        ask=passkeys.ask_to_make(user),
        origin=passkeys.origin(),
        has_app=factors.factors_of(user).filter(type="totp").exists(),
        **facts,
    )


def _drawn(content: str) -> SafeString:
    drawn = segno.make(content, error="m", micro=False).svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 (drawn here, without any words)
