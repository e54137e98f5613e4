"""PostgreSQL plans a statement of the product once for each connection."""

import pytest
from django.db import connection

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def test_as_many_statements_as_the_product_has_stay_planned() -> None:
    with connection.cursor() as cursor:
        for _ in range(3):
            for number in range(300):
                cursor.execute(f"SELECT {number}, %s::int", [number])

        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT %%::int'")
        assert cursor.fetchone() == (300,)
