"""The page that a payment link opens: what is offered, and the buyer's phone that makes the order of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.checkout.page import keep_session, page, photo_path, picture, render, session_of
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.ids import read_key
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity.otp import Purpose
from zemi.links.complete import complete_link
from zemi.links.photos import picture_of
from zemi.links.queries import find_link
from zemi.links.tokens import PATH as PATH_OF_LINKS
from zemi.orders.links import PATH, token_of
from zemi.orders.lookup import charged_lookup
from zemi.trust.limits import charge_or_refuse, named
from zemi.trust.otp import request_otp, sign_in
from zemi.web.page import language
from zemi.web.requests import caller_address


@contextmanager
def _charged(request: HttpRequest, token: str | None) -> Iterator[None]:
    """Charge one address at one link: many buyers open a link, and many stand behind an address; none starves the others."""
    caller, now = caller_address(request), clock.now()
    with charged_lookup(caller, now=now):
        limit = "link_reads" if request.method in {"GET", "HEAD"} else "link_writes"
        charge_or_refuse(named(limit, f"offer:{token}:{caller}"), now=now)
        yield


@page("GET", "POST", charged=_charged)
def offer(request: HttpRequest, token: str) -> HttpResponseBase:
    """What is for sale, and on which terms; with POST the order of whoever agrees to them, which is paid next.

    Where buyers have to be proved, a one-time code to the phone comes between, and signs in.
    """
    link, now = find_link(token), clock.now()
    written, otp, opened = request.POST.get("phone", ""), request.POST.get("otp"), ""

    def show(**facts: Any) -> HttpResponse:
        return render(
            request,
            "offer",
            link=link,
            token=token,
            is_open=link.is_open(now),
            phone=written,
            photo=photo_path(PATH_OF_LINKS, token, link.id),
            **facts,
        )

    def kept(response: HttpResponse) -> HttpResponse:
        if opened:
            keep_session(response, opened)
        return response

    # Pressed twice, this form may itself have sold the last one.
    once, closed = read_key(request.POST.get("once", "")), not link.is_open(now)
    if request.method != "POST" or (closed and once is None):
        return show()
    if "again" in request.POST:
        # Another code is wanted, whatever is written in the field for the last one.
        otp = None
    try:
        phone = Phone.parse(written)
        proof = _prove(request, phone, otp, needed=settings.VERIFIED_PHONE and not closed, now=now)
        if proof is None:
            return show(asked=True)
        proved, opened = proof
        made = complete_link(
            token=token,
            buyer_phone=phone,
            terms_hash=request.POST.get("terms_hash", ""),
            proved=proved,
            once=once,
            now=now,
        )
    except InvalidPhone as unreadable:
        return show(status=400, phone_problem=unreadable.text.render(language(request)))
    except ZemiError as error:
        link.refresh_from_db()
        if closed:
            return show()
        # The code that has opened the session is spent: with the session none is asked for again.
        return kept(show(error=error, asked=otp is not None and not opened))
    return kept(redirect(f"{PATH}{token_of(made.order)}"))


def _prove(
    request: HttpRequest, phone: Phone, otp: str | None, *, needed: bool, now: datetime
) -> tuple[Phone | None, str] | None:
    """Which phone the caller holds, and the session that the one-time code has opened; None: the code is texted first."""
    session, caller = session_of(request), caller_address(request)
    proved = session.party.phone if session is not None else None
    if not needed or proved == phone:
        return proved, ""
    if otp is None:
        request_otp(phone=phone, purpose=Purpose.SIGN_IN, caller=caller, now=now)
        return None
    session, opened = sign_in(phone=phone, code=otp.strip(), caller=caller, now=now)
    return session.party.phone, opened


@partial(picture, charged=_charged)
def photo(request: HttpRequest, token: str) -> bytes:
    """The picture of what is offered."""
    return picture_of(find_link(token).id)
