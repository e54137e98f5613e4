"""Send events to merchants' endpoints: signed, in order for each object, tried again for days (DOMAIN 4.6).

A delivery is a row; what became of each try is another. Sent at least once: a worker that dies between the answer and
its record sends again, with the same webhook-id.
"""

import email.utils
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from zemi.common import outside
from zemi.common.db import (
    append,
    conclude,
    insert,
    inside_transaction,
    outside_transaction,
    unit_of_work,
    write_if,
)
from zemi.common.ids import public_id
from zemi.common.work import claim_due, finish, handle_each
from zemi.events.log import record
from zemi.events.models import Event
from zemi.webhooks import errors
from zemi.webhooks.endpoints import get_endpoint, live_secrets, policy
from zemi.webhooks.models import DisabledReason, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from zemi.webhooks.signing import signed_headers

# Waits before the tries of one delivery, of the Standard Webhooks; some of each wait is taken off or added, by chance.
SCHEDULE_S = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
JITTER_PERCENT = 20
# An event waits so long for the one before it of the same object.
ORDER_WAIT = timedelta(minutes=10)
_ORDER_LOOK = timedelta(seconds=5)
# An endpoint that failed so often in a row rests so long before the next delivery of all is tried.
REST_S = (0, 0, 30, 120, 300)
GIVE_UP = timedelta(days=5)
MOST_RETRY_AFTER = timedelta(hours=24)
MOST_ANSWER = 2048
_BATCH = 5

# A delivery as if nothing had been tried.
ANEW: Mapping[str, Any] = {
    "attempts": 0, "failures": 0, "delivered_at": None, "failed_at": None, "lease_until": None, "parked_at": None,
}  # fmt: skip

# Makes the words for events, by event id: what an event's object looks like is known further up.
Writer = Callable[[Iterable[Event]], Mapping[UUID, str]]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one try. `status` is None when no answer came; then `error` is a word for why."""

    status: int | None
    error: str = ""
    answer: str = ""
    retry_after: timedelta | None = None

    @property
    def is_delivered(self) -> bool:
        """Only 2xx is: a redirect is not followed, and says that the URL is wrong."""
        return self.status is not None and 200 <= self.status < 300


@inside_transaction
def owe(event: Event, *, merchant_id: UUID, now: datetime) -> int:
    """Write what the merchant's endpoints are owed for an event; how many want it. A second time nothing is added."""
    endpoints = WebhookEndpoint.objects.filter(
        merchant_id=merchant_id, deleted_at__isnull=True, disabled_at__isnull=True, created_at__lte=event.at
    )
    wanted = [endpoint for endpoint in endpoints if wants(endpoint, event.type)]
    append(*(new_delivery(endpoint, event, now=now) for endpoint in wanted), ignore_conflicts=True)
    return len(wanted)


def new_delivery(endpoint: WebhookEndpoint, event: Event, *, now: datetime) -> WebhookDelivery:
    """Make a delivery, due at once; nothing is written yet."""
    return WebhookDelivery(
        endpoint=endpoint, event=event, object_id=event.subject_id, created_at=now, queued_at=now, due_at=now
    )


def wants(endpoint: WebhookEndpoint, event_type: str) -> bool:
    """Whether the endpoint's filter lets a type through."""
    return not endpoint.types or event_type in endpoint.types


@outside_transaction
def send_due_webhooks(write: Writer, *, now: datetime, limit: int = _BATCH) -> int:
    """Send deliveries that are due; `write` makes the words of events. No transaction is open while it sends.

    One batch of an endpoint is under way at a time: a slow receiver takes one worker, not all of them.
    """
    rows = claim_due(WebhookDelivery, now=now, limit=limit, unless=_IS_BUSY)
    endpoints = WebhookEndpoint.objects.in_bulk({row.endpoint_id for row in rows})
    events = Event.objects.in_bulk({row.event_id for row in rows})

    def handle(row: WebhookDelivery, moment: datetime) -> None:
        row.endpoint, row.event = endpoints[row.endpoint_id], events[row.event_id]
        _handle(row, write, now=moment)

    # In the order in which things happened.
    handle_each(sorted(rows, key=lambda row: row.event_id), handle, now=now)
    return len(rows)


