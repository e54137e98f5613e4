"""What the database itself refuses about rows that change: unlisted moves, facts that were written once, and payees that
are pinned (SAFETY 3.7, 4.7).

The guards follow from the models and are made anew after every `migrate`: SQLite drops a table's triggers whenever a
migration rebuilds it, and a new move of a TRANSITIONS table is known to the database without a migration of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from zemi.common.triggers import append_only_names
from zemi.events.log import Stateful

MOVES_TABLE = "events_allowed_move"
_FUNCTIONS = f"""
    CREATE OR REPLACE FUNCTION events_refuse_unlisted_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM {MOVES_TABLE}
                       WHERE subject = TG_ARGV[0] AND source = OLD.status AND target = NEW.status) THEN
            RAISE EXCEPTION '%: no such move, from % to %', TG_ARGV[0], OLD.status, NEW.status
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE OR REPLACE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%: what was written once stays', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;"""  # noqa: S608 (own names)


@dataclass(frozen=True, slots=True)
class Guard:
    """One trigger that follows from a model: its name, its table, and what makes it on either database."""

    name: str
    table: str
    postgres: str
    sqlite: str


def guards() -> list[Guard]:
    """Every guard that the models ask for: of statuses with a table of moves, of columns that are written once, and of
    those that change in one status alone (`PINNED`: field -> that status).
    """
    found = []
    for model in apps.get_models():
        table = model._meta.db_table
        if issubclass(model, Stateful) and model.TRANSITIONS:
            found.append(_of_moves(table, model.SUBJECT))
        pinned = getattr(model, "PINNED", {})
        if pinned:
            fields = [field for field in model._meta.concrete_fields if field.name in pinned]
            found.append(_of_pins(table, {str(field.column): str(pinned[field.name]) for field in fields}))
        once = getattr(model, "WRITTEN_ONCE", ())
        if once:
            columns = [str(field.column) for field in model._meta.concrete_fields if field.name in once]
            found.append(_of_facts(table, columns))
    return found


def install_guards() -> None:
    """Write down the allowed moves and make every guard anew. Run after `migrate`; may run at any time."""
    listed = {
        (model.SUBJECT, str(source), str(target))
        for model in apps.get_models()
        if issubclass(model, Stateful)
        for source, target in model.TRANSITIONS
    }
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT subject, source, target FROM {MOVES_TABLE}")  # noqa: S608 (own name)
        known = set(cursor.fetchall())
        where = "subject = %s AND source = %s AND target = %s"
        cursor.executemany(f"DELETE FROM {MOVES_TABLE} WHERE {where}", sorted(known - listed))  # noqa: S608
        cursor.executemany(f"INSERT INTO {MOVES_TABLE} VALUES (%s, %s, %s)", sorted(listed - known))  # noqa: S608
        if is_postgres:
            cursor.execute(_FUNCTIONS)
        for guard in guards():
            cursor.execute(
                f"DROP TRIGGER IF EXISTS {guard.name}{f' ON {guard.table}' if is_postgres else ''}"
            )
            cursor.execute(guard.postgres if is_postgres else guard.sqlite)


def expected_triggers() -> set[str]:
    """The names of all triggers that this database must have."""
    names = {guard.name for guard in guards()}
    for model in apps.get_models():
        names |= {*getattr(model, "TRIGGERS", ())}
        if getattr(model, "APPEND_ONLY", False):
            names |= append_only_names(model._meta.db_table, connection.vendor)
    return names


