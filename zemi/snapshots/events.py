"""Events as merchants see them: the body of a webhook, and the same from the API (DOMAIN 4.6).

The words are made when an event is first handed out or asked for, from its object as it is then, and kept: they are
the same for every endpoint, every try and every reader.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet

from zemi.common.db import insert
from zemi.common.ids import public_id, read_public_id
from zemi.events.models import Event
from zemi.events.public import PUBLIC, TOLD
from zemi.links.models import PaymentLink
from zemi.orders.models import Order
from zemi.snapshots.errors import ObjectNotFound
from zemi.snapshots.links import show_link_of_event
from zemi.snapshots.lists import USUAL_LIMIT, Page, page_of
from zemi.snapshots.objects import API_VERSION, Shown, snapshots_of
from zemi.webhooks.endpoints import show_endpoint
from zemi.webhooks.models import EventBody, WebhookEndpoint

# So much later than it says an event may be written: its time was read before a call to a provider.
_MOST_LATE = timedelta(minutes=5)
# Whose timeline an event stands on, where that is no order's; each says its merchant.
_OWNERS: Mapping[str, type[Model]] = {
    WebhookEndpoint.SUBJECT: WebhookEndpoint,
    PaymentLink.SUBJECT: PaymentLink,
}


def texts_of(events: Iterable[Event], *, now: datetime) -> dict[UUID, str]:
    """The words of each event, by its id; those that were never made are made and kept."""
    wanted = {event.id: event for event in events}
    found = _kept(wanted)
    missing = [event for key, event in wanted.items() if key not in found]
    if missing:
        bodies = [EventBody(event=event, text=text, made_at=now) for event, text in _write(missing, now=now)]
        # Of two processes one keeps its words, and both use those.
        insert(*bodies, ignore_conflicts=True)
        found |= _kept(event.id for event in missing)
    return found


@dataclass(frozen=True, slots=True)
class EventWish:
    """Which events are wanted, and how many at once; empty: of every type, from the newest on."""

    limit: int = USUAL_LIMIT
    cursor: str = ""
    type: str = ""
    created_from: datetime | None = None
    created_until: datetime | None = None

    @property
    def filters(self) -> tuple[object, ...]:
        """What a cursor is bound to."""
        return (self.type, self.created_from, self.created_until)


def list_events(*, merchant_id: UUID, wish: EventWish, now: datetime) -> Page:
    """List a merchant's events, newest first.

    :raises CursorInvalid: the cursor is not one of ours, or of another list
    """
    rows = events_of_merchant(merchant_id)
    bounds = {"type": wish.type or None, "at__gte": wish.created_from, "at__lt": wish.created_until}
    rows = rows.filter(**{column: bound for column, bound in bounds.items() if bound is not None})
    scope = repr(("event", str(merchant_id), wish.filters))
    found, next_cursor = page_of(rows, scope=scope, limit=wish.limit, cursor=wish.cursor)
    texts = texts_of(found, now=now)
    return Page([json.loads(texts[event.id]) for event in found], next_cursor)


def read_event(written: str, *, merchant_id: UUID, now: datetime) -> Shown:
    """Read one of a merchant's events, by its public id.

    :raises ObjectNotFound: there is none, or it is another merchant's
    """
    key = read_public_id("evt", written)
    event = events_of_merchant(merchant_id).filter(pk=key).first() if key is not None else None
    if event is None:
        raise ObjectNotFound
    shown: Shown = json.loads(texts_of([event], now=now)[event.id])
    return shown


def events_of_merchant(merchant_id: UUID) -> "QuerySet[Event]":
    """All events that this merchant may see, in no order."""
    orders = Order.objects.filter(merchant_id=merchant_id).values("id")
    endpoints = WebhookEndpoint.objects.filter(merchant_id=merchant_id).values("id")
    links = PaymentLink.objects.filter(merchant_id=merchant_id).values("id")
    timelines = orders.union(endpoints, links, all=True)
    return Event.objects.filter(order_id__in=timelines, type__in=PUBLIC)


def events_between(
    *, merchant_id: UUID, since: datetime, until: datetime, after: UUID | None, limit: int
) -> list[Event]:
    """What is told of [since, until) after the event `after`, oldest first, at most `limit`."""
    if after is None:
        # Events come roughly in the order of their keys: what is far older than the span needs no look.
        after = (
            Event.objects.filter(at__lt=since - _MOST_LATE)
            .order_by("-id")
            .values_list("id", flat=True)
            .first()
        )
    found = events_of_merchant(merchant_id).filter(at__gte=since, at__lt=until, type__in=TOLD)
    if after is not None:
        found = found.filter(id__gt=after)
    return list(found.order_by("id")[:limit])


def merchant_of_event(event: Event) -> UUID | None:
    """Whose event it is; None: nobody's, or no merchant's."""
    if event.order_id is None:
        return None
    owner = _OWNERS.get(event.subject_type, Order)
    found: UUID | None = owner._default_manager.values_list("merchant_id", flat=True).get(pk=event.order_id)
    return found


def _kept(keys: Iterable[UUID]) -> dict[UUID, str]:
    return dict(EventBody.objects.filter(pk__in=list(keys)).values_list("event_id", "text"))


def _write(events: list[Event], *, now: datetime) -> Iterable[tuple[Event, str]]:
    objects = snapshots_of((event.subject_type, event.subject_id) for event in events)
    keys = [event.subject_id for event in events if event.subject_type == WebhookEndpoint.SUBJECT]
    for endpoint in WebhookEndpoint.objects.filter(pk__in=keys):
        objects[WebhookEndpoint.SUBJECT, endpoint.id] = show_endpoint(endpoint)
    keys = [event.subject_id for event in events if event.subject_type == PaymentLink.SUBJECT]
    for link in PaymentLink.objects.select_related("seller").filter(pk__in=keys):
        objects[PaymentLink.SUBJECT, link.id] = show_link_of_event(link, now=now)
    numbers = _numbers(events)
    for event in events:
        shown = objects[event.subject_type, event.subject_id]
        body = _body(event, shown, sequence=numbers[event.id])
        yield event, json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _body(event: Event, shown: Mapping[str, Any], *, sequence: int) -> dict[str, Any]:
    data: dict[str, Any] = {"object": shown}
    if "from" in event.data:
        data["previous"] = {"status": event.data["from"]}
    return {
        "id": public_id("evt", event.id),
        "object": "event",
        "type": event.type,
        "timestamp": f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "livemode": settings.LIVE,
        "api_version": API_VERSION,
        "sequence": sequence,
        "data": data,
        "request": {
            "id": event.request_id,
            "idempotency_key_hash": bytes(event.key_hash).hex() if event.key_hash is not None else None,
        },
    }


def _numbers(events: Iterable[Event]) -> dict[UUID, int]:
    """The number of each event among those of its object, from 1."""
    timelines: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Event.objects.filter(order_id__in={event.order_id for event in events}).order_by("id")
    for subject_id, key in rows.values_list("subject_id", "id"):
        timelines[subject_id].append(key)
    return {event.id: timelines[event.subject_id].index(event.id) + 1 for event in events}
