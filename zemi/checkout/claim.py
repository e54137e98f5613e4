"""Money that was paid by hand with a wrong account number: claimed by its M-Pesa number and a one-time code."""

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse

from zemi.checkout.page import page, render
from zemi.checkout.proving import RECEIPT_NUMBER, ProvingForm
from zemi.common import clock
from zemi.common.phone import Phone
from zemi.identity.otp import Purpose
from zemi.payments.claim import claim_receipt
from zemi.payments.models import ReceiptStatus
from zemi.web.requests import caller_address

_FORM = ProvingForm(
    "claim",
    words={"receipt": RECEIPT_NUMBER, "order": re.compile(r"(?i:zem)-[A-Za-z0-9]{8}", re.ASCII)},
    phones={"phone": (Purpose.CLAIM_RECEIPT, "otp")},
)


@page("GET", "POST")
def claim(request: HttpRequest) -> HttpResponse:
    """Ask for a one-time code with the first form, claim with the second."""

    def act(given: Mapping[str, str], phones: Mapping[str, Phone]) -> HttpResponse:
        receipt = claim_receipt(
            receipt_number=given["receipt"],
            order_reference=given["order"],
            phone=phones["phone"],
            otp=given["otp"],
            caller=caller_address(request),
            now=clock.now(),
        )
        outcome = "claim_given" if receipt.status == ReceiptStatus.CLAIMED else "claim_returned"
        return render(
            request, "claimed", outcome=outcome, amount=receipt.amount, reference=given["order"].upper()
        )

    return _FORM.answer(request, act)
