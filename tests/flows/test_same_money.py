"""The same money, told by several channels whose clocks differ or whose news cross: booked once, sent once."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tests import story
from tests.characters import AMINA, BARAKA
from tests.flows.test_reversed_by_provider import import_and_reconcile
from tests.story import escrow_of, ledger, order_of
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.models import SuspenseCase
from zemi.disbursements.settle import apply_outcome
from zemi.payments.c2b import claim_by_statement, settle_c2b
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import settle_charge
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import C2BReceipt, LineKind, ProviderLine, Succeeded
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_lines
from zemi.refunds.models import Refund
from zemi.staff.dispatch import start_sending, stop_sending

Run = Callable[[], int]

SLOW = timedelta(seconds=90)


def new_order(**how: Any) -> str:
    return str(story.create_order(**how).data["order_reference"])


def two_prompts(simulator: Any, clock: Any, run_worker: Run) -> tuple[str, list[Payment]]:
    """Amina cancels a prompt, and two minutes later pays another, whose callback is lost."""
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="cancel", delay_s=3)
    story.push(reference)
    for _ in range(2):
        clock.advance(seconds=65)
        run_worker()
    assert Payment.objects.get().status == "failed"
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=5, callback="lost")
    assert story.push(reference).status == 200
    return reference, list(Payment.objects.order_by("id"))


def list_tells(simulator: Any, clock: Any, reference: str, *, late: timedelta) -> None:
    """M-Pesa's list tells of what came in, stamped by a clock that is so `late`, and to the minute's second."""
    [move] = [move for move in simulator.transactions() if move["kind"] == "stk"]
    at = datetime.fromisoformat(str(move["at"])).replace(microsecond=0) - late
    line = ProviderLine(str(move["receipt"]), at, kes(1_500), None, LineKind.PAYMENT, reference, payer=AMINA)
    import_lines([line], source="pull", now=clock.now())
    reconcile(now=clock.now())


@pytest.mark.parametrize("late", [timedelta(0), SLOW], ids=["right", "slow"])
def test_a_list_whose_clock_is_behind_gives_a_number_to_what_a_query_proved(
    simulator: Any, clock: Any, run_worker: Run, late: timedelta
) -> None:
    reference, attempts = two_prompts(simulator, clock, run_worker)
    clock.advance(seconds=40)
    run_worker()
    assert Receipt.objects.get().transaction_id is None

    list_tells(simulator, clock, reference, late=late)

    receipt = Receipt.objects.get()
    assert (receipt.status, receipt.payment_id) == ("allocated", attempts[1].id)
    assert receipt.transaction_id is not None
    assert [Payment.objects.get(pk=one.pk).status for one in attempts] == ["failed", "completed"]
    assert ledger()[1100] == kes(1_500)
    assert not Refund.objects.exists()


@pytest.mark.parametrize("late", [timedelta(0), SLOW], ids=["right", "slow"])
def test_what_such_a_list_tells_first_is_the_prompts_that_a_query_proves_later(
    simulator: Any, clock: Any, run_worker: Run, late: timedelta
) -> None:
    reference, attempts = two_prompts(simulator, clock, run_worker)
    clock.advance(seconds=10)
    simulator.run_due()

    list_tells(simulator, clock, reference, late=late)
    clock.advance(seconds=40)
    run_worker()

    assert Receipt.objects.get().payment_id == attempts[1].id
    assert [Payment.objects.get(pk=one.pk).status for one in attempts] == ["failed", "completed"]
    assert ledger()[1100] == kes(1_500)
    assert escrow_of(reference) == kes(1_500)
    assert not Refund.objects.exists()


@pytest.mark.parametrize("late", [timedelta(0), SLOW], ids=["right", "slow"])
def test_a_line_of_what_went_out_is_not_a_try_that_failed_before(
    simulator: Any, clock: Any, run_worker: Run, late: timedelta
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("b2c_wallet_full", count=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    assert Payout.objects.get().status == "held"
    simulator.fault("b2c_result_lost", count=1)
    clock.advance(minutes=61)
    run_worker()
    clock.advance(seconds=5)
    simulator.run_due()
    [move] = [move for move in simulator.transactions() if move["kind"] == "b2c"]
    at = datetime.fromisoformat(str(move["at"])).replace(microsecond=0) - late
    line = ProviderLine(str(move["receipt"]), at, None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA)
    import_lines([line], source="file", now=clock.now())

    reconcile(now=clock.now())
    for _ in range(3):
        clock.advance(minutes=5)
        run_worker()

    assert not SuspenseCase.objects.exists()
    assert Payout.objects.get().status == "succeeded"
    assert list(PayoutAttempt.objects.order_by("number").values_list("status", flat=True)) == [
        "failed",
        "succeeded",
    ]


def test_the_one_try_that_is_under_way_is_proved_by_a_line_whose_clock_is_behind(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("b2c_result_lost", count=1)
    run_worker()
    clock.advance(seconds=5)
    simulator.run_due()
    at = clock.now() - SLOW
    number = str(simulator.transactions()[-1]["receipt"])
    line = ProviderLine(number, at, None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA)
    import_lines([line], source="file", now=clock.now())

    reconcile(now=clock.now())

    payout = Payout.objects.get()
    assert (payout.status, payout.transaction_id) == ("succeeded", number)


def test_a_try_that_failed_after_a_line_by_its_clock_is_not_what_it_tells_of(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("b2c_unregistered", count=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    line = ProviderLine(
        "QHJ41HG1W8", clock.now() - SLOW, None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA
    )
    import_lines([line], source="file", now=clock.now())

    report = reconcile(now=clock.now())

    assert "QHJ41HG1W8" in [item.receipt for item in report.items]
    assert Payout.objects.get().status == "failed"
    assert not SuspenseCase.objects.exists()


def test_a_line_of_what_was_proved_without_a_number_is_its_number_and_no_older_trys(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("b2c_wallet_full", count=1)
    simulator.fault("b2c_result_lost", count=1, skip=1)
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    clock.advance(minutes=61)
    run_worker()
    clock.advance(seconds=5)
    simulator.run_due()
    apply_outcome(PayoutAttempt, PayoutAttempt.objects.get(number=2).id, Succeeded(), now=clock.now())
    assert [(one.status, one.transaction_id) for one in Payout.objects.all()] == [("succeeded", None)]
    number = str(simulator.transactions()[-1]["receipt"])
    line = ProviderLine(number, clock.now(), None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA)
    import_lines([line], source="file", now=clock.now())

    assert number in [item.receipt for item in reconcile(now=clock.now()).items]
    assert not SuspenseCase.objects.exists()


def test_a_payout_that_was_proved_without_a_number_learns_it_from_its_line(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("b2c_result_lost", count=1)
    run_worker()
    clock.advance(seconds=5)
    simulator.run_due()
    apply_outcome(PayoutAttempt, PayoutAttempt.objects.get().id, Succeeded(), now=clock.now())
    number = str(simulator.transactions()[-1]["receipt"])
    line = ProviderLine(number, clock.now(), None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA)
    import_lines([line], source="file", now=clock.now())

    report = reconcile(now=clock.now())

    assert Payout.objects.get().transaction_id == number
    assert number not in [item.receipt for item in report.items]


def test_a_try_that_went_out_a_day_after_it_was_first_to_be_is_found_by_its_line(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold = story.create_order().data
    story.simulate_payment(sold["order_reference"])
    story.confirm(sold["order_reference"], sold["delivery_code"])
    simulator.fault("http_error_before", count=1, api="b2c")
    run_worker()
    stop_sending(kinds=("payout",), by="Wanjiku", reason="a break-in", now=clock.now())
    clock.advance(hours=25)
    run_worker()
    start_sending(kinds=("payout",), by="Wanjiku", reason="over", now=clock.now())
    simulator.fault("b2c_result_lost", count=1)
    run_worker()
    clock.advance(seconds=5)
    simulator.run_due()
    number = str(simulator.transactions()[-1]["receipt"])
    line = ProviderLine(number, clock.now(), None, kes(1_500), LineKind.PAYMENT, "", payer=BARAKA)
    import_lines([line], source="file", now=clock.now())

    reconcile(now=clock.now())

    payout = Payout.objects.get()
    assert (payout.status, payout.transaction_id) == ("succeeded", number)
    assert PayoutAttempt.objects.count() == 1


def hint(number: str, reference: str) -> None:
    """Send a confirmation to the open address, where M-Pesa was told to send them long ago."""
    body = {
        "TransactionType": "Pay Bill",
        "TransID": number,
        "TransTime": "20261123120000",
        "TransAmount": "1500.00",
        "BusinessShortCode": "174379",
        "BillRefNumber": reference,
        "MSISDN": AMINA.msisdn,
    }
    answer = Client().post("/api/webhooks/mpesa", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200


def paid_in_silence(simulator: Any, clock: Any) -> tuple[str, str]:
    """A prompt is paid, and its callback lost; answers the order, and the receipt's number."""
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=5, callback="lost")
    story.push(reference)
    clock.advance(seconds=6)
    simulator.run_due()
    return reference, str(simulator.transactions()[-1]["receipt"])


