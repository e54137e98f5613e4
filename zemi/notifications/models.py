"""Text messages that are to be sent, being sent, or sent; and what operators were told."""

from typing import ClassVar

from django.db import models

from zemi.common import crypto
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.common.work import WorkRow


class Message(WorkRow):
    """One text message. Number and words are sealed; the words are destroyed once it has gone out."""

    SUBJECT: ClassVar[str] = "message"
    SWEEP: ClassVar[str] = "messages"

    id = models.UUIDField(primary_key=True, default=new_key)
    event_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    to_sealed = models.BinaryField()
    text_sealed = models.BinaryField(null=True)
    provider_reference = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # An event may be handled twice (a worker died between two commits): its messages exist once.
            models.UniqueConstraint(fields=["event_id", "template"], name="notifications_message_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="notifications_due", condition=models.Q(due_at__isnull=False)
            )
        ]

    @property
    def to(self) -> Phone:
        """Whom it goes to."""
        return Phone(crypto.unseal(self.to_sealed, context=f"notifications|to|{self.id}"))

    @property
    def text(self) -> str:
        """The words; gone once the message was sent."""
        return (
            crypto.unseal(self.text_sealed, context=f"notifications|text|{self.id}")
            if self.text_sealed
            else ""
        )

    def seal(self, *, to: Phone, text: str) -> None:
        """Seal number and words, bound to this row."""
        self.to_sealed = crypto.seal(to.e164, context=f"notifications|to|{self.id}")
        self.text_sealed = crypto.seal(text, context=f"notifications|text|{self.id}")


class OperatorAlert(models.Model):
    """One thing that operators were told, once per incident; its event has the facts."""

    SUBJECT: ClassVar[str] = "operator_alert"
    timeline_id = None

    id = models.UUIDField(primary_key=True, default=new_key)
    kind = models.CharField(max_length=40)
    incident = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "incident"], name="notifications_alert_once"),
        ]
