"""The ledger refuses what must never be, in the database itself, on both of them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.transaction import atomic  # noqa: TID251 (to see what the database itself refuses)

from zemi.common.db import (
    BoundaryError,
    append,
    in_unit_of_work,
    inside_transaction,
    outside_transaction,
    snapshot,
    unit_of_work,
)
from zemi.common.ids import new_key
from zemi.common.money import Money, kes
from zemi.events.models import Event
from zemi.ledger import audit, chart
from zemi.ledger.balances import balance_of, transfers_of, trial_balance
from zemi.ledger.models import Account, Transfer
from zemi.ledger.posting import Line, post

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ORDER = UUID(int=1)
CASH = chart.collection("174379")
ESCROW = chart.escrow(ORDER)


def book(*lines: Line, at: datetime = NOW) -> Event:
    with unit_of_work():
        event = Event(
            type="test.happened", subject_type="order", subject_id=ORDER, order_id=ORDER, actor="test", at=at
        )
        append(event)
        post(event, *lines)
    return event


def receipt(amount: Money = kes(1_500), key: str = "1") -> Line:
    return Line("receipt", key, CASH, ESCROW, amount)


def test_a_booking_moves_both_accounts_by_the_same_amount() -> None:
    book(receipt())

    assert balance_of(CASH) == kes(1_500)
    assert balance_of(ESCROW) == kes(1_500)
    assert [(row.code, row.balance) for row in trial_balance()] == [(1100, kes(1_500)), (2100, kes(1_500))]
    assert transfers_of(ORDER) == ["receipt: debit M-Pesa collection, credit Escrow held, KES 1500.00"]
    assert list(audit.wrong_balances()) == []
    assert audit.totals() == {"KES": (150_000, 150_000)}


def test_an_account_that_never_was_holds_nothing() -> None:
    assert balance_of(ESCROW) == kes(0)


def test_nothing_is_booked_twice() -> None:
    book(receipt())

    with pytest.raises(IntegrityError):
        book(receipt())

    assert balance_of(ESCROW) == kes(1_500)


def test_an_escrow_is_never_overdrawn() -> None:
    book(receipt())

    with pytest.raises(IntegrityError):
        book(Line("release", "1", ESCROW, chart.seller_payable(UUID(int=2)), kes(1_501)))

    assert balance_of(ESCROW) == kes(1_500)
    assert balance_of(chart.seller_payable(UUID(int=2))) == kes(0)


def test_several_lines_of_one_event_stand_or_fall_together() -> None:
    seller = chart.seller_payable(UUID(int=2))

    with pytest.raises(IntegrityError):
        book(
            receipt(),
            Line("release", "1", ESCROW, seller, kes(1_500)),
            Line("commission", "1", seller, chart.commission(), kes(1_501)),
        )

    assert not Transfer.objects.exists()
    assert not Account.objects.exists()


def test_lines_of_zero_are_left_out() -> None:
    book(Line("receipt", "1", CASH, ESCROW, kes(0)))

    assert not Transfer.objects.exists()


def test_a_negative_line_and_a_mix_of_currencies_are_bugs() -> None:
    with pytest.raises(ValueError, match="positive"):
        book(receipt(Money(-1)))
    with pytest.raises(ValueError, match="one currency"):
        book(receipt(Money(1, "USD")))


@pytest.mark.parametrize("table", ["ledger_transfer", "events_event"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}"])
def test_what_is_written_stays_written(table: str, statement: str) -> None:
    book(receipt())

    with (
        pytest.raises(DatabaseError, match="append-only"),
        atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))

    assert Transfer.objects.count() == Event.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["ledger_transfer", "events_event"])
def test_what_is_written_is_not_truncated_away(table: str) -> None:
    # An empty table is refused as well: the trigger is one of the statement. (Rows of this very transaction would be
    # refused before it, for their deferred foreign keys.)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "wrong",
    [{"amount_minor": 0}, {"amount_minor": -1}, {"credit_id": CASH.key}],
    ids=["zero", "negative", "one account"],
)
def test_the_database_refuses_a_transfer_that_is_none(wrong: dict[str, object]) -> None:
    event = book(receipt())
    row = {
        "event_id": event.id,
        "kind": "x",
        "key": "x",
        "debit_id": CASH.key,
        "credit_id": ESCROW.key,
        "amount_minor": 1,
        "currency": "KES",
        "at": NOW,
    } | wrong

    with pytest.raises(IntegrityError), atomic():
        Transfer.objects.create(**row)


def test_the_audit_names_a_balance_that_was_tampered_with() -> None:
    book(receipt())
    Account.objects.filter(pk=ESCROW.key).update(balance_minor=149_999)

    assert list(audit.wrong_balances()) == [(str(ESCROW), 149_999, 150_000)]


def test_the_audit_names_an_overdrawn_shortcode() -> None:
    book(Line("payout_paid", "1", chart.disbursement_fees("mpesa"), chart.disbursement("600000"), kes(5)))

    assert list(audit.overdrawn_accounts()) == [("1110[600000]", -500)]


def test_appending_and_posting_need_a_unit_of_work() -> None:
    event = Event(type="x", subject_type="x", subject_id=new_key(), actor="test", at=NOW)

    for step in (lambda: append(event), lambda: post(event, receipt())):
        with pytest.raises(BoundaryError):
            step()


def test_units_of_work_do_not_nest_and_calls_do_not_run_inside_them() -> None:
    step, call = inside_transaction(in_unit_of_work), outside_transaction(in_unit_of_work)

    with unit_of_work():
        assert step() is True
        with pytest.raises(BoundaryError):
            call()
        for nested in (unit_of_work, snapshot):
            with pytest.raises(BoundaryError), nested():
                pass
    assert call() is False
    with pytest.raises(BoundaryError):
        step()
