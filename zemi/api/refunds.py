"""Refunds over HTTP: what a merchant asks for, and what whoever paid has sent to another number."""

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, NeedsScope, caller, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import (
    AmountField,
    PhoneField,
    ReasonField,
    ReceiptNumberField,
    ReferenceField,
    Shown,
    WordField,
)
from zemi.api.idempotency import Keys
from zemi.api.sessions import SIX_DIGITS
from zemi.api.shapes import AMOUNT, MASKED, MESSAGE, ORDER_STATUS, REFERENCE, TIME_OR_NULL, identifier
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.ids import public_id
from zemi.disbursements.errors import DisbursementNotChangeable, TooSoonToRetry
from zemi.identity.api_keys import Scope
from zemi.identity.errors import OneTimeCodeWrong
from zemi.orders.errors import AmountNotWholeShilling, OrderNotFound
from zemi.providers.errors import ProviderNotReady
from zemi.refunds.errors import (
    NothingToRefund,
    RefundExceedsReceipt,
    RefundNotFound,
    RefundNotRedirectable,
    RefundTooSmall,
)
from zemi.refunds.payers import Redirection, redirect_refund
from zemi.snapshots.objects import prefix_of
from zemi.staff.errors import RefundNotWhole
from zemi.staff.merchants import RefundAsked, refund_for_merchant
from zemi.staff.refund import Part
from zemi.trust.errors import TooManyAttempts

_ON_ITS_WAY = "The order is off, and the money is on its way back to whoever paid."
_REDIRECTED = "It goes to the other number when twelve hours have passed. Both phones are told by SMS."
_ASKED = "Our staff have to allow this first. No money was moved yet."
_PARTS = {
    "type": "array",
    "description": (
        "What goes back of each receipt: everybody gets back what they paid, the latest first. Before staff have allowed "
        "it, as it stands now."
    ),
    "items": {
        "type": "object",
        "required": ["receipt", "amount", "refund"],
        "properties": {
            "receipt": identifier("rcpt"),
            "amount": AMOUNT,
            "refund": {
                "oneOf": [identifier("rf"), {"type": "null"}],
                "description": "Null before staff have allowed it.",
            },
        },
    },
}


class CreateRefundInput(Shape):
    """What is to go back, and why."""

    order_reference = ReferenceField()
    amount = AmountField(help_text="All that is held; of a delivered order at most what came.")
    reason = ReasonField(
        most=200, example="The goods are out of stock.", help_text="For staff: no phone numbers."
    )


class RefundAskedData(Shape):
    """What became of it. The refunds themselves are at refunds?order=..."""

    order_reference = Shown(REFERENCE)
    amount = Shown(AMOUNT)
    order_status = Shown(ORDER_STATUS)
    status = Shown({"type": "string", "enum": ["on_its_way", "needs_approval"]})
    message = Shown(MESSAGE)
    parts = Shown(_PARTS)


class CreateRefund(Endpoint):
    """Give money of an order back to whoever paid.

    All of an order that is paid and not delivered: it is off then. Above the operator's limit, and of money that was
    released to the seller, the operator's staff decide. Of an order that was paid by several receipts each payer gets
    back no more than they paid.
    """

    access = NeedsScope(Scope.REFUNDS)
    tag = "refunds"
    input = CreateRefundInput
    output = RefundAskedData
    statuses = {202: "It is on its way, or waits for the operator."}
    errors = (
        OrderNotFound,
        NothingToRefund,
        RefundNotWhole,
        RefundTooSmall,
        RefundExceedsReceipt,
        AmountNotWholeShilling,
        ProviderNotReady,
    )
    keys = Keys.REQUIRED
    moves_money = True

    def post(self, request: Request) -> Response:
        """Ask for it."""
        return self.present(
            refund_for_merchant(**self.read(request), merchant_id=merchant_of(request), now=clock.now())
        )

    def present(self, result: RefundAsked) -> Response:
        """Say what became of it."""
        return self.answer(
            {
                "order_reference": result.order.order_reference,
                "amount": str(result.amount),
                "order_status": result.order.status,
                "status": "needs_approval" if result.needs_approval else "on_its_way",
                "message": _ASKED if result.needs_approval else _ON_ITS_WAY,
                "parts": [_part(part) for part in result.parts],
            },
            status=202,
        )


def _part(part: Part) -> dict[str, str | None]:
    return {
        "receipt": public_id(prefix_of("receipt"), part.receipt.id),
        "amount": str(part.amount),
        "refund": public_id(prefix_of("refund"), part.refund.id) if part.refund is not None else None,
    }


class RedirectRefundInput(Shape):
    """The payment, the other number, and the codes that prove both phones."""

    receipt_number = ReceiptNumberField(help_text="M-Pesa's number of the payment that goes back.")
    new_phone_number = PhoneField(help_text="Where the money is to go.")
    new_otp = WordField(
        pattern="[0-9]{6}",
        most=6,
        example="847263",
        sentence=SIX_DIGITS,
        help_text="Texted to new_phone_number for the purpose receive_refund.",
    )
    phone_number = PhoneField(
        required=False, help_text="The phone that paid. Without it the operator's staff decide."
    )
    otp = WordField(
        pattern="[0-9]{6}",
        most=6,
        example="190348",
        sentence=SIX_DIGITS,
        required=False,
        help_text="Texted to phone_number for the purpose redirect_refund.",
    )


class RedirectRefundData(Shape):
    """What goes where, and when at the earliest; null as long as staff have not allowed it."""

    receipt_number = Shown({"type": "string"})
    amount = Shown(AMOUNT)
    payee_phone_masked = Shown(MASKED)
    sends_at = Shown(TIME_OR_NULL)
    status = Shown({"type": "string", "enum": ["redirected", "needs_approval"]})
    message = Shown(MESSAGE)


class RedirectRefund(Endpoint):
    """Have a refund that M-Pesa could not send to the phone that paid sent to another number of whoever paid.

    Both phones are proved by one-time codes. It goes out after twelve hours, of which both are told: until then the
    phone that paid can send it elsewhere, or back to itself. Without the phone that paid the operator's staff decide.
    What is on its way, or has no result yet, stays with whom it was sent to.
    """

    access = Anyone()
    tag = "refunds"
    input = RedirectRefundInput
    output = RedirectRefundData
    statuses = {202: "It waits for twelve hours, or for the operator."}
    errors = (
        RefundNotFound,
        RefundNotRedirectable,
        DisbursementNotChangeable,
        TooSoonToRetry,
        OneTimeCodeWrong,
        TooManyAttempts,
        ProviderNotReady,
    )
    moves_money = True

    def post(self, request: Request) -> Response:
        """Redirect it."""
        given = self.read(request)
        return self.present(
            redirect_refund(
                receipt_number=given["receipt_number"],
                new_phone=given["new_phone_number"],
                new_otp=given["new_otp"],
                phone=given.get("phone_number"),
                otp=given.get("otp"),
                caller=caller(request),
                now=clock.now(),
            )
        )

    def present(self, result: Redirection) -> Response:
        """Say what became of it."""
        needs_approval = result.sends_at is None
        return self.answer(
            {
                "receipt_number": result.receipt_number,
                "amount": str(result.amount),
                "payee_phone_masked": result.payee.phone_masked,
                "sends_at": stamp(result.sends_at),
                "status": "needs_approval" if needs_approval else "redirected",
                "message": _ASKED if needs_approval else _REDIRECTED,
            },
            status=202,
        )
