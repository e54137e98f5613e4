"""What Zemi answers. Generated from docs/openapi.json by `python -m tools.clients` (`make fix`)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without its secret."""

    object: str
    id: str
    prefix: str
    last4: str
    name: str
    scopes: list[str]
    livemode: bool
    replaces: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class B2cPayout:
    """What M-Pesa said about the payout. Without an answer yet: what is known, and `status`."""

    conversation_id: str
    originator_conversation_id: str
    response_code: str
    response_description: str
    status: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What stands on each account."""

    object: str
    livemode: bool
    currency: str
    as_of: datetime
    accounts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The order as it is now."""

    order_reference: str
    status: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What became of the money."""

    receipt_number: str
    status: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The sandbox's time."""

    now: datetime
    ahead_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The order is done; its money is on the way to the seller."""

    order_reference: str
    status: str
    completed_at: datetime | None
    payout_initiated: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedOrder:
    """A new order. `delivery_code` is there only for the buyer, and only this once."""

    order_reference: str
    amount: Decimal
    status: str
    created_at: datetime
    payment_url: str
    message: str
    delivery_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """It is gone."""

    id: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened: word for word what webhooks send. Drop what has a lower `sequence` than you know of its object."""

    id: str
    object: str
    type: str
    timestamp: datetime
    livemode: bool
    api_version: str
    sequence: int
    data: dict[str, Any]
    request: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A payment link, for its owner."""

    id: str
    object: str
    livemode: bool
    status: str
    product_description: str
    amount: Decimal
    currency: str
    seller_phone_masked: str
    release_policy: str
    pay_within_h: int
    terms: str
    terms_hash: str
    fee: Decimal
    seller_receives: Decimal
    stock: int
    sold: int
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """The order as it is now, and what is asked."""

    order_reference: str
    status: str
    cancel_request: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A new key. `key` is there only this once: only its hash is kept."""

    object: str
    id: str
    prefix: str
    last4: str
    name: str
    scopes: list[str]
    livemode: bool
    replaces: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """The new delivery code; the old one opens nothing any more."""

    order_reference: str
    delivery_code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCodeOtp:
    """A one-time code is on its way to the buyer's phone."""

    expires_in_s: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a payment link offers, for whoever holds it."""

    object: str
    livemode: bool
    status: str
    product_description: str
    amount: Decimal
    currency: str
    seller_phone_masked: str
    release_policy: str
    pay_within_h: int
    terms: str
    terms_hash: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order. Its own merchant sees all of it; a stranger who knows its reference, the first part."""

    id: str
    order_reference: str
    buyer_phone_masked: str
    amount: Decimal
    product_description: str
    status: str
    created_at: datetime
    paid_at: datetime | None
    completed_at: datetime | None
    payout_status: str | None
    object: str
    livemode: bool
    currency: str
    expires_at: datetime | None
    next_action: dict[str, Any] | None
    deadline_at: datetime | None
    if_no_action: str | None
    seller_phone_masked: str | None = None
    release_policy: str | None = None
    fee: Decimal | None = None
    seller_receives: Decimal | None = None
    received: Decimal | None = None
    held: Decimal | None = None
    released: Decimal | None = None
    refunded: Decimal | None = None
    cancel_request: dict[str, Any] | None = None
    reference: str | None = None
    metadata: dict[str, Any] | None = None
    link: str | None = None
    payments: list[Any] | None = None
    receipts: list[Any] | None = None
    releases: list[Any] | None = None
    payouts: list[Any] | None = None
    refunds: list[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Otp:
    """A code is on its way."""

    expires_in_s: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt to collect the price of an order."""

    id: str
    object: str
    livemode: bool
    order: Any
    payment_method: str
    amount: Decimal
    currency: str
    status: str
    failure_reason: str | None
    payer_phone_masked: str
    merchant_request_id: str | None
    created_at: datetime
    updated_at: datetime
    receipts: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What a seller is owed for one release."""

    id: str
    object: str
    livemode: bool
    order: Any
    payment: Any
    release: Any
    replaces: Any
    replaced_by: Any
    payee_phone_masked: str
    amount: Decimal
    currency: str
    status: str
    held_reason: str | None
    failure_reason: str | None
    receipt_number: str | None
    created_at: datetime
    updated_at: datetime
    attempts: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Who pays what. Send the id as `quote` when the order is made, and these terms are kept."""

    id: str
    object: str
    livemode: bool
    currency: str
    buyer_pays: Decimal
    commission: Decimal
    seller_receives: Decimal
    provider_fees: list[dict[str, Any]]
    buyer_gets_back: Decimal
    release_policy: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money that came, by the provider's own number."""

    id: str
    object: str
    livemode: bool
    order: Any
    payment: Any
    receipt_number: str | None
    amount: Decimal
    allocated: Decimal
    credited: Decimal
    currency: str
    status: str
    payer_phone_masked: str | None
    received_at: datetime
    refunds: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRefund:
    """What goes where, and when at the earliest; null as long as staff have not allowed it."""

    receipt_number: str
    amount: Decimal
    payee_phone_masked: str
    sends_at: datetime | None
    status: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What a payer gets back of one receipt."""

    id: str
    object: str
    livemode: bool
    order: Any
    receipt: Any
    reason: str
    payee_phone_masked: str | None
    amount: Decimal
    currency: str
    status: str
    held_reason: str | None
    failure_reason: str | None
    receipt_number: str | None
    created_at: datetime
    updated_at: datetime
    attempts: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked:
    """What became of it. The refunds themselves are at refunds?order=..."""

    order_reference: str
    amount: Decimal
    order_status: str
    status: str
    message: str
    parts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What was asked for."""

    endpoint: str
    since: datetime
    until: datetime
    include_delivered: bool
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioList:
    """What can be played."""

    scenarios: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRun:
    """The order that it was played with, and what follows by itself."""

    scenario: str
    meaning: str
    order_reference: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session. Its token is there only this once: send it as `Authorization: Bearer zs_...`."""

    session_token: str
    phone_masked: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """The session is over."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPayment:
    """The order is paid."""

    order_reference: str
    transaction_id: str
    status: str
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What stood on each account, what came and went, and what stood there then."""

    object: str
    livemode: bool
    currency: str
    from_: datetime
    until: datetime
    accounts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StkPush:
    """What M-Pesa said. When it said nothing: empty texts, `status` unknown, and a `message`."""

    merchant_request_id: str
    checkout_request_id: str
    response_code: str
    response_description: str
    customer_message: str
    payment_status: str
    status: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One thing that happened."""

    id: str
    type: str
    at: datetime
    actor: str
    object: str
    object_id: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One line of the ledger: an amount from the credited to the debited account."""

    id: str
    object: str
    livemode: bool
    order: str
    event: str
    kind: str
    debit: dict[str, Any]
    credit: dict[str, Any]
    amount: Decimal
    currency: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """What one endpoint is owed for one event, and every try."""

    id: str
    object: str
    livemode: bool
    endpoint: str
    event: str
    event_type: str
    status: str
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    failed_at: datetime | None
    created_at: datetime
    attempts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where a merchant hears of events."""

    id: str
    object: str
    livemode: bool
    url: str
    description: str
    types: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    alert_phone_masked: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    """An endpoint with its secret, which is there only this once."""

    id: str
    object: str
    livemode: bool
    url: str
    description: str
    types: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    alert_phone_masked: str | None
    created_at: datetime
    updated_at: datetime
    secret: str
