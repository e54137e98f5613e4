"""The page on which a sale is called off, alone or together: buyer and seller each prove who they are."""

from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from zemi.checkout.page import page, render, session_of
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.phone import Phone
from zemi.identity.models import Party
from zemi.identity.otp import Purpose
from zemi.orders.links import PATH, find_by_link
from zemi.orders.models import Order, Side
from zemi.orders.parties import Asker
from zemi.payments.cancel import Act, acts_of, cancel_order_for, negotiate_cancel
from zemi.trust.otp import request_otp
from zemi.web.requests import caller_address

W = TypeVar("W", Side, Act)


@page("GET", "POST")
def cancel(request: HttpRequest, token: str) -> HttpResponseBase:
    """Say who one is, by the session or by a one-time code to that side's phone; then do what that side can do."""
    order = find_by_link(token)
    session = session_of(request)
    asker = Asker(party_id=session.party_id) if session is not None else Asker()
    signed_in = next((side for side in Side if _party(order, side).id == asker.party_id), None)
    side = signed_in or _read(Side, request.POST.get("side"))
    if not acts_of(order, side or Side.SELLER):
        return redirect(f"{PATH}{token}")
    if side is None or (signed_in and request.method != "POST"):
        return _show(request, order, token, side, signed_in=signed_in)
    act = _read(Act, request.POST.get("act"))
    try:
        if act is None:
            if signed_in is None:
                phone, caller = _party(order, side).phone, caller_address(request)
                request_otp(phone=phone, purpose=Purpose.CANCEL_ORDER, caller=caller, now=clock.now())
            return _show(request, order, token, side, signed_in=signed_in, asked=True)
        phone_of_side = None if signed_in else _party(order, side).phone
        _do(request, order, act, asker=asker, phone=phone_of_side)
    except ZemiError as error:
        order.refresh_from_db()
        return _show(request, order, token, side, signed_in=signed_in, error=error, asked=act is not None)
    return redirect(f"{PATH}{token}")


def _do(request: HttpRequest, order: Order, act: Act, *, asker: Asker, phone: Phone | None) -> None:
    proof: dict[str, Any] = {
        "asker": asker,
        "order_reference": order.order_reference,
        "phone": phone,
        "otp": request.POST.get("otp", "").strip() if phone is not None else None,
        "caller": caller_address(request),
        "now": clock.now(),
    }
    if act is Act.CANCEL:
        cancel_order_for(**proof)
    else:
        negotiate_cancel(act=act, **proof)


def _show(
    request: HttpRequest, order: Order, token: str, side: Side | None, *, signed_in: Side | None, **facts: Any
) -> HttpResponseBase:
    return render(
        request,
        "cancel",
        order=order,
        token=token,
        side=side,
        phone=_party(order, side).phone_masked if side is not None else "",
        acts=acts_of(order, side) if side is not None else (),
        needs_code=signed_in is None,
        **facts,
    )


def _party(order: Order, side: Side) -> Party:
    party: Party = order.buyer if side is Side.BUYER else order.seller
    return party


def _read(words: type[W], written: str | None) -> W | None:
    return next((word for word in words if word.value == written), None)
