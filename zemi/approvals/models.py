"""What one person asks for and another has to allow: the exact payload, its hash, both names (SAFETY 3.7)."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zemi.common.ids import new_key
from zemi.events.log import Stateful


class ApprovalStatus(models.TextChoices):
    """Executed in the same transaction in which it was allowed; an old one can't be allowed any more."""

    PENDING = "pending"
    EXECUTED = "executed"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Approval(Stateful):
    """One request that needs two different people. Nothing of it changes once it is written."""

    SUBJECT: ClassVar[str] = "approval"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (ApprovalStatus.PENDING, ApprovalStatus.EXECUTED): "approval.executed",
        (ApprovalStatus.PENDING, ApprovalStatus.REJECTED): "approval.rejected",
        (ApprovalStatus.PENDING, ApprovalStatus.EXPIRED): "approval.expired",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    action = models.CharField(max_length=40)
    payload = models.JSONField()
    payload_hash = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=12, choices=ApprovalStatus.choices, default=ApprovalStatus.PENDING)
    maker = models.CharField(max_length=60)
    checker = models.CharField(max_length=60, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("maker")), name="approvals_two_people"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "expired"]) | Q(checker__isnull=False),
                name="approvals_decided_by_somebody",
            ),
            models.CheckConstraint(condition=Q(status__in=ApprovalStatus.values), name="approvals_status"),
        ]
