"""A refund that can't reach the phone that paid: sent to another number of whoever paid."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from zemi.checkout.page import page, render
from zemi.checkout.proving import RECEIPT_NUMBER, ProvingForm
from zemi.common import clock
from zemi.common.phone import Phone
from zemi.identity.otp import Purpose
from zemi.refunds.payers import redirect_refund
from zemi.web.requests import caller_address

_WORDS = {"receipt": RECEIPT_NUMBER}
_PAYER = {"phone": (Purpose.REDIRECT_REFUND, "otp")}
_PAYEE = {"new_phone": (Purpose.RECEIVE_REFUND, "new_otp")}
_FORM = ProvingForm("refund", words=_WORDS, phones=_PAYER | _PAYEE)
# The phone that paid is gone: its owner can't prove it, and our staff decide.
_FORM_WITHOUT = ProvingForm("refund", words=_WORDS, phones=_PAYEE)


@page("GET", "POST")
def refund(request: HttpRequest) -> HttpResponse:
    """Have a one-time code texted to each phone with the first form, send the refund elsewhere with the second."""
    gone = "gone" in request.GET

    def act(given: Mapping[str, str], phones: Mapping[str, Phone]) -> HttpResponse:
        redirection = redirect_refund(
            receipt_number=given["receipt"],
            new_phone=phones["new_phone"],
            new_otp=given["new_otp"],
            phone=phones.get("phone"),
            otp=given.get("otp"),
            caller=caller_address(request),
            now=clock.now(),
        )
        return render(request, "redirected", redirection=redirection)

    return (_FORM_WITHOUT if gone else _FORM).answer(request, act, gone=gone)
