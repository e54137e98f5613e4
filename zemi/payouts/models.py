"""Money going out to sellers: what is owed (Payout), and each try to send it (PayoutAttempt)."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.common.work import WorkRow
from zemi.events.log import Stateful


class PayoutStatus(models.TextChoices):
    """DOMAIN 5.4. `unknown` is asked about and never sent anew; `held` waits for its cause to go away."""

    CREATED = "created"
    QUEUED = "queued"
    HELD = "held"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


# The seed has four words for it.
SEED_STATUS = {
    PayoutStatus.CREATED: "pending",
    PayoutStatus.QUEUED: "pending",
    PayoutStatus.HELD: "pending",
    PayoutStatus.SUBMITTING: "processing",
    PayoutStatus.SUBMITTED: "processing",
    PayoutStatus.UNKNOWN: "processing",
    PayoutStatus.SUCCEEDED: "completed",
    PayoutStatus.FAILED: "failed",
}


class Payout(Stateful, WorkRow):
    """What a seller is owed for one release. Due means: send it when queued, ask about it when it has been sent."""

    SUBJECT: ClassVar[str] = "payout"
    SWEEP: ClassVar[str] = "payouts"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (PayoutStatus.CREATED, PayoutStatus.QUEUED): "payout.queued",
        (PayoutStatus.QUEUED, PayoutStatus.SUBMITTING): "payout.submitting",
        (PayoutStatus.SUBMITTING, PayoutStatus.QUEUED): "payout.not_sent",
        (PayoutStatus.SUBMITTING, PayoutStatus.SUBMITTED): "payout.submitted",
        (PayoutStatus.SUBMITTING, PayoutStatus.UNKNOWN): "payout.unknown",
        (PayoutStatus.SUBMITTING, PayoutStatus.SUCCEEDED): "payout.succeeded",
        (PayoutStatus.SUBMITTING, PayoutStatus.FAILED): "payout.failed",
        (PayoutStatus.SUBMITTING, PayoutStatus.HELD): "payout.held",
        (PayoutStatus.SUBMITTED, PayoutStatus.UNKNOWN): "payout.unknown",
        (PayoutStatus.SUBMITTED, PayoutStatus.SUCCEEDED): "payout.succeeded",
        (PayoutStatus.SUBMITTED, PayoutStatus.FAILED): "payout.failed",
        (PayoutStatus.SUBMITTED, PayoutStatus.HELD): "payout.held",
        (PayoutStatus.UNKNOWN, PayoutStatus.SUCCEEDED): "payout.succeeded",
        (PayoutStatus.UNKNOWN, PayoutStatus.FAILED): "payout.failed",
        (PayoutStatus.UNKNOWN, PayoutStatus.HELD): "payout.held",
        (PayoutStatus.HELD, PayoutStatus.QUEUED): "payout.queued",
        # Taken for dead and asked about, the worker that was to send it proves that it did not.
        (PayoutStatus.UNKNOWN, PayoutStatus.QUEUED): "payout.not_sent",
        # Money beats message: it was paid after all, and must not be sent again.
        (PayoutStatus.HELD, PayoutStatus.SUCCEEDED): "payout.succeeded",
        (PayoutStatus.QUEUED, PayoutStatus.SUCCEEDED): "payout.succeeded",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payouts")
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, related_name="payouts", db_index=False
    )
    release = models.ForeignKey(
        "releases.Release", on_delete=models.PROTECT, related_name="payouts", db_index=False
    )
    # Pinned when the payout is made: who is paid does not change under way.
    seller = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="payouts")
    provider = models.CharField(max_length=20)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=PayoutStatus.choices, default=PayoutStatus.CREATED)
    transaction_id = models.CharField(max_length=40, null=True)
    failure_reason = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release"], name="payouts_one_per_release"),
            models.UniqueConstraint(fields=["provider", "transaction_id"], name="payouts_receipt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payouts_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=PayoutStatus.values), name="payouts_status"),
        ]
        indexes = [models.Index(fields=["due_at"], name="payouts_due", condition=Q(due_at__isnull=False))]

    @property
    def amount(self) -> Money:
        """What the seller gets."""
        return Money(self.amount_minor, self.currency)


class AttemptStatus(models.TextChoices):
    """SAFETY 4.2. Open means that money may still move by it."""

    INTENT = "intent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN = (AttemptStatus.INTENT, AttemptStatus.ACCEPTED, AttemptStatus.UNKNOWN)


class PayoutAttempt(Stateful):
    """One try to send a payout. Committed before the call, with the id that the provider refuses to pay twice."""

    SUBJECT: ClassVar[str] = "payout_attempt"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (AttemptStatus.INTENT, AttemptStatus.ACCEPTED): "payout_attempt.accepted",
        (AttemptStatus.INTENT, AttemptStatus.UNKNOWN): "payout_attempt.unknown",
        (AttemptStatus.INTENT, AttemptStatus.SUCCEEDED): "payout_attempt.succeeded",
        (AttemptStatus.INTENT, AttemptStatus.FAILED): "payout_attempt.failed",
        (AttemptStatus.ACCEPTED, AttemptStatus.UNKNOWN): "payout_attempt.unknown",
        (AttemptStatus.ACCEPTED, AttemptStatus.SUCCEEDED): "payout_attempt.succeeded",
        (AttemptStatus.ACCEPTED, AttemptStatus.FAILED): "payout_attempt.failed",
        (AttemptStatus.UNKNOWN, AttemptStatus.INTENT): "payout_attempt.not_sent",
        (AttemptStatus.UNKNOWN, AttemptStatus.SUCCEEDED): "payout_attempt.succeeded",
        (AttemptStatus.FAILED, AttemptStatus.SUCCEEDED): "payout_attempt.succeeded",
        (AttemptStatus.UNKNOWN, AttemptStatus.FAILED): "payout_attempt.failed",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=AttemptStatus.choices, default=AttemptStatus.INTENT)
    is_open = models.BooleanField(default=True)
    originator_conversation_id = models.CharField(max_length=80)
    conversation_id = models.CharField(max_length=80, blank=True, default="")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    response_code = models.CharField(max_length=40, blank=True, default="")
    response_text = models.CharField(max_length=200, blank=True, default="")
    result_code = models.CharField(max_length=40, blank=True, default="")
    result_text = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout"], name="payouts_one_open_attempt", condition=Q(is_open=True)
            ),
            models.UniqueConstraint(fields=["payout", "number"], name="payouts_attempt_number"),
            models.UniqueConstraint(fields=["originator_conversation_id"], name="payouts_originator_id"),
            models.CheckConstraint(
                condition=Q(status__in=AttemptStatus.values), name="payouts_attempt_status"
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, status__in=[str(s) for s in OPEN])
                | Q(is_open=False, status__in=["succeeded", "failed"]),
                name="payouts_attempt_open",
            ),
        ]

    @property
    def timeline_id(self) -> UUID:
        """The order's timeline."""
        return self.payout.order_id

    @property
    def amount(self) -> Money:
        """What is sent."""
        return Money(self.amount_minor, self.currency)
