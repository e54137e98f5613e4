"""Deliveries of webhooks, as their merchant sees them."""

from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from zemi.common.clock import stamp
from zemi.common.ids import public_id
from zemi.snapshots.lists import Page, page_of
from zemi.snapshots.objects import Shown
from zemi.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

_WITH_STATUS = {
    "pending": Q(delivered_at__isnull=True, failed_at__isnull=True),
    "delivered": Q(delivered_at__isnull=False),
    "failed": Q(failed_at__isnull=False),
}
STATUSES = tuple(_WITH_STATUS)


def list_deliveries(endpoint: WebhookEndpoint, *, limit: int, cursor: str = "", status: str = "") -> Page:
    """List what was sent to an endpoint and what is still to be sent, with every try, newest first.

    `status` is one of STATUSES; empty: all.

    :raises CursorInvalid: the cursor is not one of ours, or of another list
    """
    rows = WebhookDelivery.objects.filter(_WITH_STATUS.get(status, Q()), endpoint=endpoint).select_related(
        "event"
    )
    scope = repr(("webhook_delivery", str(endpoint.id), status))
    found, next_cursor = page_of(rows, scope=scope, limit=limit, cursor=cursor)
    return Page(_show(found), next_cursor)


def show_delivery(delivery: WebhookDelivery) -> Shown:
    """Write one delivery with its tries."""
    [shown] = _show([delivery])
    return shown


def _show(rows: list[WebhookDelivery]) -> list[Shown]:
    tries: dict[UUID, list[WebhookAttempt]] = defaultdict(list)
    for one in WebhookAttempt.objects.filter(delivery__in=[row.id for row in rows]).order_by("id"):
        tries[one.delivery_id].append(one)
    return [_shown(row, tries[row.id]) for row in rows]


def _shown(row: WebhookDelivery, tries: list[WebhookAttempt]) -> Shown:
    ended = "delivered" if row.delivered_at is not None else "failed" if row.failed_at is not None else None
    return {
        "id": public_id("wd", row.id),
        "object": "webhook_delivery",
        "livemode": settings.LIVE,
        "endpoint": public_id("we", row.endpoint_id),
        "event": public_id("evt", row.event_id),
        "event_type": row.event.type,
        "status": ended or "pending",
        "next_attempt_at": stamp(row.due_at) if ended is None else None,
        "delivered_at": stamp(row.delivered_at),
        "failed_at": stamp(row.failed_at),
        "created_at": stamp(row.created_at),
        "attempts": [
            {
                "at": stamp(one.at),
                "status": one.status,
                "error": one.error or None,
                "duration_ms": one.duration_ms,
                "answer": one.answer,
            }
            for one in tries
        ],
    }
