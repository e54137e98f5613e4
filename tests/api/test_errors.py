"""Errors look the same wherever they come from, and say nothing that they shouldn't."""

import json
import logging
import re
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from tests.api.conftest import AMINA, Api
from zemi.api import errors
from zemi.api.error_list import error_list
from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text
from zemi.web.status import STATUS

pytestmark = pytest.mark.django_db


def test_a_refusal_has_the_documented_shape(api: Api) -> None:
    answer = api.get("/api/orders/ZEM-00000000")

    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.body
    assert list(body) == ["success", "error", "code", "details", "doc_url", "request_id"]
    assert body["success"] is False
    assert body["error"] == "There is no order with this reference."
    assert body["code"] == "order_not_found"
    assert body["details"] == {
        "type": "not_found",
        "retryable": False,
        "next_step": "Check the reference: ZEM- and 8 characters.",
    }
    assert body["doc_url"] == "/docs/errors#order_not_found"
    assert re.fullmatch(r"req_[0-9a-f]{32}", body["request_id"])
    assert body["request_id"] == answer.headers["Request-Id"]


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("sw", "sw"),
        ("sw-KE,en;q=0.5", "sw"),
        ("en,sw;q=0.9", "en"),
        ("en;q=0.1, sw;q=0.2", "sw"),
        ("fr", "en"),
        ("", "en"),
        ("sw;q=abc", "en"),
        ("*", "en"),
    ],
)
def test_the_sentence_comes_in_the_readers_language(api: Api, accept: str, language: str) -> None:
    answer = api.get("/api/orders/ZEM-00000000", accept_language=accept)

    expected = {"en": "There is no order with this reference.", "sw": "Hakuna oda yenye namba hii."}
    assert answer.body["error"] == expected[language]
    assert answer.headers["Content-Language"] == language


def test_all_fields_that_are_wrong_are_named_at_once(api: Api) -> None:
    answer = api.post("/api/orders/create", {"buyer_phone": True, "amount": "1.234"}, accept_language="sw")

    assert answer.status == 400
    problems = answer.body["details"]["errors"]
    assert [(problem["field"], problem["code"]) for problem in problems] == [
        ("buyer_phone", "invalid_phone"),
        ("amount", "max_decimals"),
        ("product_description", "required"),
    ]
    assert problems[2]["message"] == "Sehemu hii inahitajika."
    assert answer.body["error"] == f"buyer_phone: {problems[0]['message']}"


def test_problem_json_is_sent_to_who_asks_for_it(api: Api) -> None:
    answer = api.get(
        "/api/orders/ZEM-00000000?from=shop", accept="application/problem+json, application/json;q=0.5"
    )

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "http://testserver/docs/errors#order_not_found",
        "title": "Order not found",
        "status": 404,
        "detail": "There is no order with this reference.",
        "instance": "/api/orders/ZEM-00000000?from=shop",
        "code": "order_not_found",
        "details": {
            "type": "not_found",
            "retryable": False,
            "next_step": "Check the reference: ZEM- and 8 characters.",
        },
        "request_id": answer.headers["Request-Id"],
    }


