"""The provider's statement and our books, line by line and both ways."""

import argparse
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests import story
from tests.conftest import START, triggers_off
from zemi.cli import reconcile as command
from zemi.common.money import Money, kes
from zemi.disbursements.models import DisbursementStatus
from zemi.events.models import Event
from zemi.orders.models import Order
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import settle_charge
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import LineKind, ProviderLine, Succeeded
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.models import ReconciliationItem, StatementImport, StatementLine
from zemi.reconciliation.statements import Imported, import_lines, import_statement

pytestmark = pytest.mark.django_db
HEAD = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,Linked Transaction ID,A/C No.\n"


def came(
    receipt: str,
    amount: Money = kes(1_500),
    *,
    kind: LineKind = LineKind.PAYMENT,
    reference: str = "",
    minutes: int = 0,
) -> ProviderLine:
    at = START + timedelta(minutes=minutes)
    return ProviderLine(receipt, at, amount, None, kind, reference)


def went(
    receipt: str,
    amount: Money = kes(1_500),
    *,
    kind: LineKind = LineKind.PAYMENT,
    reference: str = "",
    linked: str = "",
) -> ProviderLine:
    return ProviderLine(receipt, START + timedelta(seconds=1), None, amount, kind, reference, linked)


@pytest.fixture
def statement(books: Any) -> list[ProviderLine]:
    """What M-Pesa's statement says of these books: all that is in them, and nothing else."""
    paid = str(Payout.objects.get().transaction_id)
    return [
        came("PAID0000"),
        came("PAID0001"),
        went(paid),
        went(paid, kes(5), kind=LineKind.FEE, linked=paid),
    ]


def take_in(lines: list[ProviderLine], clock: Any) -> Imported:
    return import_lines(lines, source="file", now=clock.now())


def differences(clock: Any) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (item.kind, item.receipt, item.theirs_minor, item.ours_minor)
        for item in reconcile(now=clock.now()).items
    ]


def test_a_statement_that_agrees_explains_all_of_the_money(statement: list[ProviderLine], clock: Any) -> None:
    take_in(statement, clock)

    report = reconcile(now=clock.now())

    assert (report.matched, report.items, report.explained_ppm) == (4, [], 1_000_000)
    assert report.total == report.explained == kes(4_505)


def test_a_line_is_taken_in_once_however_often_it_is_told(statement: list[ProviderLine], clock: Any) -> None:
    assert take_in(statement, clock) == Imported(4, 4)
    assert take_in([*statement, came("NEW0001", kes(7))], clock) == Imported(5, 1)

    assert StatementLine.objects.count() == 5
    assert [(row.lines, row.new_lines) for row in StatementImport.objects.order_by("id")] == [(4, 4), (5, 1)]


def test_what_only_one_side_has_and_what_differs_is_an_open_item_and_no_posting(
    statement: list[ProviderLine], clock: Any
) -> None:
    before = story.ledger()
    take_in(
        [
            came("PAID0000", kes(1_400)),
            *statement[2:],
            came("GHOST001", kes(20), kind=LineKind.TRANSFER, minutes=60),
        ],
        clock,
    )

    assert differences(clock) == [
        ("different", "PAID0000", 140_000, 150_000),
        ("missing", "GHOST001", 2_000, None),
        ("extra", "PAID0001", None, 150_000),
    ]

    assert reconcile(now=clock.now()).explained_ppm == 1_505_00 * 1_000_000 // (4_425_00)
    assert ReconciliationItem.objects.count() == 3
    assert Event.objects.filter(type="reconciliation.differs").count() == 3
    assert story.ledger() == before


