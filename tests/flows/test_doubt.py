"""What was ever in doubt is not paid anew within a day, whatever M-Pesa says last and whoever sends it (SAFETY 4.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.flows.conftest import settle
from zemi.common.work import claim_due
from zemi.disbursements import send
from zemi.disbursements.errors import TooSoonToRetry
from zemi.disbursements.settle import apply_outcome
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import Reason, Refused, Unknown
from zemi.refunds.models import Refund, RefundAttempt
from zemi.staff.request import approve, request_action

Run = Callable[[], int]


@pytest.fixture
def full(queued: Payout, simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout that was unknown for a moment, and then refused since the seller's wallet was full."""
    simulator.fault("b2c_wallet_full", count=1)
    run_worker()
    apply_outcome(PayoutAttempt, PayoutAttempt.objects.get().id, Unknown(text="time-out"), now=clock.now())
    settle(clock, run_worker)
    queued.refresh_from_db()
    assert (queued.status, queued.held_reason) == ("held", "wallet_full")
    return queued


def ask(action: str, clock: Any, **payload: str) -> None:
    asked = request_action(action, payload, maker="Wanjiku", reason="seen", now=clock.now())
    if asked is not None:
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())


def retry(clock: Any) -> None:
    ask("retry", clock, kind="payout", id=str(Payout.objects.get().id))


def tries() -> int:
    return PayoutAttempt.objects.count()


def test_failed_after_a_time_out_is_tried_again_after_a_day(
    queued: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    """The notice of a time-out made it unknown; then its status says Expired. Nobody sends it anew in minutes."""
    simulator.fault("b2c_timeout_notice", then="expired", count=1)
    settle(clock, run_worker)
    settle(clock, run_worker, minutes=10)
    queued.refresh_from_db()
    assert queued.status == "failed"

    with pytest.raises(TooSoonToRetry):
        retry(clock)
    queued.refresh_from_db()
    assert (queued.status, tries()) == ("failed", 1)

    clock.advance(hours=24)
    retry(clock)
    settle(clock, run_worker)
    queued.refresh_from_db()
    assert (queued.status, tries()) == ("succeeded", 2)


def test_failed_without_any_doubt_is_tried_again_at_once(
    queued: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)

    retry(clock)
    settle(clock, run_worker)

    queued.refresh_from_db()
    assert (queued.status, tries()) == ("succeeded", 2)


def test_a_refusal_without_a_code_is_no_doubt(
    queued: Payout, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, run_worker: Run
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(send, "_call", lambda _: Refused(Reason.INVALID_REQUEST, text="an amount too large"))
        run_worker()
    assert (Payout.objects.get().status, PayoutAttempt.objects.get().result_code) == ("failed", "")

    retry(clock)
    settle(clock, run_worker)

    assert Payout.objects.get().status == "succeeded"


def test_what_is_held_after_a_doubt_waits_a_day_too(full: Payout, clock: Any, run_worker: Run) -> None:
    for _ in range(23):
        clock.advance(hours=1)
        run_worker()
    full.refresh_from_db()
    assert (full.status, full.held_reason, tries()) == ("held", "wallet_full", 1)

    clock.advance(hours=1)
    settle(clock, run_worker)

    full.refresh_from_db()
    assert (full.status, tries()) == ("succeeded", 2)


def test_a_reversal_that_was_in_doubt_is_followed_by_a_payment_after_a_day(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """Of a reversal that is said to have failed the other way is open at once, but not after a doubt."""
    reference = str(story.create_order().data["order_reference"])
    assert story.push(reference).status == 200
    settle(clock, run_worker)
    simulator.fault("result_code", code="25", count=1, api="reversal")
    ask("refund", clock, order=reference, amount="1500.00", bearer="seller")
    run_worker()
    attempt = RefundAttempt.objects.get()
    assert attempt.is_reversal
    apply_outcome(RefundAttempt, attempt.id, Unknown(text="time-out"), now=clock.now())
    settle(clock, run_worker)
    settle(clock, run_worker, minutes=90)
    assert (Refund.objects.get().status, RefundAttempt.objects.count()) == ("held", 1)

    clock.advance(hours=24)
    settle(clock, run_worker)

    assert (Refund.objects.get().status, RefundAttempt.objects.count()) == ("succeeded", 2)


def test_what_provably_never_left_is_in_doubt_no_more(
    queued: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    """Taken for dead, the worker that was to send it says that it did not; then it is sent, and refused without a doubt."""
    [row] = claim_due(Payout, now=clock.now(), limit=1)
    attempt = send._commit_intent(row, now=clock.now())
    assert attempt is not None
    apply_outcome(PayoutAttempt, attempt.id, Unknown(text="no result"), now=clock.now())
    apply_outcome(PayoutAttempt, attempt.id, Refused(Reason.NOT_SENT), now=clock.now())
    simulator.fault("b2c_wallet_full", count=1)
    settle(clock, run_worker, minutes=2)
    assert (Payout.objects.get().held_reason, tries()) == ("wallet_full", 1)

    clock.advance(hours=1)
    settle(clock, run_worker)

    assert (Payout.objects.get().status, tries()) == ("succeeded", 2)


def test_what_was_called_off_after_a_doubt_is_paid_by_a_new_one_after_a_day(
    full: Payout, clock: Any, run_worker: Run
) -> None:
    ask("cancel", clock, kind="payout", id=str(full.id))

    with pytest.raises(TooSoonToRetry):
        ask("pay-again", clock, id=str(full.id), amount="1500.00")
    assert Payout.objects.count() == 1

    clock.advance(hours=24)
    ask("pay-again", clock, id=str(full.id), amount="1500.00")
    settle(clock, run_worker)
    assert sorted(Payout.objects.values_list("status", flat=True)) == ["cancelled", "succeeded"]
