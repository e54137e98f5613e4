"""Calling an order off over HTTP: alone, or together."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, asker_of, caller
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import PhoneField, Shown, WordField
from zemi.api.sessions import SIX_DIGITS
from zemi.api.shapes import CANCEL_REQUEST, MESSAGE, ORDER_STATUS, REFERENCE
from zemi.common import clock
from zemi.identity.api_keys import Scope
from zemi.identity.errors import OneTimeCodeWrong
from zemi.orders.errors import OrderNotFound
from zemi.orders.models import Order
from zemi.payments.cancel import Act, cancel_order_for, negotiate_cancel
from zemi.payments.errors import NoCancelRequest, OrderNotCancellable
from zemi.providers.errors import ProviderNotReady
from zemi.snapshots.objects import show_cancel_request
from zemi.trust.errors import TooManyAttempts


class CancelOrderInput(Shape):
    """Who calls it off: phone and one-time code of its buyer or seller, unless a key or a session says who it is."""

    phone_number = PhoneField(required=False)
    otp = WordField(pattern="[0-9]{6}", most=6, example="847263", sentence=SIX_DIGITS, required=False)


class CancelledData(Shape):
    """The order as it is now."""

    order_reference = Shown(REFERENCE)
    status = Shown(ORDER_STATUS)
    message = Shown(MESSAGE)


class CancelOrder(Endpoint):
    """Call off an order that is not paid; its seller also one that is paid, and all of the money goes back.

    Merchants cancel their own orders by their key; buyer and seller as signed in, or by a one-time code (purpose
    cancel_order).
    A buyer who wants to call a paid order off asks the seller (cancel-request).
    A prompt that is on a phone ends by itself; if it is paid all the same, that money goes back.
    """

    access = Anyone(keys_need=Scope.ORDERS)
    input = CancelOrderInput
    output = CancelledData
    errors = (OrderNotFound, OrderNotCancellable, OneTimeCodeWrong, TooManyAttempts, ProviderNotReady)

    def post(self, request: Request, order_reference: str) -> Response:
        """Cancel it."""
        given = self.read(request)
        order = cancel_order_for(
            asker=asker_of(request),
            order_reference=order_reference,
            phone=given.get("phone_number"),
            otp=given.get("otp"),
            caller=caller(request),
            now=clock.now(),
        )
        return self.present(order)

    def present(self, result: Order) -> Response:
        """Show the order as it is now."""
        return self.answer(
            {
                "order_reference": result.order_reference,
                "status": result.status,
                "message": "The order is cancelled. Anything that was paid goes back.",
            }
        )


class NegotiateInput(CancelOrderInput):
    """Who it is: phone and one-time code (purpose cancel_order) of its buyer or seller, unless a session says so."""


class NegotiatedData(Shape):
    """The order as it is now, and what is asked."""

    order_reference = Shown(REFERENCE)
    status = Shown(ORDER_STATUS)
    cancel_request = Shown(CANCEL_REQUEST)


class _Negotiate(Endpoint):
    """One act of calling a paid order off together. A merchant whose order it is uses refunds instead."""

    access = Anyone()
    input = NegotiateInput
    output = NegotiatedData
    moves_money = True
    errors = (
        OrderNotFound,
        OrderNotCancellable,
        NoCancelRequest,
        OneTimeCodeWrong,
        TooManyAttempts,
        ProviderNotReady,
    )
    act: ClassVar[Act]

    def post(self, request: Request, order_reference: str) -> Response:
        """Do it."""
        given = self.read(request)
        order = negotiate_cancel(
            act=self.act,
            asker=asker_of(request),
            order_reference=order_reference,
            phone=given.get("phone_number"),
            otp=given.get("otp"),
            caller=caller(request),
            now=clock.now(),
        )
        return self.present(order)

    def present(self, result: Order) -> Response:
        """Show the order as it is now."""
        return self.answer(
            {
                "order_reference": result.order_reference,
                "status": result.status,
                "cancel_request": show_cancel_request(result),
            }
        )


class AskToCancel(_Negotiate):
    """Ask the other side to cancel a paid order.

    Its buyer asks the seller, or its seller the buyer. They are told by SMS and can answer until `answer_until`; then
    the request lapses, and the order goes on as before. Who asks when the other has asked already accepts: then the
    order is off, and all of the money goes back.
    """

    act = Act.ASK


class AcceptCancel(_Negotiate):
    """Accept the other side's request to cancel: the order is off, and all of the money goes back."""

    act = Act.ACCEPT


class DeclineCancel(_Negotiate):
    """Decline the other side's request to cancel: the order goes on, and its money stays held."""

    act = Act.DECLINE


class WithdrawCancel(_Negotiate):
    """Take the own request to cancel back, before it is answered."""

    act = Act.WITHDRAW
