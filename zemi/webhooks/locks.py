"""Row locks of outgoing webhooks."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Coalesce

from zemi.common.db import inside_transaction
from zemi.webhooks.models import WebhookDelivery


@inside_transaction
def lock_ended_deliveries(*, before: datetime, limit: int) -> list[UUID]:
    """Lock deliveries that ended before a moment, the oldest first; who is at work on one keeps it."""
    return list(
        WebhookDelivery.objects.select_for_update(skip_locked=True)
        .alias(ended_at=Coalesce("delivered_at", "failed_at"))
        .filter(due_at__isnull=True, ended_at__lt=before)
        .order_by("ended_at")
        .values_list("pk", flat=True)[:limit]
    )
