"""What the public objects look like in OpenAPI; `zemi.snapshots.objects` writes them, and tests compare the two."""

from typing import Any

from zemi.api.endpoint import Shape
from zemi.api.fields import ExpandField, Shown
from zemi.disbursements.models import DisbursementStatus
from zemi.orders.models import Side
from zemi.payments.models import PaymentStatus, ReceiptStatus
from zemi.refunds.models import RefundReason
from zemi.snapshots.next_action import MEANING, Actor, Outcome, Verb

AMOUNT = {"type": "string", "pattern": r"^[0-9]{1,10}\.[0-9]{2}$", "examples": ["1500.00"]}
SIGNED_AMOUNT = {"type": "string", "pattern": r"^-?[0-9]{1,13}\.[0-9]{2}$", "examples": ["1500.00"]}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["KES"]}
REFERENCE = {"type": "string", "examples": ["ZEM-7K2M9QXA"]}
MESSAGE = {"type": "string"}
LINK = {
    "type": "string",
    "format": "uri",
    "examples": ["https://zemi.example/o/Xq3vN8ZtLw2RkP5yBd7MhA"],
    "description": "The order's page, to pay on and to follow. Whoever has it sees the order: give it to its people alone.",
}
TIME = {"type": "string", "format": "date-time", "examples": ["2024-12-15T10:30:00Z"]}
TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time", "examples": ["2024-12-15T10:35:00Z"]}
TEXT_OR_NULL = {"type": ["string", "null"]}
MASKED = {"type": "string", "pattern": r"^\*{4}[0-9]{4}$", "examples": ["****5678"]}
MASKED_OR_NULL = {"type": ["string", "null"], "pattern": r"^\*{4}[0-9]{4}$", "examples": ["****5678"]}
LIVEMODE = {"type": "boolean", "description": "False in sandbox: no real money."}
ORDER_STATUS = {
    "type": "string",
    "examples": ["awaiting_payment", "paid", "completed", "cancelled", "refunded"],
    "description": "An open list: treat a word that you don't know as not final.",
}
NEXT_ACTION = {
    "type": ["object", "null"],
    "description": "Whose turn it is; null when nothing is left to be done. Both words are open lists.",
    "required": ["actor", "verb", "is_yours"],
    "properties": {
        "actor": {"type": "string", "examples": [str(actor) for actor in Actor]},
        "verb": {"type": "string", "examples": [str(verb) for verb in Verb]},
        "is_yours": {"type": "boolean"},
    },
}
OUTCOME = {
    "type": ["string", "null"],
    "examples": [str(outcome) for outcome in Outcome],
    "description": "What silence will cause: null when nothing is left to be done. An open list. "
    + "; ".join(f"`{outcome}`: {meaning}" for outcome, meaning in MEANING.items())
    + ".",
}
DEADLINE = TIME_OR_NULL | {
    "description": "Until when; null where there is no deadline: then nothing happens by time alone, as `if_no_action` "
    "says. So it is with a paid order: its money stays held until the delivery code, or until it is cancelled."
}

CANCEL_REQUEST = {
    "type": ["object", "null"],
    "description": "The open request of one side to the other to cancel a paid order; null when there is none.",
    "required": ["asked_by", "answer_until"],
    "properties": {
        "asked_by": {"type": "string", "enum": [str(side) for side in Side]},
        "answer_until": TIME,
    },
}


class ExpandQuery(Shape):
    """Which parts are to be shown whole."""

    expand = ExpandField(
        required=False,
        help_text="Parts to show whole instead of by id, separated by commas: at most four, two levels deep.",
    )


def identifier(prefix: str) -> dict[str, Any]:
    """An id of one kind of object."""
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$"}


def whole_or(identity: dict[str, Any]) -> dict[str, Any]:
    """What an object belongs to: by id, or whole where `expand` names it; null where there is none."""
    return {"oneOf": [identity, {"type": "object"}, {"type": "null"}]}


def parts(prefix: str) -> dict[str, Any]:
    """Ids of the parts of an object, or the parts themselves where `expand` names them."""
    return {"type": "array", "items": {"oneOf": [identifier(prefix), {"type": "object"}]}}


class OrderData(Shape):
    """An order. Its own merchant sees all of it; a stranger who knows its reference, the first part."""

    id = Shown({"type": "string", "format": "uuid"})
    order_reference = Shown(REFERENCE)
    buyer_phone_masked = Shown(MASKED)
    amount = Shown(AMOUNT)
    product_description = Shown({"type": "string"})
    status = Shown(ORDER_STATUS)
    created_at = Shown(TIME)
    paid_at = Shown(TIME_OR_NULL)
    completed_at = Shown(TIME_OR_NULL)
    payout_status = Shown(
        {
            "type": ["string", "null"],
            "examples": ["pending", "processing", "completed", "failed"],
            "description": "How far the seller's money is; null before there is a payout.",
        }
    )
    object = Shown({"type": "string", "const": "order"})
    livemode = Shown(LIVEMODE)
    currency = Shown(CURRENCY)
    expires_at = Shown(TIME_OR_NULL)
    next_action = Shown(NEXT_ACTION)
    deadline_at = Shown(DEADLINE)
    if_no_action = Shown(OUTCOME)
    seller_phone_masked = Shown(MASKED, required=False)
    release_policy = Shown({"type": "string"}, required=False)
    fee = Shown(AMOUNT, required=False)
    seller_receives = Shown(AMOUNT, required=False)
    received = Shown(AMOUNT, required=False)
    held = Shown(AMOUNT, required=False)
    released = Shown(AMOUNT, required=False)
    refunded = Shown(AMOUNT, required=False)
    cancel_request = Shown(CANCEL_REQUEST, required=False)
    reference = Shown(TEXT_OR_NULL | {"description": "The merchant's own number."}, required=False)
    metadata = Shown({"type": "object", "additionalProperties": {"type": "string"}}, required=False)
    link = Shown(
        TEXT_OR_NULL | {"description": "The payment link that it was made by; for its merchant."},
        required=False,
    )
    payments = Shown(parts("pay"), required=False)
    receipts = Shown(parts("rcpt"), required=False)
    releases = Shown(parts("rel"), required=False)
    payouts = Shown(parts("po"), required=False)
    refunds = Shown(parts("rf"), required=False)


