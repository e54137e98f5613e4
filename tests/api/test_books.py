"""Balances and statements: they are the ledger, to the shilling, and nobody sees another's."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.shop import Shop
from tests.characters import AMINA
from zemi.common.phone import Phone
from zemi.identity.sessions import open_session
from zemi.snapshots.books import LONGEST_PERIOD, _cell

pytestmark = pytest.mark.django_db
SELLER = Phone("+254722000222")


def accounts(shown: dict[str, Any], what: str = "balance") -> dict[int, str]:
    return {account["code"]: account[what] for account in shown["accounts"]}


def test_a_merchants_balance_is_what_is_held_and_on_its_way(
    shop: Shop, run_worker: Callable[[], int]
) -> None:
    shop.paid()
    shop.one_of_each()

    balance = shop.get("balances").data

    assert accounts(balance) == {
        2100: "1500.00",
        2200: "0.00",
        2210: "0.00",
        2300: "1500.00",
        2310: "1500.00",
        2400: "0.00",
        2500: "0.00",
        2800: "0.00",
    }
    assert balance["as_of"].startswith("2026-11-23T09:00")


def test_another_merchant_sees_nothing_of_it(shop: Shop, other_key: str) -> None:
    shop.paid()

    assert set(accounts(shop.get("balances", key=other_key).data).values()) == {"0.00"}
    assert len(rows(shop, key=other_key)) == 0


def test_a_seller_sees_their_own_accounts(
    shop: Shop, run_worker: Callable[[], int], clock: Any, settings: Any
) -> None:
    settings.FEE_BPS = 300
    shop.delivered()
    clock.advance(seconds=1)
    seller, buyer = (open_session(phone=phone, now=clock.now())[1] for phone in (SELLER, AMINA))

    statement = shop.get("statements", key=seller).data

    assert accounts(statement, "increase") == {2200: "1500.00", 2210: "0.00", 1300: "0.00"}
    assert accounts(statement, "decrease") == {2200: "1500.00", 2210: "0.00", 1300: "0.00"}
    assert [row["kind"] for row in rows(shop, key=seller)] == ["release", "commission", "payout"]
    assert rows(shop, key=buyer) == []


def test_a_statements_periods_join_without_a_gap(shop: Shop) -> None:
    shop.paid()
    shop.clock.advance(hours=24)
    shop.one_of_each()

    first = shop.get("statements?from=2026-11-23&until=2026-11-24").data
    second = shop.get("statements?from=2026-11-24&until=2026-11-26").data

    assert (first["from"], first["until"]) == ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z")
    assert accounts(first, "opening")[2100] == "0.00"
    assert accounts(first, "closing")[2100] == accounts(second, "opening")[2100] == "1500.00"
    assert accounts(second, "increase")[2100] == accounts(second, "decrease")[2100] == "3000.00"
    assert accounts(second, "closing") == accounts(shop.get("balances").data)


def test_a_month_begins_in_nairobi(shop: Shop) -> None:
    # 23:30 UTC on the last of November is 02:30 on the first of December there.
    shop.clock.advance(hours=7 * 24 + 14, minutes=30)
    shop.paid()
    shop.clock.advance(seconds=1)

    statement = shop.get("statements").data
    file = shop.api.get("/api/v1/statements/csv", key=shop.key)

    assert statement["from"] == "2026-11-30T21:00:00Z"
    assert accounts(statement, "increase")[2100] == "1500.00"
    assert 'filename="zemi-2026-12-01-2026-12-01.csv"' in file.headers["Content-Disposition"]


def rows(shop: Shop, *, key: str | None = None, query: str = "") -> list[dict[str, str]]:
    response = shop.api.get(f"/api/v1/statements/csv{query}", key=key or shop.key)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(response.raw.decode())))


def test_the_csv_has_every_transfer_of_the_period_oldest_first(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Read in pieces of two.
    monkeypatch.setattr("zemi.snapshots.books._CHUNK", 2)
    order = shop.paid(merchant_reference="=INV-1")
    shop.one_of_each()
    shop.clock.advance(seconds=1)

    found = rows(shop)

    assert [row["transfer"] for row in found] == [
        transfer["id"] for transfer in reversed(shop.get("transfers").body["data"])
    ]
    assert found[0] | {"transfer": "", "event": ""} == {
        "created_at": "2026-11-23T09:00:01Z",
        "transfer": "",
        "order": order.order_reference,
        # A spreadsheet must not run it.
        "reference": "'=INV-1",
        "kind": "receipt",
        "debit": "1100",
        "debit_name": "M-Pesa collection",
        "credit": "2100",
        "credit_name": "Escrow held",
        "amount": "1500.00",
        "currency": "KES",
        "event": "",
    }
    assert rows(shop, query="?from=2026-11-24&until=2026-11-25") == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _cell(text) == f"'{text}"


@pytest.mark.parametrize("path", ["statements", "statements/csv"])
@pytest.mark.parametrize(
    "query", ["from=2026-11-24&until=2026-11-24", "from=2025-01-01&until=2026-11-24", "from=2027-01-01"]
)
def test_what_is_no_period_is_refused(shop: Shop, path: str, query: str) -> None:
    answer = shop.get(f"{path}?{query}")

    assert (answer.status, answer.body["code"]) == (400, "period_invalid")
    assert LONGEST_PERIOD.days == 366


@pytest.mark.parametrize("path", ["balances", "statements", "statements/csv"])
def test_books_are_for_keys_that_may_read_and_for_people(
    shop: Shop, make_key: Callable[..., str], path: str
) -> None:
    assert shop.api.get(f"/api/v1/{path}").status == 401
    assert shop.get(path, key=make_key("orders")).status == 403


def test_books_cost_the_same_however_much_is_in_them(shop: Shop) -> None:
    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shop.get(path).status == 200
        return sum("trust_budget" not in query["sql"] for query in captured.captured_queries)

    shop.one_of_each()
    # When a key was used last is written now and then.
    statements("balances")
    few = [statements(path) for path in ("balances", "statements", "statements/csv")]
    for _ in range(19):
        shop.one_of_each()
    statements("balances")

    assert [statements(path) for path in ("balances", "statements", "statements/csv")] == few == [3, 5, 4]
