"""Money coming in: what phones do, what callbacks do, what is asked back."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest
from django.test import Client

from tests import characters, story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.story import ledger
from zemi.common import clock as clock_of
from zemi.common.clock import NAIROBI
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.orders.models import Order
from zemi.payments import collect
from zemi.payments.models import Payment, Receipt
from zemi.providers.base import Reason, Refused
from zemi.refunds.models import Refund
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint

Run = Callable[[], int]


def new_order(**how: Any) -> str:
    return str(story.create_order(**how).data["order_reference"])


def payment_of(reference: str) -> Payment:
    return Payment.objects.filter(order__order_reference=reference).latest("created_at")


def waits_until(refused: story.Answer) -> datetime:
    """The safe time to ask again: the same in the details, as seconds in the header, and true."""
    at = datetime.fromisoformat(refused.body["details"]["retry_at"])
    assert int(refused.headers["Retry-After"]) == ceil((at - clock_of.now()).total_seconds())
    return at


def hook(payment: Payment, body: object) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (
        Client()
        .post(f"/hooks/{mint(CallbackKind.STK, payment.id)}", raw, content_type="application/json")
        .status_code
    )


def success(payment: Payment, receipt: str = "TKN1234567", amount: object = 1500.00) -> dict[str, Any]:
    items = [
        {"Name": "Amount", "Value": amount},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "Balance"},
    ]
    return {
        "Body": {
            "stkCallback": {
                "MerchantRequestID": payment.merchant_request_id,
                "CheckoutRequestID": payment.provider_reference,
                "ResultCode": 0,
                "ResultDesc": "ok",
                "CallbackMetadata": {"Item": items},
            }
        }
    }


@pytest.mark.parametrize(
    ("phone", "reason", "words"),
    [
        (characters.CANCELS, "cancelled", "You cancelled the request. No money moved."),
        (characters.HAS_NO_MONEY, "insufficient_funds", "balance is too low"),
        (characters.UNREACHABLE, "no_answer", "your phone did not answer"),
        (characters.WRONG_PIN, "wrong_pin", "PIN was wrong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_on_the_phone_ends_the_attempt_and_tells_the_buyer(
    simulator: Any, clock: Any, run_worker: Run, phone: Phone, reason: str, words: str
) -> None:
    reference = new_order(buyer=phone)
    assert story.push(reference, phone=phone).status == 200

    clock.advance(seconds=90)
    run_worker()

    payment = payment_of(reference)
    assert (payment.status, payment.failure_reason, payment.is_live) == ("failed", reason, False)
    assert story.read_order(reference)["status"] == "awaiting_payment"
    assert 1100 not in ledger()
    [message] = simulator.messages(phone.msisdn)
    assert words in message["text"]
    assert reference in message["text"]


def test_after_a_failure_the_buyer_may_pay_again(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="cancel")
    story.push(reference)
    clock.advance(seconds=10)
    run_worker()

    clock.advance(minutes=2)
    assert story.push(reference).status == 200
    clock.advance(seconds=10)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert story.escrow_of(reference) == kes(1_500)


def test_a_second_push_while_one_is_live_is_refused_in_the_seeds_words() -> None:
    reference = new_order()
    story.push(reference)

    second = story.push(reference, phone=OTIENO)

    assert (second.status, second.code) == (409, "payment_in_progress")
    assert second.body["error"] == "Payment already in progress"
    assert Payment.objects.count() == 1


def test_somebody_else_may_pay(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    story.push(reference, phone=OTIENO)
    clock.advance(seconds=5)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert payment_of(reference).payer_phone == OTIENO
    assert [bool(simulator.messages(phone.msisdn)) for phone in (AMINA, OTIENO)] == [True, False]


@pytest.mark.parametrize("amount", ["1499", "1501", "15", "1500.50"])
def test_only_what_is_due_may_be_paid(amount: str) -> None:
    reference = new_order()

    refused = story.push(reference, amount=amount)

    assert (refused.status, refused.code) == (422, "amount_mismatch")
    assert not Payment.objects.exists()


def test_a_phone_is_not_asked_again_within_a_minute_nor_for_the_same_amount_within_two(
    clock: Any, run_worker: Run, simulator: Any
) -> None:
    first, second, third = new_order(), new_order(amount="900"), new_order()
    assert story.push(first).status == 200
    clock.advance(seconds=30)
    run_worker()

    too_soon = story.push(second, amount="900")
    assert (too_soon.status, too_soon.code) == (429, "prompt_too_soon")
    assert waits_until(too_soon) == clock.now() + timedelta(seconds=30)
    clock.advance(seconds=29)
    assert waits_until(story.push(second, amount="900")) == clock.now() + timedelta(seconds=1)
    clock.advance(seconds=1)
    assert story.push(second, amount="900").status == 200
    clock.advance(seconds=62)
    run_worker()
    assert story.push(third).status == 200


def test_the_same_amount_has_to_wait_two_minutes(clock: Any, run_worker: Run) -> None:
    first, second = new_order(), new_order()
    story.push(first)
    clock.advance(seconds=90)
    run_worker()

    refused = story.push(second)
    assert waits_until(refused) == clock.now() + timedelta(seconds=30)
    shown = clock.now().astimezone(NAIROBI) + timedelta(seconds=30)
    assert refused.body["details"]["next_step"] == (
        f"Wait 30 seconds, then try again: from {shown:%H:%M:%S} in Nairobi."
    )
    clock.advance(seconds=30)
    assert story.push(second).status == 200


def test_a_phone_that_refused_three_times_in_ten_minutes_is_left_alone(
    clock: Any, run_worker: Run, simulator: Any
) -> None:
    for number in range(3):
        reference = new_order(amount=str(1000 + number))
        simulator.set_phone(AMINA.msisdn, next="cancel")
        assert story.push(reference, amount=str(1000 + number)).status == 200
        clock.advance(seconds=61)
        run_worker()
    reference = new_order(amount="2000")

    refused = story.push(reference, amount="2000")

    assert (refused.status, refused.code) == (429, "prompt_too_soon")
    # Ten minutes after the first of the three, 183 s ago.
    assert waits_until(refused) == clock.now() + timedelta(seconds=600 - 183)
    clock.advance(seconds=600 - 183 - 1)
    assert story.push(reference, amount="2000").status == 429
    clock.advance(seconds=1)
    assert story.push(reference, amount="2000").status == 200


def test_when_m_pesa_itself_finds_it_too_soon_the_next_try_is_safe_in_two_minutes(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = new_order()
    with monkeypatch.context() as patch:
        patch.setattr(collect, "_send", lambda *_, **__: Refused(Reason.TOO_SOON, "500.001.1001"))
        refused = story.push(reference)

    assert (refused.status, refused.code) == (429, "prompt_too_soon")
    assert waits_until(refused) == clock.now() + timedelta(seconds=120)
    clock.advance(seconds=119)
    assert story.push(reference).status == 429
    clock.advance(seconds=1)
    assert story.push(reference).status == 200


def test_a_prompt_whose_answer_is_lost_is_unknown_and_found_by_its_secret_path(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.fault("http_timeout_after", count=1)

    pushed = story.push(reference)

    assert pushed.status == 202
    assert pushed.data["status"] == "unknown"
    assert "not pay again" in pushed.data["message"]
    assert story.push(reference, phone=OTIENO).code == "payment_in_progress"
    clock.advance(seconds=5)
    run_worker()
    assert story.read_order(reference)["status"] == "paid"


def test_garbage_for_an_answer_is_unknown_too(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    simulator.fault("http_garbage_after", count=1)
    assert story.push(reference).status == 202

    clock.advance(seconds=5)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"


def test_a_provider_that_turns_it_away_moves_nothing_and_may_be_asked_again_at_once(simulator: Any) -> None:
    reference = new_order()
    simulator.fault("http_error_before", count=1)

    refused = story.push(reference)

    assert (refused.status, refused.code) == (503, "provider_unreachable")
    assert payment_of(reference).status == "failed"
    assert story.push(reference).status == 200


def test_a_lost_callback_is_found_by_asking(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order(buyer=characters.CALLBACK_LOST)
    story.push(reference, phone=characters.CALLBACK_LOST)
    clock.advance(seconds=10)
    run_worker()
    assert story.read_order(reference)["status"] == "awaiting_payment"

    clock.advance(seconds=20)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert Receipt.objects.get().transaction_id is None
    assert story.escrow_of(reference) == kes(1_500)


def test_the_number_of_a_receipt_follows_with_a_late_callback(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    clock.advance(seconds=30)
    run_worker()
    assert Receipt.objects.get().transaction_id is None

    simulator.deliver(0)
    run_worker()

    [sale] = [move for move in simulator.transactions() if move["kind"] == "stk"]
    assert Receipt.objects.get().transaction_id == sale["receipt"]
    assert story.escrow_of(reference) == kes(1_500)


def test_a_callback_that_comes_again_and_contradicts_itself_changes_nothing(
    clock: Any, run_worker: Run
) -> None:
    phone = characters.CALLBACK_TWICE
    reference = new_order(buyer=phone)
    story.push(reference, phone=phone)
    clock.advance(seconds=60)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert Receipt.objects.count() == 1
    assert WebhookLog.objects.count() == 3
    assert sorted(row.processing_error for row in WebhookLog.objects.all()) == [
        "",
        "",
        "failure_after_success",
    ]


def test_a_payment_that_is_still_being_processed_is_asked_about_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.fault("query_pending", count=3)
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    assert story.read_order(reference)["status"] == "awaiting_payment"

    for _ in range(4):
        clock.advance(seconds=121)
        run_worker()

    assert story.read_order(reference)["status"] == "paid"


def test_a_callback_that_comes_before_the_answer_is_matched_by_its_path(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.fault("callback_early", count=1)
    story.push(reference)
    run_worker()
    clock.advance(seconds=60)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert payment_of(reference).provider_reference != ""


def test_money_for_an_order_that_is_paid_already_goes_back_to_whoever_paid_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=400)
    story.push(reference)
    clock.advance(minutes=6)
    run_worker()
    # The first prompt is dead by any measure, so a second is allowed; then both are paid.
    assert story.push(reference, phone=OTIENO).status == 200
    clock.advance(seconds=60)
    run_worker()

    assert story.escrow_of(reference) == kes(1_500)
    assert 2500 not in ledger()
    assert sorted(Receipt.objects.values_list("status", flat=True)) == ["allocated", "refunded"]
    assert [(refund.amount, refund.reason) for refund in Refund.objects.all()] == [(kes(1_500), "duplicate")]


@pytest.mark.provider_differs
def test_a_wrong_amount_is_booked_as_it_came_and_the_order_waits_for_the_rest(
    clock: Any, simulator: Any, run_worker: Run
) -> None:
    """No fault of the simulator changes an amount yet: the claim is made by hand on the attempt's own path."""
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    clock.advance(seconds=5)
    simulator.run_due()
    payment = payment_of(reference)

    assert hook(payment, success(payment, amount=1400.00)) == 200
    from zemi.worker.loop import run_until_idle

    run_until_idle(clock.now())

    assert story.read_order(reference)["status"] == "awaiting_payment"
    assert ledger()[2100] == kes(1_400)
    assert story.order_of(reference).due == kes(100)
    assert WebhookLog.objects.get().processing_error == "amount_differs"


