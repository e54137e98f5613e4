"""Each guard of the database refuses its wrong write; without it the write goes through, and the audit names both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models
from django.db.transaction import (
    atomic,  # noqa: TID251 (to see what the database itself refuses)
    savepoint,
    savepoint_rollback,
)

from tests.story import problems
from zemi.events import guards
from zemi.events.log import Stateful

pytestmark = pytest.mark.django_db
POSTGRES = connection.vendor == "postgresql"

_COPY = """
    INSERT INTO ledger_transfer (id, event_id, kind, key, debit_id, credit_id, amount_minor, currency, order_id, at)
    SELECT {id}, event_id, kind, {key}, debit_id, {credit}, {amount}, {currency}, order_id, at
    FROM ledger_transfer WHERE kind = 'receipt' ORDER BY id LIMIT 1"""

_SEAL = """
    INSERT INTO ledger_seal (day, transfers, digest, previous, sealed_at)
    SELECT '2026-11-23', COUNT(*), 'x', 'x', MAX(at) FROM ledger_transfer"""


def _copied(**changes: str) -> str:
    key = "'00000000-0000-4000-8000-000000000001'" if POSTGRES else "'00000000000040008000000000000001'"
    columns = {
        "id": key,
        "key": "'x'",
        "credit": "credit_id",
        "amount": "amount_minor",
        "currency": "currency",
    }
    return _COPY.format(**columns | changes)


# Trigger -> a write that it refuses, and what the audit says of the books when the write went through without it.
# "" where nothing but the missing trigger can be seen: the row alone doesn't tell that it once was another.
UPDATES_EVENTS = (
    "UPDATE events_event SET data = '{}' WHERE type = 'order.completed'",
    "events did not lead there",
)
DELETES_EVENTS = ("DELETE FROM events_event WHERE type = 'release.released'", "has no event")
UPDATES_TRANSFERS = ("UPDATE ledger_transfer SET amount_minor = 1 WHERE kind = 'receipt'", "transfers say")
DELETES_TRANSFERS = ("DELETE FROM ledger_transfer WHERE kind = 'release'", "transfers say")
WRONG_WRITES: dict[str, tuple[str, str]] = {
    "ledger_one_currency": (_copied(currency="'USD'"), "is unsound"),
    "ledger_day_is_open": (f"{_SEAL};{_copied()}", "or another content"),
    "orders_order_listed_moves": ("UPDATE orders_order SET status = 'refunded'", "events did not lead there"),
    "payments_payment_listed_moves": (
        "UPDATE payments_payment SET status = 'unknown'",
        "events did not lead there",
    ),
    "releases_release_listed_moves": (
        "UPDATE releases_release SET status = 'scheduled'",
        "events did not lead there",
    ),
    "payouts_payout_listed_moves": ("UPDATE payouts_payout SET status = 'queued'", "is in flight, not"),
    "payouts_payoutattempt_listed_moves": (
        "UPDATE payouts_payoutattempt SET status = 'failed'",
        "events did not lead there",
    ),
    "payments_receipt_written_once": ("UPDATE payments_receipt SET amount_minor = 1", "received 0.01"),
    "payouts_payout_written_once": ("UPDATE payouts_payout SET amount_minor = 1", "releases less payouts say"),
    "payouts_payout_pinned": ("UPDATE payouts_payout SET payee_phone_sealed = 'x'", ""),
    "payouts_payoutattempt_written_once": ("UPDATE payouts_payoutattempt SET amount_minor = 1", ""),
    "ledger_account_written_once": (
        "UPDATE ledger_account SET of = 'x' WHERE code = 2100 AND balance_minor > 0",
        "escrow of unknown order x",
    ),
} | (
    {
        "ledger_seal_append_only": (f"{_SEAL};DELETE FROM ledger_seal", ""),
        "ledger_seal_no_truncate": ("TRUNCATE ledger_seal", ""),
        "events_event_append_only": UPDATES_EVENTS,
        "ledger_transfer_append_only": UPDATES_TRANSFERS,
        "events_event_no_truncate": (
            "DROP TRIGGER ledger_transfer_no_truncate ON ledger_transfer; TRUNCATE events_event CASCADE",
            "events did not lead there",
        ),
        "ledger_transfer_no_truncate": ("TRUNCATE ledger_transfer", "transfers say"),
    }
    if POSTGRES
    else {
        "ledger_seal_no_update": (f"{_SEAL};UPDATE ledger_seal SET transfers = 0", "sealed 0 transfers"),
        "ledger_seal_no_delete": (f"{_SEAL};DELETE FROM ledger_seal", ""),
        "events_event_no_update": UPDATES_EVENTS,
        "events_event_no_delete": DELETES_EVENTS,
        "ledger_transfer_no_update": UPDATES_TRANSFERS,
        "ledger_transfer_no_delete": DELETES_TRANSFERS,
    }
)  # fmt: skip
# It refuses nothing itself: it keeps what a CHECK looks at.
KEEPERS = {"ledger_keep_balances"}

# Constraint -> a write that it refuses.
WRONG_ROWS = {
    "ledger_transfer_once": _copied(key="key"),
    "ledger_transfer_positive": _copied(amount="0"),
    "ledger_transfer_two_accounts": _copied(credit="debit_id"),
    "ledger_no_overdraft": "UPDATE ledger_account SET balance_minor = -1 WHERE code = 2100",
    "orders_status": "INSERT INTO events_allowed_move VALUES ('order', 'paid', 'eaten');"
    "UPDATE orders_order SET status = 'eaten' WHERE status = 'paid'",
    "orders_completed_at": "UPDATE orders_order SET completed_at = NULL",
    "orders_paid_at": "UPDATE orders_order SET paid_at = NULL",
    "orders_amount_positive": "UPDATE orders_order SET amount_minor = 0",
    "payments_live_is_open": "UPDATE payments_payment SET is_live = TRUE",
    "payouts_attempt_open": "UPDATE payouts_payoutattempt SET is_open = TRUE",
    "releases_fee": "UPDATE releases_release SET fee_minor = amount_minor",
}
CONSTRAINTS = [
    (model, constraint)
    for model in apps.get_models()
    if model.__module__.startswith("zemi.")
    for constraint in model._meta.constraints
]


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back at the end. A bare savepoint: the audit, too, is to run inside."""
    start = savepoint()
    try:
        yield
    finally:
        savepoint_rollback(start)


