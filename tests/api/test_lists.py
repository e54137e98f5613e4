"""Lists: only a merchant's own, newest first, page by page without loss or repeat, at one price for 1 row and for 20."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.shop import Shop
from zemi.common import crypto
from zemi.common.db import unit_of_work
from zemi.common.ids import new_key, public_id
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.events.log import record
from zemi.events.models import Event
from zemi.identity.sessions import open_session
from zemi.orders.create import create_order
from zemi.orders.models import OrderStatus
from zemi.orders.parties import Asker
from zemi.snapshots.lists import Wish, list_objects

pytestmark = pytest.mark.django_db
LISTS = ("orders", "payments", "receipts", "payouts", "refunds", "transfers")


def pages(shop: Shop, path: str, *, limit: int) -> Iterator[list[dict[str, Any]]]:
    cursor = ""
    while True:
        joint = "&" if "?" in path else "?"
        answer = shop.get(f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status == 200, answer.raw
        assert answer.body["meta"]["limit"] == limit
        yield answer.body["data"]
        cursor = answer.body["meta"]["next_cursor"]
        assert answer.body["meta"]["has_more"] is (cursor is not None)
        if cursor is None:
            return


def test_orders_come_newest_first_in_one_envelope(shop: Shop) -> None:
    references = [shop.order().order_reference for _ in range(3)]

    answer = shop.get("orders")

    assert list(answer.body) == ["success", "data", "meta"]
    assert [order["order_reference"] for order in answer.body["data"]] == references[::-1]
    assert answer.body["meta"] == {"has_more": False, "next_cursor": None, "limit": 25}
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_inserted_while_somebody_pages_neither_hides_nor_repeats_anything(shop: Shop) -> None:
    before = {shop.order().order_reference for _ in range(7)}

    seen: list[str] = []
    for page in pages(shop, "orders", limit=2):
        seen += [order["order_reference"] for order in page]
        shop.order()

    assert len(seen) == len(set(seen))
    assert set(seen) == before


@pytest.mark.parametrize("path", LISTS)
def test_a_list_holds_nothing_of_another_merchant(shop: Shop, other_key: str, path: str) -> None:
    shop.one_of_each()

    mine, theirs = shop.get(path), shop.get(path, key=other_key)

    assert mine.body["data"]
    assert theirs.body["data"] == []


@pytest.mark.parametrize("path", LISTS[1:])
def test_an_object_is_found_by_its_id_and_only_by_its_own_merchant(
    shop: Shop, other_key: str, path: str
) -> None:
    shop.one_of_each()
    [first, *_] = shop.get(path).body["data"]

    assert shop.get(f"{path}/{first['id']}").data == first
    for answer in (
        shop.get(f"{path}/{first['id']}", key=other_key),
        shop.get(f"{path}/{first['id'].partition('_')[0]}_{new_key().hex}"),
        shop.get(f"{path}/zz_{new_key().hex}"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "object_not_found")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_needs_a_key_with_the_scope_read(shop: Shop, make_key: Callable[..., str], path: str) -> None:
    assert shop.api.get(f"/api/v1/{path}").status == 401
    assert shop.get(path, key=make_key("orders")).status == 403


def test_filters_leave_out_what_does_not_fit(shop: Shop) -> None:
    first = shop.order(merchant_reference="INV-1")
    paid = shop.paid()
    last = shop.order(merchant_reference="INV-2")

    def found(query: str) -> list[str]:
        return [order["order_reference"] for order in shop.get(f"orders?{query}").body["data"]]

    assert found("status=paid") == [paid.order_reference]
    assert found("reference=INV-1") == [first.order_reference]
    assert found("created[gte]=2026-11-23T09:00:03Z") == [last.order_reference]
    assert found("created[lt]=2026-11-23T09:00:02Z") == [first.order_reference]
    assert found("created[gte]=2026-11-24") == []
    assert found("created[gte]=2026-11-23T12:00:03%2B03:00") == [last.order_reference]
    [payment] = shop.get(f"payments?order={paid.order_reference.lower()}").body["data"]
    assert payment["order"] == paid.order_reference
    assert shop.get("receipts?reference=INV-1").body["data"] == []


def test_the_total_is_told_to_whoever_asks(shop: Shop) -> None:
    for _ in range(3):
        shop.order()

    assert shop.get("orders?limit=1&include=total").body["meta"]["total"] == 3


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "limit=%D9%A3", "status=gone", "created[gte]=yesterday",
        "created[lt]=2026-13-01", "created[gte]=0001-01-01T00:00:00%2B14:00", "include=all", "colour=red",
        "cursor=", "expand=", "expand=a,,b", "reference=",
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_refused(shop: Shop, query: str) -> None:
    answer = shop.get(f"orders?{query}")

    assert (answer.status, answer.body["code"]) == (400, "invalid_input"), answer.raw


def test_a_cursor_is_good_for_its_own_list_alone(shop: Shop, other_key: str) -> None:
    for _ in range(3):
        shop.order()
    cursor = shop.get("orders?limit=1").body["meta"]["next_cursor"]
    forged = crypto.sign("something-else", new_key().bytes + bytes(8))

    assert shop.get(f"orders?limit=1&cursor={cursor}").status == 200
    for refused in (
        shop.get(f"orders?status=paid&cursor={cursor}"),
        shop.get(f"payments?cursor={cursor}"),
        shop.get(f"orders?cursor={cursor}", key=other_key),
        shop.get(f"orders?cursor={forged}"),
        shop.get("orders?cursor=nonsense"),
        shop.get(f"orders?cursor={cursor[:-1]}"),
        shop.get(f"orders?cursor={cursor}%3D"),
        shop.get("orders?cursor=%C3%A9"),
    ):
        assert (refused.status, refused.body["code"]) == (400, "cursor_invalid")


def test_parts_are_shown_whole_where_they_are_asked_for(shop: Shop) -> None:
    shop.one_of_each()

    [order] = shop.get("orders?status=completed&expand=payouts.attempts,payments").body["data"]
    one = shop.get(f"orders/{order['order_reference']}?expand=payments").data
    refused = shop.get("orders?expand=payments.order.payments")

    assert order["payouts"][0]["attempts"] == []
    assert one["payments"] == order["payments"]
    assert one["payouts"] == [order["payouts"][0]["id"]]
    assert (refused.status, refused.body["code"]) == (400, "expand_unknown")


# The caller's budget and its transaction are not counted. The first statement finds the key.
STATEMENTS = {"orders": 8, "payments": 3, "receipts": 3, "payouts": 3, "refunds": 3, "transfers": 2}


@pytest.mark.once
@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_as_many_statements_for_20_rows_as_for_one(shop: Shop, path: str) -> None:
    def statements(rows: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            found = shop.get(f"{path}?limit={rows}").body["data"]
        assert len(found) == rows
        return sum("trust_budget" not in query["sql"] for query in captured.captured_queries)

    for _ in range(20):
        shop.one_of_each()
    # When a key was used last is written now and then.
    statements(1)

    assert statements(1) == statements(20) == STATEMENTS[path]


def test_the_domain_lists_what_it_is_asked_for_and_nothing_else(shop: Shop) -> None:
    shop.order()
    shop.paid()

    page = list_objects(
        "order",
        asker=Asker(merchant_id=shop.merchant_id),
        wish=Wish(status=OrderStatus.PAID, with_total=True),
    )

    assert (len(page.items), page.next_cursor, page.total) == (1, None, 1)


def test_a_timeline_tells_what_happened_and_names_nobody(shop: Shop) -> None:
    shop.one_of_each()
    [order] = shop.get("orders?status=cancelled").body["data"]

    events = shop.get(f"orders/{order['order_reference']}/timeline").body["data"]

    types = [event["type"] for event in events]
    assert types[0] == "order.created"
    assert {"receipt.allocated", "order.paid", "order.cancelled", "refund.created"} <= set(types)
    assert events[0]["actor"] == "merchant"
    assert {event["actor"] for event in events if event["type"] == "order.cancelled"} == {"operator"}
    assert "chebet" not in str(events)


def test_a_timeline_beyond_a_thousand_events_comes_page_by_page(shop: Shop) -> None:
    paid, other = shop.paid(), shop.paid()
    with unit_of_work():
        for number in range(2_100):
            record("order.reminded", paid, at=shop.clock.now(), actor="worker", data={"number": number})
    path = f"orders/{paid.order_reference}/timeline"

    seen: list[dict[str, Any]] = []
    cursor = ""
    for size in (1000, 1000, None):
        page = shop.get(f"{path}?cursor={cursor}" if cursor else path).body
        seen += page["data"]
        cursor = page["meta"]["next_cursor"]
        assert (page["meta"]["has_more"], page["meta"]["limit"]) == (size is not None, 1000)
        assert size is None or len(page["data"]) == size
        # What happens while somebody pages comes last.
        with unit_of_work():
            record("order.reminded", paid, at=shop.clock.now(), actor="worker", data={"number": "late"})

    events = Event.objects.filter(order_id=paid.id).order_by("id")
    assert [event["id"] for event in seen] == [public_id("evt", event.id) for event in events][:-1]
    assert cursor is None

    two = shop.get(f"{path}?limit=2").body
    assert two["data"] == seen[:2]
    next_two = shop.get(f"{path}?limit=2&cursor={two['meta']['next_cursor']}").body
    assert next_two["data"] == seen[2:4]
    elsewhere = f"orders/{other.order_reference}/timeline?cursor={two['meta']['next_cursor']}"
    for wrong in (elsewhere, f"{path}?cursor=x", f"events?cursor={two['meta']['next_cursor']}"):
        assert shop.get(wrong).body["code"] == "cursor_invalid", wrong
    for wrong in ("limit=0", "limit=1001", "page=2"):
        assert shop.get(f"{path}?{wrong}").body["code"] == "invalid_input"


def test_a_timeline_is_for_the_people_of_the_order(shop: Shop, other_key: str) -> None:
    order = shop.order()

    assert shop.get(f"orders/{order.order_reference}/timeline", key=other_key).status == 404
    assert shop.api.get(f"/api/v1/orders/{order.order_reference}/timeline").status == 401


# Payment links


def _offer(shop: Shop, **how: Any) -> str:
    shop.clock.advance(seconds=1)
    wanted = {"amount": 1500, "product_description": "Kitenge", "seller_phone": "254722000222"}
    made = shop.post("links", wanted | how)
    assert made.status == 201, made.raw
    return str(made.data["id"])


def test_payment_links_come_page_by_page_to_their_merchant_alone(shop: Shop, other_key: str) -> None:
    before = [_offer(shop) for _ in range(5)][::-1]

    seen: list[str] = []
    for page in pages(shop, "links", limit=2):
        seen += [link["id"] for link in page]
        # What is made meanwhile neither hides nor repeats anything.
        _offer(shop)

    assert seen == before
    assert shop.get(f"links/{before[0]}").data["id"] == before[0]
    assert shop.get("links", key=other_key).body["data"] == []
    for path in (
        f"links/{before[0]}",
        f"links/link_{new_key().hex}",
        f"links/ord_{new_key().hex}",
        "links/x",
    ):
        refused = shop.get(path, key=other_key)
        assert (refused.status, refused.body["code"]) == (404, "link_not_found"), path


def test_a_link_sells_one_to_a_thousand_and_no_other_number(shop: Shop) -> None:
    wanted = {"amount": 1500, "product_description": "Kitenge", "seller_phone": "254722000222"}
    for stock in (0, -1, 1_001):
        refused = shop.post("links", wanted | {"stock": stock})
        assert (refused.status, refused.body["code"]) == (400, "link_stock_invalid")
        assert refused.body["details"]["most"] == 1_000
    assert shop.post("links", wanted | {"stock": "3"}).body["code"] == "invalid_input"
    assert shop.get("links").body["data"] == []


def test_a_cursor_of_links_is_good_for_its_own_list_alone(shop: Shop, other_key: str) -> None:
    for _ in range(2):
        _offer(shop)
        shop.order()
    cursor = shop.get("links?limit=1").body["meta"]["next_cursor"]
    of_orders = shop.get("orders?limit=1").body["meta"]["next_cursor"]

    assert shop.get(f"links?limit=1&cursor={cursor}").status == 200
    for refused in (
        shop.get(f"links?status=active&cursor={cursor}"),
        shop.get(f"links?cursor={of_orders}"),
        shop.get(f"orders?cursor={cursor}"),
        shop.get(f"links?cursor={cursor}", key=other_key),
    ):
        assert (refused.status, refused.body["code"]) == (400, "cursor_invalid")


def test_links_are_found_by_where_they_stand_now(shop: Shop) -> None:
    """One whose time is over is expired from that second, whether or not a sweep has come by."""
    stopped, ends = _offer(shop), _offer(shop, expires_at="2026-11-23T12:00:00Z")
    shop.post(f"links/{stopped}/disable", {})
    stays = _offer(shop)
    shop.clock.advance(hours=12)

    def found(query: str) -> list[str]:
        return [link["id"] for link in shop.get(f"links?{query}").body["data"]]

    assert found("status=active") == [stays]
    assert found("status=expired") == [ends]
    assert found("status=disabled") == [stopped]
    assert found("status=used_up") == []
    assert found("created[gte]=2026-11-24") == []
    assert shop.get("links?limit=1&include=total").body["meta"]["total"] == 3
    assert shop.get("links?status=gone").status == 400


def test_a_list_of_links_costs_the_same_for_one_row_and_for_twenty(shop: Shop) -> None:
    def statements(rows: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.get(f"links?limit={rows}").body["data"]) == rows
        return sum("trust_budget" not in query["sql"] for query in captured.captured_queries)

    for _ in range(20):
        _offer(shop)
    statements(1)

    assert statements(1) == statements(20)


# People who are signed in


@pytest.fixture
def people(shop: Shop) -> dict[str, str]:
    """Two sales of one seller to two buyers; the session of each of them, and of somebody else."""
    shop.one_of_each()
    phones = {"seller": "+254722000222", "first": "+254712200001", "second": "+254712200002"}
    return {
        name: open_session(phone=Phone(phone), now=shop.clock.now())[1]
        for name, phone in {**phones, "somebody": "+254722000333"}.items()
    }


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("orders", {"seller": 2, "first": 1, "second": 1, "somebody": 0}),
        ("payments", {"seller": 2, "first": 1, "second": 1, "somebody": 0}),
        ("receipts", {"seller": 2, "first": 1, "second": 1, "somebody": 0}),
        ("payouts", {"seller": 1, "first": 0, "second": 0, "somebody": 0}),
        ("refunds", {"seller": 1, "first": 0, "second": 1, "somebody": 0}),
    ],
)
def test_who_is_signed_in_sees_what_is_theirs(
    shop: Shop, people: dict[str, str], path: str, counts: dict[str, int]
) -> None:
    everything = {found["id"]: found for found in shop.get(path).body["data"]}
    for name, count in counts.items():
        rows = shop.get(path, key=people[name]).body["data"]

        assert len(rows) == count, name
        own = {row["id"] for row in rows}
        if path == "orders":
            assert not any("metadata" in row or "reference" in row for row in rows)
            continue
        for key, row in everything.items():
            one = shop.get(f"{path}/{key}", key=people[name])
            assert (one.data == row) if key in own else (one.status == 404)


def test_an_order_in_a_persons_list_says_whether_it_is_their_turn(shop: Shop) -> None:
    """One who buys and sells is told of each order by what they are to it."""
    baraka = Phone("+254722000222")
    sold = shop.paid()
    bought = create_order(
        buyer_phone=baraka,
        seller_phone=Phone("+254722000333"),
        amount=kes(900),
        product_description="Sufuria",
        merchant_id=shop.merchant_id,
        now=shop.clock.now(),
    ).order
    session = open_session(phone=baraka, now=shop.clock.now())[1]

    rows = shop.get("orders", key=session).body["data"]

    turns = {row["order_reference"]: row["next_action"] for row in rows}
    assert turns == {
        sold.order_reference: {"actor": "seller", "verb": "deliver", "is_yours": True},
        bought.order_reference: {"actor": "buyer", "verb": "pay", "is_yours": True},
    }


def test_a_cursor_of_one_person_is_not_anothers(shop: Shop, people: dict[str, str]) -> None:
    cursor = shop.get("orders?limit=1", key=people["seller"]).body["meta"]["next_cursor"]

    assert cursor is not None
    refused = shop.get(f"orders?limit=1&cursor={cursor}", key=people["first"])
    assert (refused.status, refused.body["code"]) == (400, "cursor_invalid")
    assert len(shop.get(f"orders?limit=1&cursor={cursor}", key=people["seller"]).body["data"]) == 1


def test_a_persons_list_costs_the_same_for_one_row_and_for_twenty(shop: Shop) -> None:
    shop.delivered()
    session = open_session(phone=Phone("+254722000222"), now=shop.clock.now())[1]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert shop.get("orders", key=session).status == 200
        return len(captured)

    one = queries()
    for _ in range(19):
        shop.delivered()

    assert queries() == one
