"""The end of old deliveries: what became of them is looked up for a while, and nothing else depends on it."""

from datetime import datetime, timedelta

from django.conf import settings

from zemi.common.db import unit_of_work
from zemi.webhooks.locks import ended_deliveries, lock_ended_deliveries
from zemi.webhooks.models import WebhookAttempt, WebhookDelivery

_MOST_DELETED = 500


def forget_old_deliveries(*, now: datetime) -> int:
    """Delete deliveries that ended ZEMI_WEBHOOK_DELIVERY_DAYS ago, with their tries, some at a time; how many.

    Opens its own transaction, and locks the rows: one that is sent again at this moment is left alone. Events and their
    words stay.
    """
    before = now - timedelta(days=settings.WEBHOOK_DELIVERY_DAYS)
    if not ended_deliveries(before=before).exists():
        # A worker looks four times a second: SQLite's one writer is not stopped for nothing.
        return 0
    with unit_of_work():
        old = lock_ended_deliveries(before=before, limit=_MOST_DELETED)
        WebhookAttempt.objects.filter(delivery__in=old).delete()
        WebhookDelivery.objects.filter(pk__in=old).delete()
        return len(old)
