"""Endpoints and events over HTTP, as a merchant's developer uses them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from tests import story
from tests.characters import AMINA, BARAKA
from tests.conftest import VirtualClock
from tests.story import Answer, get
from tests.webhooks.receiver import Receiver
from zemi.common.ids import new_key
from zemi.identity.api_keys import Scope
from zemi.webhooks import endpoints
from zemi.webhooks.endpoints import (
    create_endpoint,
    delete_endpoint,
    live_secrets,
    rotate_secret,
    update_endpoint,
)
from zemi.webhooks.errors import WebhookUrlRefused
from zemi.webhooks.models import WebhookDelivery, WebhookEndpoint

PATH = "/api/v1/webhook_endpoints"
Meanwhile = Callable[[Callable[[], object]], AbstractContextManager[None]]


def post(path: str, body: dict[str, Any], *, key: str, idempotency_key: str = "") -> Answer:
    """POST with an idempotency key: a new one, unless one is given."""
    return story.post(path, body, key=key, idempotency_key=idempotency_key or new_key().hex)


@pytest.fixture
def meanwhile() -> Meanwhile:
    """Have something done by somebody else right after endpoints were read for the first time."""

    @contextmanager
    def doing(act: Callable[[], object]) -> Iterator[None]:
        left = [act]

        def look(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            answer = execute(sql, *rest)
            if left and sql.startswith("SELECT") and 'FROM "webhooks_webhookendpoint"' in sql:
                left.pop()()
            return answer

        with connection.execute_wrapper(look):
            yield
        assert not left

    return doing


@pytest.fixture
def made(key: str, receiver: Receiver) -> dict[str, Any]:
    """Duka's endpoint, as the answer that made it showed it."""
    return post(PATH, {"url": receiver.url, "description": "shop"}, key=key).data


def test_the_secret_is_shown_once(key: str, receiver: Receiver) -> None:
    created = post(PATH, {"url": receiver.url, "types": ["order.paid", "order.created"]}, key=key)

    assert created.status == 201
    shown = created.data
    secret = shown.pop("secret")
    assert secret.startswith("whsec_")
    assert shown["types"] == ["order.created", "order.paid"]
    assert shown["enabled"] is True
    assert get(f"{PATH}/{shown['id']}", key=key).data == shown
    assert get(PATH, key=key).body["data"] == [shown]
    assert secret.encode() not in bytes(WebhookEndpoint.objects.get().secret_sealed)


