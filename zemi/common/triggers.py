"""Triggers for migrations: the same rule in the words of either database."""

from collections.abc import Callable
from typing import Any

from django.db.migrations.operations import RunPython


def append_only(table: str) -> RunPython:
    """Make a migration operation after which rows of `table` can be neither changed nor deleted (SAFETY 4.7)."""
    refuse = f"{table} is append-only: a correction is a new row"
    postgres = f"""
        CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{refuse}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_append_only();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();"""
    postgres_back = f"""
        DROP TRIGGER {table}_append_only ON {table}; DROP TRIGGER {table}_no_truncate ON {table};
        DROP FUNCTION {table}_append_only();"""
    sqlite = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{refuse}'); END"
        for verb in ("UPDATE", "DELETE")
    ]
    sqlite_back = [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
    return per_database(
        postgres=[postgres], postgres_back=[postgres_back], sqlite=sqlite, sqlite_back=sqlite_back
    )


def append_only_names(table: str, vendor: str) -> set[str]:
    """Name the triggers that `append_only` made."""
    parts = ("append_only", "no_truncate") if vendor == "postgresql" else ("no_update", "no_delete")
    return {f"{table}_{part}" for part in parts}


def refuse_insert(table: str, name: str, *, when: str, because: str, when_sqlite: str = "") -> RunPython:
    """Make a migration operation after which `table` takes no row for which `when`, a query about NEW, finds anything.

    Looked at after the insert, when the rows that the same statement wrote to other tables can be seen.
    """
    postgres = f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS ({when}) THEN
                RAISE EXCEPTION '{because}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"""
    sqlite = f"""
        CREATE TRIGGER {name} AFTER INSERT ON {table} WHEN EXISTS ({when_sqlite or when})
        BEGIN SELECT RAISE(ABORT, '{because}'); END"""
    return per_database(
        postgres=[postgres],
        postgres_back=[f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()"],
        sqlite=[sqlite],
        sqlite_back=[f"DROP TRIGGER {name}"],
    )


def per_database(
    *, postgres: list[str], postgres_back: list[str], sqlite: list[str], sqlite_back: list[str]
) -> RunPython:
    """Make a reversible migration operation from statements for each database."""
    return RunPython(_runner(postgres, sqlite), _runner(postgres_back, sqlite_back))


def _runner(postgres: list[str], sqlite: list[str]) -> Callable[[Any, Any], None]:
    def run(_: Any, schema_editor: Any) -> None:
        for statement in postgres if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement, params=None)

    return run
