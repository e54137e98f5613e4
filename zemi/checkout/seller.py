"""The seller's pages: sign in by a code to the phone, make a payment link, follow the money."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.checkout.page import SELLER_COOKIE, page, poll, render, session_of
from zemi.checkout.selling import PAGE, list_sales, read_till, stamp_of
from zemi.checkout.standing import read_standing
from zemi.checkout.texts import TEXTS
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.money import InvalidAmount, Money
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity.models import Session
from zemi.identity.otp import Purpose
from zemi.identity.sessions import sign_out
from zemi.orders.create import create_order
from zemi.orders.errors import OrderNotFound
from zemi.orders.links import PATH, find_by_link, link_of, token_of
from zemi.orders.models import OrderStatus
from zemi.trust.otp import request_otp, sign_in
from zemi.web.page import language
from zemi.web.requests import caller_address
from zemi.web.templatetags.words import kes

HOME = "/sell"


@page("GET", "POST")
def home(request: HttpRequest) -> HttpResponseBase:
    """The seller's sales and money; with POST a new sale, whose link is to be shared. Strangers sign in first."""
    session = session_of(request)
    if session is None:
        return render(request, "sign_in")
    return _new_sale(request, session) if request.method == "POST" else _home(request, session)


@poll
def stamp(request: HttpRequest) -> str:
    """A word that changes when the list of sales would look different; none for whoever has to sign in again."""
    session = session_of(request)
    if session is None:
        return ""
    before = _key(request.GET.get("before", ""))
    return stamp_of(read_till(session.party_id, now=clock.now()), list_sales(session.party_id, before=before))


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
    response.set_cookie(
        SELLER_COOKIE,
        token,
        max_age=timedelta(minutes=settings.SESSION_MIN),
        secure=settings.LIVE,
        httponly=True,
        samesite="Lax",
    )
    return response


@page("GET", "POST")
def leave(request: HttpRequest) -> HttpResponseBase:
    """Sign out: the session ends here too, not only in the browser."""
    response = redirect(HOME)
    session = session_of(request)
    if request.method == "POST" and session is not None:
        sign_out(session, now=clock.now())
        response.delete_cookie(SELLER_COOKIE)
    return response


@page("GET")
def share(request: HttpRequest, token: str) -> HttpResponseBase:
    """A sale's link with ready words, for the seller to send to the buyer."""
    session = session_of(request)
    if session is None:
        return redirect(HOME)
    order = find_by_link(token)
    if order.seller_id != session.party_id:
        raise OrderNotFound
    if order.status != OrderStatus.AWAITING_PAYMENT:
        # Paid meanwhile, or ended: what is true now stands on the order's own page.
        return redirect(f"{PATH}{token}")
    words = TEXTS["share_text"].render(
        language(request), item=order.product_description, amount=kes(order.amount), link=link_of(order)
    )
    stamp = read_standing(order, now=clock.now()).stamp
    encoded = quote(words, safe="")
    return render(request, "share", order=order, token=token, words=words, encoded=encoded, stamp=stamp)


def _home(request: HttpRequest, session: Session, **facts: Any) -> HttpResponse:
    before = _key(request.GET.get("before", ""))
    till, sales = read_till(session.party_id, now=clock.now()), list_sales(session.party_id, before=before)
    return render(
        request,
        "sell",
        party=session.party,
        till=till,
        stamp=stamp_of(till, sales),
        before=before,
        sales=sales[:PAGE],
        older=sales[PAGE - 1].order.id if len(sales) > PAGE else None,
        **facts,
    )


def _new_sale(request: HttpRequest, session: Session) -> HttpResponseBase:
    given = {name: request.POST.get(name, "").strip()[:200] for name in ("item", "price", "buyer")}
    spoken = language(request)
    wrong: dict[str, str] = {} if given["item"] else {"item": TEXTS["sell_item_missing"].render(spoken)}
    try:
        buyer = Phone.parse(given["buyer"])
    except InvalidPhone as unreadable:
        wrong["buyer"] = unreadable.text.render(spoken)
    else:
        if buyer == session.party.phone:
            wrong["buyer"] = TEXTS["sell_buyer_own"].render(spoken)
    try:
        amount = Money.parse(given["price"].replace(",", ""))
    except InvalidAmount as unreadable_amount:
        wrong["price"] = unreadable_amount.text.render(spoken)
    if wrong:
        return _home(request, session, status=400, given=given, wrong=wrong)
    try:
        created = create_order(
            buyer_phone=buyer,
            seller_phone=session.party.phone,
            amount=amount,
            product_description=given["item"],
            signed_in=session.party,
            now=clock.now(),
        )
    except ZemiError as error:
        return _home(request, session, error=error, given=given)
    return redirect(f"{HOME}/{token_of(created.order)}")


def _key(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None
