"""The pages of one order, at its link: pay, wait, follow, confirm, prove, print.

Whoever has the link may look, and may pay. What moves money on asks for what only its owner has: the delivery code,
or a one-time code texted to the phone.
"""

import re
from datetime import datetime
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe

from zemi.checkout.page import page, photo_path, picture, poll, render, session_of
from zemi.checkout.selling import PartLine, read_lines, stamp_of
from zemi.checkout.standing import Scene, Standing, read_standing, steps_of
from zemi.checkout.texts import TEXTS
from zemi.common import clock, crypto
from zemi.common.clock import NAIROBI
from zemi.common.errors import ZemiError
from zemi.common.money import Money
from zemi.common.phone import InvalidPhone, Phone
from zemi.common.texts import Text
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.links.photos import picture_of
from zemi.orders.links import PATH, find_by_link, link_of
from zemi.orders.models import Order, OrderStatus
from zemi.orders.parties import Asker
from zemi.payments.collect import start_payment
from zemi.payments.errors import PaymentInProgress
from zemi.payments.models import HELD, Receipt
from zemi.providers import registry
from zemi.releases.confirm import confirm_delivery
from zemi.releases.errors import OrderNotPaid
from zemi.releases.new_code import issue_new_code, issue_new_code_to_buyer, request_new_code
from zemi.web.page import language
from zemi.web.requests import caller_address

_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
# Words that are easy to say and to tell apart on a bad line.
_ANIMALS = (
    Text(en="lion", sw="simba"),
    Text(en="zebra", sw="punda"),
    Text(en="goat", sw="mbuzi"),
    Text(en="fish", sw="samaki"),
    Text(en="elephant", sw="tembo"),
    Text(en="bird", sw="ndege"),
    Text(en="cow", sw="ng'ombe"),
    Text(en="rabbit", sw="sungura"),
)
_THINGS = (
    Text(en="river", sw="mto"),
    Text(en="mountain", sw="mlima"),
    Text(en="sun", sw="jua"),
    Text(en="tree", sw="mti"),
    Text(en="star", sw="nyota"),
    Text(en="rain", sw="mvua"),
    Text(en="fire", sw="moto"),
    Text(en="boat", sw="mashua"),
)


@page("GET")
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The order's page: what it needs next, whoever looks."""
    return _show(request, find_by_link(token), token)


@poll
def stamp(request: HttpRequest, token: str) -> str:
    """What the order's page asks for every few seconds: a word that changes when the page would."""
    order = find_by_link(token)
    return _stamp(read_standing(order, now=clock.now()), _read_parts(request, order))


@picture
def photo(request: HttpRequest, token: str) -> bytes:
    """The picture of what was sold, if it was sold by a payment link that has one."""
    return picture_of(find_by_link(token).payment_link_id)


