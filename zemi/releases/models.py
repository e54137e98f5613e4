"""Releases: when held money goes to the seller."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key
from zemi.events.log import Stateful


class ReleaseStatus(models.TextChoices):
    """Scheduled until it is due and nothing holds it."""

    SCHEDULED = "scheduled"
    RELEASED = "released"


class Release(Stateful):
    """A part of the held money that goes to the seller at `due_at`; `fee_minor` of it is commission."""

    SUBJECT: ClassVar[str] = "release"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (ReleaseStatus.SCHEDULED, ReleaseStatus.RELEASED): "release.released",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="releases", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    # What of the seller's part went to an old debt.
    repaid_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=ReleaseStatus.choices, default=ReleaseStatus.SCHEDULED)
    due_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="releases_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="releases_amount_positive"),
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, fee_minor__lt=models.F("amount_minor")), name="releases_fee"
            ),
            models.CheckConstraint(condition=Q(status__in=ReleaseStatus.values), name="releases_status"),
        ]
