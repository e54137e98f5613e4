"""Why a seller is not paid yet: a reason for every state, and the moment that belongs to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zemi.checkout.texts import TEXTS
from zemi.common.money import kes
from zemi.disbursements.models import DisbursementStatus, HeldReason
from zemi.orders.models import OrderStatus
from zemi.releases.models import Release, ReleaseStatus
from zemi.snapshots.next_action import Actor, NextAction, Outcome, Verb
from zemi.snapshots.sales import _part
from zemi.snapshots.why_unpaid import Because, Part, Then, Unpaid, Way, why_not_begun, why_unpaid

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOON = NOON + timedelta(minutes=10)
# Of a delivered sale the payout says why.
OF_PAYOUTS = {Verb.PAY_SELLER, Verb.CORRECT_PAYOUT}


def why(payout: str, way: Way | None = None, **more: Any) -> Unpaid | None:
    facts: dict[str, Any] = {"release": "released", "payout": payout, "looked_at": SOON}
    return why_unpaid(Part(**facts | more), way or Way(), now=NOON)


@pytest.mark.parametrize("verb", sorted(set(Verb) - OF_PAYOUTS))
def test_before_the_delivery_it_is_whose_turn_it_is(verb: Verb) -> None:
    turn = NextAction(Actor.BUYER, verb, SOON, Outcome.ORDER_EXPIRES)

    assert why_not_begun(turn) == Unpaid(Because(verb.value), Then.UNTIL, SOON)
    assert why_not_begun(None) is None


@pytest.mark.parametrize("payout", ["created", "queued"])
def test_what_is_queued_is_sent_in_a_moment(payout: str) -> None:
    assert why(payout, looked_at=NOON) == Unpaid(Because.SENDING)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (Way(is_stopped=True, is_suspended=True, waits_until=SOON), Unpaid(Because.STOPPED)),
        (Way(is_suspended=True, waits_until=SOON), Unpaid(Because.SUSPENDED)),
        (Way(waits_until=SOON), Unpaid(Because.FLOAT_LOW, Then.TRIED_AGAIN, SOON)),
        # It waited until then, and waits no more.
        (Way(waits_until=NOON), Unpaid(Because.PROVIDER_AWAY, Then.TRIED_AGAIN, SOON)),
    ],
)
def test_what_is_queued_waits_for_the_first_thing_that_stands_in_its_way(way: Way, expected: Unpaid) -> None:
    assert why("queued", way) == expected


@pytest.mark.parametrize(
    ("held", "because", "then"),
    [
        ("float_low", Because.FLOAT_LOW, Then.TRIED_AGAIN),
        ("limit", Because.LIMIT, Then.TRIED_AGAIN),
        ("wallet_full", Because.WALLET_FULL, Then.TRIED_AGAIN),
        ("credentials", Because.CREDENTIALS, Then.TRIED_AGAIN),
        ("payee_changed", Because.PAYEE_CHANGED, Then.SENT_ON),
        ("no_payee", Because.NO_PAYEE, Then.UNTIL),
        ("reversal_refused", Because.SENDING, Then.TRIED_AGAIN),
        ("", Because.SENDING, Then.TRIED_AGAIN),
    ],
)
def test_what_is_held_says_for_what_it_waits(held: str, because: Because, then: Then) -> None:
    assert why("held", held_reason=held) == Unpaid(because, then, SOON)


@pytest.mark.parametrize(
    ("payout", "because"),
    [("submitting", Because.SENT), ("submitted", Because.SENT), ("unknown", Because.UNKNOWN)],
)
def test_what_was_sent_is_asked_about(payout: str, because: Because) -> None:
    assert why(payout) == Unpaid(because, Then.ASKED_AGAIN, SOON)


@pytest.mark.parametrize(
    ("payout", "because"),
    [
        ("needs_attention", Because.NEEDS_ATTENTION),
        ("failed", Because.FAILED),
        ("reversed", Because.REVERSED),
        ("cancelled", Because.CALLED_OFF),
    ],
)
def test_what_only_a_person_can_end_has_no_moment(payout: str, because: Because) -> None:
    assert why(payout) == Unpaid(because)


def test_what_is_paid_or_went_back_to_the_buyer_has_no_reason() -> None:
    assert why("succeeded") is None
    assert why("cancelled", went_back=True) is None


def test_a_release_whose_day_has_not_come_is_held_until_then() -> None:
    assert why("", release="scheduled", due_at=SOON) == Unpaid(Because.NOT_DUE, Then.UNTIL, SOON)


def test_a_release_without_a_payout_is_what_the_seller_will_get_of_it() -> None:
    release = Release(
        status="scheduled",
        due_at=SOON,
        amount_minor=150_000,
        fee_minor=4_500,
        repaid_minor=500,
        currency="KES",
    )

    part = _part(release, None, Way(), went_back=False, now=NOON)

    assert (part.amount, part.paid_at) == (kes(1_450), None)
    assert part.unpaid == Unpaid(Because.NOT_DUE, Then.UNTIL, SOON)


def test_a_moment_that_is_over_is_not_told() -> None:
    assert why("unknown", looked_at=NOON) == Unpaid(Because.UNKNOWN, Then.ASKED_AGAIN)


@pytest.mark.parametrize("verb", sorted(set(Verb) - OF_PAYOUTS))
def test_every_turn_has_its_words(verb: Verb) -> None:
    assert f"unpaid_{verb}" in TEXTS


@pytest.mark.parametrize("held", [*HeldReason.values, ""])
@pytest.mark.parametrize("status", DisbursementStatus.values)
def test_every_state_of_a_payout_has_its_words(status: str, held: str) -> None:
    """A new status or reason fails here, by a KeyError of the rules or by words that are missing."""
    found = why(status, held_reason=held)

    assert found is None if status == "succeeded" else found is not None
    if found is not None:
        assert {f"unpaid_{found.because}", f"then_{found.then}"} <= set(TEXTS)


@pytest.mark.parametrize("status", ReleaseStatus.values)
def test_every_state_of_a_release_has_its_words(status: str) -> None:
    found = why("", release=status)

    assert found is not None
    assert f"unpaid_{found.because}" in TEXTS


@pytest.mark.parametrize("status", OrderStatus.values)
def test_every_order_says_why_it_is_not_paid_or_how_it_ended(status: str) -> None:
    goes_on = {"awaiting_payment", "paid"}

    assert status in goes_on or f"over_{status}" in TEXTS


def test_no_reason_is_without_words_and_no_words_without_a_reason() -> None:
    assert {f"unpaid_{because}" for because in Because} == {t for t in TEXTS if t.startswith("unpaid_")}
    assert {f"then_{then}" for then in Then} == {t for t in TEXTS if t.startswith("then_")}
