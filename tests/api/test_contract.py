"""The seed's six examples, each field with its name, type and place. More fields may only come after."""

import re
from typing import Any

import pytest

from tests.api.conftest import AMINA, BARAKA, Api

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(params=["/api", "/api/v1"])
def root(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_create_order(api: Api, clock: Any, root: str) -> None:
    answer = api.post(
        f"{root}/orders/create",
        '{"buyer_phone": "254712345678", "amount": 1500.00,'
        ' "product_description": "iPhone 13 Pro Max 256GB"}',
    )

    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.body) == ["success", "data"]
    data = answer.data
    assert list(data) == [
        "order_reference",
        "amount",
        "status",
        "delivery_code",
        "created_at",
        "payment_url",
        "message",
    ]
    assert re.fullmatch(r"ZEM-[0-9A-HJKMNP-TV-Z]{8}", data["order_reference"])
    assert data["amount"] == "1500.00"
    assert data["status"] == "awaiting_payment"
    assert re.fullmatch(r"[0-9]{6}", data["delivery_code"])
    assert data["created_at"] == "2026-11-23T09:00:00Z"
    assert data["message"] == "Order created successfully. Keep your delivery code safe!"


def test_create_order_by_a_merchant_tells_the_code_to_nobody(api: Api, make_key: Any, root: str) -> None:
    answer = api.post(
        f"{root}/orders/create",
        {
            "buyer_phone": "0712 345 678",
            "amount": "1500",
            "product_description": "iPhone 13",
            "seller_phone": 254722000222,
            "metadata": {"cart": "A-17"},
            "reference": "INV-1",
            "release_policy": "instant",
        },
        key=make_key("orders"),
    )

    assert answer.status == 201
    assert list(answer.data) == [
        "order_reference",
        "amount",
        "status",
        "created_at",
        "payment_url",
        "message",
    ]
    assert answer.data["amount"] == "1500.00"


@pytest.mark.parametrize(
    ("notes", "problems"),
    [
        ({"till": "till two", "customer": "Amina 0712345678"}, [("metadata.customer", "metadata_phone")]),
        ({"customer": "amina@duka.co.ke"}, [("metadata.customer", "metadata_email")]),
        ({"0712345678": "vip"}, [("metadata", "metadata_phone")]),
        (
            {"id": "23456789", "pin": "A012345678Z"},
            [("metadata.id", "metadata_id_number"), ("metadata.pin", "metadata_id_number")],
        ),
    ],
)
def test_notes_that_look_like_a_persons_data_are_refused_unless_the_merchant_answers_for_them(
    api: Api, make_key: Any, everything: Any, root: str, notes: dict[str, str], problems: Any
) -> None:
    key = make_key("orders", "read")
    body = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13", "seller_phone": BARAKA}
    # A first call pins the merchant's version.
    assert api.get("/api/v1/orders", key=key).status == 200
    before = everything()

    answer = api.post(f"{root}/orders/create", body | {"metadata": notes}, key=key)
    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert [(each["field"], each["code"]) for each in answer.body["details"]["errors"]] == problems
    assert "allow_pii" in answer.body["error"]
    assert not any(text in answer.raw.decode() for text in notes.values())
    assert everything() == before
    assert (
        api.post(f"{root}/orders/create", body | {"metadata": notes, "allow_pii": False}, key=key).status
        == 400
    )

    allowed = api.post(f"{root}/orders/create", body | {"metadata": notes, "allow_pii": True}, key=key)
    assert allowed.status == 201
    path = f"{root}/orders/{allowed.data['order_reference']}"
    assert api.get(path, key=key).data["metadata"] == notes


def test_fields_that_would_set_a_state_are_ignored(api: Api, root: str) -> None:
    order = api.create(
        status="paid", id="1", fee_bps=0, paid_at="2024-12-15T10:30:00Z", delivery_code="000000"
    )

    assert order["status"] == "awaiting_payment"
    assert api.get(f"{root}/orders/{order['order_reference']}").data["paid_at"] is None


def test_stk_push(api: Api, simulator: Any, root: str) -> None:
    order = api.create()

    answer = api.post(
        f"{root}/payments/mpesa/stk-push",
        f'{{"phone_number": "254712345678", "amount": 1500.00,'
        f' "account_reference": "{order["order_reference"]}",'
        ' "transaction_desc": "Payment for iPhone 13"}',
    )

    assert answer.status == 200
    data = answer.data
    assert list(data) == [
        "merchant_request_id",
        "checkout_request_id",
        "response_code",
        "response_description",
        "customer_message",
        "payment_status",
    ]
    assert data["merchant_request_id"]
    assert data["checkout_request_id"].startswith("ws_CO_")
    assert data["response_code"] == "0"
    assert data["response_description"] == "Success. Request accepted for processing"
    assert data["customer_message"] == "Success. Request accepted for processing"
    assert data["payment_status"] == "pending"


