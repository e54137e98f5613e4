"""What the models promise stands in the database: a constraint that a migration lost would protect nobody."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

pytestmark = pytest.mark.django_db

CONSTRAINTS = [
    (model, constraint)
    for model in apps.get_models()
    if model.__module__.startswith("zemi.")
    for constraint in model._meta.constraints
]


@pytest.fixture(scope="module")
def found_in() -> Any:
    """What the database says of one table's constraints."""
    known: dict[str, Any] = {}

    def look(table: str) -> Any:
        if table not in known:
            with connection.cursor() as cursor:
                known[table] = connection.introspection.get_constraints(cursor, table)
        return known[table]

    return look


@pytest.mark.parametrize(
    ("model", "constraint"), CONSTRAINTS, ids=[constraint.name for _, constraint in CONSTRAINTS]
)
def test_a_constraint_of_a_model_is_one_of_the_database(
    found_in: Any, model: type[models.Model], constraint: models.BaseConstraint
) -> None:
    real = found_in(model._meta.db_table).get(constraint.name)

    assert real is not None
    if isinstance(constraint, models.UniqueConstraint):
        assert real["unique"]
        assert real["columns"] == [model._meta.get_field(name).column for name in constraint.fields]
    else:
        assert real["check"]


# The migrations are the same: what SQLite's tables say is what PostgreSQL was told.
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps conditions in words of its own")
@pytest.mark.parametrize(
    ("model", "constraint"), CONSTRAINTS, ids=[constraint.name for _, constraint in CONSTRAINTS]
)
def test_a_constraint_says_in_the_database_what_its_model_says(
    model: type[models.Model], constraint: models.BaseConstraint
) -> None:
    # Not entered: it only writes the words here.
    editor = connection.schema_editor(collect_sql=True)
    editor.deferred_sql = []
    statement = constraint.constraint_sql(model, editor) or editor.deferred_sql[0]
    expected = str(statement)

    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s", [model._meta.db_table])
        written = "\n".join(sql for (sql,) in cursor.fetchall() if sql)

    assert expected.removesuffix(";") in written


def test_there_are_constraints_to_look_at() -> None:
    names = {constraint.name for _, constraint in CONSTRAINTS}

    assert {"payments_one_live", "payments_receipt_once", "ledger_no_overdraft"} <= names
