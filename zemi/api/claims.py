"""One-time codes, and claiming by them, over HTTP."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, caller
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import PhoneField, ReceiptNumberField, ReferenceField, Shown, WordField
from zemi.api.idempotency import Keys
from zemi.api.sessions import SIX_DIGITS
from zemi.api.shapes import MESSAGE, REFERENCE
from zemi.common import clock
from zemi.common.ids import read_reference
from zemi.common.texts import Text
from zemi.identity.errors import OneTimeCodeWrong
from zemi.identity.otp import Purpose
from zemi.orders.errors import OrderNotFound
from zemi.payments.claim import claim_receipt
from zemi.payments.errors import ReceiptNotFound
from zemi.providers.errors import ProviderNotReady
from zemi.releases.errors import OrderNotPaid
from zemi.releases.new_code import issue_new_code, request_new_code
from zemi.trust.errors import TooManyAttempts
from zemi.trust.otp import request_otp


class OtpInput(Shape):
    """Whose phone, and what the code is to be for."""

    phone_number = PhoneField()
    purpose = WordField(
        pattern="cancel_order|claim_receipt|receive_refund|redirect_refund|sign_in",
        most=20,
        example="claim_receipt",
        sentence=Text(
            en="The purpose is cancel_order, claim_receipt, receive_refund, redirect_refund or sign_in.",
            sw="Kusudi ni cancel_order, claim_receipt, receive_refund, redirect_refund au sign_in.",
        ),
    )


class OtpData(Shape):
    """A code is on its way."""

    expires_in_s = Shown({"type": "integer", "examples": [600]})
    message = Shown(MESSAGE)


class RequestOtp(Endpoint):
    """Have a one-time code texted to a phone. It opens one thing, once, within ten minutes."""

    access = Anyone()
    tag = "identity"
    input = OtpInput
    output = OtpData
    errors = (TooManyAttempts,)

    def post(self, request: Request) -> Response:
        """Send it."""
        given = self.read(request)
        life = request_otp(
            phone=given["phone_number"],
            purpose=Purpose(given["purpose"]),
            caller=caller(request),
            now=clock.now(),
        )
        return self.answer(
            {"expires_in_s": int(life.total_seconds()), "message": "A one-time code was sent by SMS."}
        )


class ClaimInput(Shape):
    """The number in M-Pesa's SMS, the order it was for, and the phone that paid with its one-time code."""

    receipt_number = ReceiptNumberField()
    order_reference = ReferenceField()
    phone_number = PhoneField()
    otp = WordField(pattern="[0-9]{6}", most=6, example="847263", sentence=SIX_DIGITS)


class ClaimData(Shape):
    """What became of the money."""

    receipt_number = Shown({"type": "string"})
    status = Shown({"type": "string", "examples": ["claimed", "refunded"]})
    message = Shown(MESSAGE)


class ClaimReceipt(Endpoint):
    """Claim money that was paid by hand and named no order.

    It goes to the order; if that can't take it, back to the phone that paid.
    """

    access = Anyone()
    tag = "payments"
    input = ClaimInput
    output = ClaimData
    moves_money = True
    errors = (ReceiptNotFound, OrderNotFound, OneTimeCodeWrong, TooManyAttempts, ProviderNotReady)

    def post(self, request: Request) -> Response:
        """Claim it."""
        given = self.read(request)
        receipt = claim_receipt(
            receipt_number=given["receipt_number"],
            order_reference=given["order_reference"],
            phone=given["phone_number"],
            otp=given["otp"],
            caller=caller(request),
            now=clock.now(),
        )
        said: dict[str, Any] = {"receipt_number": receipt.transaction_id, "status": receipt.status}
        return self.answer(
            said | {"message": "The money was given to the order, or is on its way back to you."}
        )


class NewCodeOtpData(Shape):
    """A one-time code is on its way to the buyer's phone."""

    expires_in_s = Shown({"type": "integer", "examples": [600]})
    message = Shown(MESSAGE)


class AskForNewCode(Endpoint):
    """Have a one-time code texted to the buyer of a paid order who has lost the delivery code."""

    access = Anyone()
    output = NewCodeOtpData
    errors = (OrderNotFound, OrderNotPaid, TooManyAttempts)
    # Asking twice is asking twice.
    keys = Keys.NONE

    def post(self, request: Request, order_reference: str) -> Response:
        """Send it."""
        life = request_new_code(order_reference=order_reference, caller=caller(request), now=clock.now())
        message = "A one-time code was sent by SMS to the buyer."
        return self.answer({"expires_in_s": int(life.total_seconds()), "message": message})


class NewCodeInput(Shape):
    """The one-time code that the buyer got."""

    otp = WordField(pattern="[0-9]{6}", most=6, example="847263", sentence=SIX_DIGITS)


class NewCodeData(Shape):
    """The new delivery code; the old one opens nothing any more."""

    order_reference = Shown(REFERENCE)
    delivery_code = Shown({"type": "string", "pattern": "^[0-9]{6}$"})
    message = Shown(MESSAGE)


class IssueNewCode(Endpoint):
    """Give the buyer a new delivery code, shown here once and texted; the old one, and its lock, end."""

    access = Anyone()
    input = NewCodeInput
    output = NewCodeData
    errors = (OneTimeCodeWrong, OrderNotPaid)
    # The one-time code is spent: a repetition asks for another.
    keys = Keys.NONE

    def post(self, request: Request, order_reference: str) -> Response:
        """Give it."""
        code = issue_new_code(order_reference=order_reference, otp=self.read(request)["otp"], now=clock.now())
        return self.answer(
            {
                "order_reference": read_reference(order_reference),
                "delivery_code": code,
                "message": "Keep it safe: the old code opens nothing any more.",
            }
        )