def test_an_endpoint_is_changed_switched_and_deleted(
    key: str, made: dict[str, Any], receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    one = f"{PATH}/{made['id']}"

    changed = post(one, {"types": ["order.paid"], "description": ""}, key=key).data
    assert (changed["types"], changed["description"], changed["url"]) == (["order.paid"], "", receiver.url)
    off = post(one, {"enabled": False}, key=key).data
    assert (off["enabled"], off["disabled_reason"]) == (False, "merchant")
    on = post(one, {"enabled": True}, key=key).data
    assert (on["enabled"], on["disabled_at"], on["disabled_reason"]) == (True, None, None)

    assert post(f"{one}/delete", {}, key=key).data == {"id": made["id"], "deleted": True}
    assert get(one, key=key).code == "webhook_endpoint_not_found"
    assert get(PATH, key=key).body["data"] == []
    story.create_order(key=key)
    run_worker()
    assert receiver.got == []
    gone = WebhookEndpoint.objects.get()
    assert (bytes(gone.secret_sealed), gone.old_secret_sealed) == (b"", None)


def test_an_endpoint_has_a_phone_to_alert_which_is_shown_masked_and_can_be_forgotten(
    key: str, receiver: Receiver
) -> None:
    made = post(PATH, {"url": receiver.url, "alert_phone": "0712 345 678"}, key=key).data
    path = f"{PATH}/{made['id']}"
    assert made["alert_phone_masked"] == "****5678"
    row = WebhookEndpoint.objects.get()
    assert row.alert_phone == AMINA
    assert b"712345678" not in bytes(row.alert_phone_sealed or b"")

    assert post(path, {"description": "shop"}, key=key).data["alert_phone_masked"] == "****5678"
    assert post(path, {"alert_phone": "nobody"}, key=key).code == "invalid_input"
    assert post(path, {"alert_phone": BARAKA.msisdn}, key=key).data["alert_phone_masked"] == "****0111"
    assert post(path, {"alert_phone": ""}, key=key).data["alert_phone_masked"] is None
    assert WebhookEndpoint.objects.get().alert_phone is None

    post(path, {"alert_phone": BARAKA.msisdn}, key=key)
    post(f"{path}/delete", {}, key=key)
    gone = WebhookEndpoint.objects.get()
    assert (gone.alert_phone_sealed, gone.alert_phone_last4) == (None, "")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_input"),
        ({"url": "shop.example"}, "invalid_input"),
        ({"url": 7}, "invalid_input"),
        ({"url": "https://shop.example/", "types": "order.paid"}, "invalid_input"),
        ({"url": "https://shop.example/", "types": [1]}, "invalid_input"),
        ({"url": "https://shop.example/", "types": ["order.stolen"]}, "event_type_unknown"),
        ({"url": "https://user:pass@shop.example/"}, "webhook_url_refused"),
        ({"url": "https://shop.example:99999/"}, "webhook_url_refused"),
        ({"url": "http://169.254.169.254/latest"}, "webhook_url_refused"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused(key: str, body: dict[str, Any], code: str) -> None:
    assert post(PATH, body, key=key).code == code
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("url", ["http://shop.example/", "https://shop.example:8443/", "http://localhost/"])
def test_live_mode_wants_https_on_an_allowed_port(
    url: str, duka: UUID, clock: VirtualClock, settings: Any
) -> None:
    settings.LIVE = True

    with pytest.raises(WebhookUrlRefused):
        create_endpoint(merchant_id=duka, url=url, now=clock.now())


def test_a_merchant_has_sixteen_at_most(key: str, receiver: Receiver) -> None:
    ids = [post(PATH, {"url": receiver.url}, key=key).data["id"] for _ in range(16)]

    refused = post(PATH, {"url": receiver.url}, key=key)
    assert (refused.status, refused.code) == (409, "too_many_webhook_endpoints")

    post(f"{PATH}/{ids[3]}/delete", {}, key=key)
    assert post(PATH, {"url": receiver.url}, key=key).status == 201


def test_other_merchants_find_nothing(made: dict[str, Any], key: str, run_worker: Callable[[], int]) -> None:
    story.create_order(key=key)
    event = get("/api/v1/events", key=key).body["data"][0]["id"]
    other = story.key_with(Scope.WEBHOOKS, Scope.READ, merchant="Soko")

    one = f"{PATH}/{made['id']}"
    assert get(PATH, key=other).body["data"] == []
    assert get("/api/v1/events", key=other).body["data"] == []
    assert get(f"/api/v1/events/{event}", key=other).status == 404
    for path in (one, f"{one}/deliveries"):
        assert get(path, key=other).code == "webhook_endpoint_not_found"
    for action in ("", "/delete", "/rotate", "/ping", "/redeliver"):
        answer = post(f"{one}{action}", {"since": "2026-11-01"} if action == "/redeliver" else {}, key=other)
        assert answer.code == "webhook_endpoint_not_found"


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ORDERS, Scope.PAYOUTS])
def test_endpoints_need_their_own_scope(scope: Scope) -> None:
    key = story.key_with(scope, merchant="Soko")

    assert get(PATH, key=key).code == "scope_missing"
    assert post(PATH, {"url": "https://shop.example/"}, key=key).code == "scope_missing"


