"""Bring an endpoint level: queue what it missed in a span of time, in portions, oldest first."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F, Q

from zemi.common.db import append, conclude, insert, outside_transaction, unit_of_work
from zemi.common.work import claim_due, finish, handle_each
from zemi.events.models import Event
from zemi.webhooks import errors
from zemi.webhooks.deliveries import ANEW, new_delivery, wake, wants
from zemi.webhooks.models import Extent, WebhookDelivery, WebhookEndpoint, WebhookReplay

LONGEST = timedelta(days=30)
PORTION = 200

# Finds a merchant's events of [since, until) after the event `after`, oldest first, at most `limit`: which events are a
# merchant's is known further up.
Finder = Callable[..., list[Event]]


def ask_replay(
    *, endpoint: WebhookEndpoint, since: datetime, until: datetime, all_again: bool = False, now: datetime
) -> WebhookReplay:
    """Have the events of [since, until) sent that the endpoint wants: those that did not arrive, or all of them again.

    Opens its own transaction.

    :raises WebhookEndpointDisabled, ReplayTooLong: nothing was queued
    """
    if endpoint.disabled_at is not None:
        raise errors.WebhookEndpointDisabled
    if not since < until or until - since > LONGEST:
        raise errors.ReplayTooLong(days=LONGEST.days)
    replay = WebhookReplay(
        endpoint=endpoint,
        since=since,
        until=until,
        extent=Extent.ALL if all_again else Extent.UNDELIVERED,
        created_at=now,
        due_at=now,
    )
    with unit_of_work():
        wake(endpoint)
        insert(replay)
        return conclude(replay)


@outside_transaction
def work_on_replays(find: Finder, *, now: datetime, limit: int = 5) -> int:
    """Queue the next portion of each replay that is due. Each portion is a transaction of its own."""
    rows = claim_due(WebhookReplay, now=now, limit=limit)
    endpoints = WebhookEndpoint.objects.in_bulk({row.endpoint_id for row in rows})

    def handle(row: WebhookReplay, moment: datetime) -> None:
        _queue_portion(row, endpoints[row.endpoint_id], find, now=moment)

    handle_each(rows, handle, now=now)
    return len(rows)


def _queue_portion(row: WebhookReplay, endpoint: WebhookEndpoint, find: Finder, *, now: datetime) -> None:
    if endpoint.disabled_at is not None or endpoint.deleted_at is not None:
        finish(row, error="endpoint_disabled")
        return
    found = find(
        merchant_id=endpoint.merchant_id, since=row.since, until=row.until, after=row.after, limit=PORTION
    )
    wanted = [event for event in found if wants(endpoint, event.type)]
    with unit_of_work():
        queued = _queue(endpoint, wanted, extent=row.extent, now=now)
        finish(
            row,
            due_at=now if len(found) == PORTION else None,
            after=found[-1].id if found else row.after,
            queued=row.queued + queued,
        )


def _queue(endpoint: WebhookEndpoint, events: list[Event], *, extent: str, now: datetime) -> int:
    """Queue what is missing and, as `extent` says, what is known; what still waits for its next try is tried now."""
    known = WebhookDelivery.objects.filter(endpoint=endpoint, event__in=[event.id for event in events])
    seen = set(known.values_list("event_id", flat=True))
    missing = [event for event in events if event.id not in seen]
    append(*(new_delivery(endpoint, event, now=now) for event in missing), ignore_conflicts=True)
    if extent == Extent.MISSING:
        return len(missing)
    again = known if extent == Extent.ALL else known.filter(delivered_at__isnull=True)
    # One that is being sent at this moment is left alone; one that was put aside has a lease too, without an end.
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now) | Q(parked_at__isnull=False)
    return len(missing) + again.filter(idle).update(**ANEW, fence=F("fence") + 1, due_at=now, queued_at=now)