def test_a_forged_success_on_the_bare_path_proves_nothing(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    payment = payment_of(reference)

    for path in ("/api/webhooks/mpesa", "/api/webhooks/mpesa/"):
        answer = Client().post(
            path, json.dumps(success(payment, "FORGED1234")), content_type="application/json"
        )
        assert answer.status_code == 200
    run_worker()

    assert story.read_order(reference)["status"] == "awaiting_payment"
    assert 1100 not in ledger()
    clock.advance(seconds=61)
    run_worker()
    assert payment_of(reference).status == "failed"


def test_a_forged_receipt_is_not_believed_even_when_the_payment_is_real(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    clock.advance(seconds=5)
    simulator.run_due()
    payment = payment_of(reference)

    Client().post(
        "/api/webhooks/mpesa",
        json.dumps(success(payment, "FORGED1234", amount=1)),
        content_type="application/json",
    )
    run_worker()
    clock.advance(seconds=20)
    run_worker()

    assert story.read_order(reference)["status"] == "paid"
    assert Receipt.objects.get().transaction_id is None
    assert Receipt.objects.get().amount == kes(1_500)


@pytest.mark.parametrize("secret", ["", "0" * 100, "x" * 100, "deadbeef"])
def test_a_wrong_secret_is_not_found_and_stores_nothing(secret: str) -> None:
    answer = Client().post(f"/hooks/{secret}", b"{}", content_type="application/json")

    assert answer.status_code == 404
    assert not WebhookLog.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"[" * 5000,
        b'{"Body": 1}',
        b"\xff\xfe",
        b'{"Body": {"stkCallback": {"ResultCode": "x"}}}',
    ],
)
def test_an_unreadable_callback_is_kept_and_closed(body: bytes, run_worker: Run) -> None:
    reference = new_order()
    story.push(reference)
    payment = payment_of(reference)

    assert hook(payment, body) == 200
    from zemi.common import clock as product_clock
    from zemi.worker.loop import run_until_idle

    run_until_idle(product_clock.now())

    row = WebhookLog.objects.get()
    assert row.processing_error in {"unreadable", "unknown_checkout_id"}
    assert row.body == body
    assert payment_of(reference).status == "pending"


