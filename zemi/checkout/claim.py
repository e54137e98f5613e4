"""Money that was paid by hand with a wrong account number: claimed by its M-Pesa number and a one-time code."""

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from zemi.checkout.page import page, render
from zemi.checkout.texts import TEXTS
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity.otp import Purpose
from zemi.payments.claim import claim_receipt
from zemi.payments.models import ReceiptStatus
from zemi.trust.otp import request_otp
from zemi.web.page import language
from zemi.web.requests import caller_address

_SHAPES = {
    "receipt": re.compile(r"[A-Za-z0-9]{6,20}", re.ASCII),
    "order": re.compile(r"(?i:zem)-[A-Za-z0-9]{8}", re.ASCII),
    "otp": re.compile(r"[0-9]{6}", re.ASCII),
}


@page("GET", "POST")
def claim(request: HttpRequest) -> HttpResponse:
    """Ask for a one-time code with the first form, claim with the second."""
    if request.method != "POST":
        return render(request, "claim")
    given = {name: request.POST.get(name, "").strip() for name in (*_SHAPES, "phone") if name in request.POST}
    if "again" in request.POST:
        # Another code is wanted, whatever is written in the field for the last one.
        given.pop("otp", None)
    asked = "otp" in given
    wrong = _wrong(given, language(request))
    if wrong:
        return render(request, "claim", status=400, given=given, wrong=wrong, asked=asked)
    phone, caller = Phone.parse(given["phone"]), caller_address(request)
    try:
        if asked:
            return _claimed(request, given, phone, caller=caller)
        request_otp(phone=phone, purpose=Purpose.CLAIM_RECEIPT, caller=caller, now=clock.now())
    except ZemiError as error:
        return render(request, "claim", error=error, given=given, asked=asked)
    return render(request, "claim", given=given, asked=True)


def _claimed(request: HttpRequest, given: Mapping[str, str], phone: Phone, *, caller: str) -> HttpResponse:
    receipt = claim_receipt(
        receipt_number=given["receipt"],
        order_reference=given["order"],
        phone=phone,
        otp=given["otp"],
        caller=caller,
        now=clock.now(),
    )
    outcome = "claim_given" if receipt.status == ReceiptStatus.CLAIMED else "claim_returned"
    return render(
        request, "claimed", outcome=outcome, amount=receipt.amount, reference=given["order"].upper()
    )


def _wrong(given: Mapping[str, str], spoken: str) -> dict[str, str]:
    """What is written wrongly: a sentence for each field."""
    unlike = TEXTS["field_wrong"].render(spoken)
    wanted = [name for name in _SHAPES if name != "otp" or name in given]
    wrong = {name: unlike for name in wanted if not _SHAPES[name].fullmatch(given.get(name, ""))}
    try:
        Phone.parse(given.get("phone", ""))
    except InvalidPhone as problem:
        wrong["phone"] = problem.text.render(spoken)
    return wrong
