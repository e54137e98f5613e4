"""Money going out: asked for, unknown, asked about, never sent twice."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import characters, story
from tests.characters import BARAKA, OTIENO
from tests.story import FLOAT, ledger
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope
from zemi.payouts.models import Payout, PayoutAttempt

Run = Callable[[], int]


@pytest.fixture
def sold(clock: Any, run_worker: Run) -> Callable[..., str]:
    """Sell something: the order is completed, its payout queued, the worker not run yet."""

    def sell(*, seller: Phone = BARAKA, amount: str = "1500.00", number: int = 1) -> str:
        order = story.create_order(seller=seller, amount=amount).data
        assert story.simulate_payment(order["order_reference"], f"PAID{number:04d}", amount).status == 200
        assert (
            story.confirm(order["order_reference"], order["delivery_code"]).data["payout_initiated"] is True
        )
        return str(order["order_reference"])

    return sell


def paid_out(simulator: Any) -> list[int]:
    return [move["amount"] for move in simulator.transactions() if move["kind"] == "b2c"]


def test_a_payout_arises_by_itself_and_the_seller_is_told(
    sold: Callable[..., str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold()
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    payout = Payout.objects.get()
    assert payout.status == "succeeded"
    assert paid_out(simulator) == [150_000]
    told = simulator.messages(BARAKA.msisdn)[-1]["text"]
    assert f"KES 1,500 sent to ****0111 for {reference}" in told
    assert str(payout.transaction_id) in told


def test_asking_for_a_payout_needs_a_key_with_the_scope(sold: Callable[..., str]) -> None:
    reference = sold()

    assert story.ask_payout(reference, key=None).status == 401
    assert story.ask_payout(reference, key=story.key_with(Scope.ORDERS)).status == 403
    assert not PayoutAttempt.objects.exists()


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"phone": OTIENO}, 403, "payee_mismatch"),
        ({"amount": "1501.00"}, 422, "payout_amount_mismatch"),
        ({"amount": "150.00"}, 422, "payout_amount_mismatch"),
    ],
)
def test_a_caller_names_neither_payee_nor_amount(
    sold: Callable[..., str], simulator: Any, how: dict[str, Any], status: int, code: str
) -> None:
    reference = sold()

    refused = story.ask_payout(reference, key=story.key_with(Scope.PAYOUTS), **how)

    assert (refused.status, refused.code) == (status, code)
    assert not PayoutAttempt.objects.exists()
    assert paid_out(simulator) == []


def test_nothing_is_paid_out_before_the_delivery_is_confirmed(simulator: Any) -> None:
    reference = story.create_order().data["order_reference"]
    story.simulate_payment(reference)

    refused = story.ask_payout(reference, key=story.key_with(Scope.PAYOUTS))

    assert (refused.status, refused.code) == (409, "nothing_to_pay_out")
    assert story.escrow_of(reference) == kes(1_500)


def test_another_merchants_order_is_not_found() -> None:
    mine, other = story.key_with(Scope.ORDERS), story.key_with(Scope.PAYOUTS, merchant="Other")
    reference = story.create_order(key=mine).data["order_reference"]

    refused = story.ask_payout(reference, key=other)

    assert (refused.status, refused.code) == (404, "order_not_found")


def test_asking_again_answers_what_was_sent_and_sends_nothing(
    sold: Callable[..., str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, key = sold(), story.key_with(Scope.PAYOUTS)

    first = story.ask_payout(reference, key=key)
    second = story.ask_payout(reference, key=key)
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    third = story.ask_payout(reference, key=key)

    assert first.status == second.status == third.status == 200
    assert first.data == second.data == third.data
    assert paid_out(simulator) == [150_000]


@pytest.mark.parametrize("fault", ["http_timeout_after", "http_garbage_after"])
def test_a_payout_whose_answer_is_lost_is_unknown_and_never_sent_again(
    sold: Callable[..., str], simulator: Any, clock: Any, run_worker: Run, fault: str
) -> None:
    reference, key = sold(), story.key_with(Scope.PAYOUTS)
    simulator.fault(fault, count=1, api="b2c")
    simulator.fault("b2c_result_lost", count=1)

    asked = story.ask_payout(reference, key=key)
    assert asked.status == 202
    assert Payout.objects.get().status == "unknown"
    assert ledger()[2300] == kes(1_500)

    again = story.ask_payout(reference, key=key)
    assert again.status == 202
    for _ in range(5):
        clock.advance(minutes=3)
        run_worker()

    assert Payout.objects.get().status == "succeeded"
    assert PayoutAttempt.objects.count() == 1
    assert paid_out(simulator) == [150_000]


def test_a_result_that_never_comes_is_asked_for(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold(seller=characters.PAYOUT_UNKNOWN)
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert Payout.objects.get().status == "submitted"

    for _ in range(8):
        clock.advance(minutes=5)
        run_worker()

    payout = Payout.objects.get()
    assert payout.status == "succeeded"
    assert payout.transaction_id
    assert paid_out(simulator) == [150_000]


def test_a_queue_timeout_is_no_failure(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold()
    simulator.fault("b2c_timeout_notice", count=1)
    run_worker()
    for _ in range(6):
        clock.advance(minutes=3)
        run_worker()

    assert Payout.objects.get().status == "succeeded"
    assert paid_out(simulator) == [150_000]


def test_a_result_under_the_gateways_own_id_finds_its_attempt_by_the_path(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold()
    simulator.fault("gateway_originator_id", count=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    assert Payout.objects.get().status == "succeeded"


def test_a_payout_that_provably_did_not_leave_goes_out_later_under_the_same_id(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold()
    simulator.fault("http_error_before", count=1, api="b2c")
    run_worker()
    payout = Payout.objects.get()
    assert payout.status == "queued"
    [attempt] = PayoutAttempt.objects.all()
    assert (attempt.status, attempt.is_open) == ("intent", True)

    clock.advance(minutes=1)
    run_worker()
    clock.advance(minutes=1)
    run_worker()

    assert Payout.objects.get().status == "succeeded"
    [move] = [move for move in simulator.transactions() if move["kind"] == "b2c"]
    assert move["originator_conversation_id"] == attempt.originator_conversation_id


def test_a_float_that_is_too_low_holds_the_payout_until_there_is_money(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    simulator.switch(customer_limits=False)
    fits = FLOAT.shillings // 250_013
    for number in range(fits + 1):
        sold(amount="250000", number=number)
        run_worker()
        clock.advance(minutes=3)
        run_worker()

    held = Payout.objects.get(status="held")
    assert held.failure_reason.startswith("float_low")
    assert len(paid_out(simulator)) == fits
    assert ledger()[2300] == kes(250_000)
    assert ledger()[1110] == FLOAT - kes(250_013 * fits)


def test_a_full_wallet_makes_the_payout_wait_and_it_goes_out_as_a_new_attempt(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold()
    simulator.fault("b2c_wallet_full", count=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    assert Payout.objects.get().status == "held"
    assert ledger()[2300] == kes(1_500)

    clock.advance(hours=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    assert Payout.objects.get().status == "succeeded"
    first, second = PayoutAttempt.objects.order_by("number")
    assert (first.status, second.status) == ("failed", "succeeded")
    assert first.originator_conversation_id != second.originator_conversation_id
    assert paid_out(simulator) == [150_000]


def test_a_seller_who_is_no_customer_gets_the_money_back_on_the_balance(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    reference = sold()
    simulator.fault("b2c_unregistered", count=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    payout = Payout.objects.get()
    assert payout.status == "failed"
    assert 2300 not in ledger()
    assert story.payable_to(payout.seller_id) == kes(1_500)
    asked = story.ask_payout(reference, key=story.key_with(Scope.PAYOUTS))
    assert (asked.status, asked.code) == (409, "payout_failed")
    assert paid_out(simulator) == []


def test_two_payouts_of_two_orders_are_two(
    simulator: Any, clock: Any, run_worker: Run, sold: Callable[..., str]
) -> None:
    sold(number=1)
    sold(number=2)
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    assert paid_out(simulator) == [150_000, 150_000]
    assert simulator.books()[f"wallet:{BARAKA.msisdn}"] == 30_300_000
