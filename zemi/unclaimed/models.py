"""What was set apart because its owner did nothing with it for years (DOMAIN P14, 5.8 row 24)."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.events.log import Stateful


class UnclaimedStatus(models.TextChoices):
    """Where the money lies: set apart, or back on the owner's balance."""

    APART = "apart"
    RETURNED = "returned"


class UnclaimedBalance(Stateful):
    """A balance of one party that was set apart whole. The money stays the party's."""

    SUBJECT: ClassVar[str] = "unclaimed"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (UnclaimedStatus.APART, UnclaimedStatus.RETURNED): "unclaimed.returned",
    }
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("account_code", "party_id", "amount_minor", "currency")

    timeline_id = None

    id = models.UUIDField(primary_key=True, default=new_key)
    # 2200 or 2400: where it was, and where it goes back.
    account_code = models.PositiveSmallIntegerField()
    party_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=UnclaimedStatus.choices, default=UnclaimedStatus.APART)
    set_apart_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="unclaimed_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=UnclaimedStatus.values), name="unclaimed_status"),
        ]

    @property
    def amount(self) -> Money:
        """What was set apart."""
        return Money(self.amount_minor, self.currency)