def test_a_ping_reaches_that_endpoint_alone(
    key: str, made: dict[str, Any], receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    post(PATH, {"url": receiver.url + "/other"}, key=key)

    asked = post(f"{PATH}/{made['id']}/ping", {}, key=key)
    assert (asked.status, asked.data["status"], asked.data["event_type"]) == (
        202,
        "pending",
        "webhook_endpoint.ping",
    )
    run_worker()

    [got] = receiver.got
    assert got.path == "/hook"
    assert Webhook(made["secret"]).verify(got.raw, got.headers)["data"]["object"]["id"] == made["id"]
    assert (got.body["sequence"], got.body["id"]) == (1, asked.data["event"])
    post(f"{PATH}/{made['id']}/ping", {}, key=key)
    run_worker()
    assert receiver.got[-1].body["sequence"] == 2


def test_rotation_shows_a_new_secret_and_until_when_the_old_one_signs(
    key: str, made: dict[str, Any], clock: VirtualClock
) -> None:
    rotated = post(f"{PATH}/{made['id']}/rotate", {}, key=key).data

    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] == "2026-11-24T09:00:00Z"


@pytest.mark.parametrize("action", ["", "/rotate", "/redeliver"])
def test_what_shows_a_secret_or_sends_in_bulk_needs_an_idempotency_key(
    key: str, made: dict[str, Any], receiver: Receiver, action: str
) -> None:
    bodies = {"": {"url": receiver.url}, "/rotate": {}, "/redeliver": {"since": "2026-11-22"}}
    path = f"{PATH}/{made['id']}{action}" if action else PATH

    assert story.post(path, bodies[action], key=key).code == "idempotency_key_missing"


