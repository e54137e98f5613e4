"""What an order announces is what happens: at each deadline exactly that, and where there is none, nothing, ever."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests import story
from tests.characters import AMINA
from tests.story import FLOAT, ledger
from zemi.common.money import kes
from zemi.snapshots.next_action import MEANING, Outcome


def announced(reference: str) -> tuple[Any, ...]:
    shown = story.read_order(reference)
    turn = shown["next_action"]
    return (turn["actor"], turn["verb"], shown["deadline_at"], shown["if_no_action"])


def wait_until(deadline: str, *, short_of: float = 0, clock: Any) -> None:
    """Wait for it, or for so many seconds before it."""
    left = datetime.fromisoformat(deadline) - clock.now()
    clock.advance(seconds=left.total_seconds() - short_of)


def test_an_order_that_nobody_pays_expires_at_its_deadline(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    reference = story.create_order().data["order_reference"]
    actor, verb, deadline, outcome = announced(reference)
    assert (actor, verb, outcome) == ("buyer", "pay", "order_expires")

    wait_until(deadline, short_of=1, clock=clock)
    run_worker()
    assert story.read_order(reference)["status"] == "awaiting_payment"
    clock.advance(seconds=1)
    run_worker()

    shown = story.read_order(reference)
    assert shown["status"] == "expired"
    assert (shown["next_action"], shown["deadline_at"], shown["if_no_action"]) == (None, None, None)
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_prompt_that_nobody_answers_ends_at_its_deadline(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    reference = story.create_order().data["order_reference"]
    assert story.push(reference).status == 200
    actor, verb, deadline, outcome = announced(reference)
    assert (actor, verb, outcome) == ("buyer", "approve_prompt", "prompt_ends")

    wait_until(deadline, clock=clock)
    run_worker()

    assert announced(reference)[:2] == ("buyer", "pay")
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_paid_order_has_no_deadline_and_its_money_stays_held_for_years(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    made = story.create_order().data
    reference = made["order_reference"]
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    told = announced(reference)
    assert told == ("seller", "deliver", None, "money_stays_held")
    held = ledger()
    assert held[2100] == kes(1_500)

    # Longer than any setting lets money wait before it is set apart as unclaimed.
    clock.advance(hours=24 * 1_000)
    run_worker()

    assert announced(reference) == told
    assert ledger() == held
    assert story.confirm(reference, made["delivery_code"]).data["status"] == "completed"


def test_every_outcome_says_what_becomes_of_the_money() -> None:
    assert set(MEANING) == set(Outcome)
