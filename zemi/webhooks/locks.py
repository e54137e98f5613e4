"""Row locks of outgoing webhooks."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from zemi.common.db import inside_transaction
from zemi.webhooks.models import WebhookDelivery

_ENDED_AT = Coalesce("delivered_at", "failed_at")


def ended_deliveries(*, before: datetime) -> "QuerySet[WebhookDelivery]":
    """Deliveries that ended before a moment."""
    ended = WebhookDelivery.objects.alias(ended_at=_ENDED_AT)
    return ended.filter(due_at__isnull=True, ended_at__lt=before)


@inside_transaction
def lock_ended_deliveries(*, before: datetime, limit: int) -> list[UUID]:
    """Lock deliveries that ended before a moment, the oldest first; who is at work on one keeps it."""
    ended = ended_deliveries(before=before).select_for_update(skip_locked=True)
    return list(ended.order_by(_ENDED_AT).values_list("pk", flat=True)[:limit])
