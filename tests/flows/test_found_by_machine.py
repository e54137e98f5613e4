"""What the machine (tests/machine) found, each shrunk to a plain story."""

from collections.abc import Callable
from typing import Any

from tests import story
from tests.characters import CALLBACK_TWICE, CANCELS
from zemi.common.money import kes


def test_money_is_found_whose_only_callback_is_a_stray_failure(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    reference = story.create_order().data["order_reference"]
    simulator.hold_callbacks = True
    story.push(reference, phone=CALLBACK_TWICE)
    clock.advance(seconds=6)
    simulator.run_due()

    # Two successes are lost; the failure that follows them arrives.
    simulator.deliver(0, drop=True)
    simulator.deliver(0, drop=True)
    assert simulator.deliver(0) == [200]
    run_worker()
    assert story.read_order(reference)["status"] == "awaiting_payment"

    clock.advance(seconds=65)
    run_worker()
    assert story.read_order(reference)["status"] == "paid"
    assert story.escrow_of(reference) == kes(1_500)


def test_a_failure_is_asked_about_once_more_and_then_never_again(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    reference = story.create_order().data["order_reference"]
    story.push(reference, phone=CANCELS)
    clock.advance(seconds=5)
    run_worker()
    payment = story.order_of(reference).payments.get()
    assert (payment.status, payment.is_live) == ("failed", False)

    clock.advance(seconds=65)
    run_worker()

    payment.refresh_from_db()
    assert (payment.status, payment.due_at) == ("failed", None)