@pytest.mark.parametrize(
    ("accept", "is_problem"),
    [
        ("application/problem+json", True),
        ("application/json, Application/Problem+JSON; charset=utf-8; q=0.3", True),
        ("application/problem+json;q=0", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_does_not_name_problem_json_gets_the_seeds_shape(api: Api, accept: str, is_problem: bool) -> None:
    # From a view, and from an address that no view answers.
    for path in ("/api/orders/ZEM-00000000", "/api/nothing"):
        body = api.get(path, accept=accept).body
        assert ("success" not in body) is is_problem
        assert ("status" in body) is is_problem


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/v1/nothing", "/api/orders/create/", "/hooks/", "/hooks/a/b", "/api"]
)
def test_an_unknown_address_is_not_found_in_the_same_shape(api: Api, path: str) -> None:
    answer = api.get(path)

    assert answer.status == 404
    assert answer.body["code"] == "not_found"
    assert answer.body["request_id"] == answer.headers["Request-Id"]


def test_pages_for_people_have_their_own_not_found(api: Api) -> None:
    answer = api.get("/nothing")

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/orders/create", "POST"),
        ("PUT", "/api/orders/create", "POST"),
        ("OPTIONS", "/api/orders/create", "POST"),
        ("TRACE", "/api/orders/create", "POST"),
        ("DELETE", "/api/orders/ZEM-00000000", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("GET", "/api/webhooks/mpesa", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(api: Api, method: str, path: str, allowed: str) -> None:
    answer = api.request(method, path)

    assert answer.status == 405
    assert answer.headers["Allow"] == allowed
    assert answer.body["code"] == "method_not_allowed"


class _Probe(ZemiError):
    code = "probe"
    kind = Kind.STATE
    text = Text(en="Probe {name}.", sw="Jaribio {name}.")
    next_step = Text(en="Look at {name}.", sw="Tazama {name}.")
    retryable = True


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.VALIDATION, 400),
        (Kind.AUTHENTICATION, 401),
        (Kind.DECLINED, 402),
        (Kind.PERMISSION, 403),
        (Kind.NOT_FOUND, 404),
        (Kind.STATE, 409),
        (Kind.AMOUNT, 422),
        (Kind.VERIFICATION, 422),
        (Kind.LOCKED, 423),
        (Kind.RATE_LIMIT, 429),
        (Kind.PROVIDER, 503),
        (Kind.INTERNAL, 500),
    ],
)
def test_each_kind_has_its_status(api: Api, monkeypatch: pytest.MonkeyPatch, kind: Kind, status: int) -> None:
    def refuse(**_: Any) -> None:
        raise _Probe(name="A", retry_after_s=7)

    monkeypatch.setattr(_Probe, "kind", kind)
    monkeypatch.setattr("zemi.api.orders.read_order", refuse)

    answer = api.get("/api/orders/ZEM-00000000")

    assert answer.status == status
    assert answer.headers["Retry-After"] == "7"
    assert answer.body["error"] == "Probe A."
    assert answer.body["details"] == {
        "type": str(kind),
        "name": "A",
        "retryable": True,
        "next_step": "Look at A.",
    }
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)


def test_every_kind_has_a_status() -> None:
    assert set(STATUS) == set(Kind)


def test_a_fault_of_ours_says_nothing_about_itself(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        code = str(847_000 + 263)
        raise RuntimeError(f"broken for {AMINA}\nDETAIL: Failing row contains ({code})")

    monkeypatch.setattr("zemi.api.orders.read_order", fail)
    with caplog.at_level(logging.INFO):
        answer = api.get("/api/orders/ZEM-00000000")

    assert answer.status == 500
    assert answer.body["code"] == "internal_error"
    assert answer.body["request_id"] == answer.headers["Request-Id"]
    for text in (answer.raw.decode(), "\n".join(record.getMessage() for record in caplog.records)):
        assert AMINA not in text
        assert "847263" not in text
    assert b"RuntimeError" not in answer.raw
    assert any(
        "RuntimeError" in str(record.msg) and "request.failed" in str(record.msg) for record in caplog.records
    )


def test_a_bug_is_raised_to_tests_that_want_it(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise IntegrityError("a constraint that nobody caught")

    monkeypatch.setattr("zemi.api.orders.read_order", fail)

    with pytest.raises(IntegrityError):
        client.get("/api/orders/ZEM-00000000")


def test_a_database_that_does_not_answer_is_503_and_says_look_first(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("zemi.api.orders.read_order", fail)

    answer = api.get("/api/orders/ZEM-00000000")

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.body["code"] == "temporarily_unavailable"


def test_the_doc_url_of_every_error_leads_to_its_explanation(api: Api) -> None:
    answer = api.get("/docs/errors")
    page = unescape(answer.raw.decode())

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    found = error_list()
    assert len(found) > 30
    for error in found:
        address, _, anchor = str(error.example["doc_url"]).partition("#")
        assert address == "/docs/errors"
        section = page.partition(f'<section id="{anchor}">')[2].partition("</section>")[0]
        for said in (error.cause, error.sentence.en, error.sentence.sw, error.fix.en, error.fix.sw):
            assert said in section, error.code
        assert json.loads(section.partition("<pre>")[2].partition("</pre>")[0]) == error.example


def test_facts_are_said_in_json() -> None:
    from datetime import UTC, datetime

    from zemi.common.money import kes

    error = _Probe(
        name="A", due=kes(1500), at=datetime(2026, 11, 23, 9, tzinfo=UTC), rows=[kes(1)], more={"a": None}
    )

    body = errors.body_of(error, language="sw", request_id="req_1")

    assert json.loads(json.dumps(body))["details"] == {
        "type": "state_error",
        "name": "A",
        "due": "1500.00",
        "at": "2026-11-23T09:00:00Z",
        "rows": ["1.00"],
        "more": {"a": None},
        "retryable": True,
        "next_step": "Tazama A.",
    }