def proved_for_nobody(number: str, reference: str, simulator: Any, clock: Any, run_worker: Run) -> None:
    """Its status proves a confirmation before a query proves the prompt: nobody knows yet whose money it is."""
    simulator.fault("query_pending", count=2)
    hint(number, reference)
    run_worker()
    clock.advance(seconds=15)
    run_worker()
    assert Receipt.objects.get().status == "orphan"


def go_on(clock: Any, run_worker: Run) -> None:
    """Ten minutes."""
    for _ in range(10):
        clock.advance(seconds=60)
        run_worker()


def test_a_confirmation_that_its_status_proves_is_the_prompts_that_a_query_has_proved(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, number = paid_in_silence(simulator, clock)
    clock.advance(seconds=40)
    run_worker()
    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.typed_reference) == (None, "")

    hint(number, reference)
    for _ in range(3):
        run_worker()
        clock.advance(seconds=30)

    assert Receipt.objects.get().transaction_id == number
    assert ledger()[1100] == kes(1_500)


def test_a_confirmation_that_its_status_proves_is_the_prompts_that_a_query_proves_later(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, number = paid_in_silence(simulator, clock)
    proved_for_nobody(number, reference, simulator, clock, run_worker)

    go_on(clock, run_worker)

    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.status) == (number, "claimed")
    assert receipt.payment == Payment.objects.get()
    assert order_of(reference).status == "paid"
    assert ledger()[1100] == kes(1_500)


