"""What happened: the audit trail, each order's timeline and the outbox, in one append-only table (DESIGN 2.3)."""

from typing import ClassVar

from django.db import models

from zemi.common.ids import new_key
from zemi.common.work import WorkRow


class Event(models.Model):
    """One thing that happened to one subject. Never changed, never deleted: a trigger refuses both.

    `data` holds ids and amounts; no phone, name or code ever stands in it. `request_id` is that of the request in which
    it happened, as the log has it; NULL for what a worker did. `key_hash` is the SHA-256 of the Idempotency-Key of that
    request, where a merchant's program sent it.
    """

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=new_key)
    type = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    order_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=60)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, null=True)
    key_hash = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["order_id", "id"], name="events_by_order", condition=models.Q(order_id__isnull=False)
            ),
            # Of what belongs to no order there is little.
            models.Index(
                fields=["subject_id"], name="events_by_subject", condition=models.Q(order_id__isnull=True)
            ),
        ]


class EventDelivery(WorkRow):
    """What one subscriber still owes for one event; written with the event, in the same transaction."""

    SUBJECT: ClassVar[str] = "event_delivery"
    SWEEP: ClassVar[str] = "events"

    id = models.UUIDField(primary_key=True, default=new_key)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    subscriber = models.CharField(max_length=40)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="events_delivery_once")]
        indexes = [
            models.Index(
                fields=["due_at"], name="events_delivery_due", condition=models.Q(due_at__isnull=False)
            )
        ]


class Listener(models.Model):
    """A merchant that has at least one endpoint to tell (`zemi.webhooks`). The merchant's table stands above.

    `since` is when it last said so.
    """

    merchant_id = models.UUIDField(primary_key=True)
    since = models.DateTimeField()
