"""The messages of one simulated phone, where whoever tries the pages finds the codes. In sandbox mode only."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse

from zemi.checkout.page import page, poll, render
from zemi.checkout.texts import TEXTS
from zemi.common import crypto
from zemi.common.crypto import SealBroken
from zemi.common.phone import Phone
from zemi.providers import registry
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.web.page import language

_CONTEXT = "checkout|inbox|address"
# An order's page, or a payment link's, at the end of a text or within it.
_OUR_LINK = re.compile(r"(\S+?)(/[ol]/[A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sms:
    """One text message: its words, and the page of ours that it names, if any, with the link as it is written."""

    words: str
    path: str = ""
    link: str = ""


def inbox_of(phone: Phone) -> str:
    """Where the messages of a phone are shown. The address is sealed: no number stands in it."""
    return f"/sandbox/phone/inbox/{urlsafe_b64encode(crypto.seal(phone.e164, context=_CONTEXT)).decode().rstrip('=')}"


@page("GET")
def show(request: HttpRequest, phone: str) -> HttpResponse:
    """The messages, the newest first."""
    opened, problem = _open(phone), ""
    try:
        messages = read_messages(opened)
    except SandboxUnreachable:
        messages, problem = [], TEXTS["sim_gone"].render(language(request))
    return render(
        request,
        "inbox",
        path=request.path,
        number=local(opened),
        messages=messages,
        stamp=len(messages),
        problem=problem,
    )


@poll
def stamp(request: HttpRequest, phone: str) -> str:
    """How many there are: with each new one the page would look different."""
    try:
        return str(len(read_messages(_open(phone))))
    except SandboxUnreachable:
        return "0"


def read_messages(phone: Phone) -> list[Sms]:
    """The messages that this phone has got, the newest first.

    :raises SandboxUnreachable: the simulator does not answer
    """
    return [read_sms(str(message["text"])) for message in reversed(registry.sandbox().phone(phone)["sms"])]


def read_sms(text: str) -> Sms:
    """Part a text from the page of ours that it leads to."""
    found = _OUR_LINK.search(text)
    if found is None:
        return Sms(text)
    return Sms((text[: found.start()] + text[found.end() :]).strip(), found[2], found[0])


def local(phone: Phone) -> str:
    """As people write it: 0712 345 678."""
    return f"0{phone.msisdn[3:6]} {phone.msisdn[6:9]} {phone.msisdn[9:]}"


def _open(address: str) -> Phone:
    try:
        return Phone(crypto.unseal(urlsafe_b64decode(address + "=" * (-len(address) % 4)), context=_CONTEXT))
    except (SealBroken, ValueError):
        raise Http404 from None
