"""Events reach merchants: signed, in order, tried again for days, and given up in the end (DOMAIN 4.6)."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError
from zemi_client import key_hash, read_event

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.conftest import VirtualClock
from tests.webhooks.receiver import Received, Receiver, serve
from zemi.common import crypto, outside
from zemi.common.db import append, unit_of_work
from zemi.common.ids import public_id
from zemi.common.money import kes
from zemi.common.work import MOST_FAILURES
from zemi.events.log import record
from zemi.events.models import Event, EventDelivery
from zemi.events.public import PUBLIC
from zemi.links.complete import complete_link
from zemi.links.create import create_link
from zemi.links.tokens import token_of
from zemi.webhooks import endpoints
from zemi.webhooks.deliveries import SCHEDULE_S, new_delivery, redeliver
from zemi.webhooks.endpoints import create_endpoint, rotate_secret, update_endpoint
from zemi.webhooks.models import EventBody, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from zemi.webhooks.replays import ask_replay
from zemi.webhooks.signing import show_public_keys

Sale = Callable[..., str]
Later = Callable[..., None]


def test_a_merchant_hears_of_its_sale(endpoint: WebhookEndpoint, receiver: Receiver, sale: Sale) -> None:
    reference = sale(metadata={"cart": "77"})

    assert receiver.types == [
        "order.created",
        "payment.pending",
        "payment.completed",
        "receipt.allocated",
        "order.paid",
    ]
    paid = receiver.got[-1].body
    assert paid["id"] == receiver.got[-1].headers["webhook-id"]
    assert paid["livemode"] is False
    assert paid["api_version"] == "2026-11-01"
    assert paid["sequence"] == 2
    assert paid["data"]["previous"] == {"status": "awaiting_payment"}
    shown = paid["data"]["object"]
    assert (shown["order_reference"], shown["status"], shown["metadata"]) == (
        reference,
        "paid",
        {"cart": "77"},
    )


def test_an_event_names_the_merchants_own_request_and_the_hash_of_its_key(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    run_worker: Callable[[], int],
) -> None:
    order = {"buyer_phone": AMINA.msisdn, "seller_phone": BARAKA.msisdn, "amount": "1500"}
    order |= {"product_description": "Kitenge"}
    made = story.post("/api/v1/orders/create", order, key=key, idempotency_key='"make-77"')
    unkeyed = story.post("/api/v1/orders/create", order, key=key)
    prompt = {
        "phone_number": AMINA.msisdn,
        "amount": "1500",
        "account_reference": made.data["order_reference"],
    }
    # Amina's own program: its key is none of Duka's business.
    pushed = story.post("/api/payments/mpesa/stk-push", prompt, idempotency_key="amina-1")
    clock.advance(seconds=5)
    run_worker()

    heard = [(received.body["type"], received.body["request"]) for received in receiver.got]
    told, by_itself = heard[:3], heard[3:]
    keyed = {"id": made.headers["Request-Id"], "idempotency_key_hash": key_hash("make-77")}
    assert key_hash("make-77") == hashlib.sha256(b"make-77").hexdigest()
    assert told == [
        ("order.created", keyed),
        ("order.created", {"id": unkeyed.headers["Request-Id"], "idempotency_key_hash": None}),
        ("payment.pending", {"id": pushed.headers["Request-Id"], "idempotency_key_hash": None}),
    ]
    assert [name for name, _ in by_itself] == ["payment.completed", "receipt.allocated", "order.paid"]
    assert [request["idempotency_key_hash"] for _, request in by_itself] == [None] * 3
    listed = story.get("/api/v1/events", key=key).body["data"]
    assert listed[-1]["request"] == keyed
    read = read_event(receiver.got[0].raw, receiver.got[0].headers, secret=endpoint.secret())
    assert (read.request_id, read.idempotency_key_hash) == (keyed["id"], keyed["idempotency_key_hash"])


def test_who_has_only_the_public_key_can_prove_it_too(
    endpoint: WebhookEndpoint, receiver: Receiver, sale: Sale
) -> None:
    keys = story.get("/.well-known/zemi-webhook-keys").data["keys"]
    assert [(key["number"], key["signs"]) for key in keys] == [(1, True)]
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[0]["public_key"].removeprefix("whpk_")))
    sale()

    assert receiver.got
    for received in receiver.got:
        [by_key] = [one for one in received.headers["webhook-signature"].split(" ") if one.startswith("v1a,")]
        signature = base64.b64decode(by_key.removeprefix("v1a,"))
        head = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}."
        public.verify(signature, head.encode() + received.raw)
        with pytest.raises(InvalidSignature):
            public.verify(signature, head.encode() + received.raw + b" ")


def test_after_the_master_key_is_replaced_the_old_public_key_is_still_told(
    endpoint: WebhookEndpoint,
) -> None:
    [old] = show_public_keys()
    ring = dict(crypto._ring)
    crypto.use_keys(ring | {2: b"\x07" * 32})
    try:
        keys = show_public_keys()
    finally:
        crypto.use_keys(ring)

    assert [(key["number"], key["signs"]) for key in keys] == [(2, True), (1, False)]
    assert keys[1]["public_key"] == old["public_key"] != keys[0]["public_key"]


def test_a_merchant_hears_of_its_payment_link_but_not_what_opens_it(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    duka: UUID,
    clock: VirtualClock,
    run_worker: Callable[[], int],
) -> None:
    link = create_link(
        amount=kes(1_500),
        product_description="Kitenge",
        seller_phone=BARAKA,
        merchant_id=duka,
        now=clock.now(),
    )
    made = complete_link(token=token_of(link), buyer_phone=AMINA, terms_hash=link.terms_hash, now=clock.now())
    clock.advance(seconds=5)
    run_worker()

    assert sorted(receiver.types) == ["link.created", "link.used", "link.used_up", "order.created"]
    told = {received.body["type"]: received.body for received in receiver.got}
    shown = told["link.used_up"]["data"]
    assert shown["previous"] == {"status": "active"}
    assert (shown["object"]["object"], shown["object"]["status"], shown["object"]["sold"]) == (
        "link",
        "used_up",
        1,
    )
    assert shown["object"]["id"] == told["order.created"]["data"]["object"]["link"]
    assert told["order.created"]["data"]["object"]["order_reference"] == made.order.order_reference
    sent = b"".join(received.raw for received in receiver.got).decode()
    for secret in (token_of(link), AMINA.msisdn, BARAKA.msisdn, made.delivery_code, "url"):
        assert secret is not None
        assert f'"{secret}"' not in sent
        assert secret == "url" or secret not in sent


def test_no_phone_and_no_code_goes_out(
    endpoint: WebhookEndpoint, receiver: Receiver, sale: Sale, simulator: Any
) -> None:
    reference = sale()
    [told] = simulator.messages(AMINA.msisdn)
    [code] = re.findall(r"Delivery code: (\d{6})", told["text"])

    words = b"".join(received.raw for received in receiver.got).decode()

    assert reference in words
    for secret in ("712345678", "722000111", code, "delivery_code"):
        assert secret not in words


def test_each_request_is_signed_by_the_standard(
    duka: UUID, receiver: Receiver, sale: Sale, clock: VirtualClock
) -> None:
    _, secret = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    sale()

    assert secret.startswith("whsec_")
    for received in receiver.got:
        assert Webhook(secret).verify(received.raw, received.headers) == received.body
        assert received.headers["content-type"] == "application/json"


def test_for_a_day_after_a_rotation_both_secrets_sign(
    duka: UUID, receiver: Receiver, sale: Sale, clock: VirtualClock
) -> None:
    endpoint, old = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    _, new = rotate_secret(endpoint.id, merchant_id=duka, now=clock.now())
    sale()

    last = receiver.got[-1]
    assert [one[:3] for one in last.headers["webhook-signature"].split(" ")] == ["v1,", "v1,", "v1a"]
    for secret in (old, new):
        Webhook(secret).verify(last.raw, last.headers)

    clock.advance(hours=24)
    sale()

    last = receiver.got[-1]
    Webhook(new).verify(last.raw, last.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(last.raw, last.headers)


def test_only_types_that_are_asked_for_are_sent(
    duka: UUID, receiver: Receiver, sale: Sale, clock: VirtualClock
) -> None:
    create_endpoint(merchant_id=duka, url=receiver.url, types=["order.paid"], now=clock.now())

    sale()

    assert receiver.types == ["order.paid"]


def test_nobody_hears_of_other_merchants_sales(
    endpoint: WebhookEndpoint, receiver: Receiver, run_worker: Callable[[], int]
) -> None:
    story.create_order(key=story.key_with("orders", merchant="Soko"))
    story.create_order()
    run_worker()

    assert receiver.got == []
    assert not EventDelivery.objects.filter(subscriber="webhooks").exists()


def test_merchants_without_endpoints_cost_no_row(sale: Sale) -> None:
    sale()

    assert not EventDelivery.objects.filter(subscriber="webhooks").exists()
    assert not EventBody.objects.exists()


def test_the_schedule_is_kept_with_some_chance(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    run_worker: Any,
) -> None:
    receiver.answer = 500
    story.create_order(key=key)
    run_worker()
    delivery = WebhookDelivery.objects.get(event__type="order.created")
    while delivery.due_at is not None:
        clock.advance(seconds=(delivery.due_at - clock.now()).total_seconds())
        run_worker()
        delivery.refresh_from_db()

    tries = list(WebhookAttempt.objects.filter(delivery=delivery).order_by("at"))
    assert len(tries) == len(SCHEDULE_S) == 10
    for before, after, wait in zip(tries, tries[1:], SCHEDULE_S[1:], strict=False):
        gap = (after.at - before.at).total_seconds()
        assert wait * 0.8 <= gap <= wait * 1.2
    assert (delivery.due_at, delivery.delivered_at) == (None, None)
    assert delivery.failed_at is not None
    created = [received for received in receiver.got if received.type == "order.created"]
    assert len({(received.headers["webhook-id"], received.raw) for received in created}) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_only_2xx_is_success(
    status: int, endpoint: WebhookEndpoint, receiver: Receiver, key: str, run_worker: Any
) -> None:
    receiver.answer = (status, {"Location": receiver.url}, b"no")
    story.create_order(key=key)
    run_worker()

    [tried] = WebhookAttempt.objects.all()
    assert (tried.status, tried.answer) == (status, "no")
    assert WebhookDelivery.objects.get().delivered_at is None
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(
    status: int, endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = (status, {"Retry-After": "900"}, b"")
    story.create_order(key=key)
    run_worker()
    receiver.answer = 200

    clock.advance(seconds=899)
    run_worker()
    assert len(receiver.got) == 1

    clock.advance(seconds=1)
    run_worker()
    assert len(receiver.got) == 2
    assert WebhookDelivery.objects.get().delivered_at == clock.now()


@pytest.mark.parametrize("zone", [" GMT", " -0000"])
def test_a_receiver_may_say_at_what_time_to_try_again(
    zone: str, endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = (503, {"Retry-After": "Mon, 23 Nov 2026 09:20:00" + zone}, b"")
    assert clock.now() == datetime(2026, 11, 23, 9, tzinfo=UTC)

    story.create_order(key=key)
    run_worker()

    assert WebhookDelivery.objects.get().due_at == datetime(2026, 11, 23, 9, 20, tzinfo=UTC)


def test_an_endpoint_that_its_merchant_switches_off_while_it_is_sent_to_stays_as_the_merchant_says(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = 410
    story.create_order(key=key)
    send = outside.post

    def switched_off_meanwhile(*args: Any, **how: Any) -> outside.Reply:
        reply = send(*args, **how)
        update_endpoint(endpoint.id, merchant_id=endpoint.merchant_id, enabled=False, now=clock.now())
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outside, "post", switched_off_meanwhile)
        run_worker()

    endpoint.refresh_from_db()
    assert (len(receiver.got), endpoint.disabled_reason) == (1, "merchant")
    assert not Event.objects.filter(type="webhook_endpoint.disabled").exists()


def test_what_is_410_is_disabled_at_once(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = 410
    story.create_order(key=key)
    run_worker()
    clock.advance(hours=1)
    story.create_order(key=key)
    run_worker()

    endpoint.refresh_from_db()
    assert (endpoint.disabled_reason, len(receiver.got)) == ("gone", 1)
    assert Event.objects.filter(type="webhook_endpoint.disabled").count() == 1


def test_after_five_days_of_failure_it_is_disabled_and_operators_and_its_merchant_are_told(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    later: Later,
    run_worker: Any,
    settings: Any,
    simulator: Any,
) -> None:
    settings.OPERATOR_PHONES = ("+254733000222",)
    update_endpoint(endpoint.id, merchant_id=endpoint.merchant_id, alert_phone=OTIENO, now=clock.now())
    receiver.answer = 500
    story.create_order(key=key)
    later(timedelta(days=3), step=timedelta(hours=4))
    story.create_order(key=key)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None

    later(timedelta(days=3), step=timedelta(hours=4))

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "failing"
    [told] = [text for text in simulator.messages("254733000222") if "webhook" in text["text"]]
    assert "Duka" in told["text"]
    [told] = simulator.messages(OTIENO.msisdn)
    assert told["text"] == (
        "Zemi: Your webhook at 127.0.0.1 failed for 5 days and is off. Switch it on, then ask for redelivery."
    )


def test_what_was_switched_off_is_told_to_the_merchants_other_endpoint_and_to_its_phone(
    duka: UUID,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    run_worker: Any,
    simulator: Any,
    settings: Any,
) -> None:
    settings.LIMITS = settings.LIMITS | {"endpoint_alerts": 3}
    with serve() as broken:
        broken.answer = 410
        made, _ = create_endpoint(
            merchant_id=duka, url=broken.url, types=["order.created"], alert_phone=OTIENO, now=clock.now()
        )
        create_endpoint(
            merchant_id=duka, url=receiver.url, types=["webhook_endpoint.disabled"], now=clock.now()
        )
        for _ in range(4):
            story.create_order(key=key)
            run_worker()
            update_endpoint(made.id, merchant_id=duka, enabled=True, now=clock.now())

    heard = receiver.got[0].body["data"]["object"]
    assert (heard["id"], heard["disabled_reason"]) == (public_id("we", made.id), "gone")
    assert receiver.types == ["webhook_endpoint.disabled"] * 4
    assert OTIENO.last4 in str(heard["alert_phone_masked"])
    assert not any(OTIENO.msisdn[3:] in received.raw.decode() for received in receiver.got)
    # Whoever says 410 again and again does not text a stranger for ever.
    told = [message["text"] for message in simulator.messages(OTIENO.msisdn)]
    assert (
        told
        == [
            "Zemi: Your webhook at 127.0.0.1 answered 410 and is off. If that is wrong, switch it on and ask for redelivery."
        ]
        * 3
    )


def test_one_success_ends_the_count_of_failures(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, later: Later, run_worker: Any
) -> None:
    receiver.answer = 500
    story.create_order(key=key)
    later(timedelta(days=2), step=timedelta(hours=4))
    receiver.answer = 200
    later(timedelta(days=1), step=timedelta(hours=4))
    endpoint.refresh_from_db()

    assert (endpoint.failures, endpoint.failing_since, endpoint.held_until) == (0, None, None)


def test_an_old_failure_that_was_sent_again_well_does_not_count_a_week_later(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = 500
    story.create_order(key=key)
    run_worker()
    receiver.answer = 200
    redeliver(WebhookDelivery.objects.get().id, endpoint=endpoint, now=clock.now())
    run_worker()
    clock.advance(hours=6 * 24)
    receiver.answer = 500

    story.create_order(key=key)
    run_worker()

    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.failing_since) == (None, clock.now())


def test_events_of_an_object_come_in_order(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    later: Later,
    run_worker: Any,
) -> None:
    failed: list[str] = []

    def fail_first(received: Received) -> int:
        if received.type == "order.created" and not failed:
            failed.append(received.type)
            return 500
        return 200

    receiver.answer = fail_first
    reference = story.create_order(key=key).data["order_reference"]
    run_worker()
    story.post(f"/api/orders/{reference}/cancel", {}, key=key)
    run_worker()
    assert receiver.types == ["order.created"]

    later(timedelta(seconds=20), step=timedelta(seconds=1))

    assert receiver.types == ["order.created", "order.created", "order.cancelled"]


def test_one_poisoned_event_holds_the_next_for_ten_minutes_at_most(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    later: Later,
    run_worker: Any,
) -> None:
    receiver.answer = lambda received: 500 if received.type == "order.created" else 200
    reference = story.create_order(key=key).data["order_reference"]
    run_worker()
    story.post(f"/api/orders/{reference}/cancel", {}, key=key)
    asked_at = clock.now()

    later(timedelta(minutes=9), step=timedelta(seconds=30))
    assert "order.cancelled" not in receiver.types

    later(timedelta(minutes=3), step=timedelta(seconds=30))
    assert "order.cancelled" in receiver.types
    assert clock.now() - asked_at <= timedelta(minutes=12)


def test_a_dead_endpoint_is_not_tried_for_each_of_its_events(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    receiver.answer = 503
    for _ in range(20):
        story.create_order(key=key, buyer=BARAKA, seller=AMINA)
    run_worker()
    clock.advance(seconds=40)
    run_worker()

    assert len(receiver.got) < 10


def test_a_receiver_that_was_down_for_three_days_is_brought_level_by_one_call(
    endpoint: WebhookEndpoint, receiver: Receiver, sale: Sale, key: str, clock: VirtualClock, later: Later, duka: UUID,
    run_worker: Any,
) -> None:  # fmt: skip
    sale()
    since = clock.advance(minutes=2)
    got_before = len(receiver.got)
    receiver.answer = 500
    for day in range(3):
        sale(metadata={"day": str(day)})
        later(timedelta(days=1), step=timedelta(hours=2))
    receiver.answer, receiver.got = 200, receiver.got[:got_before]

    ask_replay(endpoint=endpoint, since=since, until=clock.now(), now=clock.now())
    run_worker()

    missed = Event.objects.filter(at__gte=since, type__in=PUBLIC, order_id__isnull=False).order_by("id")
    known = [received.body for received in receiver.got[got_before:]]
    assert len(known) == 15
    assert sorted(body["id"] for body in known) == sorted(f"evt_{event.id.hex}" for event in missed)
    for number, body in enumerate(known):
        same = [
            other for other in known[:number] if other["data"]["object"]["id"] == body["data"]["object"]["id"]
        ]
        assert all(other["sequence"] < body["sequence"] for other in same)
    assert not WebhookDelivery.objects.filter(due_at__isnull=False).exists()

    ask_replay(endpoint=endpoint, since=since, until=clock.now(), now=clock.now())
    run_worker()
    assert len(receiver.got) == got_before + 15

    ask_replay(endpoint=endpoint, since=since, until=clock.now(), all_again=True, now=clock.now())
    run_worker()
    assert len(receiver.got) == got_before + 30


@pytest.fixture
def unwritable(duka: UUID, endpoint: WebhookEndpoint, clock: VirtualClock) -> WebhookDelivery:
    """An event that the endpoint is owed, of an object that is not there."""
    nowhere = WebhookEndpoint(merchant_id=duka)
    with unit_of_work():
        event = record("webhook_endpoint.ping", nowhere, at=clock.now(), actor="merchant")
        delivery = new_delivery(endpoint, event, now=clock.now())
        append(delivery)
    return delivery


def test_an_event_that_cannot_be_written_holds_up_no_other(
    unwritable: WebhookDelivery, receiver: Receiver, key: str, run_worker: Any
) -> None:
    story.create_order(key=key)

    run_worker()

    assert receiver.types == ["order.created"]
    unwritable.refresh_from_db()
    assert (unwritable.failures, unwritable.last_error) == (1, "KeyError")


def test_what_was_put_aside_is_sent_by_a_replay_too(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    since = clock.now()
    receiver.answer = 500
    story.create_order(key=key)
    run_worker()
    # As if it had broken, the last time of all that are allowed.
    WebhookDelivery.objects.update(failures=MOST_FAILURES, due_at=clock.now())
    until = clock.advance(minutes=1)
    run_worker()
    assert WebhookDelivery.objects.get().parked_at is not None
    receiver.answer, receiver.got = 200, []

    ask_replay(endpoint=endpoint, since=since, until=until, now=until)
    run_worker()

    assert receiver.types == ["order.created"]
    assert WebhookDelivery.objects.get().delivered_at == until


def test_a_replay_finds_what_was_written_before_an_older_event(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    since = clock.now()
    receiver.answer = 500
    story.create_order(key=key)
    # Its time was read before a provider was called, who took his time.
    with unit_of_work():
        record("webhook_endpoint.ping", endpoint, at=since - timedelta(seconds=20), actor="merchant")
    run_worker()
    receiver.answer, receiver.got = 200, []
    until = clock.advance(seconds=1)

    ask_replay(endpoint=endpoint, since=since, until=until, now=until)
    run_worker()

    assert receiver.types == ["order.created"]


def test_what_happened_while_it_was_off_is_got_by_the_same_call(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    sale: Sale,
    clock: VirtualClock,
    duka: UUID,
    run_worker: Any,
) -> None:
    since = clock.now()
    update_endpoint(endpoint.id, merchant_id=duka, enabled=False, now=clock.now())
    sale()
    clock.advance(seconds=1)
    assert receiver.got == []

    on = update_endpoint(endpoint.id, merchant_id=duka, enabled=True, now=clock.now())
    ask_replay(endpoint=on, since=since, until=clock.now(), now=clock.now())
    run_worker()

    assert len(receiver.got) == 5


def test_a_process_that_has_not_heard_of_the_endpoint_misses_nothing(
    duka: UUID, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    from zemi.events import listeners

    story.create_order(key=key)
    clock.advance(seconds=1)
    create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    # This process looked a moment before the endpoint was made.
    listeners._seen.merchants, listeners._seen.until = frozenset(), clock.now() + listeners.SEEN_FOR
    clock.advance(seconds=1)
    reference = story.create_order(key=key).data["order_reference"]
    run_worker()
    assert receiver.got == []

    clock.advance(seconds=endpoints.CATCH_UP.total_seconds())
    run_worker()

    assert [received.body["data"]["object"]["order_reference"] for received in receiver.got] == [reference]


def test_one_delivery_is_sent_again(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    story.create_order(key=key)
    run_worker()

    redeliver(WebhookDelivery.objects.get().id, endpoint=endpoint, now=clock.now())
    run_worker()

    assert [received.raw for received in receiver.got] == [receiver.got[0].raw] * 2
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]
    assert WebhookAttempt.objects.count() == 2


def test_of_a_long_answer_two_kilobytes_are_kept(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, run_worker: Any
) -> None:
    receiver.answer = (500, {}, b"\xff\x00" * 5000)
    story.create_order(key=key)
    run_worker()

    assert len(WebhookAttempt.objects.get().answer) == 2048


def test_addresses_are_judged_again_at_each_try(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    run_worker: Any,
    settings: Any,
    clock: VirtualClock,
) -> None:
    # As if the name had pointed elsewhere when the endpoint was made.
    WebhookEndpoint.objects.update(url="http://169.254.169.254/latest/meta-data")
    story.create_order(key=key)
    run_worker()

    [tried] = WebhookAttempt.objects.all()
    assert (tried.status, tried.error) == (None, "address_refused")
    assert receiver.got == []


def test_urls_are_judged_again_at_each_try(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, run_worker: Any, settings: Any
) -> None:
    story.create_order(key=key)
    # As if the operator had allowed the port when the endpoint was made, and not since.
    settings.LIVE, settings.WEBHOOK_PORTS = True, frozenset({443})

    run_worker()

    [tried] = WebhookAttempt.objects.all()
    assert (tried.status, tried.error) == (None, "url_refused")
    assert receiver.got == []
