"""Money in and out over HTTP: the seed's endpoints 2, 3 and 6."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, NeedsScope, caller, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import (
    AmountField,
    FreeMetadataField,
    PhoneField,
    ReferenceField,
    Shown,
    TextField,
    WordField,
)
from zemi.api.shapes import MESSAGE, ORDER_STATUS, REFERENCE, TIME_OR_NULL
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.texts import Text
from zemi.disbursements.models import DisbursementStatus
from zemi.identity.api_keys import Scope
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order
from zemi.payments import errors
from zemi.payments.collect import start_payment
from zemi.payments.models import Payment, PaymentStatus
from zemi.payments.simulated import receive_simulated_payment
from zemi.payouts import errors as payout_errors
from zemi.payouts.disburse import request_payout
from zemi.payouts.models import SEED_STATUS, AttemptStatus, PayoutAttempt
from zemi.providers.errors import ProviderNotReady
from zemi.trust.errors import TooManyAttempts
from zemi.web.requests import client_address

_TEXT = {"type": "string"}
_WAIT = (
    "M-Pesa has not answered. The prompt may still appear on the phone: do not pay again yet. "
    "We are asking M-Pesa; read the order to see what became of it."
)
_SENDING = "M-Pesa has not answered yet. Do not pay the seller again: we are asking M-Pesa what became of it."


class StkPushInput(Shape):
    """Whom to ask, for which order."""

    phone_number = PhoneField(help_text="The phone that gets the prompt; it need not be the buyer's.")
    amount = AmountField(help_text="What the order is due.")
    account_reference = ReferenceField(help_text="The order's reference.")
    transaction_desc = TextField(
        required=False, least=0, most=500, help_text="Cut to the 13 characters that M-Pesa shows."
    )


class StkPushData(Shape):
    """What M-Pesa said. When it said nothing: empty texts, `status` unknown, and a `message`."""

    merchant_request_id = Shown(_TEXT)
    checkout_request_id = Shown(_TEXT)
    response_code = Shown(_TEXT)
    response_description = Shown(_TEXT)
    customer_message = Shown(_TEXT)
    payment_status = Shown({"type": "string", "enum": list(PaymentStatus.values)})
    status = Shown({"type": "string", "const": "unknown"}, required=False)
    message = Shown(MESSAGE, required=False)


class StkPush(Endpoint):
    """Send an M-Pesa payment prompt to a phone.

    One prompt at a time per order. A 202 means that M-Pesa's answer was lost: the prompt may be on the phone.
    """

    access = Anyone(keys_need=Scope.PAYMENTS)
    tag = "payments"
    input = StkPushInput
    output = StkPushData
    moves_money = True
    statuses = {
        200: "M-Pesa has taken the request; the phone shows the prompt.",
        202: "M-Pesa did not answer: the outcome is not known yet. Do not pay again yet.",
    }
    errors = (
        OrderNotFound,
        errors.OrderNotPayable,
        errors.AmountMismatch,
        errors.PaymentInProgress,
        errors.PromptTooSoon,
        errors.PaymentRefused,
        errors.ProviderUnreachable,
        ProviderNotReady,
        TooManyAttempts,
    )

    def post(self, request: Request) -> Response:
        """Send it."""
        given = self.read(request)

        payment = start_payment(
            order_reference=given["account_reference"],
            payer_phone=given["phone_number"],
            amount=given["amount"],
            description=given.get("transaction_desc", ""),
            caller=caller(request),
            begun_at=self.begun_at,
            now=clock.now(),
        )

        return self.answer(_stk_push(payment), status=202 if payment.status == PaymentStatus.UNKNOWN else 200)


class SimulatedPaymentInput(Shape):
    """A payment that is said to have happened."""

    order_reference = ReferenceField()
    transaction_id = WordField(
        pattern=r"[A-Za-z0-9._-]{1,40}",
        most=40,
        example="QHJ41HG1W8",
        sentence=Text(
            en="A transaction id has 1 to 40 letters, digits, points, dashes or underscores.",
            sw="Namba ya muamala ina herufi, tarakimu, nukta au vistari 1 hadi 40.",
        ),
    )
    amount = AmountField()
    payment_method = WordField(
        pattern=r"mpesa|stripe|visa",
        most=10,
        example="mpesa",
        sentence=Text(en="The method is mpesa, stripe or visa.", sw="Njia ni mpesa, stripe au visa."),
    )
    payer_phone = PhoneField(required=False)
    metadata = FreeMetadataField(required=False)


class SimulatedPaymentData(Shape):
    """The order is paid."""

    order_reference = Shown(REFERENCE)
    transaction_id = Shown(_TEXT)
    status = Shown(ORDER_STATUS)
    paid_at = Shown(TIME_OR_NULL)


class SimulatedPayment(Endpoint):
    """Tell of a payment without paying: sandbox only.

    Settled in the request, as the seed shows. In live mode this address does not exist.
    """

    access = Anyone()
    tag = "webhooks"
    input = SimulatedPaymentInput
    output = SimulatedPaymentData
    statuses = {200: "The order is paid."}
    errors = (
        OrderNotFound,
        errors.OrderNotPayable,
        errors.AmountMismatch,
        errors.TransactionIdUsed,
        errors.PaymentMethodUnavailable,
        errors.PaymentInProgress,
        errors.ProviderUnreachable,
        errors.OutcomeUnknown,
        ProviderNotReady,
    )

    def post(self, request: Request) -> Response:
        """Settle it."""
        given = self.read(request)

        order = receive_simulated_payment(
            order_reference=given["order_reference"],
            transaction_id=given["transaction_id"],
            amount=given["amount"],
            payment_method=given["payment_method"],
            payer_phone=given.get("payer_phone"),
            metadata=given.get("metadata"),
            source_address=client_address(request._request),
            now=clock.now(),
        )

        return self.answer(_simulated(order, given["transaction_id"]))


class B2cPayoutInput(Shape):
    """Whom to pay, for which order."""

    phone_number = PhoneField(help_text="The order's seller.")
    amount = AmountField(help_text="What is released to the seller.")
    order_reference = ReferenceField()


class B2cPayoutData(Shape):
    """What M-Pesa said about the payout. Without an answer yet: what is known, and `status`."""

    conversation_id = Shown(_TEXT)
    originator_conversation_id = Shown(_TEXT)
    response_code = Shown(_TEXT)
    response_description = Shown(_TEXT)
    status = Shown({"type": "string", "enum": sorted(set(SEED_STATUS.values()))}, required=False)
    message = Shown(MESSAGE, required=False)


class B2cPayout(Endpoint):
    """Pay the seller of an order by M-Pesa.

    Payouts arise by themselves when a delivery is confirmed. This sends one that still waits, and answers one
    that was sent already: it never pays twice.
    """

    access = NeedsScope(Scope.PAYOUTS)
    tag = "payments"
    input = B2cPayoutInput
    output = B2cPayoutData
    moves_money = True
    statuses = {
        200: "M-Pesa has taken the payout.",
        202: "It is being sent, or M-Pesa did not answer: the outcome is not known yet. Do not pay again.",
    }
    errors = (
        OrderNotFound,
        payout_errors.NothingToPayOut,
        payout_errors.PayeeMismatch,
        payout_errors.PayoutAmountMismatch,
        payout_errors.PayoutFailed,
        ProviderNotReady,
    )

    def post(self, request: Request) -> Response:
        """Send it."""
        given = self.read(request)

        attempt = request_payout(
            order_reference=given["order_reference"],
            payee_phone=given["phone_number"],
            amount=given["amount"],
            merchant_id=merchant_of(request),
            now=clock.now(),
        )

        is_taken = attempt.status in {AttemptStatus.ACCEPTED, AttemptStatus.SUCCEEDED}
        return self.answer(_payout(attempt, is_taken=is_taken), status=200 if is_taken else 202)


def _stk_push(payment: Payment) -> dict[str, Any]:
    data = {
        "merchant_request_id": payment.merchant_request_id,
        "checkout_request_id": payment.provider_reference,
        "response_code": payment.response_code,
        "response_description": payment.response_text,
        "customer_message": payment.response_text,
        "payment_status": payment.status,
    }
    return data | ({"status": "unknown", "message": _WAIT} if payment.status == PaymentStatus.UNKNOWN else {})


def _simulated(order: Order, transaction_id: str) -> dict[str, Any]:
    return {
        "order_reference": order.order_reference,
        "transaction_id": transaction_id,
        "status": order.status,
        "paid_at": stamp(order.paid_at),
    }


def _payout(attempt: PayoutAttempt, *, is_taken: bool) -> dict[str, Any]:
    data = {
        "conversation_id": attempt.conversation_id,
        "originator_conversation_id": attempt.originator_conversation_id,
        "response_code": attempt.response_code,
        "response_description": attempt.response_text,
    }
    return (
        data
        if is_taken
        else data | {"status": SEED_STATUS[DisbursementStatus(attempt.payout.status)], "message": _SENDING}
    )