def test_what_its_payer_has_claimed_for_another_order_does_not_pay_the_prompts_too(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, number = paid_in_silence(simulator, clock)
    proved_for_nobody(number, reference, simulator, clock, run_worker)
    other = new_order()
    assert claim_by_statement(number, order_reference=other, now=clock.now())

    go_on(clock, run_worker)

    assert Payment.objects.get().status == "completed"
    assert Receipt.objects.get().payment == Payment.objects.get()
    assert (order_of(reference).status, order_of(other).status) == ("awaiting_payment", "paid")
    assert ledger()[1100] == kes(1_500)


def test_what_was_typed_elsewhere_is_not_the_prompts(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference, _ = paid_in_silence(simulator, clock)
    sent = simulator.book_payment(
        msisdn=AMINA.msisdn, amount="1500.00", shortcode="174379", account_reference="chama"
    )
    told = C2BReceipt(str(sent["receipt"]), kes(1_500), clock.now(), "chama", AMINA, "174379")
    assert settle_c2b(told, now=clock.now()) == "orphan"

    clock.advance(seconds=40)
    run_worker()

    assert sorted(Receipt.objects.values_list("status", flat=True)) == ["allocated", "orphan"]
    assert escrow_of(reference) == kes(1_500)
    late = C2BReceipt("QHJ41HG1W8", kes(1_500), clock.now(), "", None, "174379")
    assert settle_c2b(late, now=clock.now()) == "orphan"
    simulator.book_payment(
        msisdn=AMINA.msisdn, amount="1500.00", shortcode="174379", receipt="QHJ41HG1W8", account_reference=""
    )


def both_paid(simulator: Any, clock: Any) -> tuple[str, list[Payment], list[str]]:
    """Both of two prompts are paid, the first one late, and nothing has told of it."""
    reference = new_order()
    for _ in range(2):
        simulator.set_phone(AMINA.msisdn, next="pay", delay_s=1, callback="lost")
        assert story.push(reference).status == 200
        clock.advance(minutes=6)
        simulator.run_due()
    numbers = [str(move["receipt"]) for move in simulator.transactions()]
    return reference, list(Payment.objects.order_by("id")), numbers


@pytest.mark.parametrize("payer", [AMINA, None], ids=["told", "masked"])
@pytest.mark.parametrize(
    "order",
    [
        ("c1", "q2", "b2", "q1"),
        ("c1", "q2", "q1", "b2"),
        ("q2", "c1", "b2", "q1"),
        ("q2", "c1", "q1", "b2"),
        ("q1", "q2", "c1", "b2"),
        ("q2", "b2", "c1", "q1"),
        ("q1", "c2", "b1", "c1", "q2"),
        ("q2", "q1", "c1", "b2", "b1"),
        ("c2", "q1", "q2", "b2", "b1"),
    ],
    ids="-".join,
)
def test_two_prompts_whose_news_cross_are_two_receipts(
    simulator: Any, clock: Any, run_worker: Run, order: tuple[str, ...], payer: Phone | None
) -> None:
    """In this order come a confirmation `c`, a query `q` or a callback `b`, each of the first or the second prompt."""
    reference, attempts, numbers = both_paid(simulator, clock)
    now = clock.now()

    for what, which in order:
        payment, number = attempts[int(which) - 1], numbers[int(which) - 1]
        if what == "c":
            settle_c2b(C2BReceipt(number, kes(1_500), now, reference, payer, "174379"), now=now)
        else:
            said = Succeeded(receipt=number, amount=kes(1_500)) if what == "b" else Succeeded()
            settle_charge(payment.id, said, now=now)

    assert sorted(map(str, Receipt.objects.values_list("transaction_id", flat=True))) == sorted(numbers)
    assert set(Payment.objects.values_list("status", flat=True)) == {"completed"}
    assert Refund.objects.count() == 1
    assert escrow_of(reference) == kes(1_500)


@pytest.mark.parametrize("first", ["queries", "status"])
@pytest.mark.parametrize("then", ["callback", "statement"])
def test_numbers_that_cross_between_two_orders_of_one_payer_are_no_third_payment(
    simulator: Any, clock: Any, then: str, first: str
) -> None:
    for _ in range(2):
        reference = new_order()
        simulator.set_phone(AMINA.msisdn, next="pay", delay_s=1, callback="lost")
        assert story.push(reference).status == 200
        clock.advance(minutes=3)
        simulator.run_due()
    numbers = [str(move["receipt"]) for move in simulator.transactions()]
    attempts, now = list(Payment.objects.order_by("id")), clock.now()
    # The second one's confirmation, proved by its status alone, which doesn't tell what for.
    told = C2BReceipt(numbers[1], kes(1_500), now - timedelta(minutes=3), "", AMINA, "174379")
    if first == "status":
        assert settle_c2b(told, now=now) == "orphan"
    for one in attempts:
        settle_charge(one.id, Succeeded(), now=now)
    if first == "queries":
        assert settle_c2b(told, now=now) == "merged"

    if then == "callback":
        for one, number in zip(attempts, numbers, strict=True):
            settle_charge(one.id, Succeeded(receipt=number, amount=kes(1_500)), now=now)
    else:
        import_and_reconcile(simulator, clock)

    assert Receipt.objects.count() == 2
    assert not Refund.objects.exists()
    assert ledger()[1100] == kes(3_000)
