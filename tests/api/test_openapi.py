"""The OpenAPI document says what is: all routes, and answers as they really come."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import get_resolver
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import validate

from tests.api.conftest import AMINA, BARAKA, Answer, Api
from tests.api.shop import Shop
from zemi.api.endpoint import operations_of
from zemi.api.schema import document

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return document()


def routes(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, path)
        else:
            yield from ((path, method) for method in operations_of(pattern.callback))


def test_it_is_a_valid_document(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"] == "3.1.1"
    validate(openapi)


def test_it_is_the_one_in_docs(openapi: dict[str, Any]) -> None:
    assert json.loads(DOCUMENT.read_text()) == openapi, "run: python tools/openapi.py"


def test_every_route_is_in_it_and_nothing_else(openapi: dict[str, Any]) -> None:
    served = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", path), method)
        for path, method in routes(get_resolver().url_patterns)
    }

    described = {(path, method) for path, operations in openapi["paths"].items() for method in operations}

    assert described == served


def test_operations_have_names_of_their_own(openapi: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in openapi["paths"].values() for operation in path.values()]

    assert len(names) == len(set(names))
    assert {"createOrder", "createOrderV1", "mpesaCallbackSlash", "getOrder", "b2cPayout"} <= set(names)


def test_both_prefixes_are_one_contract(openapi: dict[str, Any]) -> None:
    seed = {
        path: item
        for path, item in openapi["paths"].items()
        if path.startswith("/api/") and "/v1/" not in path
    }

    for path, item in seed.items():
        for method, operation in item.items():
            twin = openapi["paths"][path.replace("/api/", "/api/v1/")][method]
            assert {**twin, "operationId": ""} == {**operation, "operationId": ""}


def test_a_payout_needs_the_scope_in_it_too(openapi: dict[str, Any]) -> None:
    assert openapi["paths"]["/api/payments/mpesa/b2c-payout"]["post"]["security"] == [{"apiKey": ["payouts"]}]
    assert openapi["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"


@pytest.fixture
def check(openapi: dict[str, Any]) -> Any:
    """Hold an answer against what the document says of it, for its status."""

    def hold(answer: Answer, path: str, method: str = "post") -> Answer:
        described = openapi["paths"][path][method]["responses"]
        assert str(answer.status) in described, (
            f"{method} {path} answers {answer.status}, which is not documented"
        )
        media_type = answer.headers["Content-Type"].partition(";")[0]
        schema = described[str(answer.status)]["content"][media_type]["schema"]
        schema = {**schema, "components": openapi["components"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        validator.validate(answer.body)
        if answer.body.get("success") is True:
            data, shape = answer.body["data"], schema["properties"]["data"]
            if shape.get("type") == "array":
                for item in data:
                    _no_field_is_undocumented(item, shape["items"]["$ref"], openapi)
            else:
                _no_field_is_undocumented(data, shape["$ref"], openapi)
        elif "code" in answer.body and answer.status != 500:
            assert answer.body["code"] in described[str(answer.status)]["description"].split(", ")
        return answer

    return hold


def _no_field_is_undocumented(data: dict[str, Any], reference: str, openapi: dict[str, Any]) -> None:
    shape = openapi["components"]["schemas"][reference.rpartition("/")[2]]
    assert set(data) <= set(shape["properties"])
    assert set(shape.get("required", [])) <= set(data)


@pytest.mark.django_db
def test_answers_are_as_documented(api: Api, simulator: Any, make_key: Any, check: Any, clock: Any) -> None:
    create, get, confirm = (
        "/api/orders/create",
        "/api/orders/{order_reference}",
        "/api/orders/confirm-delivery",
    )
    push, webhook = "/api/payments/mpesa/stk-push", "/api/webhooks/payment"
    payout = "/api/payments/mpesa/b2c-payout"
    body = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13", "seller_phone": BARAKA}
    order = check(api.post(create, body), create).data
    reference = order["order_reference"]
    path = f"/api/orders/{reference}"
    due = {"phone_number": AMINA, "amount": 1500, "account_reference": reference}
    told = {
        "order_reference": reference,
        "transaction_id": "QHJ41HG1W8",
        "amount": 1500,
        "payment_method": "mpesa",
    }
    code = {"order_reference": reference, "delivery_code": order["delivery_code"]}
    owed = {"phone_number": BARAKA, "amount": 1500, "order_reference": reference}
    key, weak = make_key("payouts", "orders"), make_key("read")

    # Creating: by a merchant, wrongly, out of range, with cents, with a poor key.
    check(api.post(create, body | {"reference": "INV-1"}, key=key), create)
    assert check(api.post(create, body | {"reference": "INV-1"}, key=key), create).status == 409
    assert check(api.post(create, "{"), create).status == 400
    assert check(api.post(create, body | {"amount": 9}), create).status == 422
    assert check(api.post(create, body | {"amount": 99.50}), create).status == 422
    assert check(api.post(create, body | {"release_policy": "never"}), create).status == 400
    assert check(api.post(create, body, key=weak), create).status == 403
    assert check(api.post(create, body, key="zk_test_nobody"), create).status == 401
    assert check(api.post(create, body, content_type="text/plain"), create).status == 415
    assert check(api.post(create, "x" * 70_000), create).status == 413
    assert check(api.get(create), create).status == 405
    problem = check(api.post(create, "{", accept="application/problem+json"), create)
    assert problem.headers["Content-Type"] == "application/problem+json"

    # Reading.
    check(api.get(path), get, "get")
    assert check(api.get("/api/orders/ZEM-00000000"), get, "get").status == 404
    assert check(api.get("/api/orders/%00"), get, "get").status == 404

    # Asking for the payment, and being told of it.
    assert check(api.post(push, due | {"amount": 1}), push).status == 422
    assert check(api.post(push, due | {"account_reference": "ZEM-00000000"}), push).status == 404
    assert check(api.post(push, due), push).status == 200
    assert check(api.post(push, due), push).status == 409
    assert check(api.post(webhook, told | {"amount": 1}), webhook).status == 422
    assert check(api.post(confirm, code), confirm).status == 409
    assert check(api.post(payout, owed, key=key), payout).status == 409
    simulator.run_due()
    other = api.create(amount=1600)
    told = told | {"order_reference": other["order_reference"], "amount": 1600}
    assert check(api.post(webhook, told), webhook).status == 200
    assert check(api.post(webhook, told), webhook).status == 409

    # Confirming, and paying out.
    code = {"order_reference": other["order_reference"], "delivery_code": other["delivery_code"]}
    owed = owed | {"order_reference": other["order_reference"], "amount": 1600}
    wrong = "000000" if code["delivery_code"] != "000000" else "111111"
    assert check(api.post(confirm, code | {"delivery_code": wrong}), confirm).status == 422
    assert check(api.post(confirm, code), confirm).status == 200
    check(api.get(f"/api/orders/{other['order_reference']}"), get, "get")
    assert check(api.post(payout, owed), payout).status == 401
    assert check(api.post(payout, owed, key=weak), payout).status == 403
    assert check(api.post(payout, owed | {"amount": 1}, key=key), payout).status == 422
    assert check(api.post(payout, owed | {"phone_number": AMINA}, key=key), payout).status == 403
    assert check(api.post(payout, owed, key=key), payout).status == 200

    # Guessing, until it is enough.
    third = api.create(amount=1700)
    api.pay(third, "QHJ41HG1W9")
    guess = {"order_reference": third["order_reference"]}
    wrong = "000000" if third["delivery_code"] != "000000" else "111111"
    for _ in range(3):
        last = check(api.post(confirm, guess | {"delivery_code": wrong}), confirm)
    locked = check(api.post(confirm, guess | {"delivery_code": third["delivery_code"]}), confirm)
    assert (last.status, locked.status) == (422, 423)
    assert int(locked.headers["Retry-After"]) > 0
    while last.status != 429:
        last = check(
            api.post(confirm, {"order_reference": "ZEM-00000000", "delivery_code": "000000"}), confirm
        )
    assert int(last.headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_an_unknown_outcome_is_as_documented(api: Api, simulator: Any, make_key: Any, check: Any) -> None:
    push, payout = "/api/payments/mpesa/stk-push", "/api/payments/mpesa/b2c-payout"
    order = api.create()
    due = {"phone_number": AMINA, "amount": 1500, "account_reference": order["order_reference"]}
    simulator.fault("http_timeout_after", count=1)
    assert check(api.post(push, due), push).status == 202

    paid = api.create(amount=1600)
    api.pay(paid)
    code = {"order_reference": paid["order_reference"], "delivery_code": paid["delivery_code"]}
    api.post("/api/orders/confirm-delivery", code)
    owed = {"phone_number": BARAKA, "amount": 1600, "order_reference": paid["order_reference"]}
    simulator.fault("http_timeout_after", count=1)
    assert check(api.post(payout, owed, key=make_key("payouts")), payout).status == 202


@pytest.mark.django_db
def test_a_provider_that_cannot_be_reached_is_as_documented(api: Api, simulator: Any, check: Any) -> None:
    push = "/api/payments/mpesa/stk-push"
    order = api.create()
    simulator.fault("http_error_before", count=5)

    answer = check(
        api.post(
            push, {"phone_number": AMINA, "amount": 1500, "account_reference": order["order_reference"]}
        ),
        push,
    )

    assert answer.status == 503
    assert answer.headers["Retry-After"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/webhooks/mpesa", "/api/webhooks/mpesa/"])
def test_callbacks_answer_as_documented(api: Api, check: Any, path: str) -> None:
    assert check(api.post(path, "{}"), path).status == 200
    assert check(api.post(path, "x" * 70_000), path).status == 413
    assert check(api.get(path), path).status == 405
    assert check(api.post("/hooks/abc", "{}"), "/hooks/{token}").status == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["orders", "payments", "receipts", "payouts", "refunds", "transfers"])
def test_lists_answer_as_documented(shop: Shop, check: Any, path: str) -> None:
    shop.one_of_each()
    described = f"/api/v1/{path}"

    page = check(shop.get(f"{path}?limit=1&include=total"), described, "get")
    assert check(shop.get(f"{path}?limit=1000"), described, "get").status == 400
    assert check(shop.get(f"{path}?cursor=nonsense"), described, "get").status == 400
    assert check(shop.get(f"{path}?expand=everything"), described, "get").status == 400
    assert check(shop.api.get(described), described, "get").status == 401

    [first] = page.body["data"]
    if path == "orders":
        one, address = f"{path}/{first['order_reference']}", "/api/v1/orders/{order_reference}"
        check(shop.get(f"{one}/timeline"), f"{address}/timeline", "get")
    else:
        one, address = f"{path}/{first['id']}", f"{described}/{{object_id}}"
    check(shop.get(one), address, "get")
    assert check(shop.get(f"{one[:-1]}{'0' if one[-1] != '0' else '1'}"), address, "get").status == 404


@pytest.mark.django_db
def test_books_answer_as_documented(shop: Shop, check: Any) -> None:
    shop.one_of_each()

    check(shop.get("balances"), "/api/v1/balances", "get")
    statement = check(shop.get("statements"), "/api/v1/statements", "get")
    assert {"from", "until"} <= set(statement.data)
    assert check(shop.get("statements?until=2020-01-01"), "/api/v1/statements", "get").status == 400
    assert check(shop.get("statements?until=never"), "/api/v1/statements", "get").status == 400


@pytest.mark.django_db
def test_health_answers_as_documented(api: Api, check: Any) -> None:
    check(api.get("/healthz"), "/healthz", "get")
    check(api.get("/readyz"), "/readyz", "get")


@pytest.mark.django_db
def test_it_is_served_and_can_be_read_by_people(api: Api, openapi: dict[str, Any]) -> None:
    served, page, script = api.get("/api/openapi.json"), api.get("/docs"), api.get("/docs?script=")

    assert served.headers["Content-Type"] == "application/json"
    assert served.body == openapi
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.status == script.status == 200
    assert b"http://" not in page.raw
    assert b"https://" not in page.raw
    assert b"/api/openapi.json" in script.raw


@pytest.mark.django_db
def test_what_the_docs_page_loads_is_here(api: Api) -> None:
    page = api.get("/docs").raw.decode()
    parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    assert len(parts) >= 3
    for part in parts:
        assert api.get(part).status == 200, part


def test_live_mode_has_nothing_of_the_sandbox() -> None:
    import subprocess
    import sys

    # Settings are read once per process, so the other mode needs a process of its own.
    script = (
        "import django; from django.conf import settings; from zemi import settings as s\n"
        "s.MODE = 'live'; django.setup()\n"
        "from django.urls import Resolver404, resolve\n"
        "resolve('/api/webhooks/mpesa')\n"
        "for path in ('/api/webhooks/payment', '/api/v1/webhooks/payment', '/api/v1/test/clock',\n"
        "             '/api/v1/test/clock/advance', '/api/v1/test/scenarios', '/api/v1/test/scenarios/run'):\n"
        "    try:\n"
        "        resolve(path)\n"
        "    except Resolver404:\n"
        "        print('absent')\n"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "zemi.settings", "ZEMI_VAR": str(settings.VAR), "PATH": ""}
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
    )

    assert found.stdout.split() == ["absent"] * 6