def missing_guards() -> list[str]:
    """Name the triggers, constraints and allowed moves that this database should have and hasn't."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
            if connection.vendor == "postgresql"
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        missing = [f"trigger {name}" for name in expected_triggers() - {row[0] for row in cursor.fetchall()}]
        cursor.execute(f"SELECT subject, source, target FROM {MOVES_TABLE}")  # noqa: S608 (own name)
        moves = set(cursor.fetchall())
        present = _constraint_names(cursor)
    for model in apps.get_models():
        if model.__module__.startswith("zemi."):
            missing += [
                f"constraint {one.name}" for one in model._meta.constraints if one.name not in present
            ]
            moves -= _moves_of(model)
    missing += [f"rule for the allowed move {' '.join(move)}" for move in sorted(moves)]
    return sorted(missing)


def _constraint_names(cursor: Any) -> set[str]:
    """All constraints and indexes by name, in one statement: Django's introspection parses each table's SQL for them."""
    if connection.vendor == "postgresql":
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        return {str(name) for (name,) in cursor.fetchall()}
    cursor.execute("SELECT name, COALESCE(sql, '') FROM sqlite_master WHERE type IN ('table', 'index')")
    found: set[str] = set()
    for name, sql in cursor.fetchall():
        found |= {name, *re.findall(r'CONSTRAINT "([^"]+)"', sql)}
    return found


def unexplained_statuses() -> Iterator[tuple[str, str, str]]:
    """Rows whose status their events don't lead to: subject, key, status.

    Into its status a row has gone once more than out of it, counting its making; the order of the events, written by
    several machines, doesn't matter.
    """
    models_with_moves = [m for m in apps.get_models() if issubclass(m, Stateful) and m.TRANSITIONS]
    with connection.cursor() as cursor:
        for model in models_with_moves:
            first = str(model._meta.get_field("status").get_default())  # type: ignore[misc]  # on every concrete model
            cursor.execute(
                f"""SELECT r.id, r.status FROM {model._meta.db_table} r
                    LEFT JOIN events_event e ON e.subject_id = r.id AND e.subject_type = %s
                    GROUP BY r.id, r.status
                    HAVING SUM(CASE WHEN e.data ->> 'to' = r.status THEN 1 ELSE 0 END)
                         - SUM(CASE WHEN e.data ->> 'from' = r.status THEN 1 ELSE 0 END)
                         + CASE WHEN r.status = %s THEN 1 ELSE 0 END <> 1
                    ORDER BY r.id LIMIT 1000""",  # noqa: S608 (own names)
                [model.SUBJECT, first],
            )
            yield from (
                (model.SUBJECT, str(UUID(str(key))), str(status)) for key, status in cursor.fetchall()
            )


def _moves_of(model: type[models.Model]) -> set[tuple[str, str, str]]:
    if not issubclass(model, Stateful):
        return set()
    return {(model.SUBJECT, str(source), str(target)) for source, target in model.TRANSITIONS}


def _of_moves(table: str, subject: str) -> Guard:
    name = f"{table}_listed_moves"
    return Guard(
        name,
        table,
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF status ON {table} FOR EACH ROW
            WHEN (OLD.status IS DISTINCT FROM NEW.status)
            EXECUTE FUNCTION events_refuse_unlisted_move('{subject}')""",
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF status ON {table}
            WHEN OLD.status <> NEW.status AND NOT EXISTS (
                SELECT 1 FROM {MOVES_TABLE}
                WHERE subject = '{subject}' AND source = OLD.status AND target = NEW.status)
            BEGIN SELECT RAISE(ABORT, '{subject}: no such move'); END""",  # noqa: S608 (own names)
    )


def _of_facts(table: str, columns: list[str]) -> Guard:
    name, listed = f"{table}_written_once", ", ".join(columns)

    def changed(differs: str) -> str:
        return " OR ".join(f"(OLD.{c} IS NOT NULL AND OLD.{c} {differs} NEW.{c})" for c in columns)

    return Guard(
        name,
        table,
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF {listed} ON {table} FOR EACH ROW
            WHEN ({changed("IS DISTINCT FROM")}) EXECUTE FUNCTION events_refuse_change()""",
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF {listed} ON {table} WHEN {changed("IS NOT")}
            BEGIN SELECT RAISE(ABORT, '{table}: what was written once stays'); END""",
    )


def _of_pins(table: str, pins: dict[str, str]) -> Guard:
    name, listed = f"{table}_pinned", ", ".join(pins)

    def changed(differs: str) -> str:
        return " OR ".join(
            f"(OLD.{column} {differs} NEW.{column} AND NEW.status <> '{status}')"
            for column, status in pins.items()
        )

    return Guard(
        name,
        table,
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF {listed} ON {table} FOR EACH ROW
            WHEN ({changed("IS DISTINCT FROM")}) EXECUTE FUNCTION events_refuse_change()""",
        f"""CREATE TRIGGER {name} BEFORE UPDATE OF {listed} ON {table} WHEN {changed("IS NOT")}
            BEGIN SELECT RAISE(ABORT, '{table}: whom it is paid to is pinned'); END""",
    )
