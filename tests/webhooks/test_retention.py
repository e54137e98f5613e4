"""What became of a delivery is kept for a while after it ended, and what is under way is never touched."""

from datetime import timedelta
from typing import Any

import pytest

from tests import story
from tests.conftest import VirtualClock
from tests.webhooks.receiver import Receiver
from zemi.events.models import Event
from zemi.webhooks import retention
from zemi.webhooks.deliveries import redeliver, resend
from zemi.webhooks.models import EventBody, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from zemi.worker.sweeps import SWEEPS

DAY = timedelta(days=1)


def test_ended_deliveries_are_forgotten_with_their_tries_after_ninety_days(
    endpoint: WebhookEndpoint, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    story.create_order(key=key)
    run_worker()
    [delivery] = WebhookDelivery.objects.all()
    ended = delivery.delivered_at
    assert ended is not None

    kept = SWEEPS["webhook_deliveries"](ended + 90 * DAY)
    assert (kept, WebhookDelivery.objects.count(), WebhookAttempt.objects.count()) == (0, 1, 1)

    gone = SWEEPS["webhook_deliveries"](ended + 90 * DAY + timedelta(seconds=1))
    assert (gone, WebhookDelivery.objects.count(), WebhookAttempt.objects.count()) == (1, 0, 0)
    assert Event.objects.filter(type="order.created").count() == EventBody.objects.count() == 1


def test_a_failed_one_is_forgotten_too_and_one_that_waits_is_not(
    endpoint: WebhookEndpoint,
    receiver: Receiver,
    key: str,
    clock: VirtualClock,
    run_worker: Any,
    settings: Any,
) -> None:
    settings.WEBHOOK_DELIVERY_DAYS = 7
    receiver.answer = 500
    story.create_order(key=key)
    story.create_order(key=key)
    run_worker()
    failed, waiting = WebhookDelivery.objects.order_by("event_id")
    WebhookDelivery.objects.filter(pk=failed.pk).update(failed_at=clock.now(), due_at=None)

    assert retention.forget_old_deliveries(now=clock.now() + 8 * DAY) == 1
    assert list(WebhookDelivery.objects.values_list("pk", flat=True)) == [waiting.pk]
    assert retention.forget_old_deliveries(now=clock.now() + 3650 * DAY) == 0


def test_one_that_is_sent_again_begins_anew(
    endpoint: WebhookEndpoint, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    story.create_order(key=key)
    run_worker()
    [delivery] = WebhookDelivery.objects.all()
    clock.advance(seconds=(89 * DAY).total_seconds())
    redeliver(delivery.id, endpoint=endpoint, now=clock.now())

    assert retention.forget_old_deliveries(now=clock.now() + 2 * DAY) == 0

    run_worker()
    assert retention.forget_old_deliveries(now=clock.now() + 90 * DAY) == 0
    retention.forget_old_deliveries(now=clock.now() + 91 * DAY)
    assert not WebhookDelivery.objects.exists()


def test_a_sweep_takes_so_many_and_the_oldest_first(
    endpoint: WebhookEndpoint, key: str, clock: VirtualClock, run_worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_MOST_DELETED", 2)
    for _ in range(3):
        story.create_order(key=key)
        run_worker()
        clock.advance(seconds=60)
    newest = WebhookDelivery.objects.latest("delivered_at")

    assert retention.forget_old_deliveries(now=clock.now() + 91 * DAY) == 2
    assert list(WebhookDelivery.objects.all()) == [newest]
    assert retention.forget_old_deliveries(now=clock.now() + 91 * DAY) == 1


def test_an_event_whose_delivery_was_forgotten_can_be_sent_again(
    endpoint: WebhookEndpoint, receiver: Receiver, key: str, clock: VirtualClock, run_worker: Any
) -> None:
    story.create_order(key=key)
    run_worker()
    clock.advance(seconds=(91 * DAY).total_seconds())
    assert retention.forget_old_deliveries(now=clock.now()) == 1

    resend(Event.objects.get(type="order.created"), endpoint=endpoint, now=clock.now())
    run_worker()

    created = [received.raw for received in receiver.got if received.type == "order.created"]
    assert created == [created[0]] * 2
