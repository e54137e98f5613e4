"""One order from create to paid seller, the ledger asserted after every step."""

from collections.abc import Callable
from typing import Any

from tests import story
from tests.characters import AMINA, BARAKA
from tests.story import FLOAT, ledger
from zemi.common.money import kes
from zemi.events.log import history_of
from zemi.identity.api_keys import Scope


def test_a_sale_from_create_to_paid_seller(simulator: Any, clock: Any, run_worker: Callable[[], int]) -> None:
    created = story.create_order()
    assert created.status == 201
    reference, code = created.data["order_reference"], created.data["delivery_code"]
    assert created.data["status"] == "awaiting_payment"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}

    pushed = story.push(reference)
    assert pushed.status == 200
    assert pushed.data["response_code"] == "0"
    assert story.read_order(reference)["status"] == "awaiting_payment"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}

    clock.advance(seconds=5)
    run_worker()
    assert story.read_order(reference)["status"] == "paid"
    assert story.escrow_of(reference) == kes(1_500)
    assert ledger() == {1100: kes(1_500), 1110: FLOAT, 2100: kes(1_500), 3100: FLOAT}
    [to_buyer] = simulator.messages(AMINA.msisdn)
    assert code in to_buyer["text"]
    assert [code in message["text"] for message in simulator.messages(BARAKA.msisdn)] == [False]
    assert story.order_of(reference).delivery_code_sealed is None

    confirmed = story.confirm(reference, code)
    assert confirmed.status == 200
    assert confirmed.data["status"] == "completed"
    assert confirmed.data["payout_initiated"] is True
    assert story.escrow_of(reference) == kes(0)
    assert ledger() == {1100: kes(1_500), 1110: FLOAT, 2300: kes(1_500), 3100: FLOAT}

    key = story.key_with(Scope.PAYOUTS)
    asked = story.ask_payout(reference, key=key)
    assert asked.status == 200
    assert asked.data["response_code"] == "0"

    clock.advance(seconds=5)
    run_worker()
    assert simulator.books()[f"wallet:{BARAKA.msisdn}"] == (300_000 + 1_500) * 100
    assert ledger() == {
        1100: kes(1_500),
        1110: FLOAT - kes(1_500 + 5),
        3100: FLOAT,
        5110: kes(5),
    }
    again = story.ask_payout(reference, key=key)
    assert again.data == asked.data
    story.assert_books_agree()
    types = [event.type for event in history_of(story.order_of(reference).id)]
    assert types == [
        "order.created",
        "payment.pending",
        "payment.completed",
        "receipt.allocated",
        "order.paid",
        "release.released",
        "payout.created",
        "payout.queued",
        "order.completed",
        "payout.submitting",
        "payout.submitted",
        "payout_attempt.accepted",
        "payout_attempt.succeeded",
        "payout.succeeded",
    ]


def test_the_seller_gets_whole_shillings_after_commission(
    simulator: Any, clock: Any, run_worker: Callable[[], int], settings: Any
) -> None:
    settings.FEE_BPS = 333
    created = story.create_order(amount="1501").data

    story.push(created["order_reference"], amount="1501")
    clock.advance(seconds=5)
    run_worker()
    story.confirm(created["order_reference"], created["delivery_code"])
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    # 3.33 % of 1,501 is 49.98: half up to 50.
    assert simulator.books()[f"wallet:{BARAKA.msisdn}"] == (300_000 + 1_451) * 100
    assert ledger()[4100] == kes(50)
