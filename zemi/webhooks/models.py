"""Callbacks that come in (the seed's WebhookLogs), and events that go out to merchants' endpoints."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Coalesce

from zemi.common import crypto
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.common.work import WorkRow


class WebhookLog(WorkRow):
    """One callback as it came. The raw body is sealed; `payload` holds the allow-listed fields once it has been read.

    `subject_id` is the attempt whose secret path was called; None means that the callback proved nothing about its
    origin and is only a hint (SAFETY 3.3).
    """

    SUBJECT: ClassVar[str] = "callback"
    SWEEP: ClassVar[str] = "callbacks"

    id = models.UUIDField(primary_key=True, default=new_key)
    webhook_type = models.CharField(max_length=40)
    provider = models.CharField(max_length=20)
    subject_id = models.UUIDField(null=True)
    body_sealed = models.BinaryField()
    payload = models.JSONField(default=dict)
    headers = models.JSONField(default=dict)
    source_address = models.CharField(max_length=64, blank=True, default="")
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    processing_error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="webhooks_due", condition=models.Q(due_at__isnull=False))
        ]

    @property
    def processed(self) -> bool:
        """The seed's word for handled."""
        return self.handled_at is not None

    @property
    def body(self) -> bytes:
        """The raw body as it came."""
        return crypto.unseal(self.body_sealed, context=f"webhooks|body|{self.id}").encode("latin-1")

    def set_body(self, raw: bytes) -> None:
        """Seal the raw body: it may hold numbers and names (SAFETY 3.8)."""
        self.body_sealed = crypto.seal(raw.decode("latin-1"), context=f"webhooks|body|{self.id}")


class DisabledReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    MERCHANT = "merchant"
    GONE = "gone"
    FAILING = "failing"


class WebhookEndpoint(models.Model):
    """Where a merchant wants to hear of events. Its secrets are sealed; the newer signs first (DOMAIN 4.6).

    `slot` numbers a merchant's endpoints from 0: with it the database knows how many there are. A deleted one has
    none, and keeps its deliveries. The alert phone is texted when it is given up, if its merchant named one.
    """

    SUBJECT: ClassVar[str] = "webhook_endpoint"
    MOST: ClassVar[int] = 16

    id = models.UUIDField(primary_key=True, default=new_key)
    merchant = models.ForeignKey(
        "identity.Merchant", on_delete=models.PROTECT, related_name="webhook_endpoints", db_index=False
    )
    slot = models.PositiveSmallIntegerField(null=True)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True, default="")
    # Empty: every type.
    types = models.JSONField(default=list)
    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(null=True)
    old_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=10, blank=True, default="", choices=DisabledReason.choices)
    deleted_at = models.DateTimeField(null=True)
    # Failures in a row, since when, and until when nothing is tried after the last of them.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    alert_phone_sealed = models.BinaryField(null=True)
    alert_phone_last4 = models.CharField(max_length=4, blank=True, default="", db_default="")
    # The key of what the merchant's form asked for: pressed twice, it makes one endpoint.
    form_key = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "slot"], name="webhooks_endpoint_slot"),
            models.UniqueConstraint(
                fields=["merchant", "form_key"],
                name="webhooks_endpoint_once_per_form",
                condition=models.Q(form_key__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(slot__isnull=True) | models.Q(slot__lt=16), name="webhooks_endpoint_most"
            ),
            models.CheckConstraint(
                condition=models.Q(slot__isnull=True, deleted_at__isnull=False)
                | models.Q(slot__isnull=False, deleted_at__isnull=True),
                name="webhooks_endpoint_deleted",
            ),
        ]

    @property
    def timeline_id(self) -> UUID:
        """Its own timeline."""
        return self.id

    def secret(self, *, old: bool = False) -> str:
        """The secret in the clear: whsec_ and base64. `old` is the one that a rotation replaced."""
        sealed = self.old_secret_sealed if old else self.secret_sealed
        return crypto.unseal(sealed or b"", context=f"webhooks|secret|{self.id}")

    @property
    def is_given_up(self) -> bool:
        """Whether it is off, and not because its merchant said so."""
        return self.disabled_at is not None and self.disabled_reason != DisabledReason.MERCHANT

    @property
    def alert_phone(self) -> Phone | None:
        """Whom to text when it is given up."""
        if self.alert_phone_sealed is None:
            return None
        return Phone(crypto.unseal(self.alert_phone_sealed, context=f"webhooks|alert|{self.id}"))

    def alert_columns(self, phone: Phone | None) -> dict[str, Any]:
        """What is stored of an alert phone: sealed, bound to this row, and the digits to show."""
        if phone is None:
            return {"alert_phone_sealed": None, "alert_phone_last4": ""}
        sealed = crypto.seal(phone.e164, context=f"webhooks|alert|{self.id}")
        return {"alert_phone_sealed": sealed, "alert_phone_last4": phone.last4}

    def seal_secret(self, secret: str) -> bytes:
        """Seal a secret, bound to this row."""
        return crypto.seal(secret, context=f"webhooks|secret|{self.id}")


class EventBody(models.Model):
    """What merchants are sent for an event, word for word: made once, and the same for each endpoint and try."""

    event = models.OneToOneField("events.Event", primary_key=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    made_at = models.DateTimeField()


class WebhookDelivery(WorkRow):
    """What one endpoint is owed for one event.

    `attempts` counts the present schedule's; a redelivery begins a new one at `queued_at`. It has ended when
    `delivered_at` or `failed_at` is set.
    """

    SUBJECT: ClassVar[str] = "webhook_delivery"
    SWEEP: ClassVar[str] = "webhooks"

    id = models.UUIDField(primary_key=True, default=new_key)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey("events.Event", on_delete=models.PROTECT, related_name="+", db_index=False)
    object_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="webhooks_delivery_once")]
        indexes = [
            models.Index(
                fields=["due_at"], name="webhooks_delivery_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(
                fields=["endpoint", "object_id", "event"],
                name="webhooks_delivery_order",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(
                Coalesce("delivered_at", "failed_at"),
                name="webhooks_delivery_ended",
                condition=models.Q(due_at__isnull=True),
            ),
        ]


class WebhookAttempt(models.Model):
    """One try: its status, how long it took, and the first 2 kB of the answer. `error` is a word where none came."""

    id = models.UUIDField(primary_key=True, default=new_key)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="tried")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True, default="")
    duration_ms = models.PositiveIntegerField()
    answer = models.TextField(blank=True, default="")


class Extent(models.TextChoices):
    """What of a span is sent: what was never queued, also what did not arrive, or all of it again."""

    MISSING = "missing"
    UNDELIVERED = "undelivered"
    ALL = "all"


class WebhookReplay(WorkRow):
    """Events of a span of time that an endpoint is to get (again), worked off in portions; `after` is the last one done.

    A new endpoint begins with one: what happened before every process knew of it.
    """

    SUBJECT: ClassVar[str] = "webhook_replay"
    SWEEP: ClassVar[str] = "webhook_replays"

    id = models.UUIDField(primary_key=True, default=new_key)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="replays")
    since = models.DateTimeField()
    until = models.DateTimeField()
    extent = models.CharField(max_length=11, choices=Extent.choices)
    after = models.UUIDField(null=True)
    queued = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="webhooks_replay_due", condition=models.Q(due_at__isnull=False)
            )
        ]
