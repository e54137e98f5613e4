"""The delivery code: who gets it, and what wrong ones cost."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA
from tests.story import ledger
from zemi.common.money import kes
from zemi.identity.api_keys import Scope
from zemi.orders.models import DeliveryAttempt
from zemi.payouts.models import Payout

Run = Callable[[], int]


@pytest.fixture
def paid(clock: Any, run_worker: Run) -> dict[str, str]:
    order = story.create_order().data
    story.push(order["order_reference"])
    clock.advance(seconds=5)
    run_worker()
    return order


def nothing_moved(reference: str) -> bool:
    return (
        story.read_order(reference)["status"] == "paid"
        and story.escrow_of(reference) == kes(1_500)
        and not Payout.objects.exists()
        and 2300 not in ledger()
    )


def test_a_wrong_code_is_refused_and_counted(paid: dict[str, str]) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]

    refused = story.confirm(reference, story.wrong(code))

    assert (refused.status, refused.code) == (422, "delivery_code_wrong")
    assert DeliveryAttempt.objects.count() == 1
    assert nothing_moved(reference)
    assert story.confirm(reference, code).status == 200


def test_three_wrong_codes_in_15_minutes_lock_the_order_for_an_hour(paid: dict[str, str], clock: Any) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]
    for by in (1, 2, 3):
        assert story.confirm(reference, story.wrong(code, by)).status == 422

    locked = story.confirm(reference, code)

    assert (locked.status, locked.code) == (423, "code_attempts_exhausted")
    assert 3_500 < int(locked.headers["Retry-After"]) <= 3_601
    assert nothing_moved(reference)
    clock.advance(minutes=59)
    assert story.confirm(reference, code).status == 423
    clock.advance(minutes=2)
    assert story.confirm(reference, code).status == 200


def test_wrong_codes_far_apart_do_not_lock(paid: dict[str, str], clock: Any) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]
    for by in (1, 2, 3, 4):
        assert story.confirm(reference, story.wrong(code, by)).status == 422
        clock.advance(minutes=8)

    assert story.confirm(reference, code).status == 200


def test_ten_wrong_codes_in_its_life_lock_it_for_good(paid: dict[str, str], clock: Any) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]
    for by in range(1, 11):
        assert story.confirm(reference, story.wrong(code, by)).status == 422
        clock.advance(minutes=20)

    clock.advance(hours=720)
    assert story.confirm(reference, code).status == 423
    assert nothing_moved(reference)


def test_a_caller_who_guesses_references_runs_through_their_own_budget(
    paid: dict[str, str], settings: Any, clock: Any
) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]
    for number in range(settings.CODE_BUDGET):
        answer = story.confirm(f"ZEM-{number:08d}", "123456")
        assert (answer.status, answer.code) == (422, "delivery_code_wrong")

    refused = story.confirm(reference, code)

    assert (refused.status, refused.code) == (429, "too_many_attempts")
    assert not DeliveryAttempt.objects.exists()
    assert nothing_moved(reference)
    clock.advance(minutes=15)
    assert story.confirm(reference, code).status == 200


def test_right_codes_cost_the_caller_nothing(clock: Any, run_worker: Run, settings: Any) -> None:
    settings.CODE_BUDGET = 1
    for number in range(3):
        order = story.create_order().data
        assert story.simulate_payment(order["order_reference"], f"QHJ41HG1W{number}").status == 200
        assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200


def test_an_unpaid_order_is_not_confirmed_even_with_its_code() -> None:
    order = story.create_order().data

    refused = story.confirm(order["order_reference"], order["delivery_code"])

    assert (refused.status, refused.code) == (409, "order_not_confirmable")
    assert story.read_order(order["order_reference"])["status"] == "awaiting_payment"


def test_a_code_works_once(paid: dict[str, str]) -> None:
    reference, code = paid["order_reference"], paid["delivery_code"]
    assert story.confirm(reference, code).status == 200

    again = story.confirm(reference, code)

    assert (again.status, again.code) == (409, "order_not_confirmable")
    assert Payout.objects.count() == 1


def test_a_merchant_never_sees_the_code_and_the_buyer_gets_it_when_paid(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    key = story.key_with(Scope.ORDERS)
    created = story.create_order(key=key, reference="INV-1")
    assert created.status == 201
    assert "delivery_code" not in created.data
    reference = created.data["order_reference"]

    assert simulator.messages(AMINA.msisdn) == []
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()

    [message] = simulator.messages(AMINA.msisdn)
    code = message["text"].split("Delivery code: ")[1][:6]
    assert not any(code in message["text"] for message in simulator.messages(BARAKA.msisdn))
    assert story.confirm(reference, code).status == 200


def test_the_code_is_destroyed_when_its_message_has_gone_out(paid: dict[str, str]) -> None:
    from zemi.notifications.models import Message

    order = story.order_of(paid["order_reference"])

    assert order.delivery_code_sealed is None
    assert paid["delivery_code"] not in order.delivery_code_hash
    assert [message.text for message in Message.objects.all()] == ["", ""]
    assert all(message.sent_at is not None for message in Message.objects.all())


def test_a_second_order_with_a_merchants_reference_is_refused() -> None:
    key = story.key_with(Scope.ORDERS)
    assert story.create_order(key=key, reference="INV-1").status == 201

    refused = story.create_order(key=key, reference="INV-1")

    assert (refused.status, refused.code) == (409, "merchant_reference_used")
    assert (
        story.create_order(key=story.key_with(Scope.ORDERS, merchant="Other"), reference="INV-1").status
        == 201
    )
