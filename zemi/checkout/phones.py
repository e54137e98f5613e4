"""Two phones, drawn on one page: a whole sale for whoever wants to see it. In sandbox mode only.

The simulator is spoken to from here, by the server; the sale itself goes through the same services as any other.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from zemi.checkout.inbox import Sms, local, read_sms
from zemi.checkout.page import page, poll, render
from zemi.checkout.standing import Scene, Standing, read_standing
from zemi.checkout.texts import TEXTS
from zemi.common import clock, crypto
from zemi.common.errors import ZemiError
from zemi.common.money import InvalidAmount, Money
from zemi.common.phone import InvalidPhone, Phone
from zemi.links.complete import complete_link
from zemi.links.create import create_link
from zemi.links.models import PaymentLink
from zemi.links.queries import find_link
from zemi.links.tokens import address_of
from zemi.links.tokens import token_of as link_token_of
from zemi.orders.links import address_in_text, find_by_link, token_of
from zemi.orders.models import Order
from zemi.payments.collect import start_payment
from zemi.payments.errors import PaymentInProgress
from zemi.providers import registry
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.releases.confirm import confirm_delivery
from zemi.sandbox.sale import made_up_phone
from zemi.web.page import language
from zemi.web.requests import caller_address
from zemi.web.templatetags.words import kes

_PIN = re.compile(r"[0-9]{4}", re.ASCII)
_WRONG_PIN = "0000"
# What a phone sends to the network as a code instead of calling: it begins with * or # and ends with #.
_SERVICE_CODE = re.compile(r"[*#][0-9*#]*#", re.ASCII)
_DIALLED_MAX = 30
_AMINA, _BARAKA = "sim_amina", "sim_baraka"
# What Amina's phone makes of the next prompt: the simulator's words (simulator/README.md, People).
_PLANS: dict[str, dict[str, Any]] = {
    "wait": {"next": "wait"},
    "unreachable": {"next": "unreachable"},
    "no_balance": {"next": "no_balance"},
    "late": {"next": "pay", "delay_s": 75},
    "lost": {"next": "wait", "callback": "lost"},
    "twice": {"next": "wait", "callback": "twice"},
}


@dataclass(frozen=True, slots=True)
class Handset:
    """One phone as it is drawn: whose it is, what stands on its screen, what came in."""

    owner: str
    number: str
    balance: Money
    prompt: dict[str, Any] | None
    messages: list[Sms]


@dataclass(frozen=True, slots=True)
class Dialled:
    """What was dialled on the phone of `owner`, and what the network said."""

    owner: str
    number: str
    said: str


@page("GET", "POST")
def start(request: HttpRequest) -> HttpResponseBase:
    """Begin a sale between two people who are made up: Baraka makes a payment link."""
    if request.method != "POST":
        return render(request, "phone_start", amount="1500")
    item, amount = request.POST.get("item", "").strip()[:200], request.POST.get("amount", "").strip()
    try:
        made = create_link(
            amount=Money.parse(amount),
            product_description=item or TEXTS["sim_new_item_example"].render(language(request)),
            seller_phone=made_up_phone(),
            now=clock.now(),
        )
    except InvalidAmount as problem:
        said = problem.text.render(language(request))
        return render(request, "phone_start", status=400, amount=amount, item=item, problem=said)
    except ZemiError as error:
        return render(request, "phone_start", error=error, amount=amount, item=item)
    return redirect(f"/sandbox/phone/link/{link_token_of(made)}")


@page("GET", "POST")
def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """A payment link on the phone of Amina, whom it was sent to; with POST her order. Once it is sold: the phones."""
    offered = find_link(token)
    sold = Order.objects.filter(payment_link=offered).order_by("id").last()
    if sold is not None:
        return _to_phones(token_of(sold))
    written = request.POST.get("phone", local(_amina_of(offered)))

    def show(**facts: Any) -> HttpResponse:
        said = TEXTS["share_text"].render(
            language(request), item=offered.product_description, amount=kes(offered.amount), link=""
        )
        address = address_in_text(address_of(offered))
        return render(request, "phone_link", token=token, said=said, link=address, phone=written, **facts)

    if request.method != "POST":
        return show()
    try:
        amina = Phone.parse(written)
        made = complete_link(
            token=token, buyer_phone=amina, terms_hash=offered.terms_hash, proved=amina, now=clock.now()
        )
    except InvalidPhone as unreadable:
        return show(status=400, phone_problem=unreadable.text.render(language(request)))
    except ZemiError as error:
        return show(error=error)
    # Also a prompt that is sent from the order's page waits for the PIN that is entered here.
    _set_phone(amina, **_PLANS["wait"])
    return _to_phones(token_of(made.order))


@poll
def link_stamp(request: HttpRequest, token: str) -> str:
    """A word that changes when something was sold by the link, also on the link's own page."""
    return str(find_link(token).sold)


@page("GET")
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The two phones of one sale, and what to do next."""
    return _show(request, find_by_link(token), token)


@poll
def stamp(request: HttpRequest, token: str) -> str:
    """A word that changes when the phones would look different."""
    order = find_by_link(token)
    try:
        handsets = _handsets(order)
    except SandboxUnreachable:
        handsets = []
    return _stamp(read_standing(order, now=clock.now()), handsets)


@page("GET", "POST")
def pay(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send Amina the prompt, and let her phone make of it what was chosen."""
    order = find_by_link(token)
    if request.method == "POST":
        phone = order.buyer.phone
        _set_phone(phone, **_PLANS.get(request.POST.get("plan", ""), _PLANS["wait"]))
        try:
            start_payment(
                order_reference=order.order_reference,
                payer_phone=phone,
                amount=order.due,
                description=order.product_description,
                caller=caller_address(request),
                now=clock.now(),
            )
        except PaymentInProgress:
            pass
        except ZemiError as error:
            return _refused(request, order, token, error)
    return _to_phones(token)


