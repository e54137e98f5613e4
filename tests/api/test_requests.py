"""What every request gets: an id, a line in the log, a body however it is sent."""

import json
import logging
from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory

from tests.api.conftest import AMINA, Api
from zemi.webhooks.tokens import CallbackKind, mint

pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in found if line.get("event") == "request"]


@pytest.mark.parametrize(
    "path", ["/api/orders/ZEM-00000000", "/healthz", "/nothing", "/docs", "/api/openapi.json"]
)
def test_every_answer_has_a_request_id_of_its_own(api: Api, path: str) -> None:
    first, second = api.get(path), api.get(path)

    assert first.headers["Request-Id"].startswith("req_")
    assert first.headers["Request-Id"] != second.headers["Request-Id"]


def test_also_what_no_view_answers_has_one(api: Api, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("zemi.api.orders.read_order", fail)
    settings.ALLOWED_HOSTS = ["zemi.example"]

    wrong_host = api.get("/api/orders/ZEM-00000000")
    broken = api.get("/api/orders/ZEM-00000000", host="zemi.example")

    assert (wrong_host.status, broken.status) == (400, 500)
    for answer in (wrong_host, broken):
        assert answer.headers["Request-Id"] == answer.body["request_id"]


def test_one_line_is_logged_with_the_route_and_not_the_path(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    from zemi.common.ids import new_key

    secret = mint(CallbackKind.STK, new_key())
    with caplog.at_level(logging.INFO):
        api.get("/api/orders/ZEM-00000000", x_request_id="shop-17")
        api.post(f"/hooks/{secret}", f'{{"PhoneNumber": {AMINA}}}')
        api.get(f"/nothing/{AMINA}", x_request_id="bad id\n")

    order, hook, nothing = lines(caplog)
    assert (order["method"], order["route"], order["status"]) == (
        "GET",
        "/api/orders/<reference:order_reference>",
        404,
    )
    assert order["error"] == "order_not_found"
    assert order["correlation_id"] == "shop-17"
    assert order["request_id"].startswith("req_")
    assert (hook["route"], hook["status"]) == ("/hooks/<slug:token>", 200)
    assert nothing["route"] == "(none)"
    assert "correlation_id" not in nothing
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for private in (secret, AMINA, "ZEM-00000000"):
        assert private not in logged


@pytest.mark.parametrize("body", [b'{"Body": {}}', b"", b"x" * 65_536])
def test_a_body_in_chunks_is_read_like_any_other(body: bytes) -> None:
    from zemi.webhooks.models import WebhookLog

    answer = _chunked(body)

    assert answer.status_code == 200
    assert WebhookLog.objects.get().body == body


def test_a_body_in_chunks_has_the_same_limit() -> None:
    from zemi.webhooks.models import WebhookLog

    assert _chunked(b"x" * 65_537).status_code == 413
    assert not WebhookLog.objects.exists()


def test_broken_chunks_are_refused() -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise RuntimeError("as gunicorn's ParseException: Invalid chunk size b'ZZ'")

    answer = _chunked(Broken())

    assert answer.status_code == 400
    assert json.loads(answer.content)["code"] == "bad_request"


def _chunked(body: bytes | BytesIO) -> Any:
    """A request as gunicorn hands one over that came without a Content-Length."""
    from django.core.handlers.base import BaseHandler

    request = RequestFactory().generic("POST", "/api/webhooks/mpesa", b"", content_type="application/json")
    request.META.pop("CONTENT_LENGTH", None)
    request.META |= {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(body) if isinstance(body, bytes) else body,
    }
    handler = BaseHandler()
    handler.load_middleware()
    return handler.get_response(request)


def test_an_answer_is_not_kept_by_caches(api: Api) -> None:
    order = api.create()

    for answer in (
        api.get(f"/api/orders/{order['order_reference']}"),
        api.get("/api/orders/ZEM-00000000"),
        api.get("/readyz"),
    ):
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_answer_says_how_long_it_is(api: Api) -> None:
    answer, head = api.get("/healthz"), api.request("HEAD", "/healthz")

    assert answer.headers["Content-Length"] == head.headers["Content-Length"] == str(len(answer.raw))
    assert head.raw == b""


def test_health_says_yes(api: Api) -> None:
    assert api.get("/healthz").body == {"ok": True}
    assert api.get("/readyz").body == {"ok": True}
    assert api.get("/readyz").status == 200


def test_readiness_says_no_and_not_why(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def fail() -> None:
        raise OperationalError("password authentication failed for user zemi")

    monkeypatch.setattr("zemi.api.pages.connection.cursor", fail)

    ready, alive = api.get("/readyz"), api.get("/healthz")

    assert (ready.status, ready.body) == (503, {"ok": False})
    assert alive.status == 200


def test_readiness_waits_for_migrations(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    from zemi.api import pages

    monkeypatch.setattr(pages, "_migrated", False)
    MigrationRecorder.Migration.objects.filter(app="orders").delete()

    assert api.get("/readyz").status == 503
