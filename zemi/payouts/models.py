"""Money going out to sellers: what is owed (Payout), and each try to send it (PayoutAttempt)."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from zemi.common import crypto
from zemi.common.phone import Phone
from zemi.disbursements.models import (
    Attempt,
    AttemptStatus,
    Disbursement,
    DisbursementStatus,
    attempt_constraints,
    attempt_moves,
    moves,
)
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef

__all__ = ["SEED_STATUS", "AttemptStatus", "Payout", "PayoutAttempt"]

# The seed has four words for it.
SEED_STATUS = {
    DisbursementStatus.CREATED: "pending",
    DisbursementStatus.QUEUED: "pending",
    DisbursementStatus.HELD: "pending",
    DisbursementStatus.SUBMITTING: "processing",
    DisbursementStatus.SUBMITTED: "processing",
    DisbursementStatus.UNKNOWN: "processing",
    DisbursementStatus.NEEDS_ATTENTION: "processing",
    DisbursementStatus.SUCCEEDED: "completed",
    DisbursementStatus.FAILED: "failed",
    DisbursementStatus.CANCELLED: "failed",
    DisbursementStatus.REVERSED: "failed",
}


class PayoutAttempt(Attempt):
    """One try to send a payout."""

    SUBJECT: ClassVar[str] = "payout_attempt"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = attempt_moves("payout_attempt")
    OWNER: ClassVar[str] = "payout"
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("payout", *Attempt.WRITTEN_ONCE)

    payout = models.ForeignKey("Payout", on_delete=models.PROTECT, related_name="attempts", db_index=False)

    class Meta:
        constraints = attempt_constraints("payout", "payouts")


class Payout(Disbursement):
    """What a seller is owed for one release. One that was called off, or taken back (DOMAIN Y19), another replaces."""

    SUBJECT: ClassVar[str] = "payout"
    SWEEP: ClassVar[str] = "payouts"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = moves("payout")
    ATTEMPT = PayoutAttempt
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = (
        "order",
        "release",
        "replaces",
        "seller",
        "provider",
        "amount_minor",
        "currency",
        "transaction_id",
    )
    PINNED: ClassVar[Mapping[str, str]] = {"payee_phone_sealed": DisbursementStatus.HELD}

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payouts")
    # None for an order that was paid by hand.
    payment = models.ForeignKey(
        "payments.Payment", null=True, on_delete=models.PROTECT, related_name="payouts", db_index=False
    )
    release = models.ForeignKey("releases.Release", on_delete=models.PROTECT, related_name="payouts")
    # The reversed one that this is paid instead of.
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    # Pinned when the payout is made: who is paid does not change under way.
    seller = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="payouts")
    # Another number of the seller's, put here by rule only (DOMAIN Y16); empty means the seller's own.
    payee_phone_sealed = models.BinaryField(null=True)

    class Meta:
        constraints = [
            # What was reversed never moves again, nor what was called off and is replaced: of all others there is one, or
            # a release would be paid twice.
            models.UniqueConstraint(
                fields=["release"],
                name="payouts_one_live_per_release",
                condition=~Q(status__in=["cancelled", "reversed"]),
            ),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="payouts_replaces_another"),
            models.UniqueConstraint(fields=["provider", "transaction_id"], name="payouts_receipt_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payouts_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=DisbursementStatus.values), name="payouts_status"),
        ]
        indexes = [models.Index(fields=["due_at"], name="payouts_due", condition=Q(due_at__isnull=False))]

    def may_be_replaced(self) -> bool:
        """Whether nothing is sent by it any more, though its money is owed: it was taken back, or called off.

        What was called off was not on its way: each try of it had failed by the provider's word, or a day had passed. So
        has what failed; it can't be tried again where the seller's balance has paid for something else meanwhile.
        """
        if self.status == DisbursementStatus.FAILED:
            return balance_of(self.returns_to) < self.amount
        return self.status in {DisbursementStatus.REVERSED, DisbursementStatus.CANCELLED}

    @property
    def is_replaced(self) -> bool:
        """Whether a newer one pays its release: then a late success of a try of this one is money paid twice (Y20)."""
        return Payout.objects.filter(replaces=self).exists()

    @property
    def in_flight(self) -> AccountRef:
        """2300 of this payout."""
        return chart.payout_in_flight(self.id)

    @property
    def returns_to(self) -> AccountRef:
        """2200 of the seller."""
        return chart.seller_payable(self.seller_id)

    @property
    def payee(self) -> Phone:
        """The seller's number, or the one that was put in its place."""
        if self.payee_phone_sealed is None:
            return self.seller.phone
        return Phone(crypto.unseal(self.payee_phone_sealed, context=self._context))

    @property
    def payee_id(self) -> UUID:
        """The seller."""
        return self.seller_id

    @property
    def reference(self) -> str:
        """The order's reference."""
        return self.order.order_reference

    def sealed_payee(self, phone: Phone) -> bytes:
        """What is stored for another number."""
        return crypto.seal(phone.e164, context=self._context)

    @property
    def _context(self) -> str:
        return f"payouts|payee|{self.id}"