@page("GET", "POST")
def decide(request: HttpRequest, token: str) -> HttpResponseBase:
    """Enter the PIN on Amina's phone, or cancel."""
    order = find_by_link(token)
    if request.method == "POST":
        pin = request.POST.get("pin", "")
        if "cancel" in request.POST:
            decision = "cancel"
        elif _PIN.fullmatch(pin):
            decision = "wrong_pin" if pin == _WRONG_PIN else "pay"
        else:
            return _show(
                request,
                order,
                token,
                status=400,
                pin_problem=TEXTS["sim_pin_wrong"].render(language(request)),
            )
        _set_phone(order.buyer.phone, prompt=decision)
        # The next prompt waits again.
        _set_phone(order.buyer.phone, **_PLANS["wait"])
    return _to_phones(token)


@page("GET", "POST")
def confirm(request: HttpRequest, token: str) -> HttpResponseBase:
    """Baraka types the code that Amina has given him."""
    order = find_by_link(token)
    if request.method == "POST":
        try:
            confirm_delivery(
                order_reference=order.order_reference,
                delivery_code=request.POST.get("code", "").replace(" ", "")[:6],
                caller=caller_address(request),
                now=clock.now(),
            )
        except ZemiError as error:
            return _refused(request, order, token, error)
    return _to_phones(token)


@page("GET", "POST")
def dial(request: HttpRequest, token: str) -> HttpResponseBase:
    """Dial on one of the phones. No service has a code yet, and nobody answers: the network says so."""
    order = find_by_link(token)
    if request.method != "POST":
        return _to_phones(token)
    number = "".join(request.POST.get("number", "").split())[:_DIALLED_MAX]
    if _SERVICE_CODE.fullmatch(number):
        said = "sim_dial_no_service"
    else:
        said = "sim_dial_no_number" if number else "sim_dial_nothing"
    owner = _BARAKA if request.POST.get("owner") == _BARAKA else _AMINA
    dialled = Dialled(owner, number, TEXTS[said].render(language(request)))
    return _show(request, order, token, status=200 if number else 400, dialled=dialled)


def _amina_of(offered: PaymentLink) -> Phone:
    """The number that Amina has in this sale, as long as nobody writes another: the same whenever the page is opened."""
    return made_up_phone(int.from_bytes(crypto.keyed_hash("sim-amina", offered.id.bytes)[:8]))


def _refused(request: HttpRequest, order: Order, token: str, error: ZemiError) -> HttpResponse:
    order.refresh_from_db()
    return _show(request, order, token, error=error)


def _show(request: HttpRequest, order: Order, token: str, **facts: Any) -> HttpResponse:
    try:
        handsets = _handsets(order)
    except SandboxUnreachable:
        handsets = []
        facts["problem"] = TEXTS["sim_gone"].render(language(request))
    standing = read_standing(order, now=clock.now())
    return render(
        request,
        "phone",
        order=order,
        token=token,
        standing=standing,
        stamp=_stamp(standing, handsets),
        handsets=handsets,
        todo=_todo(standing),
        failure=standing.failure.render(language(request)) if standing.failure else "",
        dial_max=_DIALLED_MAX,
        plans=[(name, f"sim_{name}") for name in _PLANS],
        **facts,
    )


def _todo(standing: Standing) -> str:
    """The text that says what to do next."""
    match standing.scene:
        case Scene.PAY:
            return "sim_do_pay"
        case Scene.WAIT:
            return "sim_do_pin"
        case Scene.ASKING:
            return "sim_do_ask"
        case Scene.HELD:
            return "sim_do_code"
        case Scene.DONE:
            return "sim_do_payout" if standing.turn else "sim_do_done"
        case Scene.ENDED:
            return "sim_do_ended"


def _handsets(order: Order) -> list[Handset]:
    return [_handset(_AMINA, order.buyer.phone), _handset(_BARAKA, order.seller.phone)]


def _handset(owner: str, phone: Phone) -> Handset:
    seen = registry.sandbox().phone(phone)
    prompt = next((prompt for prompt in reversed(seen["prompts"]) if prompt["open"]), None)
    if prompt is not None:
        prompt = prompt | {"amount": Money(int(prompt["amount"]))}
    messages = [read_sms(str(message["text"])) for message in reversed(seen["sms"])]
    return Handset(owner, local(phone), Money(int(seen["balance"])), prompt, messages)


def _stamp(standing: Standing, handsets: list[Handset]) -> str:
    seen = [standing.stamp]
    for handset in handsets:
        seen += [str(handset.balance), str(len(handset.messages)), str(handset.prompt is not None)]
    return crypto.blind_index("page-stamp", "|".join(seen)).hex()[:12]


def _set_phone(phone: Phone, **wishes: Any) -> None:
    # If the simulator doesn't answer, the page that follows says so.
    with suppress(SandboxUnreachable):
        registry.sandbox().set_phone(phone, **wishes)


def _to_phones(token: str) -> HttpResponse:
    return redirect(f"/sandbox/phone/{token}")
