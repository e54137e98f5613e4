"""The inbox: every provider callback is stored raw before anything is done with it (the seed's WebhookLogs)."""

from typing import ClassVar

from django.db import models

from zemi.common import crypto
from zemi.common.ids import new_key
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