def test_an_stk_push_without_an_answer_says_do_not_pay_again(api: Api, simulator: Any, root: str) -> None:
    order = api.create()
    simulator.fault("http_timeout_after", count=1)

    answer = api.post(
        f"{root}/payments/mpesa/stk-push",
        {"phone_number": AMINA, "amount": 1500, "account_reference": order["order_reference"]},
    )

    assert answer.status == 202
    data = answer.data
    assert list(data)[:5] == [
        "merchant_request_id",
        "checkout_request_id",
        "response_code",
        "response_description",
        "customer_message",
    ]
    assert [data[name] for name in ("merchant_request_id", "checkout_request_id", "response_code")] == [
        "",
        "",
        "",
    ]
    assert data["payment_status"] == data["status"] == "unknown"
    assert "do not pay again yet" in data["message"]


def test_a_second_prompt_is_refused_with_the_seeds_words(api: Api, simulator: Any, root: str) -> None:
    order = api.create()
    push = {"phone_number": AMINA, "amount": 1500, "account_reference": order["order_reference"]}
    assert api.post(f"{root}/payments/mpesa/stk-push", push).status == 200

    again = api.post(f"{root}/payments/mpesa/stk-push", push)

    assert again.status == 409
    assert again.body["success"] is False
    assert again.body["error"] == "Payment already in progress"


def test_payment_webhook(api: Api, simulator: Any, root: str) -> None:
    order = api.create()

    answer = api.post(
        f"{root}/webhooks/payment",
        {
            "order_reference": order["order_reference"],
            "transaction_id": "QHJ41HG1W8",
            "amount": 1500.00,
            "payment_method": "mpesa",
            "payer_phone": "254712345678",
            "metadata": {
                "mpesa_receipt": "QHJ41HG1W8",
                "transaction_date": "2024-12-15T10:35:00Z",
                "n": [1, 1.5],
            },
        },
    )

    assert answer.status == 200
    assert answer.data == {
        "order_reference": order["order_reference"],
        "transaction_id": "QHJ41HG1W8",
        "status": "paid",
        "paid_at": "2026-11-23T09:00:00Z",
    }
    assert list(answer.data) == ["order_reference", "transaction_id", "status", "paid_at"]


def test_confirm_delivery(api: Api, simulator: Any, root: str) -> None:
    order = api.create()
    api.pay(order)

    answer = api.post(
        f"{root}/orders/confirm-delivery",
        {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]},
    )

    assert answer.status == 200
    assert list(answer.data) == ["order_reference", "status", "completed_at", "payout_initiated", "message"]
    assert answer.data == {
        "order_reference": order["order_reference"],
        "status": "completed",
        "completed_at": "2026-11-23T09:00:00Z",
        "payout_initiated": True,
        "message": "Delivery confirmed. Payment is being released to seller.",
    }


def test_order_details(api: Api, simulator: Any, clock: Any, root: str) -> None:
    order = api.create(product_description="iPhone 13 Pro Max 256GB")
    clock.advance(minutes=5)
    api.pay(order)
    clock.advance(hours=4)
    api.post(
        "/api/orders/confirm-delivery",
        {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]},
    )

    answer = api.get(f"{root}/orders/{order['order_reference']}")

    assert answer.status == 200
    data = answer.data
    assert list(data)[:10] == [
        "id",
        "order_reference",
        "buyer_phone_masked",
        "amount",
        "product_description",
        "status",
        "created_at",
        "paid_at",
        "completed_at",
        "payout_status",
    ]
    assert UUID.fullmatch(data.pop("id"))
    assert {name: data[name] for name in list(data)[:9]} == {
        "order_reference": order["order_reference"],
        "buyer_phone_masked": "****5678",
        "amount": "1500.00",
        "product_description": "iPhone 13 Pro Max 256GB",
        "status": "completed",
        "created_at": "2026-11-23T09:00:00Z",
        "paid_at": "2026-11-23T09:05:00Z",
        "completed_at": "2026-11-23T13:05:00Z",
        "payout_status": "pending",
    }


def test_order_details_before_anything_happened(api: Api, root: str) -> None:
    order = api.create()

    data = api.get(f"{root}/orders/{order['order_reference'].lower()}").data

    assert data["paid_at"] is None
    assert data["completed_at"] is None