# Said in SQL inside the claim: that another of the endpoint's rows is being sent now. %s is the moment.
_IS_BUSY = """
    EXISTS (SELECT 1 FROM webhooks_webhookdelivery busy
            WHERE busy.endpoint_id = webhooks_webhookdelivery.endpoint_id AND busy.due_at IS NOT NULL
              AND busy.lease_until > %s AND busy.parked_at IS NULL)"""


def redeliver(delivery_id: UUID, *, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Send one delivery again at once, whatever became of it, with all its tries before it. Opens its own transaction.

    :raises WebhookEndpointDisabled, WebhookDeliveryNotFound: nothing was queued
    """
    if endpoint.disabled_at is not None:
        raise errors.WebhookEndpointDisabled
    found = WebhookDelivery.objects.filter(pk=delivery_id, endpoint=endpoint)
    with unit_of_work():
        wake(endpoint)
        # Whoever sends it right now loses the claim: it is sent once more.
        if not found.update(**ANEW, fence=F("fence") + 1, due_at=now, queued_at=now):
            raise errors.WebhookDeliveryNotFound
        return conclude(found.get())


def resend(event: Event, *, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Send one event to one endpoint at once, whether it was sent before or not; its filter is not asked.

    Opens its own transaction.

    :raises WebhookEndpointDisabled: nothing was queued
    """
    if endpoint.disabled_at is not None:
        raise errors.WebhookEndpointDisabled
    delivery = new_delivery(endpoint, event, now=now)
    if insert(delivery, ignore_conflicts=True):
        return delivery
    known = WebhookDelivery.objects.get(endpoint=endpoint, event=event)
    return redeliver(known.id, endpoint=endpoint, now=now)


def ping(endpoint_id: UUID, *, merchant_id: UUID, now: datetime) -> WebhookDelivery:
    """Send an endpoint, and no other, a test event. Opens its own transaction.

    :raises WebhookEndpointNotFound, WebhookEndpointDisabled: nothing was sent
    """
    endpoint = get_endpoint(endpoint_id, merchant_id=merchant_id)
    if endpoint.disabled_at is not None:
        raise errors.WebhookEndpointDisabled
    with unit_of_work():
        event = record("webhook_endpoint.ping", endpoint, at=now, actor="merchant")
        delivery = new_delivery(endpoint, event, now=now)
        append(delivery)
    return delivery


def wake(endpoint: WebhookEndpoint) -> None:
    """Try a resting endpoint at once: its merchant says that it is there. How long it has failed is remembered."""
    write_if(endpoint, {"failures": 0, "held_until": None})


def _handle(row: WebhookDelivery, write: Writer, *, now: datetime) -> None:
    endpoint = row.endpoint
    # What another row of this batch found out about it counts.
    endpoint.refresh_from_db(fields=["disabled_at", "deleted_at", "held_until", "failures", "failing_since"])
    if endpoint.disabled_at is not None or endpoint.deleted_at is not None:
        finish(row, failed_at=now, error="endpoint_disabled")
    elif endpoint.held_until is not None and endpoint.held_until > now:
        finish(row, due_at=endpoint.held_until)
    elif (wait := _waits_until(row, now=now)) is not None:
        finish(row, due_at=wait)
    else:
        # Each by itself: one event that can't be written breaks its own row, not the batch.
        text = write([row.event])[row.event_id]
        started = time.monotonic()
        outcome = _send(endpoint, row, text, now=now)
        _record(row, outcome, duration_ms=int((time.monotonic() - started) * 1000), now=now)


def _waits_until(row: WebhookDelivery, *, now: datetime) -> datetime | None:
    """Until when a delivery waits for the one before it of the same object; None when it need not."""
    at_most = row.queued_at + ORDER_WAIT
    if now >= at_most:
        return None
    before = (
        WebhookDelivery.objects.filter(
            endpoint_id=row.endpoint_id,
            object_id=row.object_id,
            event_id__lt=row.event_id,
            due_at__isnull=False,
        )
        .order_by("-event_id")
        .values_list("due_at", flat=True)
        .first()
    )
    return None if before is None else min(at_most, max(before, now + _ORDER_LOOK))


def _send(endpoint: WebhookEndpoint, row: WebhookDelivery, text: str, *, now: datetime) -> _Outcome:
    message_id = public_id("evt", row.event_id)
    # The time that it is out there, also where the sandbox's clock was moved: receivers refuse what is old or early.
    sent_at = datetime.fromtimestamp(time.time(), UTC)
    headers = signed_headers(message_id, text, signers=live_secrets(endpoint, now=now), at=sent_at)
    headers |= {"content-type": "application/json", "user-agent": "Zemi-Webhooks/1"}
    try:
        reply = outside.post(endpoint.url, text.encode(), headers, policy=policy())
    except outside.Unreachable as error:
        return _Outcome(None, error=str(error))
    except outside.AddressRefused:
        return _Outcome(None, error="address_refused")
    except outside.UrlRefused:
        return _Outcome(None, error="url_refused")
    answer = reply.body[:MOST_ANSWER].decode("utf-8", "replace").replace("\x00", "\ufffd")
    wait = _retry_after(reply.headers.get("retry-after", ""), now=now) if reply.status in {429, 503} else None
    return _Outcome(reply.status, answer=answer, retry_after=wait)


def _record(row: WebhookDelivery, outcome: _Outcome, *, duration_ms: int, now: datetime) -> None:
    attempts = row.attempts + 1
    with unit_of_work():
        append(
            WebhookAttempt(
                delivery=row,
                at=now,
                status=outcome.status,
                error=outcome.error,
                duration_ms=duration_ms,
                answer=outcome.answer,
            )
        )
        if outcome.is_delivered:
            finish(row, attempts=attempts, delivered_at=now)
            _count_success(row.endpoint)
            return
        wait = _wait_before(attempts)
        error = outcome.error or f"http_{outcome.status}"
        if wait is None:
            finish(row, attempts=attempts, failed_at=now, error=error)
        else:
            due_at = now + max(wait, outcome.retry_after or wait)
            finish(row, attempts=attempts, due_at=due_at, error=error)
        _count_failure(row.endpoint, outcome, now=now)


def _wait_before(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None: it was the last."""
    if attempts >= len(SCHEDULE_S):
        return None
    percent = 100 + random.randint(-JITTER_PERCENT, JITTER_PERCENT)  # noqa: S311 (spreads load, hides nothing)
    return timedelta(seconds=SCHEDULE_S[attempts]) * percent / 100


def _count_success(endpoint: WebhookEndpoint) -> None:
    # Waking it has zeroed the count, and left since when it fails.
    if endpoint.failures or endpoint.failing_since is not None:
        write_if(endpoint, {"failures": 0, "failing_since": None, "held_until": None})


def _count_failure(endpoint: WebhookEndpoint, outcome: _Outcome, *, now: datetime) -> None:
    failures = endpoint.failures + 1
    rest = outcome.retry_after or timedelta(seconds=REST_S[min(failures, len(REST_S)) - 1])
    since = endpoint.failing_since or now
    write_if(
        endpoint, {"failures": failures, "failing_since": since, "held_until": now + rest if rest else None}
    )
    if rest:
        # Whoever waits for it is not claimed in vain meanwhile.
        WebhookDelivery.objects.filter(
            endpoint=endpoint, due_at__lt=now + rest, lease_until__isnull=True
        ).update(due_at=now + rest)
    if outcome.status == 410:
        _disable(endpoint, DisabledReason.GONE, now=now)
    elif now - since >= GIVE_UP:
        _disable(endpoint, DisabledReason.FAILING, now=now)


def _disable(endpoint: WebhookEndpoint, reason: DisabledReason, *, now: datetime) -> None:
    if write_if(endpoint, {"disabled_at": now, "disabled_reason": reason}, disabled_at=None):
        record("webhook_endpoint.disabled", endpoint, at=now, actor="worker", data={"reason": str(reason)})


def _retry_after(value: str, *, now: datetime) -> timedelta | None:
    """Read Retry-After, in seconds or as a date (RFC 9110, 10.2.3); at most MOST_RETRY_AFTER."""
    if value.strip().isdecimal() and len(value) < 10:
        wait = timedelta(seconds=int(value))
    else:
        try:
            until = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(wait, MOST_RETRY_AFTER) if wait > timedelta(0) else None