def test_of_two_rotations_at_once_one_is_told_that_it_came_second(
    key: str, made: dict[str, Any], duka: UUID, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    [endpoint] = WebhookEndpoint.objects.all()
    secrets = []

    def rotate() -> None:
        secrets.append(rotate_secret(endpoint.id, merchant_id=duka, now=clock.now())[1])

    with meanwhile(rotate):
        second = post(f"{PATH}/{made['id']}/rotate", {}, key=key)

    assert (second.status, second.code) == (409, "webhook_secret_just_rotated")
    endpoint.refresh_from_db()
    assert live_secrets(endpoint, now=clock.now()) == [*secrets, made["secret"]]


def test_a_change_leaves_alone_what_somebody_else_changes_at_once(
    key: str, made: dict[str, Any], duka: UUID, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    [endpoint] = WebhookEndpoint.objects.all()
    other = {"url": "http://127.0.0.1:9/new", "types": ["order.paid"]}

    with meanwhile(lambda: update_endpoint(endpoint.id, merchant_id=duka, **other, now=clock.now())):
        changed = post(f"{PATH}/{made['id']}", {"description": "till 2"}, key=key).data

    assert changed | other == changed
    assert changed["description"] == "till 2"
    assert get(f"{PATH}/{made['id']}", key=key).data == changed


def test_an_endpoint_that_is_deleted_while_it_is_rotated_is_not_found(
    key: str, made: dict[str, Any], duka: UUID, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    [endpoint] = WebhookEndpoint.objects.all()

    with meanwhile(lambda: delete_endpoint(endpoint.id, merchant_id=duka, now=clock.now())):
        rotated = post(f"{PATH}/{made['id']}/rotate", {}, key=key)

    assert (rotated.status, rotated.code) == (404, "webhook_endpoint_not_found")


@pytest.mark.parametrize("action", ["", "/delete"])
def test_an_endpoint_that_is_deleted_while_it_is_changed_is_not_found(
    key: str, made: dict[str, Any], duka: UUID, clock: VirtualClock, meanwhile: Meanwhile, action: str
) -> None:
    [endpoint] = WebhookEndpoint.objects.all()

    with meanwhile(lambda: delete_endpoint(endpoint.id, merchant_id=duka, now=clock.now())):
        late = post(f"{PATH}/{made['id']}{action}", {}, key=key)

    assert (late.status, late.code) == (404, "webhook_endpoint_not_found")


def test_two_endpoints_that_are_made_at_once_are_both_made(
    key: str, duka: UUID, receiver: Receiver, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    def make() -> None:
        # Somebody else's request: what is kept for this one is not its answer.
        Context().run(create_endpoint, merchant_id=duka, url=receiver.url, now=clock.now())

    # Both found the first place free.
    with meanwhile(make):
        assert post(PATH, {"url": receiver.url}, key=key).status == 201

    assert sorted(WebhookEndpoint.objects.values_list("slot", flat=True)) == [0, 1]


def test_another_violation_is_not_mistaken_for_a_taken_place(
    duka: UUID, receiver: Receiver, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise IntegrityError("something else")

    monkeypatch.setattr(endpoints, "begin_listening", broken)
    with pytest.raises(IntegrityError, match="something else"):
        create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())

    assert not WebhookEndpoint.objects.exists()


def test_deliveries_tell_of_every_try(
    key: str, made: dict[str, Any], receiver: Receiver, clock: VirtualClock, run_worker: Callable[[], int]
) -> None:
    receiver.answer = (500, {}, b"out of paper")
    story.create_order(key=key)
    run_worker()

    [delivery] = get(f"{PATH}/{made['id']}/deliveries?status=pending", key=key).body["data"]
    [tried] = delivery["attempts"]
    assert (tried["status"], tried["answer"], tried["error"]) == (500, "out of paper", None)
    assert delivery["next_attempt_at"] is not None

    receiver.answer = 200
    path = f"{PATH}/{made['id']}/deliveries/{delivery['id']}/redeliver"
    assert post(path, {}, key=key).status == 202
    run_worker()
    [delivery] = get(f"{PATH}/{made['id']}/deliveries?status=delivered", key=key).body["data"]
    assert [one["status"] for one in delivery["attempts"]] == [500, 200]
    assert get(f"{PATH}/{made['id']}/deliveries?status=failed", key=key).body["data"] == []
    assert (
        post(path.replace(delivery["id"], "wd_" + "0" * 32), {}, key=key).code == "webhook_delivery_not_found"
    )


def test_a_receiver_that_was_down_is_brought_level_by_one_call(
    key: str, made: dict[str, Any], receiver: Receiver, clock: VirtualClock, run_worker: Callable[[], int]
) -> None:
    receiver.answer = 500
    for _ in range(3):
        story.create_order(key=key)
        for _ in range(8):
            clock.advance(hours=3)
            run_worker()
    receiver.answer, receiver.got = 200, []
    clock.advance(seconds=1)

    asked = post(f"{PATH}/{made['id']}/redeliver", {"since": "2026-11-23"}, key=key)
    run_worker()

    assert (asked.status, asked.data["status"], asked.data["include_delivered"]) == (202, "queued", False)
    told = {received.body["id"] for received in receiver.got}
    assert told == {event["id"] for event in get("/api/v1/events?limit=100", key=key).body["data"]}
    assert not WebhookDelivery.objects.filter(delivered_at=None).exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_input"),
        ({"since": "yesterday"}, "invalid_input"),
        ({"since": "2026-11-24"}, "redelivery_span_refused"),
        ({"since": "2026-09-01"}, "redelivery_span_refused"),
        ({"since": "2026-11-23", "include_delivered": "yes"}, "invalid_input"),
    ],
)
def test_a_span_that_cannot_be_is_refused(
    key: str, made: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    assert post(f"{PATH}/{made['id']}/redeliver", body, key=key).code == code


def test_what_is_off_is_sent_nothing_on_demand_either(
    key: str, made: dict[str, Any], receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    story.create_order(key=key)
    run_worker()
    [delivery] = get(f"{PATH}/{made['id']}/deliveries", key=key).body["data"]
    one = f"{PATH}/{made['id']}"
    post(one, {"enabled": False}, key=key)

    for path, body in (
        ("/ping", {}),
        ("/redeliver", {"since": "2026-11-23"}),
        (f"/deliveries/{delivery['id']}/redeliver", {}),
    ):
        assert post(one + path, body, key=key).code == "webhook_endpoint_is_disabled"


def test_events_have_the_same_bodies_as_webhooks(
    key: str, made: dict[str, Any], receiver: Receiver, sale: Callable[..., str]
) -> None:
    sale()

    listed = get("/api/v1/events", key=key).body
    assert listed["data"] == [received.body for received in reversed(receiver.got)]
    assert listed["meta"] == {"has_more": False, "next_cursor": None, "limit": 25}
    for received in receiver.got:
        assert get(f"/api/v1/events/{received.body['id']}", key=key).data == received.body


def test_events_are_there_without_any_endpoint(
    key: str, sale: Callable[..., str], clock: VirtualClock
) -> None:
    reference = sale()
    clock.advance(hours=1)

    listed = get("/api/v1/events?limit=2", key=key).body
    types = [event["type"] for event in listed["data"]]
    assert types == ["order.paid", "receipt.allocated"]
    rest = get(f"/api/v1/events?limit=100&cursor={listed['meta']['next_cursor']}", key=key).body
    assert [event["type"] for event in rest["data"]] == [
        "payment.completed",
        "payment.pending",
        "order.created",
    ]
    [paid] = get("/api/v1/events?type=order.paid", key=key).body["data"]
    assert paid["data"]["object"]["order_reference"] == reference
    assert get("/api/v1/events?created[gte]=2026-11-23T09:30:00Z", key=key).body["data"] == []
    assert get("/api/v1/events?type=order.stolen", key=key).code == "invalid_input"
    assert (
        get(f"/api/v1/events?type=order.paid&cursor={listed['meta']['next_cursor']}", key=key).status == 400
    )
    assert get("/api/v1/events/evt_1", key=key).status == 404


@pytest.mark.parametrize("path", ["/api/v1/events", "deliveries"])
def test_a_longer_list_asks_the_database_no_more(
    path: str, key: str, made: dict[str, Any], receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    path = path if path.startswith("/") else f"{PATH}/{made['id']}/{path}"
    counts = []
    for more in (1, 19):
        for _ in range(more):
            story.create_order(key=key)
        run_worker()
        get(path, key=key)
        with CaptureQueriesContext(connection) as asked:
            listed = get(path, key=key).body["data"]
        counts.append(len([query for query in asked.captured_queries if "trust_budget" not in query["sql"]]))

    assert len(listed) == 20
    assert counts[0] == counts[1] <= 5


def test_the_list_of_endpoints_asks_the_database_no_more_when_it_is_full(
    key: str, made: dict[str, Any], duka: UUID, clock: VirtualClock
) -> None:
    counts = []
    for more in (0, WebhookEndpoint.MOST - 1):
        for _ in range(more):
            create_endpoint(merchant_id=duka, url=made["url"], now=clock.now())
        get(PATH, key=key)
        with CaptureQueriesContext(connection) as asked:
            listed = get(PATH, key=key).body["data"]
        counts.append(len([query for query in asked.captured_queries if "trust_budget" not in query["sql"]]))

    assert len(listed) == WebhookEndpoint.MOST
    assert counts == [2, 2]


def test_no_body_has_twenty_kilobytes(
    key: str, made: dict[str, Any], receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    # The most that an order takes of each, in characters of three bytes, or of two in JSON's writing.
    metadata = {f"{n}" * 40: "ẞ" * 500 for n in range(5)}
    created = story.create_order(key=key, metadata=metadata, product_description="\n" + '"' * 498 + "x")
    assert created.status == 201
    run_worker()

    [got] = receiver.got
    assert 7_500 < len(got.raw) < 20_000