def test_a_callback_about_another_attempt_on_this_ones_path_is_refused(
    clock: Any, simulator: Any, run_worker: Run
) -> None:
    first, second = new_order(), new_order(buyer=OTIENO, amount="700")
    for phone in (AMINA, OTIENO):
        simulator.set_phone(phone.msisdn, next="wait")
    story.push(first)
    story.push(second, phone=OTIENO, amount="700")

    hook(payment_of(first), success(payment_of(second)))
    run_worker()

    # Its number is asked about, and nobody has paid: it is closed two days later.
    row = WebhookLog.objects.earliest("id")
    assert (row.last_error, row.handled_at) == ("unknown_checkout_id", None)
    assert set(Order.objects.values_list("status", flat=True)) == {"awaiting_payment"}


def test_the_simulated_payment_pays_an_order_in_both_books(simulator: Any) -> None:
    reference = new_order()

    paid = story.simulate_payment(
        reference, payer_phone=OTIENO.msisdn, metadata={"mpesa_receipt": "QHJ41HG1W8"}
    )

    assert paid.status == 200
    assert (paid.data["status"], paid.data["transaction_id"]) == ("paid", "QHJ41HG1W8")
    assert story.escrow_of(reference) == kes(1_500)
    assert Receipt.objects.get().transaction_id == "QHJ41HG1W8"
    assert [move["receipt"] for move in simulator.transactions()] == ["QHJ41HG1W8"]