def test_b2c_payout(api: Api, simulator: Any, make_key: Any, root: str) -> None:
    order = api.create()
    api.pay(order)
    api.post(
        "/api/orders/confirm-delivery",
        {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]},
    )
    payout = {"phone_number": BARAKA, "amount": 1500.00, "order_reference": order["order_reference"]}

    answer = api.post(f"{root}/payments/mpesa/b2c-payout", payout, key=make_key("payouts"))

    assert answer.status == 200
    assert list(answer.data) == [
        "conversation_id",
        "originator_conversation_id",
        "response_code",
        "response_description",
    ]
    assert answer.data["conversation_id"].startswith("AG_")
    assert answer.data["originator_conversation_id"]
    assert answer.data["response_code"] == "0"
    assert answer.data["response_description"] == "Accept the service request successfully."


def test_a_payout_that_was_sent_is_answered_and_not_repeated(
    api: Api, simulator: Any, make_key: Any, root: str
) -> None:
    order = api.create()
    api.pay(order)
    api.post(
        "/api/orders/confirm-delivery",
        {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]},
    )
    payout = {"phone_number": BARAKA, "amount": 1500.00, "order_reference": order["order_reference"]}
    key = make_key("payouts")
    first = api.post(f"{root}/payments/mpesa/b2c-payout", payout, key=key)
    simulator.run_due()

    again = api.post(f"{root}/payments/mpesa/b2c-payout", payout, key=key)

    assert again.data == first.data
    assert len([row for row in simulator.transactions() if row["kind"] == "b2c"]) <= 1


def test_a_payout_without_an_answer_is_not_done(api: Api, simulator: Any, make_key: Any, root: str) -> None:
    order = api.create()
    api.pay(order)
    api.post(
        "/api/orders/confirm-delivery",
        {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]},
    )
    simulator.fault("http_timeout_after", count=1)

    answer = api.post(
        f"{root}/payments/mpesa/b2c-payout",
        {"phone_number": BARAKA, "amount": 1500.00, "order_reference": order["order_reference"]},
        key=make_key("payouts"),
    )

    assert answer.status == 202
    assert list(answer.data)[:4] == [
        "conversation_id",
        "originator_conversation_id",
        "response_code",
        "response_description",
    ]
    assert answer.data["status"] == "processing"
    assert "Do not pay" in answer.data["message"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_mpesa_callback(api: Api, root: str, slash: str) -> None:
    from zemi.webhooks.models import WebhookLog

    raw = b'{"Body": {"stkCallback": {"CheckoutRequestID": "ws_CO_1", "ResultCode": 0}}}'

    answer = api.post(f"{root}/webhooks/mpesa{slash}", raw)

    assert answer.status == 200
    assert answer.body == {"ResultCode": 0, "ResultDesc": "Accepted"}
    row = WebhookLog.objects.get()
    assert row.body == raw
    assert row.webhook_type == "mpesa_stk"
    assert row.subject_id is None
    assert not row.processed


def test_a_callback_at_its_own_address_is_stored_for_its_attempt(api: Api) -> None:
    from zemi.common.ids import new_key
    from zemi.webhooks.models import WebhookLog
    from zemi.webhooks.tokens import CallbackKind, mint

    attempt = new_key()

    answer = api.post(f"/hooks/{mint(CallbackKind.B2C_RESULT, attempt)}", "{}")

    assert answer.status == 200
    assert answer.body == {"ResultCode": 0, "ResultDesc": "Accepted"}
    row = WebhookLog.objects.get()
    assert (row.webhook_type, row.subject_id) == ("mpesa_b2c_result", attempt)


@pytest.mark.parametrize("secret", ["0" * 100, "abc", "ab" * 50, "Z" * 100])
def test_a_wrong_secret_is_not_found_and_stores_nothing(api: Api, everything: Any, secret: str) -> None:
    before = everything()

    answer = api.post(f"/hooks/{secret}", "{}")

    assert answer.status == 404
    assert answer.body["code"] == "not_found"
    assert everything() == before


def test_an_amount_is_read_from_its_characters(api: Api, root: str) -> None:
    # Whatever a float would make of it: the characters say what it is.
    for written in ("3000", "3000.0", "3000.00", '"3000.00"'):
        raw = f'{{"buyer_phone": "{AMINA}", "amount": {written}, "product_description": "TV"}}'
        assert api.post(f"{root}/orders/create", raw).data["amount"] == "3000.00"
