"""Whose turn it is: every status of an order, and what its money is doing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zemi.orders.models import OrderStatus
from zemi.snapshots.next_action import Actor, NextAction, Outcome, Standing, Verb, next_action

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=24)
SOON = NOON + timedelta(minutes=5)


def turn(status: str, **more: Any) -> NextAction | None:
    facts: dict[str, Any] = {"part_paid": False, "expires_at": LATER}
    return next_action(Standing(status=status, **facts | more))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, NextAction(Actor.BUYER, Verb.PAY, LATER, Outcome.ORDER_EXPIRES)),
        ({"part_paid": True}, NextAction(Actor.BUYER, Verb.PAY_REST, LATER, Outcome.ORDER_EXPIRES)),
        (
            {"live_payment": ("pending", SOON)},
            NextAction(Actor.BUYER, Verb.APPROVE_PROMPT, SOON, Outcome.PROMPT_ENDS),
        ),
        (
            {"live_payment": ("unknown", SOON)},
            NextAction(Actor.ZEMI, Verb.CONFIRM_PAYMENT, SOON, Outcome.ASKED_AGAIN),
        ),
        (
            {"contradicted": True, "live_payment": ("pending", SOON)},
            NextAction(Actor.BUYER, Verb.APPROVE_PROMPT, SOON, Outcome.PROMPT_ENDS),
        ),
        (
            {"contradicted": True, "part_paid": True},
            NextAction(Actor.SUPPORT, Verb.CONFIRM_PAYMENT, None, Outcome.ASKED_AGAIN),
        ),
    ],
)
def test_an_order_that_awaits_its_payment_is_the_buyers(more: dict[str, Any], expected: NextAction) -> None:
    assert turn("awaiting_payment", **more) == expected


def test_a_paid_order_is_the_sellers_and_its_money_stays_held() -> None:
    assert turn("paid") == NextAction(Actor.SELLER, Verb.DELIVER, None, Outcome.MONEY_STAYS_HELD)


@pytest.mark.parametrize("status", ["queued", "held", "submitting", "submitted", "unknown"])
def test_money_that_is_going_out_needs_nobody(status: str) -> None:
    paying = turn("completed", payouts=[status])
    refunding = turn("cancelled", refunds=["succeeded", status])

    assert paying == NextAction(Actor.ZEMI, Verb.PAY_SELLER, None, Outcome.ASKED_AGAIN)
    assert refunding == NextAction(Actor.ZEMI, Verb.REFUND_BUYER, None, Outcome.ASKED_AGAIN)


@pytest.mark.parametrize("status", ["failed", "needs_attention", "reversed"])
def test_money_that_is_stuck_needs_support(status: str) -> None:
    assert turn("completed", payouts=[status, "queued"]) == NextAction(
        Actor.SUPPORT, Verb.CORRECT_PAYOUT, None, Outcome.MONEY_STAYS_HELD
    )
    assert turn("expired", refunds=[status]) == NextAction(
        Actor.SUPPORT, Verb.CORRECT_REFUND, None, Outcome.MONEY_STAYS_HELD
    )


def test_a_payout_that_was_called_off_is_owed_unless_the_buyer_has_the_money() -> None:
    assert turn("completed", payouts=["succeeded", "cancelled"]) == NextAction(
        Actor.SUPPORT, Verb.CORRECT_PAYOUT, None, Outcome.MONEY_STAYS_HELD
    )
    assert turn("completed", payouts=["cancelled"], refunds=["queued"]) is None
    assert turn("completed", payouts=["cancelled"], taken_back=True) is None
    assert turn("cancelled", refunds=["succeeded", "cancelled"]) is None


@pytest.mark.parametrize("status", sorted(set(OrderStatus.values) - {"awaiting_payment", "paid"}))
def test_when_all_money_has_arrived_nothing_is_left_to_be_done(status: str) -> None:
    assert turn(status, payouts=["succeeded"], refunds=["succeeded", "cancelled"]) is None


@pytest.mark.parametrize(("asked_by", "other"), [("buyer", Actor.SELLER), ("seller", Actor.BUYER)])
def test_a_request_to_cancel_is_the_other_sides_to_answer(asked_by: str, other: Actor) -> None:
    assert turn("paid", cancel_asked=(asked_by, SOON)) == NextAction(
        other, Verb.ANSWER_CANCEL_REQUEST, SOON, Outcome.REQUEST_LAPSES
    )
