"""Few and cheap statements, the same on both databases."""

from typing import Any

from django.db import connection

from simulator import Simulator


def rows(statement: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """What a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())


def key(value: object) -> str:
    """An id in one form: SQLite keeps 32 hex digits, PostgreSQL gives UUIDs."""
    return str(value).replace("-", "")


def moves(simulator: Simulator, kind: str) -> list[dict[str, Any]]:
    """Finished transactions of one kind, in the simulator's books."""
    return [move for move in simulator.transactions() if move["kind"] == kind]
