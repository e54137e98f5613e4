"""Money going back to a payer: what is owed (Refund), each try to send it (RefundAttempt), to which other number it may go
(ProposedPayee), and how much a receipt allows.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.models import (
    Attempt,
    Disbursement,
    DisbursementStatus,
    HeldReason,
    Method,
    attempt_constraints,
    attempt_moves,
    moves,
)
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef

if TYPE_CHECKING:
    from zemi.identity.models import Party

# A receipt this fresh is undone where it came in; an older one is paid back by B2C (DARAJA 1.6, DOMAIN R1).
FRESH = timedelta(hours=24)
# Why a refund was over at once, and is credit: M-Pesa pays out KES 10 or more (DOMAIN R8).
TOO_SMALL = "too_small"
_LOSSES = str(chart.LOSSES.code)


class RefundAttempt(Attempt):
    """One try to send a refund."""

    SUBJECT: ClassVar[str] = "refund_attempt"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = attempt_moves("refund_attempt")
    OWNER: ClassVar[str] = "refund"
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("refund", "payee", *Attempt.WRITTEN_ONCE)

    refund = models.ForeignKey("Refund", on_delete=models.PROTECT, related_name="attempts", db_index=False)
    # Whom it went to: a refund may go to another number later (SAFETY 4.2). None where it undoes the payment.
    payee = models.ForeignKey(
        "identity.Party", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = attempt_constraints("refund", "refunds")

    @property
    def paid_to(self) -> Phone:
        """The number that it goes to, or went to; that of the refund's payer where the try is older than this column."""
        return self.payee.phone if self.payee is not None else super().paid_to


class RefundReason(models.TextChoices):
    """Why money goes back."""

    DUPLICATE = "duplicate"
    LATE = "late"
    EXCESS = "excess"
    SHORT = "short"
    CANCELLED = "cancelled"
    CLAIMED = "claimed"
    UNKNOWN_REFERENCE = "unknown_reference"
    CREDIT = "credit"
    MANUAL = "manual"


