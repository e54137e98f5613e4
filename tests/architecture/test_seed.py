"""docs/seed.md says where everything of the seed lives. The checklist is taken from the seed, heading by heading."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.references import ROOT, SETTINGS, has_address, has_name, spans, unresolved
from zemi.disbursements.models import DisbursementStatus
from zemi.orders.models import OrderStatus
from zemi.payments.models import PaymentMethod, PaymentStatus
from zemi.payouts.models import SEED_STATUS

PAGE = ROOT / "docs" / "seed.md"

# What the seed names, in its own order: heading of docs/seed.md -> rows that must stand there.
CHECKLIST: dict[str, tuple[str, ...]] = {
    "Starting it": (
        "Python 3.9+",
        "PostgreSQL 12+",
        "pip install -r requirements.txt",
        "cp .env.example .env",
        "createdb zemi_escrow",
        "python manage.py makemigrations",
        "python manage.py migrate",
        "python manage.py createsuperuser",
        "python manage.py runserver",
        "python manage.py test api.tests",
        "coverage run",
        "http://localhost:8000/api",
    ),
    "Endpoints": (
        "POST /api/orders/create",
        "POST /api/payments/mpesa/stk-push",
        "POST /api/webhooks/payment",
        "POST /api/orders/confirm-delivery",
        "GET /api/orders/{order_reference}",
        "POST /api/payments/mpesa/b2c-payout",
        "POST /api/webhooks/mpesa",
        "POST /api/webhooks/mpesa/",
        "https://yourdomain.com/result",
        "https://yourdomain.com/timeout",
    ),
    "Create order": (
        "buyer_phone",
        "amount",
        "product_description",
        "order_reference",
        "status",
        "delivery_code",
        "created_at",
        "message",
    ),
    "STK push": (
        "phone_number",
        "amount",
        "account_reference",
        "transaction_desc",
        "merchant_request_id",
        "checkout_request_id",
        "response_code",
        "response_description",
        "customer_message",
    ),
    "Simulated payment": (
        "order_reference",
        "transaction_id",
        "amount",
        "payment_method",
        "payer_phone",
        "metadata",
        "mpesa_receipt",
        "transaction_date",
        "status",
        "paid_at",
    ),
    "Confirm delivery": (
        "order_reference",
        "delivery_code",
        "status",
        "completed_at",
        "payout_initiated",
        "message",
    ),
    "Order details": (
        "id",
        "order_reference",
        "buyer_phone_masked",
        "amount",
        "product_description",
        "status",
        "created_at",
        "paid_at",
        "completed_at",
    ),
    "B2C payout": (
        "phone_number",
        "amount",
        "order_reference",
        "conversation_id",
        "originator_conversation_id",
        "response_code",
        "response_description",
    ),
    "Orders": (
        "id",
        "order_reference",
        "buyer_phone_hash",
        "buyer_phone_last4",
        "amount",
        "product_description",
        "delivery_code_hash",
        "status",
        "created_at",
        "updated_at",
        "paid_at",
        "completed_at",
    ),
    "Payments": (
        "id",
        "order_id",
        "payment_method",
        "amount",
        "transaction_id",
        "provider_reference",
        "payer_phone_hash",
        "status",
        "metadata",
    ),
    "Payouts": (
        "id",
        "order_id",
        "payment_id",
        "amount",
        "seller_phone_hash",
        "transaction_id",
        "status",
        "failure_reason",
    ),
    "WebhookLogs": ("id", "webhook_type", "payload", "headers", "processed", "processing_error"),
    "Order status": ("awaiting_payment", "paid", "completed", "cancelled", "refunded"),
    "Payment method": ("mpesa", "stripe", "visa"),
    "Payment status": ("pending", "completed", "failed", "refunded"),
    "Payout status": ("pending", "processing", "completed", "failed"),
    "Webhook type": ("mpesa_stk", "stripe"),
    "Security": (
        "Phone Number Hashing",
        "Delivery Code Protection",
        "State Machine Validation",
        "Separation of Concerns",
        "Only awaiting_payment orders can be marked as paid",
        "Transaction IDs must be unique",
        "Payment amount must match order amount",
        "Invalid codes are rejected",
        "Only paid orders can be completed",
    ),
    "Design patterns": (
        "Service Layer Pattern",
        "MpesaService",
        "StripeService",
        "transaction.atomic()",
        "All webhook requests logged to database",
        "Structured logging",
        "Audit trail",
    ),
    "M-Pesa integration": (
        "OAuth token",
        "Password",
        "Timestamp",
        "/mpesa/stkpush/v1/processrequest",
        "/mpesa/b2c/v1/paymentrequest",
        "CallBackURL",
        "QueueTimeOutURL",
        "ResultURL",
        "InitiatorName",
        "SecurityCredential",
    ),
    "Failed payments and time-outs": (
        "1. STK Push Timeout",
        "2. Insufficient Balance",
        "3. Network Failures",
        "4. Duplicate Transactions",
        "5. Payment Reconciliation",
        "failure_reason",
        "send_notification",
        "Celery",
        "SMS reminder with payment link",
    ),
    "Fraud prevention": (
        "1. Rate Limiting",
        "2. Phone Number Verification",
        "3. Velocity Checks",
        "4. Amount Limits",
        "5. Delivery Code Protection",
        "6. Seller Verification",
        "7. Dispute Resolution System",
    ),
    "DeliveryAttempt": ("order", "attempted_at", "ip_address", "locked_until"),
    "Seller": (
        "phone_number_hash",
        "verification_status",
        "trust_score",
        "successful_transactions",
        "id_number_hash",
        "id_document_url",
        "verified_at",
    ),
    "Dispute": (
        "order",
        "dispute_type",
        "non_delivery",
        "wrong_item",
        "damaged",
        "fraud",
        "description",
        "evidence_urls",
        "status",
        "open",
        "investigating",
        "resolved",
        "closed",
        "resolution",
    ),
    "Assumptions": (
        "1. Phone Numbers",
        "2. Currency",
        "3. Payment Flow",
        "4. Seller Info",
        "5. Delivery",
        "6. Timeout",
        "7. Refunds",
        "8. Authentication",
        "9. Business Model",
        "10. Support",
    ),
    "OrderVerification": (
        "order",
        "verification_type",
        "delivery_code",
        "photo_proof",
        "geolocation",
        "third_party",
        "status",
        "pending",
        "verified",
        "failed",
        "confidence_score",
    ),
    "PayoutSchedule": ("order", "milestone", "percentage", "status", "released_at"),
    "Risk score": (
        "calculate_risk_score",
        "new_buyer",
        "new_seller",
        "high_value",
        "velocity",
        "location_match",
        "requires_manual_review",
    ),
    "DeliveryProof": ("order", "photo_url", "timestamp", "gps_coordinates", "verified"),
    "UserReputation": (
        "user_phone_hash",
        "trust_score",
        "total_transactions",
        "successful_rate",
        "average_response_time",
        "dispute_count",
        "update_score",
    ),
    "Phases and metrics": (
        "Phase 1",
        "Phase 2",
        "Phase 3",
        "Phase 4",
        "Fraud rate reduction",
        "Dispute resolution time",
        "User trust score",
        "Transaction volume",
        "Average transaction value",
    ),
    "Project structure": (
        "zemi_escrow/settings.py",
        "zemi_escrow/urls.py",
        "zemi_escrow/wsgi.py",
        "api/models.py",
        "api/serializers.py",
        "api/views.py",
        "api/urls.py",
        "api/admin.py",
        "api/services/mpesa_service.py",
        "api/services/stripe_service.py",
        "api/management/commands/reconcile_payments.py",
        "api/tests/test_orders.py",
        "api/tests/test_payments.py",
        "api/tests/test_webhooks.py",
    ),
    "Settings": (
        "DJANGO_SECRET_KEY",
        "DEBUG",
        "DB_NAME",
        "DB_USER",
        "DB_PASSWORD",
        "DB_HOST",
        "DB_PORT",
        "MPESA_ENVIRONMENT",
        "MPESA_CONSUMER_KEY",
        "MPESA_CONSUMER_SECRET",
        "MPESA_SHORTCODE",
        "MPESA_PASSKEY",
        "MPESA_CALLBACK_URL",
    ),
}


def rows_of(markdown: str) -> Iterator[tuple[str, str, str, str]]:
    """Every row of every table: the heading above it, and its three cells."""
    heading = ""
    for line in markdown.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("| `"):
            seed, here, note = (cell.strip() for cell in line.strip("|").split("|"))
            yield heading, seed.strip("`"), here, note


ROWS = list(rows_of(PAGE.read_text()))


@pytest.mark.parametrize("heading", CHECKLIST)
def test_everything_that_the_seed_names_stands_in_the_page(heading: str) -> None:
    assert tuple(seed for where, seed, _, _ in ROWS if where == heading) == CHECKLIST[heading]


def test_the_page_has_no_table_beside_the_checklist() -> None:
    assert {heading for heading, _, _, _ in ROWS} == set(CHECKLIST)


def test_every_row_says_where_it_lives_or_what_will_bring_it() -> None:
    for heading, seed, here, _ in ROWS:
        found = list(spans(here))
        is_somewhere = len(found) == 1 and (
            has_name(found[0]) or found[0] in SETTINGS or (ROOT / found[0]).is_file()
        )
        assert is_somewhere or re.fullmatch(r"later: [a-z][\w -]+", here), f"{heading}, {seed}: {here}"


def test_everything_that_the_page_names_is_there() -> None:
    # The seed's own names of files stand in the first column: they are not ours.
    ours = "\n".join(f"{here} {note}" for _, _, here, note in ROWS)
    prose = "\n".join(line for line in PAGE.read_text().splitlines() if not line.startswith("|"))

    assert unresolved(ours) + unresolved(prose) == []


@pytest.mark.parametrize("address", [row for row in CHECKLIST["Endpoints"] if " /" in row])
def test_every_endpoint_of_the_seed_answers(address: str) -> None:
    assert has_address(address.partition(" ")[2])


@pytest.mark.parametrize("setting", CHECKLIST["Settings"])
def test_every_setting_of_the_seed_is_read(setting: str) -> None:
    assert setting in SETTINGS


def test_the_seeds_words_for_states_are_ours() -> None:
    assert {*CHECKLIST["Order status"], "expired"} == set(OrderStatus.values)
    assert set(CHECKLIST["Payment method"]) == set(PaymentMethod.values)
    # A refund will be a row of its own.
    assert set(CHECKLIST["Payment status"]) - {"refunded"} <= set(PaymentStatus.values)


def test_the_words_behind_the_seeds_payout_states_are_the_codes() -> None:
    said = {seed: set(spans(note)) for heading, seed, _, note in ROWS if heading == "Payout status"}

    assert said == {
        word: {str(status) for status in DisbursementStatus if SEED_STATUS[status] == word}
        for word in CHECKLIST["Payout status"]
    }


@pytest.mark.parametrize(
    "reference",
    [
        "zemi.orders.models.Order.state",
        "zemi.orders.tables.Order",
        "zemi.payments.models.Payment:payments_two_live",
        "zemi.api.orders.CreateOrderInput.buyer",
    ],
)
def test_a_name_that_is_not_there_is_found_out(reference: str) -> None:
    assert not has_name(reference)
    assert unresolved(f"see `{reference}`") == [reference]
