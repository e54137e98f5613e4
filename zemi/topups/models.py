"""Top-ups of the account that pays out, and what the provider said that our accounts hold (DOMAIN P17)."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.events.log import Stateful


class TopUpStatus(models.TextChoices):
    """`unknown` is never sent anew: the statement tells, or two people do."""

    INTENT = "intent"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN = (TopUpStatus.INTENT, TopUpStatus.SUBMITTED, TopUpStatus.UNKNOWN)
_T = TopUpStatus


class TopUp(Stateful):
    """One move from the collecting to the paying account. Committed before the call; one at a time."""

    SUBJECT: ClassVar[str] = "top_up"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (_T.INTENT, _T.SUBMITTED): "top_up.submitted",
        (_T.INTENT, _T.UNKNOWN): "top_up.unknown",
        (_T.SUBMITTED, _T.UNKNOWN): "top_up.unknown",
        **{(status, _T.SUCCEEDED): "top_up.succeeded" for status in OPEN},
        **{(status, _T.FAILED): "top_up.failed" for status in OPEN},
        # Money beats message: it moved after all.
        (_T.FAILED, _T.SUCCEEDED): "top_up.succeeded",
    }
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("reference", "amount_minor", "currency", "transaction_id")

    timeline_id = None

    id = models.UUIDField(primary_key=True, default=new_key)
    # Ours, on both statements.
    reference = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=TopUpStatus.choices, default=TopUpStatus.INTENT)
    transaction_id = models.CharField(max_length=40, null=True)
    result_code = models.CharField(max_length=40, blank=True, default="")
    result_text = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="topups_reference"),
            models.UniqueConstraint(
                fields=["currency"], name="topups_one_open", condition=Q(status__in=[str(s) for s in OPEN])
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="topups_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=TopUpStatus.values), name="topups_status"),
        ]

    @property
    def amount(self) -> Money:
        """What is moved."""
        return Money(self.amount_minor, self.currency)


class BalanceReading(models.Model):
    """One question what a shortcode holds, and the answer: name, total and available (minor units) of each account."""

    id = models.UUIDField(primary_key=True, default=new_key)
    shortcode = models.CharField(max_length=20)
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, default="")
    accounts = models.JSONField(default=list)
