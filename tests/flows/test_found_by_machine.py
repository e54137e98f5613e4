"""What the machine (tests/machine) found, each shrunk to a plain story."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, CALLBACK_TWICE, CANCELS, CHEBET, OTIENO
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.settle import apply_outcome
from zemi.identity.api_keys import Scope
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import C2BReceipt, Reason, Refused
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.models import ReconciliationItem
from zemi.reconciliation.statements import import_statement
from zemi.refunds.models import Refund, RefundAttempt


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


def test_a_payout_that_waits_for_float_is_not_broken_and_goes_out_when_there_is_some(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    simulator.fault("result_code", code="1", count=1)
    _sell("SALE1", simulator, clock, run_worker)
    clock.advance(seconds=5)
    run_worker()
    assert Payout.objects.get().status == "held"

    merchant = story.key_with(Scope.ORDERS, Scope.PAYOUTS)
    second = _sell("SALE2", simulator, clock, run_worker, buyer=CHEBET, key=merchant)
    waiting = Payout.objects.get(order__order_reference=second)
    assert (waiting.status, waiting.last_error, waiting.failures) == ("queued", "float_low", 0)
    asked = story.ask_payout(second, key=merchant)
    assert (asked.status, asked.data["status"]) == (202, "pending")

    for _ in range(2):
        clock.advance(minutes=11)
        run_worker()
    assert set(Payout.objects.values_list("status", flat=True)) == {"succeeded"}


def test_two_prompts_that_were_both_paid_are_two_receipts_in_whatever_order_they_are_told(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    reference = story.create_order().data["order_reference"]
    for _ in range(2):
        simulator.set_phone(AMINA.msisdn, next="pay", delay_s=1, callback="lost")
        assert story.push(reference).status == 200
        clock.advance(minutes=6)
        simulator.run_due()
    first, second = simulator.transactions()
    for move in (second, first):
        at = datetime.fromisoformat(str(move["at"]))
        told = C2BReceipt(move["receipt"], kes(1_500), at, reference, AMINA, "174379")
        settle_c2b(told, now=clock.now())

    for _ in range(6):
        run_worker()
        clock.advance(minutes=10)

    assert sorted(Receipt.objects.values_list("transaction_id", flat=True)) == sorted(
        [first["receipt"], second["receipt"]]
    )
    assert Refund.objects.count() == 1
    assert set(Payment.objects.values_list("status", flat=True)) == {"completed"}


def _owe_a_reversal(simulator: Any, clock: Any, run_worker: Callable[[], int]) -> None:
    """An order is paid a second time: all of the second receipt goes back, and the reversal has been sent."""
    order = story.create_order().data
    story.push(order["order_reference"])
    clock.advance(seconds=5)
    run_worker()
    simulator.pay_bill(msisdn=OTIENO.msisdn, amount="1500", account_reference=order["order_reference"])
    receipt = simulator.transactions()[-1]["receipt"]
    told = C2BReceipt(receipt, kes(1_500), clock.now(), order["order_reference"], OTIENO, "174379")
    assert settle_c2b(told, now=clock.now()) == "orphan"
    run_worker()
    assert RefundAttempt.objects.get().method == "reversal"


def test_a_reversal_whose_result_is_lost_is_asked_about(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    simulator.fault("callback_lost", count=1, api="reversal")
    _owe_a_reversal(simulator, clock, run_worker)
    clock.advance(minutes=1)
    run_worker()
    assert Refund.objects.get().status == "submitted"
    story.assert_books_agree()

    for _ in range(3):
        clock.advance(minutes=5)
        run_worker()

    assert Refund.objects.get().status == "succeeded"
    story.assert_books_agree()


def test_a_reversal_whose_acknowledgement_is_lost_too_is_proved_by_the_statement(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    simulator.fault("http_timeout_after", count=1, api="reversal")
    simulator.fault("callback_lost", count=1, api="reversal")
    _owe_a_reversal(simulator, clock, run_worker)
    for _ in range(3):
        clock.advance(minutes=30)
        run_worker()
    assert Refund.objects.get().status == "unknown"
    story.assert_books_agree()

    import_statement(simulator.statement(), now=clock.now())
    reconcile(now=clock.now())

    assert Refund.objects.get().status == "succeeded"
    assert not ReconciliationItem.objects.filter(closed_at__isnull=True).exists()
    story.assert_books_agree()


def _sell(
    transaction_id: str,
    simulator: Any,
    clock: Any,
    run_worker: Callable[[], int],
    *,
    buyer: Phone = AMINA,
    key: str | None = None,
) -> str:
    """Sell something up to its payout; the buyer reads the code off the text message."""
    reference = str(story.create_order(buyer=buyer, key=key).data["order_reference"])
    story.simulate_payment(reference, transaction_id)
    run_worker()
    [code] = {
        found[0]
        for message in simulator.messages(buyer.msisdn)
        if (found := re.search(r"\b\d{6}\b", str(message["text"])))
    }
    assert story.confirm(reference, code).status == 200
    run_worker()
    return reference


def _pay_out_in_silence(
    orders: int, simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> list[Payout]:
    """Pay Amina for as many orders at once; no message tells of any of it, for more than a week."""
    for number in range(orders):
        order = story.create_order(buyer=(CHEBET, OTIENO)[number], seller=AMINA).data
        story.simulate_payment(order["order_reference"], f"SALE00000{number}")
        story.confirm(order["order_reference"], order["delivery_code"])
    simulator.fault("callback_lost", api="any")
    for _ in range(12):
        run_worker()
        clock.advance(hours=24)
        simulator.run_due()
    payouts = list(Payout.objects.order_by("id"))
    assert {(payout.status, payout.due_at) for payout in payouts} == {("needs_attention", None)}
    return payouts


@pytest.mark.provider_differs
def test_a_payout_that_only_the_statement_tells_of_is_the_one_try_it_can_be(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    """A row of B2C names no id of ours: payee, sum and time do. It waited for a person for ever."""
    [payout] = _pay_out_in_silence(1, simulator, clock, run_worker)

    for shortcode in ("174379", "600000"):
        import_statement(simulator.statement(shortcode=shortcode), now=clock.now())
    report = reconcile(now=clock.now())

    payout.refresh_from_db()
    [move] = [move for move in simulator.transactions() if move["kind"] == "b2c"]
    assert (payout.status, payout.transaction_id) == ("succeeded", move["receipt"])
    # What is left is the money that the float began with.
    assert [item.receipt for item in report.items] == ["OPENING001"]


@pytest.mark.provider_differs
def test_as_many_lines_as_payouts_alike_prove_them_all_whichever_is_whose(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    payouts = _pay_out_in_silence(2, simulator, clock, run_worker)

    import_statement(simulator.statement(shortcode="600000"), now=clock.now())
    report = reconcile(now=clock.now())

    moves = {str(move["receipt"]) for move in simulator.transactions() if move["kind"] == "b2c"}
    for payout in payouts:
        payout.refresh_from_db()
        assert payout.status == "succeeded"
    assert {payout.transaction_id for payout in payouts} == moves
    assert not moves & {item.receipt for item in report.items}


@pytest.mark.provider_differs
def test_one_line_for_two_payouts_alike_proves_neither_since_one_may_never_have_left(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    """Seed 3002 of the soak: the worker died before it sent the first, and the line of the second was given to it."""
    payouts = _pay_out_in_silence(2, simulator, clock, run_worker)
    shown, hidden = (str(move["receipt"]) for move in simulator.transactions() if move["kind"] == "b2c")
    rows = simulator.statement(shortcode="600000").splitlines(keepends=True)

    import_statement("".join(row for row in rows if hidden not in row), now=clock.now())
    report = reconcile(now=clock.now())

    for payout in payouts:
        payout.refresh_from_db()
        assert (payout.status, payout.transaction_id) == ("needs_attention", None)
    assert shown in {item.receipt for item in report.items}

    # The next list has both.
    import_statement("".join(rows), now=clock.now())
    report = reconcile(now=clock.now())

    assert not {shown, hidden} & {item.receipt for item in report.items}


@pytest.mark.provider_differs
def test_a_line_that_may_be_of_what_has_failed_is_left_to_a_person(
    simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    payouts = _pay_out_in_silence(2, simulator, clock, run_worker)
    first = PayoutAttempt.objects.get(payout=payouts[0])
    apply_outcome(PayoutAttempt, first.id, Refused(Reason.OTHER), now=clock.now())

    import_statement(simulator.statement(shortcode="600000"), now=clock.now())
    report = reconcile(now=clock.now())

    assert [payout.status for payout in Payout.objects.order_by("id")] == ["failed", "needs_attention"]
    moves = {move["receipt"] for move in simulator.transactions() if move["kind"] == "b2c"}
    assert moves < {item.receipt for item in report.items}


@pytest.mark.provider_differs
def test_of_very_many_tries_alike_none_is_picked(
    monkeypatch: pytest.MonkeyPatch, simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    monkeypatch.setattr("zemi.reconciliation.match._MOST_ALIKE", 0)
    [payout] = _pay_out_in_silence(1, simulator, clock, run_worker)

    import_statement(simulator.statement(shortcode="600000"), now=clock.now())
    reconcile(now=clock.now())

    payout.refresh_from_db()
    assert payout.status == "needs_attention"
