"""What a review proved wrong, each as the story that showed it. The wrong end is named in the test's first lines."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.story import ledger
from zemi.common import crypto, faults
from zemi.common.money import kes
from zemi.disbursements import send
from zemi.disbursements.settle import apply_outcome
from zemi.identity.api_keys import Scope
from zemi.identity.models import Party
from zemi.notifications import sending
from zemi.notifications.models import Message
from zemi.payments import collect, simulated
from zemi.payments.models import Payment
from zemi.payouts.disburse import work_on_due_payouts
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.base import Reason, Refused, Unknown
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint
from zemi.worker import loop, sweeps
from zemi.worker.loop import run_once, run_until_idle

Run = Callable[[], int]
PUSHED = {"MerchantRequestID": "1", "ResultDesc": "ok"}


class Died(BaseException):
    """The process is killed."""


@pytest.fixture
def reference() -> str:
    return str(story.create_order().data["order_reference"])


def sell(number: int = 1, amount: str = "1500.00") -> str:
    order = story.create_order(amount=amount).data
    assert story.simulate_payment(order["order_reference"], f"PAID{number:04d}", amount).status == 200
    assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200
    return str(order["order_reference"])


def paid_out(simulator: Any) -> list[int]:
    return [move["amount"] for move in simulator.transactions() if move["kind"] == "b2c"]


def claimed(payment: Payment, amount: object, receipt: str = "TKN1ABCDEF") -> dict[str, Any]:
    items = [{"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": receipt}]
    return {
        "Body": {
            "stkCallback": PUSHED
            | {
                "CheckoutRequestID": payment.provider_reference,
                "ResultCode": 0,
                "CallbackMetadata": {"Item": items},
            }
        }
    }


def tell(payment: Payment, body: dict[str, Any]) -> None:
    assert (
        story.Client()
        .post(f"/hooks/{mint(CallbackKind.STK, payment.id)}", body, content_type="application/json")
        .status_code
        == 200
    )


# 1: a payout was held, its real success came late, and it was sent again.


def test_a_late_success_of_a_held_payout_ends_it_and_nothing_is_sent_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sell()
    run_once(clock.now())
    attempt = PayoutAttempt.objects.get()
    apply_outcome(PayoutAttempt, attempt.id, Refused(Reason.FLOAT_LOW, "1"), now=clock.now())
    assert Payout.objects.get().status == "held"

    clock.advance(minutes=1)
    run_worker()
    clock.advance(minutes=30)
    run_worker()

    assert Payout.objects.get().status == "succeeded"
    assert paid_out(simulator) == [150_000]
    assert ledger()[1110] == story.FLOAT - kes(1_505)


def test_a_late_success_also_stops_an_attempt_that_waits_to_leave(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sell()
    run_once(clock.now())
    first = PayoutAttempt.objects.get()
    simulator.hold_callbacks = True
    clock.advance(seconds=5)
    simulator.run_due()
    apply_outcome(PayoutAttempt, first.id, Refused(Reason.WALLET_FULL, "8"), now=clock.now())
    clock.advance(hours=1)
    simulator.fault("http_error_before", count=1, api="b2c")
    run_until_idle(clock.now())
    assert (Payout.objects.get().status, PayoutAttempt.objects.filter(is_open=True).count()) == ("queued", 1)

    simulator.deliver(0)
    run_until_idle(clock.now())
    clock.advance(minutes=30)
    run_worker()

    assert [attempt.status for attempt in PayoutAttempt.objects.order_by("number")] == ["succeeded", "failed"]
    assert paid_out(simulator) == [150_000]


# 2: an empty account at the message provider destroyed the only copy of the delivery code.


@pytest.mark.parametrize("reason", [Reason.FLOAT_LOW, Reason.NOT_SENT])
def test_a_code_that_nobody_got_is_kept_until_it_can_be_sent(
    clock: Any, monkeypatch: pytest.MonkeyPatch, simulator: Any, reason: Reason
) -> None:
    class Away:
        name = "test"

        def send_text(self, **_: Any) -> Refused:
            return Refused(reason)

    order = story.create_order(key=story.key_with(Scope.ORDERS)).data["order_reference"]
    story.simulate_payment(order)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "provider_of_messages", Away)
        for _ in range(12):
            run_until_idle(clock.now())
            clock.advance(hours=1)
    run_until_idle(clock.now())

    [message] = simulator.messages(AMINA.msisdn)
    code = message["text"].split("Delivery code: ")[1][:6]
    assert story.confirm(order, code).status == 200
    assert Message.objects.get(template="buyer_code").text == ""


# 3: the worker closed the row of a simulated payment under the request's hands, and the money was lost from the books.


def test_the_worker_leaves_a_simulated_payment_to_its_request(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = simulated.receive

    def receive_and_work(**how: Any) -> WebhookLog:
        row = real(**how)
        sweeps.SWEEPS["callbacks"](clock.now())
        return row

    monkeypatch.setattr(simulated, "receive", receive_and_work)

    assert story.simulate_payment(reference).status == 200


def test_a_simulated_payment_whose_request_took_too_long_is_settled_by_the_worker(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = simulated._book_at_simulator

    def book_slowly(*how: Any) -> Any:
        outcome = real(*how)
        clock.advance(minutes=2)
        sweeps.SWEEPS["callbacks"](clock.now())
        return outcome

    monkeypatch.setattr(simulated, "_book_at_simulator", book_slowly)

    assert story.simulate_payment(reference).data["status"] == "paid"


@pytest.mark.parametrize("booked", [True, False])
def test_a_simulated_payment_whose_request_died_is_ended_by_the_worker(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, booked: bool
) -> None:
    real = simulated._book_at_simulator

    def book_and_die(*how: Any) -> None:
        if booked:
            real(*how)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(simulated, "_book_at_simulator", book_and_die)
        with pytest.raises(Died):
            story.simulate_payment(reference)
    clock.advance(minutes=2)
    run_until_idle(clock.now())

    assert story.read_order(reference)["status"] == ("paid" if booked else "awaiting_payment")
    assert Payment.objects.get().status == ("completed" if booked else "failed")


# 4, 5: one row that broke its sweep starved the rows behind it, or ended the worker.


def test_a_claim_of_nothing_is_unreadable_and_the_callbacks_behind_it_are_handled(
    reference: str, simulator: Any, clock: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    tell(Payment.objects.get(), claimed(Payment.objects.get(), 0))
    tell(Payment.objects.get(), claimed(Payment.objects.get(), 1500, receipt="T" * 50))

    run_until_idle(clock.now())

    assert set(WebhookLog.objects.values_list("processing_error", flat=True)) == {"unreadable"}


def test_a_row_that_breaks_is_put_off_and_the_others_go_on(simulator: Any, clock: Any) -> None:
    for number in range(3):
        story.Client().post("/api/webhooks/mpesa", b"{}", content_type="application/json")
        clock.advance(seconds=1)
        assert WebhookLog.objects.count() == number + 1
    broken = WebhookLog.objects.order_by("due_at").first()
    assert broken is not None
    # Sealed by a key that is not in the ring any more.
    WebhookLog.objects.filter(pk=broken.pk).update(body_sealed=b"\x07" + b"x" * 40)

    assert loop._pause_s("callbacks", loop._guarded("callbacks")) == loop.BUSY_S

    broken.refresh_from_db()
    assert (broken.handled_at, broken.last_error) == (None, "SealBroken")
    assert broken.due_at is not None
    assert broken.due_at > clock.now()
    assert WebhookLog.objects.filter(handled_at=None).count() == 1


# 6: the sweep failed an attempt whose own callback had proved its success.


def test_a_proven_success_that_the_query_denies_is_failed_by_no_sweep(
    reference: str, simulator: Any, clock: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="cancel")
    tell(Payment.objects.get(), claimed(Payment.objects.get(), 1500))

    for _ in range(10):
        clock.advance(minutes=1)
        run_until_idle(clock.now())

    payment = Payment.objects.get()
    assert (payment.status, payment.failure_reason) == ("pending", "contradicted")
    assert simulator.messages(AMINA.msisdn) == []


# 7: the budget for unknown references limited nothing, since known ones were still answered.


def test_who_has_tried_too_many_references_is_refused_also_what_exists(
    reference: str, settings: Any, clock: Any
) -> None:
    settings.LOOKUP_BUDGET = 3
    for number in range(3):
        assert story.get(f"/api/orders/ZEM-ZZZZZZZ{number}").status == 404

    for answer in (story.get(f"/api/orders/{reference}"), story.push(reference), story.push("ZEM-ZZZZZZZ9")):
        assert (answer.status, answer.code) == (429, "too_many_attempts")
    clock.advance(minutes=15)
    assert story.get(f"/api/orders/{reference}").status == 200


# 8: a hundred posts to the open path were a hundred questions to the provider.


def test_the_open_path_asks_no_more_often_for_being_told_a_hundred_times(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    checkout = story.push(reference).data["checkout_request_id"]
    provider = registry.mobile_money()
    asked: list[str] = []
    real = type(provider).query_charge

    def count(self: Any, provider_reference: str) -> Any:
        asked.append(provider_reference)
        return real(self, provider_reference)

    monkeypatch.setattr(type(provider), "query_charge", count)
    hint = {"Body": {"stkCallback": PUSHED | {"CheckoutRequestID": checkout, "ResultCode": 0}}}
    for _ in range(100):
        story.Client().post("/api/webhooks/mpesa", hint, content_type="application/json")
    run_until_idle(clock.now())
    clock.advance(seconds=11)
    run_until_idle(clock.now())

    assert len(asked) == 1
    assert not WebhookLog.objects.filter(handled_at=None).exists()


# 10, 11: what provably never left stayed unknown for ever, once a sweep had taken its worker for dead.


def test_a_payout_that_was_taken_for_lost_and_provably_never_left_is_sent(
    simulator: Any, clock: Any, run_worker: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell()

    def slowly_fail(_: PayoutAttempt) -> Refused:
        clock.advance(minutes=3)
        work_on_due_payouts(now=clock.now())
        assert Payout.objects.get().status == "unknown"
        return Refused(Reason.NOT_SENT)

    with monkeypatch.context() as patch:
        patch.setattr(send, "_call", slowly_fail)
        work_on_due_payouts(now=clock.now())
    [attempt] = PayoutAttempt.objects.all()
    assert (attempt.status, Payout.objects.get().status) == ("intent", "queued")
    for _ in range(3):
        clock.advance(minutes=1)
        run_worker()

    assert Payout.objects.get().status == "succeeded"
    assert PayoutAttempt.objects.count() == 1
    assert paid_out(simulator) == [150_000]


def test_a_payout_whose_worker_died_before_the_call_is_asked_about_and_reported(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """Nobody knows that it did not leave: it is asked about, reported when overdue, and never sent on a guess."""

    def die(name: str) -> None:
        if name == "before_disburse":
            raise Died

    sell()
    faults.install(die)
    try:
        with pytest.raises(Died):
            work_on_due_payouts(now=clock.now())
    finally:
        faults.install(None)
    for _ in range(30):
        clock.advance(hours=1)
        run_worker()

    payout = Payout.objects.get()
    assert payout.status == "needs_attention"
    assert payout.due_at is not None
    assert paid_out(simulator) == []


def test_a_slow_refusal_of_a_prompt_ends_the_attempt_that_a_sweep_thought_unknown(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly_fail(*_: Any, **__: Any) -> Refused:
        clock.advance(seconds=30)
        run_until_idle(clock.now())
        return Refused(Reason.NOT_SENT)

    monkeypatch.setattr(collect, "_send", slowly_fail)

    assert story.push(reference).code == "provider_unreachable"
    assert (Payment.objects.get().status, Payment.objects.get().is_live) == ("failed", False)


# 12: an order of KES 10 with commission could never be paid out.


def test_the_least_order_is_one_whose_net_can_be_paid_out(settings: Any) -> None:
    settings.FEE_BPS = 1_000

    refused = story.create_order(amount="10")

    assert (refused.status, refused.code) == (422, "amount_out_of_range")
    assert "KES 11" in refused.body["error"]
    assert story.create_order(amount="11").status == 201


# 13: a second master key made a second party of everybody.


def test_a_new_master_key_finds_the_same_people(simulator: Any) -> None:
    order = sell()
    ring = dict(crypto._ring)
    try:
        crypto.use_keys({**ring, max(ring) + 1: b"k" * 32})

        story.create_order()
        assert story.ask_payout(order, key=story.key_with(Scope.PAYOUTS)).status == 200
        assert Party.objects.filter(phone_last4=AMINA.last4).count() == 1
    finally:
        crypto.use_keys(ring)


# 14: a slow query made an attempt live again that had been let go.


def test_a_slow_query_does_not_make_an_old_attempt_live_again(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for phone in (AMINA, OTIENO):
        simulator.set_phone(phone.msisdn, next="wait")
    story.push(reference)
    Payment.objects.update(due_at=clock.now() + timedelta(seconds=299))
    clock.advance(seconds=299)

    def slowly(*_: Any) -> Unknown:
        clock.advance(seconds=5)
        assert story.push(reference, phone=OTIENO).status == 200
        return Unknown()

    with monkeypatch.context() as patch:
        patch.setattr(type(registry.mobile_money()), "query_charge", slowly)
        assert sweeps.SWEEPS["payments"](clock.now()) == 1

    assert Payment.objects.filter(is_live=True).get().payer_phone == OTIENO


# 15: a result for another payout settled this one.


def test_a_result_with_another_payouts_ids_settles_nothing(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sell()
    run_once(clock.now())
    attempt = PayoutAttempt.objects.get()
    result = {
        "ResultType": 0, "ResultCode": 0, "ResultDesc": "ok", "OriginatorConversationID": "zemi-somebody-else",
        "ConversationID": "AG_other", "TransactionID": "TKN9ZZZZZZ",
    }  # fmt: skip
    story.Client().post(
        f"/hooks/{mint(CallbackKind.B2C_RESULT, attempt.id)}",
        {"Result": result},
        content_type="application/json",
    )
    sweeps.SWEEPS["callbacks"](clock.now())

    assert Payout.objects.get().status == "submitted"
    assert WebhookLog.objects.get(webhook_type="mpesa_b2c_result").processing_error == "ids_differ"
    assert BARAKA.msisdn not in str(WebhookLog.objects.values_list("payload", flat=True))