class Refund(Disbursement):
    """What a payer gets back of one receipt."""

    SUBJECT: ClassVar[str] = "refund"
    SWEEP: ClassVar[str] = "refunds"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        **moves("refund"),
        # What can be sent is queued in the moment in which it is made: only what is too little never is (R8).
        (DisbursementStatus.CREATED, DisbursementStatus.CANCELLED): "refund.credited",
    }
    ATTEMPT = RefundAttempt
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = (
        "receipt",
        "payer",
        "provider",
        "amount_minor",
        "currency",
        "transaction_id",
    )
    PINNED: ClassVar[Mapping[str, str]] = {"redirected_to": DisbursementStatus.HELD}

    # None for money that never belonged to an order.
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="refunds")
    receipt = models.ForeignKey("payments.Receipt", on_delete=models.PROTECT, related_name="refunds")
    # Who paid; None as long as M-Pesa has not told the number.
    payer = models.ForeignKey(
        "identity.Party", null=True, on_delete=models.PROTECT, related_name="refunds", db_index=False
    )
    # Whom it goes to instead, put here by rule only (`zemi.refunds.payers`, DOMAIN R3); None: to whoever paid.
    redirected_to = models.ForeignKey(
        "identity.Party", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=20, choices=RefundReason.choices)
    # Where it was taken from: code of the account -> minor units.
    sources = models.JSONField(default=dict)
    # The provider's number of the receipt, if undoing it is the first thing to try.
    reverses = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "transaction_id"], name="refunds_receipt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refunds_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=DisbursementStatus.values), name="refunds_status"),
            models.CheckConstraint(
                condition=Q(redirected_to__isnull=True) | ~Q(redirected_to=F("payer")),
                name="refunds_redirected_elsewhere",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="refunds_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["payer"], name="refunds_by_payer"),
        ]

    @property
    def is_credit(self) -> bool:
        """Whether it was too little to be sent: it is the payer's credit since it was made."""
        return bool(self.failure_reason == TOO_SMALL)

    @property
    def in_flight(self) -> AccountRef:
        """2310 of this refund."""
        return chart.refund_in_flight(self.id)

    @property
    def returns_to(self) -> AccountRef:
        """2400 of the payer, where it waits for another number (P6c); 2500 as long as nobody knows who that is."""
        if self.payer_id is None:
            return chart.unallocated(self.receipt_id)
        return chart.buyer_credit(self.payer_id)

    @property
    def has_payee(self) -> bool:
        """Whether the payer's number is known."""
        return self.payer_id is not None

    @property
    def payee(self) -> Phone:
        """The payer's number, or the one that was put in its place. Only asked for when there is one."""
        party = self.goes_to
        if party is None:
            raise LookupError("nobody knows yet who paid")
        return party.phone

    @property
    def goes_to(self) -> "Party | None":
        """Who is paid: the payer, or whom the payer has named instead."""
        return self.redirected_to or self.payer

    @property
    def payee_id(self) -> UUID:
        """The payer, wherever it goes: owed to and charged to nobody else. The refund itself where nobody is known."""
        return self.payer_id or self.id

    @property
    def reference(self) -> str:
        """The order's reference, or a word where there is no order."""
        return self.order.order_reference if self.order is not None else "refund"

    @property
    def method(self) -> str:
        """Only the first try may be a reversal: what it was refused for doesn't go away."""
        return Method.REVERSAL if self.reverses and not self.tries_made().exists() else Method.B2C

    @property
    def pay_in(self) -> str:
        """The receipt that a reversal undoes."""
        return self.reverses

    def held_after(self, attempt: Attempt) -> str:
        """A refused reversal leaves the other way: B2C to the payer."""
        return HeldReason.REVERSAL_REFUSED if attempt.is_reversal else ""

    def new_attempt(self, **values: Any) -> Attempt:
        """Make a try of it, which says whom it goes to; nothing is written yet."""
        to_phone = values["method"] == Method.B2C
        return super().new_attempt(payee=self.goes_to if to_phone else None, **values)

    @property
    def is_still_owed(self) -> bool:
        """Not once the provider itself has given its receipt back (M14)."""
        # Payments stand above refunds: their word for it, not their type.
        return bool(self.receipt.status != "reversed")

    def repaid_loss(self) -> tuple[AccountRef, Money] | None:
        """What the operator lost when the provider gave its receipt back itself: its payer has that money (M14)."""
        reversal = getattr(self.receipt, "reversal", None)
        lost = min(self.amount_minor, reversal.sources.get(_LOSSES, 0)) if reversal is not None else 0
        return (chart.losses(self.receipt_id), Money(lost, self.currency)) if lost else None

    def after_return(self) -> None:
        """What is the payer's credit again may be refunded anew, but for what the provider's own reversal is taken from."""
        repaid = self.repaid_loss()
        if repaid is not None:
            loss, amount = repaid
            self.receipt.reversal.move_source(loss, self.returns_to, amount)
        RefundedReceipt.objects.filter(pk=self.receipt_id).update(
            refunded_minor=F("refunded_minor") - self.amount_minor
        )

    def after_retry(self) -> None:
        """It counts against its receipt again."""
        RefundedReceipt.objects.filter(pk=self.receipt_id).update(
            refunded_minor=F("refunded_minor") + self.amount_minor
        )


class ProposedPayee(models.Model):
    """A number that was proved for a refund, the phone that paid being gone: staff decide (SAFETY 3.7)."""

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("refund", "party")

    id = models.UUIDField(primary_key=True, default=new_key)
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="proposed", db_index=False)
    party = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="+", db_index=False)
    # The latest time.
    proved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["refund", "party"], name="refunds_proposed_once")]


class RefundedReceipt(models.Model):
    """How much of a receipt is being or has been refunded: the database refuses more than came (DOMAIN 6.4 I9)."""

    receipt = models.OneToOneField("payments.Receipt", primary_key=True, on_delete=models.PROTECT)
    received_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("received_minor")),
                name="refunds_never_more_than_received",
            )
        ]
