"""What failed or waits is told to whoever is paid: by text message, once for each reason, never what is ours to mend."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET
from tests.flows.conftest import settle
from tests.flows.test_redirected_refunds import party, redirect, texts
from tests.flows.test_staff import do
from zemi.disbursements.models import Attempt, Disbursement
from zemi.disbursements.settle import apply_outcome
from zemi.events.models import Event
from zemi.notifications.models import Message
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import Reason, Refused, Succeeded
from zemi.refunds.models import Refund, RefundAttempt
from zemi.staff.request import request_action
from zemi.worker.loop import run_once

Run = Callable[[], int]
differs = pytest.mark.provider_differs


@pytest.fixture
def reference(simulator: Any) -> str:
    """A sale of KES 1,500 that is delivered; its payout is queued."""
    order = story.create_order().data
    assert story.simulate_payment(order["order_reference"]).status == 200
    assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200
    return str(order["order_reference"])


def told(start: str) -> list[str]:
    """The templates of the text messages that begin so, in order."""
    messages = Message.objects.filter(template__startswith=start).order_by("created_at", "id")
    return [message.template for message in messages]


def refuse(model: type[Attempt], *reasons: Reason, simulator: Any, clock: Any) -> None:
    """Let M-Pesa refuse the next try for each of `reasons`, an hour after the other."""
    simulator.hold_callbacks = True
    for reason in reasons:
        run_once(clock.now())
        attempt = model.objects.latest("number")
        assert attempt.is_open
        apply_outcome(model, attempt.id, Refused(reason, "1", "said"), now=clock.now())
        run_once(clock.now())
        clock.advance(hours=1)
        run_once(clock.now())


def retry(owed: Disbursement, *, clock: Any) -> None:
    """Have it sent again by staff."""
    payload = {"kind": owed.SUBJECT, "id": str(owed.pk)}
    assert request_action("retry", payload, maker="Wanjiku", reason="asked", now=clock.now()) is None


# Sellers


def test_a_seller_whose_wallet_is_full_is_told_once_however_often_it_is_tried(
    reference: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_wallet_full", count=3)
    for _ in range(3):
        settle(clock, run_worker)
        assert Payout.objects.get().status == "held"
        clock.advance(hours=1)

    assert Event.objects.filter(type="payout.held").count() == 3
    assert told("seller_payout") == ["seller_payout_wallet_full"]
    account = f"The M-Pesa account ****{BARAKA.last4} is full. KES 1,500 for {reference} is safe with Zemi."
    assert account in texts(simulator, BARAKA)

    settle(clock, run_worker)
    settle(clock, run_worker)
    assert told("seller_payout") == ["seller_payout_wallet_full", "seller_payout"]


@differs
def test_each_reason_is_told_once(reference: str, simulator: Any, clock: Any) -> None:
    full, limit = Reason.WALLET_FULL, Reason.LIMIT

    refuse(PayoutAttempt, full, limit, full, limit, simulator=simulator, clock=clock)

    assert told("seller_payout") == ["seller_payout_wallet_full", "seller_payout_limit"]


@differs
@pytest.mark.parametrize("reason", [Reason.FLOAT_LOW, Reason.CREDENTIALS])
def test_what_is_ours_to_mend_alarms_no_seller(
    reference: str, reason: Reason, simulator: Any, clock: Any
) -> None:
    refuse(PayoutAttempt, reason, simulator=simulator, clock=clock)

    assert Event.objects.filter(type="payout.held").exists()
    assert told("seller_payout") == []


def test_a_seller_who_is_no_customer_is_told_whom_to_ask_and_when_another_number_is_paid(
    reference: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=3)
    settle(clock, run_worker)
    words = texts(simulator, BARAKA)
    assert (
        f"****{BARAKA.last4} is not registered for M-Pesa. KES 1,500 for {reference} is safe with Zemi"
        in words
    )
    retry(Payout.objects.get(), clock=clock)
    settle(clock, run_worker)
    assert Payout.objects.get().status == "failed"
    assert told("seller_payout") == ["seller_payout_no_customer"]

    story.create_order(buyer=CHEBET)
    do("change-payee", clock, id=Payout.objects.get().id, party=party(CHEBET).id)
    settle(clock, run_worker)
    assert f"KES 1,500 for {reference} goes to ****{CHEBET.last4} in 72 hours" in texts(simulator, BARAKA)
    clock.advance(hours=72)
    settle(clock, run_worker)

    # The other number is none either: that is news.
    assert told("seller_payout") == [
        "seller_payout_no_customer",
        "seller_payout_elsewhere",
        "seller_payout_no_customer",
    ]
    assert f"****{CHEBET.last4} is not registered" in texts(simulator, BARAKA)
    do("change-payee", clock, id=Payout.objects.get().id, party=party(BARAKA).id)
    clock.advance(hours=72)
    settle(clock, run_worker)
    settle(clock, run_worker)
    assert Payout.objects.get().status == "succeeded"
    assert f"sent to ****{BARAKA.last4} for {reference}" in texts(simulator, BARAKA)


@differs
def test_a_seller_hears_of_a_failure_without_a_better_word(
    reference: str, simulator: Any, clock: Any
) -> None:
    refuse(PayoutAttempt, Reason.OTHER, simulator=simulator, clock=clock)

    assert told("seller_payout") == ["seller_payout_failed"]
    words = f"M-Pesa could not pay you KES 1,500 for {reference}. The money is safe with Zemi"
    assert words in texts(simulator, BARAKA)


@differs
@pytest.mark.parametrize(("reason", "event"), [(Reason.OTHER, "failed"), (Reason.LIMIT, "held")])
def test_what_was_paid_meanwhile_is_told_by_the_payment_alone(
    reference: str, reason: Reason, event: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    run_once(clock.now())
    attempt = PayoutAttempt.objects.get()
    apply_outcome(PayoutAttempt, attempt.id, Refused(reason, "1", "said"), now=clock.now())
    apply_outcome(PayoutAttempt, attempt.id, Succeeded("0", "done", receipt="LATE000001"), now=clock.now())
    run_worker()
    assert Payout.objects.get().status == "succeeded"

    assert Event.objects.filter(type=f"payout.{event}").exists()
    assert told("seller_payout") == ["seller_payout"]


# Buyers


def test_a_payer_whose_wallet_is_full_is_told_once(
    owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_wallet_full", count=2)
    for _ in range(2):
        settle(clock, run_worker)
        clock.advance(hours=1)

    assert Event.objects.filter(type="refund.held").count() == 2
    assert told("refund") == ["refund_on_its_way", "refund_wallet_full"]
    assert "Your M-Pesa is full. KES 1,500 for" in texts(simulator, AMINA)
    assert "/refund" in texts(simulator, AMINA)


def test_a_full_wallet_behind_the_other_number_is_told_there(
    full_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    run_worker()
    assert redirect().status == 202
    simulator.fault("b2c_wallet_full", count=1)
    clock.advance(hours=12)
    settle(clock, run_worker)

    assert told("refund_wallet_full") == ["refund_wallet_full"] * 2
    assert "Your M-Pesa is full" in texts(simulator, CHEBET)


@differs
def test_a_payer_is_told_of_a_days_limit_and_of_a_refund_that_failed_for_a_fault_of_ours(
    owed_refund: Refund, simulator: Any, clock: Any
) -> None:
    invalid = Reason.INVALID_REQUEST
    refuse(RefundAttempt, Reason.LIMIT, invalid, simulator=simulator, clock=clock)
    retry(owed_refund, clock=clock)
    refuse(RefundAttempt, invalid, simulator=simulator, clock=clock)

    assert told("refund") == ["refund_on_its_way", "refund_limit", "refund_failed"]
    assert "and our people look at it" in texts(simulator, AMINA)


@differs
def test_a_payer_is_alarmed_by_nothing_that_is_ours_to_mend(
    owed_refund: Refund, simulator: Any, clock: Any
) -> None:
    refuse(RefundAttempt, Reason.FLOAT_LOW, simulator=simulator, clock=clock)

    assert told("refund") == ["refund_on_its_way"]


def test_a_refund_that_was_redirected_is_not_told_of_the_refusal_again(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=1)
    run_worker()
    assert told("refund_unreachable") == ["refund_unreachable"]
    assert redirect(AMINA).status == 202
    clock.advance(hours=12)
    settle(clock, run_worker)

    # The same number was named anew, and is still none.
    assert told("refund_unreachable") == ["refund_unreachable"] * 2