def test_a_receipt_that_no_line_gave_its_number_is_an_open_item(
    statement: list[ProviderLine], clock: Any
) -> None:
    order = str(story.create_order().data["order_reference"])
    story.push(order)
    payment = Payment.objects.latest("id")
    settle_charge(payment.id, Succeeded(), now=clock.now())
    unnumbered = Receipt.objects.get(payment=payment)
    take_in([*statement, came("LATE0001", kes(1), kind=LineKind.TRANSFER, minutes=60)], clock)

    assert ("extra", str(unnumbered.id), None, 150_000) in differences(clock)

    # The line of that prompt tells its number: it was real.
    line = came("PAID0002", reference=order, minutes=1 + (clock.now() - START) // timedelta(minutes=1))
    take_in([line], clock)
    assert [kind for kind, *_ in differences(clock)] == ["missing"]
    unnumbered.refresh_from_db()
    assert unnumbered.transaction_id == "PAID0002"


def test_an_item_is_closed_when_a_later_statement_explains_it(
    statement: list[ProviderLine], clock: Any
) -> None:
    take_in(
        [statement[0], came("LATE0001", kes(1), kind=LineKind.TRANSFER, minutes=60), *statement[2:]], clock
    )
    assert [receipt for _, receipt, _, _ in differences(clock)] == ["LATE0001", "PAID0001"]

    take_in([statement[1]], clock)

    assert [receipt for _, receipt, _, _ in differences(clock)] == ["LATE0001"]
    assert ReconciliationItem.objects.get(receipt="PAID0001").closed_at == clock.now()
    assert Event.objects.filter(type="reconciliation.explained").count() == 1


def test_a_run_over_a_part_of_the_time_closes_nothing(statement: list[ProviderLine], clock: Any) -> None:
    take_in([*statement, came("GHOST001", kes(1), kind=LineKind.OTHER)], clock)
    assert len(differences(clock)) == 1

    report = reconcile(since=clock.now() + timedelta(days=1), now=clock.now())

    assert (report.items, report.explained_ppm) == ([], 1_000_000)
    assert ReconciliationItem.objects.get().closed_at is None


def test_a_receipt_that_was_never_heard_of_is_booked_when_its_line_names_the_order(
    books: Any, clock: Any
) -> None:
    order = story.create_order(amount="700").data
    books.hold_callbacks = True
    story.push(order["order_reference"], amount="700")
    clock.advance(seconds=5)
    books.run_due()
    receipt = books.transactions()[-1]["receipt"]
    take_in([came(receipt, kes(700), reference=order["order_reference"], minutes=1)], clock)

    report = reconcile(now=clock.now())

    assert (report.proved, report.items) == (1, [])
    assert story.order_of(order["order_reference"]).status == "paid"
    assert Receipt.objects.get(transaction_id=receipt).amount == kes(700)
    assert Event.objects.get(type="statement.proved").data["receipt"] == receipt
    assert reconcile(now=clock.now()).proved == 0
    story.assert_books_agree()


def test_the_number_of_a_receipt_that_a_query_proved_without_one_comes_from_the_statement(
    books: Any, clock: Any
) -> None:
    held = Order.objects.get(status="paid")
    with triggers_off():
        Receipt.objects.filter(order=held).update(transaction_id=None)
    take_in([came("PAID0001", reference=held.order_reference)], clock)

    assert reconcile(now=clock.now()).proved == 1

    assert Receipt.objects.get(order=held).transaction_id == "PAID0001"


def test_a_payout_whose_result_was_lost_succeeds_by_its_line(
    books: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    order = story.create_order(amount="700").data
    story.simulate_payment(order["order_reference"], "PAID0700", "700")
    story.confirm(order["order_reference"], order["delivery_code"])
    books.hold_callbacks = True
    run_worker()
    clock.advance(seconds=5)
    books.run_due()
    attempt = PayoutAttempt.objects.get(is_open=True)
    receipt = books.transactions()[-1]["receipt"]
    take_in([went(receipt, kes(700), reference=attempt.originator_conversation_id)], clock)

    report = reconcile(now=clock.now())

    assert report.proved == 1
    payout = Payout.objects.get(order__order_reference=order["order_reference"])
    assert (payout.status, payout.transaction_id) == (DisbursementStatus.SUCCEEDED, receipt)
    story.assert_books_agree()


def test_a_payment_out_under_an_id_that_is_not_ours_and_a_transfer_stay_open(books: Any, clock: Any) -> None:
    take_in([went("OUT1", reference="zemi-nobody"), went("OUT2", kind=LineKind.TRANSFER)], clock)

    assert [(kind, receipt) for kind, receipt, _, _ in differences(clock)][:2] == [
        ("missing", "OUT1"),
        ("missing", "OUT2"),
    ]


def test_a_line_that_is_both_in_and_out_is_a_bug_of_its_reader(books: Any, clock: Any) -> None:
    line = ProviderLine("X", START, kes(1), kes(1), LineKind.PAYMENT)

    with pytest.raises(ValueError, match="either"):
        take_in([line], clock)


def test_a_statement_is_read_with_its_kinds_and_without_what_a_payer_typed(books: Any, clock: Any) -> None:
    rows = [
        'IN0001,23-11-2026 12:00:00,Pay Bill,Completed,"1,500.00",,Pay Bill,,0712345678',
        "IN0002,23-11-2026 12:00:00,Pay Bill,Failed,9.00,,Pay Bill,,",
        "OUT001,23-11-2026 12:00:00,B2C,Completed,,1500.00,Business Payment,,",
        "OUT001,23-11-2026 12:00:00,B2C Charge,Completed,,5.00,Business Payment Charge,OUT001,",
        "REV001,23-11-2026 12:00:00,Reversal,Completed,,10.00,Reversal,IN0001,",
        "MOVE01,23-11-2026 12:00:00,Transfer to Utility,Completed,50.00,,Transfer,,",
    ]

    assert import_statement(HEAD + "\n".join(rows), now=clock.now()) == Imported(5, 5)

    found = StatementLine.objects.order_by("receipt", "kind").values_list("receipt", "direction", "kind")
    assert list(found) == [
        ("IN0001", "in", "payment"),
        ("MOVE01", "in", "transfer"),
        ("OUT001", "out", "fee"),
        ("OUT001", "out", "payment"),
        ("REV001", "out", "reversal"),
    ]
    assert {line.reference for line in StatementLine.objects.all()} == {""}


def test_the_command_answers_0_1_or_2(
    books: Any, clock: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(**options: Any) -> int:
        return command.run(argparse.Namespace(**{"file": None, "pull": False, "since": None} | options))

    assert run(since=2) == 0
    file = tmp_path / "statement.csv"
    file.write_text(HEAD + "GHOST1,23-11-2026 12:00:00,Funds,Completed,20.00,,Funds Deposit,,\n")
    assert run(file=file) == 1
    printed = capsys.readouterr().out
    assert "statement.csv: 1 lines, 1 of them new" in printed
    assert "! GHOST1 transfer in: only the provider has it (provider 20.00)" in printed
    file.write_text("no statement")
    assert run(file=file) == 2
    assert run(file=tmp_path / "nothing") == 2


def test_the_seeds_daily_job_has_stale_payments_asked_about_and_ends_none(
    books: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    order = story.create_order(amount="700").data
    story.push(order["order_reference"], amount="700")
    payment = Payment.objects.get(order__order_reference=order["order_reference"])
    clock.advance(hours=2)
    Payment.objects.filter(pk=payment.pk).update(due_at=clock.now() + timedelta(hours=1))

    call_command("reconcile_payments")

    assert capsys.readouterr().out.splitlines() == [
        "payments to be asked about: 1",
        "payouts to be asked about: 0",
        "refunds to be asked about: 0",
    ]
    payment.refresh_from_db()
    assert (payment.status, payment.due_at) == ("pending", clock.now())