@page("GET", "POST")
def pay(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the prompt, to the buyer's phone or to the number that was typed."""
    order = find_by_link(token)
    if request.method != "POST":
        return _to_order(token)
    typed = request.POST.get("phone", "")
    try:
        phone = Phone.parse(typed) if typed or "other" in request.POST else order.buyer.phone
        start_payment(
            order_reference=order.order_reference,
            payer_phone=phone,
            amount=order.due,
            description=order.product_description,
            caller=caller_address(request),
            now=clock.now(),
        )
    except InvalidPhone as problem:
        said = problem.text.render(language(request))
        return _show(request, order, token, status=400, typed=typed, phone_problem=said)
    except PaymentInProgress:
        # The button was pressed twice: the first press did it.
        return _to_order(token)
    except ZemiError as error:
        order.refresh_from_db()
        return _show(request, order, token, error=error)
    return _to_order(token)


@page("GET", "POST")
def confirm(request: HttpRequest, token: str) -> HttpResponseBase:
    """Release the money by the delivery code."""
    order = find_by_link(token)
    if request.method != "POST":
        return _to_order(token)
    code = request.POST.get("code", "").replace(" ", "")
    if not _SIX_DIGITS.fullmatch(code):
        return _show(request, order, token, status=400, problem=TEXTS["six_digits"].render(language(request)))
    try:
        confirm_delivery(
            order_reference=order.order_reference,
            delivery_code=code,
            caller=caller_address(request),
            now=clock.now(),
        )
    except ZemiError as error:
        order.refresh_from_db()
        if isinstance(error, OrderNotPaid) and order.status == OrderStatus.COMPLETED:
            # The button was pressed twice, or again after the line was lost: the first press did it.
            return _to_order(token)
        return _show(request, order, token, error=error)
    return _to_order(token)


@page("GET", "POST")
def new_code(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the buyer a new delivery code, shown once: to a session of the buyer's, or after a one-time code to the phone."""
    order, now = find_by_link(token), clock.now()
    if order.status != OrderStatus.PAID:
        return _to_order(token)
    session = session_of(request)
    signed_in = session is not None and session.party_id == order.buyer_id
    if request.method != "POST":
        return render(request, "new_code", order=order, token=token, signed_in=signed_in)
    otp = None if "again" in request.POST else request.POST.get("otp")
    try:
        if session is not None and signed_in:
            code = issue_new_code_to_buyer(
                asker=Asker(party_id=session.party_id),
                order_reference=order.order_reference,
                caller=caller_address(request),
                now=now,
            )
        elif otp is None:
            request_new_code(order_reference=order.order_reference, caller=caller_address(request), now=now)
            return render(request, "new_code", order=order, token=token, asked=True)
        else:
            code = issue_new_code(order_reference=order.order_reference, otp=otp.strip(), now=now)
    except ZemiError as error:
        asked = otp is not None and not signed_in
        return render(
            request, "new_code", error=error, order=order, token=token, asked=asked, signed_in=signed_in
        )
    return render(request, "code", order=order, token=token, code=code, qr=_qr(f"{link_of(order)}#{code}"))


@page("GET")
def held(request: HttpRequest, token: str) -> HttpResponse:
    """Is the money held? What the ledger says this second, with words that change every minute, and no phone digits."""
    order, now = find_by_link(token), clock.now()
    return render(
        request,
        "proof",
        order=order,
        token=token,
        held=balance_of(chart.escrow(order.id)),
        clock_time=f"{now.astimezone(NAIROBI):%H:%M:%S}",
        next_minute_s=61 - now.second,
        phrase=phrase_of(order, language(request), now=now),
    )


@page("GET")
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt: what was paid, under which numbers of M-Pesa's, and where it went."""
    order, now = find_by_link(token), clock.now()
    paid = list(Receipt.objects.filter(order=order, status__in=HELD).order_by("received_at", "id")[:50])
    standing = read_standing(order, now=now)
    return render(
        request,
        "receipt",
        order=order,
        token=token,
        paid=paid,
        received=Money(sum(row.amount_minor for row in paid), order.currency),
        standing=standing,
    )


def phrase_of(order: Order, spoken: str, *, now: datetime) -> str:
    """The words of this minute: the same for everybody who looks at this order, and not to be foretold."""
    minute = int(now.timestamp()) // 60
    drawn = crypto.keyed_hash("held-phrase", f"{order.id}|{minute}".encode())
    animal, thing = _ANIMALS[drawn[0] % len(_ANIMALS)], _THINGS[drawn[1] % len(_THINGS)]
    # Even and odd in turn: two minutes that follow each other never have the same.
    return f"{animal.render(spoken)} {thing.render(spoken)} {10 + drawn[2] % 45 * 2 + minute % 2}"


def _read_parts(request: HttpRequest, order: Order) -> list[PartLine]:
    """How far the seller's money is: for the seller's eyes, who has signed in. Others get none."""
    session = session_of(request)
    if session is None or session.party_id != order.seller_id:
        return []
    [parts] = read_lines([order], now=clock.now())
    return parts


def _stamp(standing: Standing, parts: list[PartLine]) -> str:
    return "-".join([standing.stamp, *([stamp_of(parts)] if parts else [])])


def _show(request: HttpRequest, order: Order, token: str, **facts: Any) -> HttpResponse:
    standing, parts = read_standing(order, now=clock.now()), _read_parts(request, order)
    return render(
        request,
        standing.scene,
        order=order,
        token=token,
        standing=standing,
        stamp=_stamp(standing, parts),
        parts=parts,
        steps=steps_of(standing),
        payer=f"****{standing.payment.payer_phone_last4}" if standing.payment else "",
        seller_text=standing.seller_text,
        seller_amount=Money(sum(payout.amount_minor for payout in standing.payouts), order.currency),
        ended_title=f"{order.status}_title",
        paybill=registry.mobile_money().collection_account if standing.scene in _PAYABLE else "",
        failure=standing.failure.render(language(request)) if standing.failure else "",
        received=order.amount - order.due,
        photo=photo_path(PATH, token, order.payment_link_id),
        **facts,
    )


_PAYABLE = {Scene.PAY, Scene.WAIT, Scene.ASKING}


def _to_order(token: str) -> HttpResponse:
    return redirect(f"{PATH}{token}")


def _qr(content: str) -> SafeString:
    """A drawing that a phone's camera reads; dark on light, whatever the page's colours are."""
    drawn = segno.make(content, error="m", micro=False).svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 (drawn here, without any words)
