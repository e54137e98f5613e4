"""What merchants' programs asked is on their pages, a moment later, and costs the requests nothing."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.pages.conftest import Person, words
from zemi.api.endpoint import operations_of
from zemi.common.ids import new_key
from zemi.developers.curl import example_body
from zemi.request_log import record
from zemi.request_log.models import LoggedRequest
from zemi.request_log.read import forget_old_requests
from zemi.request_log.record import Recorder
from zemi.urls import API, V1

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Takes requests as in production; written when the test says so."""
    found = Recorder()
    found._thread = object()  # type: ignore[assignment]  # as if it had begun
    monkeypatch.setattr("zemi.api.middleware.recorder", found)
    return found


def ask(path: str, text: str, method: str = "get", **more: Any) -> Any:
    return getattr(Client(), method)(path, headers={"authorization": f"Bearer {text}"}, **more)


def test_requests_with_a_key_are_shown_to_their_merchant(
    chebet: Person, key_text: str, recorder: Recorder
) -> None:
    read = ask("/api/v1/orders?reference=254712345678", key_text)
    missing = ask("/api/v1/orders/0712345678", key_text)
    ask("/api/v1/links", key_text, "post", data="{}", content_type="application/json")
    assert recorder.flush() == 3

    page = words(chebet.open("/developers/requests"))
    assert "GET /api/v1/orders 200" in page
    assert "GET /api/v1/orders/&lt;phone&gt; 404" in page
    assert "POST /api/v1/links 400" in page
    refused = words(chebet.open("/developers/requests", refused="1"))
    assert "GET /api/v1/orders 200" not in refused
    shown = words(chebet.open(f"/developers/requests/{read.headers['Request-Id']}"))
    assert "/api/v1/orders -H" in shown
    assert "order_not_found" in words(chebet.open(f"/developers/requests/{missing.headers['Request-Id']}"))
    kept = "".join(map(repr, LoggedRequest.objects.values_list()))
    assert "712345678" not in kept
    assert key_text not in kept


def test_for_a_request_that_wrote_there_is_the_documented_example(
    chebet: Person, key_text: str, recorder: Recorder
) -> None:
    def shown(path: str, method: str = "post") -> str:
        asked = ask(
            path, key_text, method, data='{"product_description": "private"}', content_type="application/json"
        )
        recorder.flush()
        return unescape(words(chebet.open(f"/developers/requests/{asked.headers['Request-Id']}")))

    made = shown("/api/v1/links")
    assert "The log keeps no bodies. This sends the documented example" in made
    body = (
        '{"amount": "1500.00", "product_description": "Kitenge, six yards", "seller_phone": "0712 345 678"}'
    )
    assert made.endswith(f" -H 'Content-Type: application/json' -d '{body}' Copy")
    keys = [
        re.findall(r"-H 'Idempotency-Key: ([0-9a-f]{32})'", said) for said in (made, shown("/api/v1/links"))
    ]
    # Each is an act of its own.
    assert len(keys[0]) == len(keys[1]) == 1
    assert keys[0] != keys[1]
    assert "It takes no body." in shown("/api/v1/webhook_endpoints/we_x/ping")
    for path, method in (("/api/v1/links", "put"), ("/api/v1/orders/0712345678/cancel", "post")):
        assert "no command" in shown(path, method), path


EXAMPLES = {
    f"{path}": operations["post"].cls
    for path, view in ((str(each.pattern), each.callback) for each in API + V1)
    if "post" in (operations := operations_of(view)) and operations["post"].cls.input is not None
}


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_is_read_by_its_endpoint(path: str) -> None:
    assert EXAMPLES[path].input.read(json.loads(json.dumps(example_body(EXAMPLES[path].input)))) is not None


def test_requests_of_others_and_of_nobody_are_not_shown(
    chebet: Person, make_key: Any, recorder: Recorder
) -> None:
    theirs = ask("/api/v1/orders", make_key("read", merchant="Duka la Otieno"))
    ask("/api/v1/orders", "zk_test_wrong")
    chebet.open("/api/v1/orders")
    assert recorder.flush() == 1

    assert "No request yet." in words(chebet.open("/developers/requests"))
    assert chebet.open(f"/developers/requests/{theirs.headers['Request-Id']}").status_code == 404
    assert chebet.open("/developers/requests/x").status_code == 404


def test_a_request_makes_no_trip_for_it(key_text: str, recorder: Recorder) -> None:
    with CaptureQueriesContext(connection) as queries:
        ask("/api/v1/orders", key_text)

    assert not [query for query in queries.captured_queries if "request_log" in query["sql"]]
    assert recorder.flush() == 1


def test_what_does_not_fit_is_dropped_and_said(
    key_text: str, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(record, "MOST_WAITING", 1)
    ask("/api/v1/orders", key_text)
    ask("/api/v1/orders", key_text)

    assert recorder.flush() == 1
    assert "request_log.dropped" in caplog.text


def test_old_requests_are_forgotten(key: Any, clock: Any, settings: Any) -> None:
    for days in (6, 8):
        LoggedRequest.objects.create(
            id=new_key(), merchant_id=key.merchant_id, key_id=key.public_id, method="GET", path="/", status=200,
            duration_ms=1, at=clock.now() - timedelta(days=days),
        )  # fmt: skip

    assert forget_old_requests(now=clock.now()) == 1
    assert LoggedRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_what_waits_and_ends(key: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "GATHER_S", 0.01)
    found = Recorder()
    row = LoggedRequest(
        id=new_key(), merchant_id=key.merchant_id, key_id=key.public_id, method="GET", path="/", status=200,
        duration_ms=1, at=clock.now(),
    )  # fmt: skip
    found.note(row)
    found.start()
    found.note(row)
    found.stop()

    assert LoggedRequest.objects.count() == 1
