"""Keys: who is let in where, and that a bad key is refused everywhere."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory, override_settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.api.conftest import AMINA, BARAKA, Api
from zemi.api.auth import caller
from zemi.api.endpoint import Endpoint
from zemi.web.requests import client_address

pytestmark = pytest.mark.django_db

ORDER = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13"}
PAYOUT = {"phone_number": BARAKA, "amount": 1500, "order_reference": "ZEM-00000000"}


def test_a_payout_needs_a_key(api: Api) -> None:
    answer = api.post("/api/payments/mpesa/b2c-payout", PAYOUT)

    assert answer.status == 401
    assert answer.body["code"] == "api_key_required"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="zemi"'


def test_a_payout_needs_the_scope(api: Api, make_key: Any) -> None:
    answer = api.post("/api/payments/mpesa/b2c-payout", PAYOUT, key=make_key("orders", "payments", "read"))

    assert answer.status == 403
    assert answer.body["code"] == "scope_missing"
    assert answer.body["details"]["scope"] == "payouts"


def test_the_key_is_looked_at_before_the_body(api: Api) -> None:
    assert api.post("/api/payments/mpesa/b2c-payout", b"[" * 5_000).status == 401


def test_a_merchant_needs_the_scope_orders_to_create(api: Api, make_key: Any) -> None:
    answer = api.post("/api/orders/create", ORDER, key=make_key("read"))

    assert answer.status == 403
    assert answer.body["details"]["scope"] == "orders"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/orders/create"),
        ("get", "/api/orders/ZEM-00000000"),
        ("post", "/api/orders/confirm-delivery"),
        ("post", "/api/payments/mpesa/stk-push"),
        ("post", "/api/webhooks/payment"),
        ("post", "/api/payments/mpesa/b2c-payout"),
    ],
)
def test_a_bad_key_is_refused_where_none_is_needed(
    api: Api, make_key: Any, clock: Any, method: str, path: str
) -> None:
    good = make_key("orders", "payments", "payouts")
    expired = make_key("orders", lifetime=timedelta(hours=1))
    clock.advance(hours=1)
    swapped = good[:-12] + ("A" if good[-12] != "A" else "B") + good[-11:]

    for bad in ("zk_test_nobody", swapped, good + "0", expired, good.replace("zk_test", "zk_live")):
        answer = api.post(path, {}, key=bad) if method == "post" else api.get(path, key=bad)
        assert answer.status == 401, bad
        assert answer.body["code"] == "api_key_invalid"


def test_an_order_of_another_merchant_is_not_found(api: Api, make_key: Any) -> None:
    order = api.create(key=make_key("orders", merchant="Duka la Chebet"))
    path = f"/api/orders/{order['order_reference']}"

    assert api.get(path, key=make_key("read", merchant="Duka la Chebet")).status == 200
    stranger = api.get(path, key=make_key("read", merchant="Otieno & Sons"))
    absent = api.get("/api/orders/ZEM-00000000", key=make_key("read", merchant="Otieno & Sons"))

    assert stranger.status == absent.status == 404
    assert stranger.body | {"request_id": ""} == absent.body | {"request_id": ""}


def test_a_key_that_is_not_for_reading_sees_what_a_stranger_sees(api: Api, make_key: Any) -> None:
    order = api.create(key=make_key("orders"), metadata={"cart": "A-17"}, reference="W-1")
    path = f"/api/orders/{order['order_reference']}"

    whole = api.get(path, key=make_key("read")).data
    narrow = api.get(f"{path}?expand=payments", key=make_key("orders", "payments")).data

    assert (whole["metadata"], whole["reference"]) == ({"cart": "A-17"}, "W-1")
    assert narrow == api.get(path).data
    assert "metadata" not in narrow


def test_callbacks_and_health_look_at_no_key(api: Api) -> None:
    assert api.post("/api/webhooks/mpesa", "{}", key="zk_test_nobody").status == 200
    assert api.get("/healthz", key="zk_test_nobody").status == 200


def test_an_endpoint_without_an_access_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="Careless declares no access"):

        class Careless(Endpoint):
            def get(self, request: Request) -> Response:
                return Response({})


def test_a_view_that_is_no_endpoint_is_closed() -> None:
    class Foreign(APIView):
        def get(self, request: Request) -> Response:
            return Response({})

    response = Foreign.as_view()(RequestFactory().get("/"))

    assert response.status_code == 401


def test_every_route_is_an_endpoint_or_a_known_page() -> None:
    from django.urls import get_resolver

    def views(patterns: Any) -> Any:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from views(pattern.url_patterns)
            else:
                yield pattern.callback

    found = [getattr(view, "cls", view) for view in views(get_resolver().url_patterns)]
    # Pages for people are no part of the API.
    api = [view for view in found if view.__module__.startswith("zemi.api")]
    others = {view.__name__ for view in api if not (isinstance(view, type) and issubclass(view, Endpoint))}

    assert others == {"openapi", "Docs"}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "1.2.3.4", "10.0.0.9"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "unknown", "10.0.0.9"),
        (1, "1.2.3.4:5678", "1.2.3.4"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
    ],
)
def test_the_clients_address_is_the_one_our_own_proxy_wrote(
    proxies: int, forwarded: str, expected: str
) -> None:
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="10.0.0.9")

    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.9", "address:10.0.0.9"),
        ("2001:db8::1:2:3:4", "address:2001:db8::/64"),
        ("fe80::1%eth0", "address:fe80::/64"),
    ],
)
def test_a_stranger_is_known_by_address_or_household(address: str, expected: str) -> None:
    request = Request(RequestFactory().get("/", REMOTE_ADDR=address))

    assert caller(request) == expected


def test_a_merchant_is_known_by_any_of_its_keys(
    api: Api, make_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zemi.identity.models import Merchant
    from zemi.orders.errors import DeliveryCodeWrong

    asked: list[str] = []

    def confirm(*, caller: str, **_: Any) -> None:
        asked.append(caller)
        raise DeliveryCodeWrong

    monkeypatch.setattr("zemi.api.orders.confirm_delivery", confirm)
    body = {"order_reference": "ZEM-00000000", "delivery_code": "000000"}

    api.post("/api/orders/confirm-delivery", body, key=make_key("orders"))
    api.post("/api/orders/confirm-delivery", body)

    assert asked == [f"merchant:{Merchant.objects.get().id}", "address:127.0.0.1"]
