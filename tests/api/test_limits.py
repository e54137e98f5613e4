"""Who asks too often waits: each caller has a budget of its own, and is told how much of it is left (DOMAIN 4.7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import AMINA, BARAKA, OTIENO, Answer, Api
from zemi.common.limits import LIMITS, read_limits
from zemi.common.phone import Phone
from zemi.identity.sessions import open_session
from zemi.orders.models import Order
from zemi.trust.models import Budget
from zemi.worker.sweeps import SWEEPS

pytestmark = pytest.mark.django_db
ORDER = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13", "seller_phone": BARAKA}
CREATE, ABSENT = "/api/orders/create", "/api/orders/ZEM-00000000"


@pytest.fixture
def limits(settings: Any) -> dict[str, int]:
    """The seed's numbers, or others for some of them."""
    settings.LIMITS = read_limits("")
    found: dict[str, int] = settings.LIMITS
    return found


def test_a_stranger_writes_ten_times_a_minute(api: Api, limits: Any, clock: Any) -> None:
    answers = [api.post(CREATE, {}) for _ in range(11)]

    assert [answer.status for answer in answers] == [400] * 10 + [429]
    refused = answers[-1]
    assert refused.body["code"] == "too_many_attempts"
    assert refused.body["details"]["limit"] == "anonymous_writes"
    assert refused.headers["Retry-After"] == "60"
    assert refused.headers["RateLimit-Policy"] == '"anonymous_writes";q=10;w=60'
    assert refused.headers["RateLimit"] == '"anonymous_writes";r=0;t=60'
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    clock.advance(seconds=59)
    assert api.post(CREATE, {}).headers["Retry-After"] == "1"
    clock.advance(seconds=1)
    assert api.post(CREATE, {}).status == 400


def test_every_answer_says_how_much_is_left(api: Api, limits: Any, clock: Any) -> None:
    api.create()
    clock.advance(seconds=20)
    headers = api.post(CREATE, {}).headers

    assert headers["RateLimit-Policy"] == '"anonymous_writes";q=10;w=60'
    assert headers["RateLimit"] == '"anonymous_writes";r=8;t=40'
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("10", "8")
    assert int(headers["X-RateLimit-Reset"]) == clock.now().timestamp() + 40


def test_reading_has_a_budget_of_its_own(api: Api, limits: Any) -> None:
    for _ in range(11):
        api.post(CREATE, {})
    reference = Order.objects.count()

    read = api.get(ABSENT)
    assert (read.status, reference) == (404, 0)
    assert read.headers["RateLimit"] == '"anonymous_reads";r=119;t=60'


def test_a_key_and_a_person_have_a_hundred_whatever_their_address(
    api: Api, limits: dict[str, int], make_key: Any, clock: Any
) -> None:
    limits["authenticated"] = 3
    key, person = make_key("orders"), open_session(phone=Phone(f"+{AMINA}"), now=clock.now())[1]
    for _ in range(11):
        api.post(CREATE, {})

    for holder in (key, person):
        assert [api.post(CREATE, {}, key=holder).status for _ in range(4)] == [400, 400, 400, 429]
        assert api.get(ABSENT, key=holder).body["details"]["limit"] == "authenticated"


def test_a_merchant_gets_no_more_by_more_keys(api: Api, limits: dict[str, int], make_key: Any) -> None:
    limits["authenticated"] = 3

    asked = [api.get(ABSENT, key=make_key("orders", merchant="Duka")).status for _ in range(4)]

    assert asked == [404, 404, 404, 429]
    assert api.get(ABSENT, key=make_key("orders", merchant="Soko")).status == 404


@pytest.mark.parametrize(("proxies", "header"), [(1, "{}"), (2, "{}, 10.0.0.8"), (1, "6.6.6.6, {}")])
def test_addresses_are_told_apart_behind_proxies(
    limits: Any, settings: Any, proxies: int, header: str
) -> None:
    settings.TRUSTED_PROXIES = proxies

    def write(address: str) -> int:
        headers = {"x-forwarded-for": header.format(address)}
        return int(Client().post(CREATE, {}, content_type="application/json", headers=headers).status_code)

    assert [write("1.2.3.4") for _ in range(11)] == [400] * 10 + [429]
    assert write("1.2.3.5") == 400


def test_without_proxies_a_header_is_no_other_address(limits: Any) -> None:
    def write(number: int) -> int:
        headers = {"x-forwarded-for": f"1.2.3.{number}"}
        return int(Client().post(CREATE, {}, content_type="application/json", headers=headers).status_code)

    assert [write(number) for number in range(11)] == [400] * 10 + [429]


def test_a_page_that_waits_starves_nobody_behind_its_address(api: Api, limits: dict[str, int]) -> None:
    limits["link_reads"] = 3
    one, other = (api.create()["payment_url"].rpartition("/")[2] for _ in range(2))

    assert [api.get(f"/o/{one}/poll").status for _ in range(4)] == [200, 200, 200, 429]
    assert api.get(f"/o/{one}").status == 429
    assert api.get(f"/o/{other}/poll").status == 200
    assert api.get(ABSENT).status == 404


def test_links_are_not_tried_in_bulk(api: Api, limits: Any, settings: Any) -> None:
    settings.LOOKUP_BUDGET = 3
    token = api.create()["payment_url"].rpartition("/")[2]

    tries = [api.get(f"/o/{token[:-2]}{number:02d}/poll").status for number in range(4)]
    assert tries == [404, 404, 404, 429]