class TimelineData(Shape):
    """One thing that happened."""

    id = Shown(identifier("evt"))
    type = Shown({"type": "string", "examples": ["order.paid", "payout.succeeded"]})
    at = Shown(TIME)
    actor = Shown(
        {"type": "string", "examples": ["buyer", "seller", "merchant", "provider", "zemi", "operator"]}
    )
    object = Shown({"type": "string", "examples": ["order", "payment", "payout"]})
    object_id = Shown(TEXT_OR_NULL)
    # A serializer has a `data` of its own, which nothing here asks for.
    data = Shown({"type": "object"})  # type: ignore[assignment]


class PaymentData(Shape):
    """One attempt to collect the price of an order."""

    id = Shown(identifier("pay"))
    object = Shown({"type": "string", "const": "payment"})
    livemode = Shown(LIVEMODE)
    order = Shown(whole_or(REFERENCE))
    payment_method = Shown({"type": "string", "examples": ["mpesa"]})
    amount = Shown(AMOUNT)
    currency = Shown(CURRENCY)
    status = Shown({"type": "string", "enum": list(PaymentStatus.values)})
    failure_reason = Shown(TEXT_OR_NULL)
    payer_phone_masked = Shown(MASKED)
    merchant_request_id = Shown(TEXT_OR_NULL)
    created_at = Shown(TIME)
    updated_at = Shown(TIME)
    receipts = Shown(parts("rcpt"))


class ReceiptData(Shape):
    """Money that came, by the provider's own number."""

    id = Shown(identifier("rcpt"))
    object = Shown({"type": "string", "const": "receipt"})
    livemode = Shown(LIVEMODE)
    order = Shown(whole_or(REFERENCE))
    payment = Shown(whole_or(identifier("pay")))
    receipt_number = Shown(TEXT_OR_NULL)
    amount = Shown(AMOUNT)
    allocated = Shown(AMOUNT)
    credited = Shown(AMOUNT)
    currency = Shown(CURRENCY)
    status = Shown({"type": "string", "enum": list(ReceiptStatus.values)})
    payer_phone_masked = Shown(MASKED_OR_NULL)
    received_at = Shown(TIME)
    refunds = Shown(parts("rf"))


def disbursement_fields() -> dict[str, Shown]:
    """What payouts and refunds say alike: how far money is that goes out."""
    return {
        "amount": Shown(AMOUNT),
        "currency": Shown(CURRENCY),
        "status": Shown({"type": "string", "enum": list(DisbursementStatus.values)}),
        "held_reason": Shown(TEXT_OR_NULL),
        "failure_reason": Shown(TEXT_OR_NULL),
        "receipt_number": Shown(TEXT_OR_NULL),
        "created_at": Shown(TIME),
        "updated_at": Shown(TIME),
    }


class PayoutData(Shape):
    """What a seller is owed for one release."""

    id = Shown(identifier("po"))
    object = Shown({"type": "string", "const": "payout"})
    livemode = Shown(LIVEMODE)
    order = Shown(whole_or(REFERENCE))
    payment = Shown(whole_or(identifier("pay")))
    release = Shown(whole_or(identifier("rel")))
    replaces = Shown(
        whole_or(identifier("po"))
        | {"description": "The one that M-Pesa took back, and that this is paid instead of."}
    )
    replaced_by = Shown(whole_or(identifier("po")) | {"description": "The one that is paid instead of this."})
    payee_phone_masked = Shown(MASKED)
    vars().update(disbursement_fields())
    attempts = Shown(parts("poa"))


class RefundData(Shape):
    """What a payer gets back of one receipt."""

    id = Shown(identifier("rf"))
    object = Shown({"type": "string", "const": "refund"})
    livemode = Shown(LIVEMODE)
    order = Shown(whole_or(REFERENCE))
    receipt = Shown(whole_or(identifier("rcpt")))
    reason = Shown({"type": "string", "enum": list(RefundReason.values)})
    payee_phone_masked = Shown(MASKED_OR_NULL)
    vars().update(disbursement_fields())
    attempts = Shown(parts("rfa"))


ACCOUNT: dict[str, Any] = {
    "type": "object",
    "required": ["code", "name"],
    "properties": {"code": {"type": "integer", "examples": [2100]}, "name": {"type": "string"}},
}


class TransferData(Shape):
    """One line of the ledger: an amount from the credited to the debited account."""

    id = Shown(identifier("tr"))
    object = Shown({"type": "string", "const": "transfer"})
    livemode = Shown(LIVEMODE)
    order = Shown(REFERENCE)
    event = Shown(identifier("evt"))
    kind = Shown({"type": "string", "examples": ["receipt", "release", "commission", "payout"]})
    debit = Shown(ACCOUNT)
    credit = Shown(ACCOUNT)
    amount = Shown(AMOUNT)
    currency = Shown(CURRENCY)
    created_at = Shown(TIME)
