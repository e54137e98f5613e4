"""The seller's pages: sign in by a code to the phone, make a payment link, follow the money."""

import re
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect

from zemi.checkout.page import PARTY_COOKIE, keep_session, page, poll, render, session_of
from zemi.checkout.selling import PAGE, Desk, read_desk
from zemi.checkout.texts import TEXTS
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.ids import read_key
from zemi.common.money import InvalidAmount, Money
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity.models import Session
from zemi.identity.otp import Purpose
from zemi.identity.sessions import sign_out
from zemi.links.create import create_link, disable_link
from zemi.links.errors import LinkNotActive, LinkStockInvalid, PhotoMoves, PhotoTooLarge, PhotoUnreadable
from zemi.links.models import MOST_STOCK
from zemi.links.photos import MOST_UPLOADED_BYTES, read_photo
from zemi.links.queries import Owner, find_link
from zemi.links.tokens import address_of, token_of
from zemi.trust.otp import request_otp, sign_in
from zemi.web.page import language
from zemi.web.requests import caller_address
from zemi.web.templatetags.words import kes
from zemi.web.uploads import takes_file

HOME = "/sell"
_COUNT = re.compile(r"[0-9]{1,4}", re.ASCII)


@takes_file("photo", most=MOST_UPLOADED_BYTES)
@page("GET", "POST")
def home(request: HttpRequest) -> HttpResponseBase:
    """The seller's money, links and sales; with POST a new payment link, which is to be shared. Strangers sign in first."""
    session = session_of(request)
    if session is None:
        return render(request, "sign_in")
    return _new_link(request, session) if request.method == "POST" else _home(request, session)


@poll
def stamp(request: HttpRequest) -> str:
    """A word that changes when the list of sales would look different; none for whoever has to sign in again."""
    session = session_of(request)
    if session is None:
        return ""
    return _desk(request, session).stamp


@page("GET", "POST")
def enter(request: HttpRequest) -> HttpResponseBase:
    """Sign in: the phone first, then the one-time code that was texted to it."""
    if request.method != "POST":
        return redirect(HOME)
    written, otp = request.POST.get("phone", ""), request.POST.get("otp")
    if "again" in request.POST:
        # Another code is wanted, whatever is written in the field for the last one.
        otp = None
    caller, now = caller_address(request), clock.now()
    try:
        phone = Phone.parse(written)
        if otp is None:
            request_otp(phone=phone, purpose=Purpose.SIGN_IN, caller=caller, now=now)
            return render(request, "sign_in", phone=written, asked=True)
        _, token = sign_in(phone=phone, code=otp.strip(), caller=caller, now=now)
    except InvalidPhone as unreadable:
        wrong = unreadable.text.render(language(request))
        return render(request, "sign_in", status=400, phone=written, phone_problem=wrong)
    except ZemiError as error:
        return render(request, "sign_in", error=error, phone=written, asked=otp is not None)
    response = redirect(HOME)
    keep_session(response, token)
    return response


@page("GET", "POST")
def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign out: the session ends here too, not only in the browser."""
    response = redirect(HOME)
    session = session_of(request)
    if request.method == "POST" and session is not None:
        sign_out(session, now=clock.now())
        response.delete_cookie(PARTY_COOKIE)
    return response


@page("GET")
def share(request: HttpRequest, token: str) -> HttpResponseBase:
    """A payment link with ready words in both languages, for the seller to send to buyers."""
    session = session_of(request)
    if session is None:
        return redirect(HOME)
    link = find_link(token, owner=Owner(party_id=session.party_id))
    if not link.is_open(clock.now()):
        # Sold meanwhile, or stopped: what is true now stands among the sales.
        return redirect(HOME)
    facts = {"item": link.product_description, "amount": kes(link.amount), "link": address_of(link)}
    own = language(request)
    words = [TEXTS["share_text"].render(spoken, **facts) for spoken in (own, "en" if own == "sw" else "sw")]
    return render(request, "share", link=link, token=token, words=words, stamp=_desk(request, session).stamp)


@page("GET", "POST")
def stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Stop a payment link: nothing more is sold by it."""
    session = session_of(request)
    if request.method == "POST" and session is not None:
        owner = Owner(party_id=session.party_id)
        # One whose time is over sells nothing already.
        with suppress(LinkNotActive):
            disable_link(find_link(token, owner=owner).id, owner=owner, now=clock.now())
    return redirect(HOME)


def _desk(request: HttpRequest, session: Session) -> Desk:
    keys = {name: read_key(request.GET.get(name, "")) for name in ("before", "links_before")}
    return read_desk(session.party_id, **keys, now=clock.now())


def _home(request: HttpRequest, session: Session, **facts: Any) -> HttpResponse:
    desk, shown = _desk(request, session), QueryDict(mutable=True)
    shown.update(
        {
            name: request.GET[name]
            for name in ("before", "links_before")
            if read_key(request.GET.get(name, ""))
        }
    )
    return render(
        request,
        "sell",
        party=session.party,
        till=desk.till,
        stamp=desk.stamp,
        shown=shown.urlencode(),
        links=desk.links[:PAGE],
        older_links=desk.links[PAGE - 1].link.id if len(desk.links) > PAGE else None,
        sales=desk.sales[:PAGE],
        older=desk.sales[PAGE - 1].order.id if len(desk.sales) > PAGE else None,
        **facts,
    )


def _new_link(request: HttpRequest, session: Session) -> HttpResponseBase:
    given = {name: request.POST.get(name, "").strip()[:200] for name in ("item", "price", "stock")}
    spoken = language(request)
    wrong: dict[str, str] = {} if given["item"] else {"item": TEXTS["sell_item_missing"].render(spoken)}
    try:
        amount = Money.parse(given["price"].replace(",", ""))
    except InvalidAmount as unreadable:
        wrong["price"] = unreadable.text.render(spoken)
    stock = given["stock"] or "1"
    if not _COUNT.fullmatch(stock):
        wrong["stock"] = LinkStockInvalid(most=MOST_STOCK).sentence(spoken)
    # A browser gives a file once: with a form that is refused it has to be chosen again.
    uploaded = request.FILES.get("photo")
    again = {"given": given, "photo_again": uploaded is not None}
    if wrong:
        return _home(request, session, status=400, wrong=wrong, **again)
    now = clock.now()
    try:
        photo = read_photo(uploaded.read(), seller=session.party, now=now) if uploaded is not None else None
        link = create_link(
            amount=amount,
            product_description=given["item"],
            stock=int(stock),
            signed_in=session.party,
            photo=photo,
            once=read_key(request.POST.get("once", "")),
            now=now,
        )
    except (PhotoUnreadable, PhotoTooLarge, PhotoMoves) as unusable:
        wrong["photo"] = f"{unusable.sentence(spoken)} {unusable.advice(spoken)}"
        return _home(request, session, status=400, wrong=wrong, **again)
    except LinkStockInvalid as count:
        wrong["stock"] = count.sentence(spoken)
        return _home(request, session, status=400, wrong=wrong, **again)
    except ZemiError as error:
        return _home(request, session, error=error, **again)
    return redirect(f"{HOME}/{token_of(link)}")