def test_the_simulated_payment_pays_the_prompt_that_is_open(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    story.push(reference)

    assert story.simulate_payment(reference).status == 200

    clock.advance(seconds=60)
    run_worker()
    assert Payment.objects.count() == Receipt.objects.count() == 1
    assert [move["receipt"] for move in simulator.transactions()] == ["QHJ41HG1W8"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "1499.00"}, 422, "amount_mismatch"),
        ({"transaction_id": "USED"}, 409, "transaction_id_used"),
        ({"reference": "ZEM-00000000"}, 404, "order_not_found"),
        ({"payment_method": "stripe"}, 400, "payment_method_unavailable"),
    ],
)
def test_a_simulated_payment_that_is_refused_moves_nothing(
    simulator: Any, change: dict[str, Any], status: int, code: str
) -> None:
    story.simulate_payment(new_order(), "USED")
    reference = new_order()
    before = ledger()

    refused = story.simulate_payment(
        change.pop("reference", reference), **({"transaction_id": "FRESH1"} | change)
    )

    assert (refused.status, refused.code) == (status, code)
    assert ledger() == before
    assert story.read_order(reference)["status"] == "awaiting_payment"
    assert len(simulator.transactions()) == 1
    assert Payment.objects.count() == 1


def test_a_paid_order_is_not_paid_again_by_simulation() -> None:
    reference = new_order()
    story.simulate_payment(reference)

    again = story.simulate_payment(reference, "ANOTHER1")

    assert (again.status, again.code) == (409, "order_not_payable")
    assert ledger()[2100] == kes(1_500)


@pytest.mark.provider_differs
def test_a_number_that_only_the_simulator_knows_is_refused_and_the_order_can_still_be_paid(
    simulator: Any,
) -> None:
    simulator.book_payment(msisdn=BARAKA.msisdn, amount="10.00", receipt="TAKEN1", shortcode="600000")
    reference = new_order()

    assert story.simulate_payment(reference, "TAKEN1").code == "transaction_id_used"
    assert story.simulate_payment(reference, "FRESH1").status == 200