def run(statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements.split(";"):
            cursor.execute(statement)


def drop_trigger(name: str) -> None:
    with connection.cursor() as cursor:
        if POSTGRES:
            cursor.execute("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s", [name])
            # What was deferred so far is looked at now: a table that waits for that can't be altered.
            [table] = cursor.fetchone()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(f"DROP TRIGGER {name} ON {table}")
        else:
            cursor.execute(f"DROP TRIGGER {name}")


def test_every_trigger_of_this_database_is_listed_here_and_there_are_no_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            if POSTGRES
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        present = {row[0] for row in cursor.fetchall()}

    assert present == guards.expected_triggers()
    assert {*WRONG_WRITES, *KEEPERS} <= present
    # Guards of moves, facts and payees that a newer package brought are proved by their like above.
    assert all(
        name.endswith(("_listed_moves", "_written_once", "_pinned"))
        or name.startswith(("links_agreement", "staff_staffact"))
        for name in present - {*WRONG_WRITES, *KEEPERS}
    )
    assert guards.missing_guards() == []


@pytest.mark.parametrize("name", WRONG_WRITES)
def test_a_trigger_refuses_its_wrong_write_and_without_it_the_audit_names_what_is_wrong(
    books: Any, name: str
) -> None:
    write, said = WRONG_WRITES[name]
    with undone():
        if POSTGRES and "TRUNCATE" in write:
            run("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError), atomic():
            run(write)
        assert problems() == []

    with undone():
        drop_trigger(name)
        run(write)
        found = problems()

    assert f"trigger {name} is missing" in found
    assert any(said in problem for problem in found)
    assert not said or len(found) > 1


def test_without_the_keeper_of_balances_the_audit_names_a_balance_that_stayed_behind(books: Any) -> None:
    with undone():
        drop_trigger("ledger_keep_balances")
        run(_copied())
        found = problems()

    assert "trigger ledger_keep_balances is missing" in found
    assert any("transfers say" in problem for problem in found)


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_constraint_refuses_its_wrong_row(books: Any, name: str) -> None:
    with pytest.raises(DatabaseError), atomic():
        run(WRONG_ROWS[name])

    assert problems() == []


@pytest.mark.parametrize(("model", "constraint"), CONSTRAINTS, ids=[c.name for _, c in CONSTRAINTS])
def test_a_constraint_that_is_gone_is_named(
    db: None, model: type[models.Model], constraint: models.BaseConstraint
) -> None:
    drop: Callable[[], None]
    if POSTGRES:
        partial = isinstance(constraint, models.UniqueConstraint) and constraint.condition is not None
        table = model._meta.db_table
        statement = (
            f"DROP INDEX {constraint.name}"
            if partial
            else f"ALTER TABLE {table} DROP CONSTRAINT {constraint.name}"
        )
        drop = lambda: run(statement)  # noqa: E731 (one of two)
    else:
        drop = lambda: _drop_from_the_schema(str(constraint.name))  # noqa: E731

    with undone():
        drop()
        found = guards.missing_guards()

    assert f"constraint {constraint.name}" in found
    assert guards.missing_guards() == []


def _drop_from_the_schema(name: str) -> None:
    """SQLite can't drop what stands in a CREATE TABLE: its own text of the schema is changed instead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
        if cursor.fetchone():
            cursor.execute(f"DROP INDEX {name}")
            return
        cursor.execute("PRAGMA writable_schema = ON")
        try:
            cursor.execute(
                "UPDATE sqlite_master SET sql = replace(sql, %s, 'CONSTRAINT \"gone\"') WHERE type = 'table'",
                [f'CONSTRAINT "{name}"'],
            )
        finally:
            cursor.execute("PRAGMA writable_schema = OFF")


def test_a_move_that_no_table_lists_is_taken_back_by_the_next_migration(db: None) -> None:
    run("INSERT INTO events_allowed_move VALUES ('order', 'refunded', 'paid')")
    assert guards.missing_guards() == ["rule for the allowed move order refunded paid"]

    call_command("migrate", verbosity=0)

    assert guards.missing_guards() == []


def test_a_partial_migration_leaves_the_guards_alone(db: None) -> None:
    run("INSERT INTO events_allowed_move VALUES ('order', 'refunded', 'paid')")

    call_command("migrate", "events", verbosity=0)
    call_command("migrate", plan=True, verbosity=0)

    assert guards.missing_guards() == ["rule for the allowed move order refunded paid"]
    guards.install_guards()


def test_every_model_with_moves_has_its_guard() -> None:
    guarded = {guard.table for guard in guards.guards() if guard.name.endswith("_listed_moves")}

    assert guarded == {
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, Stateful) and model.TRANSITIONS
    }
