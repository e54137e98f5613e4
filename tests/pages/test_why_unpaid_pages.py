"""A seller asks why the money is not there: the list and the order's page say it, and when it goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.test_staff import do, late
from tests.pages.conftest import Person, page_of, settle, words
from tests.pages.test_seller_pages import polled, sign_in
from tests.story import confirm, create_order, simulate_payment
from zemi.common import clock as product_clock
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.disbursements.models import Dispatcher
from zemi.disbursements.switch import wait_for_float
from zemi.payouts.models import Payout
from zemi.staff.dispatch import stop_sending
from zemi.staff.request import request_action

Run = Callable[[], int]


@pytest.fixture
def baraka(stage: None) -> Person:
    person = Person()
    sign_in(person)
    return person


@pytest.fixture
def sell() -> Callable[[], str]:
    """Sell something, up to the code; the reference of the order."""

    def until_delivered() -> str:
        sale = create_order().data
        simulate_payment(sale["order_reference"], sale["order_reference"].replace("-", ""))
        confirm(sale["order_reference"], sale["delivery_code"])
        return str(sale["order_reference"])

    return until_delivered


def both(person: Person, reference: str, expected: str) -> None:
    """The list says it, and so does the order's page."""
    assert expected in words(person.open("/sell"))
    assert expected in words(person.open(page_of(reference)))


def test_a_payout_that_m_pesa_does_not_tell_of_is_asked_about(
    baraka: Person, juma: Person, sell: Callable[[], str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_result_lost", count=1)
    reference = sell()
    run_worker()
    both(baraka, reference, "M-Pesa has it, and is paying you. We ask M-Pesa again: Mon 23 Nov, 12:02")

    clock.advance(minutes=2)
    simulator.fault("status_silent", count=9)
    run_worker()
    clock.advance(minutes=4)
    run_worker()

    both(
        baraka,
        reference,
        "M-Pesa has not said yet whether you have it. We keep asking. It is never sent twice.",
    )
    # Who has the link is told how far it is, and nothing about the seller's affairs.
    assert "never sent twice" not in words(juma.open(page_of(reference)))


def test_a_full_wallet_is_named_with_the_next_try(
    baraka: Person, sell: Callable[[], str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_wallet_full", count=1)
    reference = sell()
    settle(clock, run_worker)

    both(baraka, reference, "Your M-Pesa account is full: make room in it. Next try: Mon 23 Nov, 13:00")


def test_payouts_that_the_operators_stopped_are_said_to_be(
    baraka: Person, sell: Callable[[], str], clock: Any, run_worker: Run
) -> None:
    reference = sell()
    stop_sending(kinds=("payout",), by="Wanjiku", reason="a look at the books", now=clock.now())
    settle(clock, run_worker)

    both(baraka, reference, "We have stopped all payouts for a while; it is sent when they go on.")


def test_payouts_that_wait_for_float_say_that_refunds_go_first(
    baraka: Person, sell: Callable[[], str], clock: Any, run_worker: Run
) -> None:
    reference = sell()
    with unit_of_work():
        wait_for_float(amount=kes(1_500), now=clock.now())
    run_worker()

    both(baraka, reference, "buyers' refunds go first, then this. Next try: Mon 23 Nov, 12:10")
    assert Dispatcher.objects.get(name="payout").waits_until is not None


@pytest.mark.provider_differs
def test_a_seller_with_money_of_ours_is_told_that_this_comes_first(
    baraka: Person, sell: Callable[[], str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    # What M-Pesa said to have failed was paid all the same.
    simulator.fault("b2c_unregistered", count=1)
    sell()
    settle(clock, run_worker)
    late(Payout.objects.get(), clock)
    reference = sell()
    run_worker()

    both(baraka, reference, "You once got money that was not due to you; our people settle that first.")


def test_a_payout_for_which_m_pesa_refuses_the_number_is_for_a_person(
    baraka: Person, sell: Callable[[], str], simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=1)
    reference = sell()
    settle(clock, run_worker)

    both(
        baraka, reference, "M-Pesa could not pay you. The money is safe with Zemi, and our people look at it."
    )


def test_the_newest_payout_of_a_release_is_the_one_that_counts(
    baraka: Person, sell: Callable[[], str], clock: Any, run_worker: Run
) -> None:
    reference = sell()
    do("cancel", clock, kind="payout", id=Payout.objects.get().id)
    both(baraka, reference, "Our people stopped this payout.")
    payload = {"id": str(Payout.objects.get().id), "amount": "1500.00"}
    request_action("pay-again", payload, maker="Wanjiku", reason="it is owed", now=clock.now())
    settle(clock, run_worker)

    both(baraka, reference, "You have been paid. Mon 23 Nov, 12:00")


def test_before_the_delivery_the_order_says_what_is_awaited_and_until_when(baraka: Person) -> None:
    sale = create_order().data
    both(baraka, sale["order_reference"], "The buyer has not paid yet. Until Tue 24 Nov, 12:00")
    simulate_payment(sale["order_reference"])

    both(baraka, sale["order_reference"], "Held for you until the buyer's code is given.")


def test_strangers_are_shown_the_way_to_sign_in_and_no_more(
    baraka: Person, amina: Person, sell: Callable[[], str], clock: Any
) -> None:
    reference = sell()
    theirs, own = amina.open(page_of(reference)).content.decode(), baraka.open(page_of(reference))

    assert "You sell this? See when you are paid" in theirs
    assert 'id="yours"' not in theirs
    assert "You sell this?" not in own.content.decode()


def test_both_pages_change_when_the_reason_does(
    baraka: Person, amina: Person, sell: Callable[[], str], clock: Any
) -> None:
    """Though no status has changed."""
    path = page_of(sell())
    listed, shown, theirs = polled(baraka), baraka.open(f"{path}/poll"), amina.open(f"{path}/poll")
    assert f'data-stamp="{shown.content.decode()}"' in baraka.open(path).content.decode()
    stop_sending(kinds=("payout",), by="Wanjiku", reason="a look at the books", now=product_clock.now())

    assert polled(baraka) != listed
    assert baraka.open(f"{path}/poll").content != shown.content
    # Whom it does not concern learns nothing by it.
    assert amina.open(f"{path}/poll").content == theirs.content
    assert len(baraka.open(f"{path}/poll").serialize()) <= 400