def test_provider_callbacks_and_health_never_wait(api: Api, limits: Any) -> None:
    for _ in range(15):
        assert api.post("/api/webhooks/mpesa", "{}").status == 200
        assert api.get("/healthz").status == 200
    assert not Budget.objects.exists()
    assert "RateLimit" not in api.post("/api/webhooks/mpesa", "{}").headers


# What a buyer's phone may order


def order(api: Api, make_key: Any, **fields: Any) -> Answer:
    return api.post(CREATE, ORDER | fields, key=make_key("orders"))


def test_a_phone_orders_five_times_an_hour(api: Api, limits: Any, make_key: Any, clock: Any) -> None:
    answers = [order(api, make_key) for _ in range(6)]

    assert [answer.status for answer in answers] == [201] * 5 + [429]
    assert answers[-1].body["details"]["limit"] == "orders_per_phone"
    assert answers[-1].headers["Retry-After"] == "3600"
    assert order(api, make_key, buyer_phone=OTIENO).status == 201
    assert Order.objects.count() == 6
    clock.advance(hours=1)
    assert order(api, make_key).status == 201


def test_the_last_order_of_an_hour_is_refused_for_what_it_costs(
    api: Api, limits: Any, make_key: Any, clock: Any
) -> None:
    """Its place among the five is not used up by the refusal, and is not what it is refused for."""
    assert [order(api, make_key).status for _ in range(4)] == [201] * 4

    refused = order(api, make_key, amount=50_000)

    assert (refused.status, refused.body["code"]) == (422, "limit_exceeded")
    assert refused.body["details"]["limit"] == "kes_per_phone"
    assert order(api, make_key).status == 201


def test_a_phone_orders_for_fifty_thousand_a_day_in_nairobi(
    api: Api, limits: Any, make_key: Any, clock: Any
) -> None:
    assert order(api, make_key, amount=30_000).status == 201
    refused = order(api, make_key, amount=20_001)
    assert (refused.status, refused.body["code"]) == (422, "limit_exceeded")
    assert refused.body["details"]["limit"] == "kes_per_phone"
    assert "KES 50,000 a day" in refused.body["error"]
    assert order(api, make_key, amount=20_000).status == 201
    assert order(api, make_key, amount=10).status == 422
    assert Order.objects.count() == 2

    # 12:00 in Nairobi now; its day ends in twelve hours.
    clock.advance(hours=11, minutes=59)
    assert order(api, make_key, amount=10).status == 422
    clock.advance(minutes=1)
    assert order(api, make_key, amount=50_000).status == 201
    assert order(api, make_key, amount=50_001, buyer_phone=OTIENO).status == 422


def test_a_cancelled_order_gives_its_amount_back_to_its_day(
    api: Api, limits: Any, make_key: Any, clock: Any, simulator: Any
) -> None:
    key = make_key("orders")

    def cancel(answer: Answer) -> int:
        return api.post(f"/api/orders/{answer.data['order_reference']}/cancel", {}, key=key).status

    first = order(api, make_key, amount=50_000)
    assert cancel(first) == 200
    second = order(api, make_key, amount=50_000)
    assert second.status == 201
    clock.advance(hours=12)
    third = order(api, make_key, amount=50_000)
    assert (third.status, cancel(second)) == (201, 200)
    assert order(api, make_key, amount=10).status == 422


# The numbers


def test_budgets_are_forgotten_a_day_after_their_window(api: Api, limits: Any, clock: Any) -> None:
    api.get(ABSENT)
    ended = Budget.objects.latest("ends_at").ends_at
    some = Budget.objects.count()

    kept = SWEEPS["budgets"](ended + timedelta(days=1) - timedelta(minutes=20))
    assert (kept, Budget.objects.count()) == (0, some)

    assert SWEEPS["budgets"](ended + timedelta(days=1, seconds=1)) == some > 0
    assert not Budget.objects.exists()


def test_the_numbers_are_the_seeds() -> None:
    assert {name: (limit.most, int(limit.window.total_seconds())) for name, limit in LIMITS.items()} == {
        "anonymous_writes": (10, 60),
        "anonymous_reads": (120, 60),
        "authenticated": (100, 60),
        "link_reads": (120, 60),
        "link_writes": (20, 60),
        "orders_per_phone": (5, 3600),
        "cancel_requests": (3, 86_400),
        "links_per_phone": (100, 3600),
        "photos_per_phone": (100, 3600),
        "staff_sign_ins": (20, 900),
        "codes_of_a_caller": (20, 3600),
        "codes_to_a_phone": (3, 3600),
        "sign_ins": (30, 3600),
        "cancels": (10, 3600),
        "claims": (10, 3600),
        "refunds_elsewhere": (10, 3600),
        "endpoint_alerts": (3, 86_400),
        "receipt_questions": (120, 3600),
        "kes_per_phone": (50_000, 86_400),
    }


def test_numbers_are_set_by_name() -> None:
    found = read_limits(" anonymous_writes = 30 , orders_per_phone=7,")

    assert (found["anonymous_writes"], found["orders_per_phone"], found["authenticated"]) == (30, 7, 100)


@pytest.mark.parametrize(
    "written", ["fast=1", "authenticated", "authenticated=", "authenticated=0", "authenticated=-1"]
)
def test_a_limit_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"no limit is called|whole number"):
        read_limits(written)
