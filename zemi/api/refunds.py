"""Refunds that a merchant asks for, over HTTP."""

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import NeedsScope, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import AmountField, ReasonField, ReferenceField, Shown
from zemi.api.idempotency import Keys
from zemi.api.shapes import AMOUNT, MESSAGE, ORDER_STATUS, REFERENCE, identifier
from zemi.common import clock
from zemi.common.ids import public_id
from zemi.identity.api_keys import Scope
from zemi.orders.errors import AmountNotWholeShilling, OrderNotFound
from zemi.providers.errors import ProviderNotReady
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt, RefundTooSmall
from zemi.snapshots.objects import prefix_of
from zemi.staff.errors import RefundNotWhole
from zemi.staff.merchants import RefundAsked, refund_for_merchant
from zemi.staff.refund import Part

_ON_ITS_WAY = "The order is off, and the money is on its way back to whoever paid."
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
