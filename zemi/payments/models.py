"""Money coming in: attempts to collect it, and receipts for what came. An attempt may fail and its money still arrive."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from zemi.common import crypto
from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.work import WorkRow
from zemi.events.log import Stateful
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef


class PaymentMethod(models.TextChoices):
    """The seed's three; cards come later."""

    MPESA = "mpesa"
    STRIPE = "stripe"
    VISA = "visa"


class PaymentStatus(models.TextChoices):
    """`unknown` is neither pending nor failed: it is asked about until the answer is final (DOMAIN 5.2)."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    REVERSED = "reversed"


LIVE = (PaymentStatus.PENDING, PaymentStatus.UNKNOWN)
# Its money came, whatever became of it later.
PROVED = (PaymentStatus.COMPLETED, PaymentStatus.REVERSED)
# A success that was told on the attempt's own path, and that the provider, asked back, denies (SAFETY 3.3).
CONTRADICTED = "contradicted"
# A day without a final answer, and a statement that shows nothing (M15); or two people say so.
NO_EVIDENCE = "no_evidence"
# The same as `Payment.is_contradicted`.
UNDECIDED = Q(failure_reason=CONTRADICTED, status__in=(*LIVE, PaymentStatus.FAILED))


class Payment(Stateful, WorkRow):
    """One attempt to collect the price of an order. Due means: ask the provider what became of it."""

    SUBJECT: ClassVar[str] = "payment"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (PaymentStatus.PENDING, PaymentStatus.UNKNOWN): "payment.unknown",
        (PaymentStatus.PENDING, PaymentStatus.COMPLETED): "payment.completed",
        (PaymentStatus.PENDING, PaymentStatus.FAILED): "payment.failed",
        (PaymentStatus.UNKNOWN, PaymentStatus.COMPLETED): "payment.completed",
        (PaymentStatus.UNKNOWN, PaymentStatus.FAILED): "payment.failed",
        # Money beats message: a proven success replaces an earlier failure, never the other way round (M10).
        (PaymentStatus.FAILED, PaymentStatus.COMPLETED): "payment.completed",
        # By the provider, not by a refund of ours (M14).
        (PaymentStatus.COMPLETED, PaymentStatus.REVERSED): "payment.reversed",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payments")
    payment_method = models.CharField(max_length=10, choices=PaymentMethod.choices)
    provider = models.CharField(max_length=20)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=PaymentStatus.choices, default=PaymentStatus.PENDING)
    # Live until conclusive, at most for the life of a prompt: what the one-attempt-at-a-time index looks at.
    is_live = models.BooleanField(default=True)
    live_until = models.DateTimeField()
    payer_phone_hash = models.BinaryField(max_length=32)
    payer_phone_sealed = models.BinaryField()
    payer_phone_last4 = models.CharField(max_length=4)
    # M-Pesa's CheckoutRequestID ends in the payer's number (DARAJA 1.2): hashed to find by, sealed to ask by.
    provider_reference_hash = models.BinaryField(max_length=32, null=True)
    provider_reference_sealed = models.BinaryField(null=True)
    merchant_request_id = models.CharField(max_length=80, blank=True, default="")
    response_code = models.CharField(max_length=40, blank=True, default="")
    response_text = models.CharField(max_length=200, blank=True, default="")
    result_code = models.CharField(max_length=40, blank=True, default="")
    result_text = models.CharField(max_length=200, blank=True, default="")
    # Until when a statement was read that shows no money of this attempt (M15).
    statement_checked_at = models.DateTimeField(null=True)
    failure_reason = models.CharField(max_length=40, blank=True, default="")
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], name="payments_one_live", condition=Q(is_live=True)),
            models.UniqueConstraint(
                fields=["provider", "provider_reference_hash"],
                name="payments_provider_reference",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=PaymentStatus.values), name="payments_status"),
            models.CheckConstraint(
                condition=Q(is_live=False) | Q(status__in=[str(s) for s in LIVE]),
                name="payments_live_is_open",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="payments_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["payer_phone_hash", "created_at"], name="payments_by_payer"),
            models.Index(
                fields=["order"], name="payments_contradicted", condition=Q(failure_reason="contradicted")
            ),
        ]

    @property
    def amount(self) -> Money:
        """What was asked for."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_contradicted(self) -> bool:
        """Whether its success was told and denied, and neither a proof nor a person has decided since."""
        return self.failure_reason == CONTRADICTED and self.status not in PROVED

    @property
    def payer_phone(self) -> Phone:
        """Whom it was asked of; a refund goes there."""
        return Phone(crypto.unseal(self.payer_phone_sealed, context=f"payments|payer|{self.id}"))

    @property
    def provider_reference(self) -> str:
        """The provider's id of the prompt; empty as long as its answer is not known. Personal data."""
        if self.provider_reference_sealed is None:
            return ""
        return crypto.unseal(self.provider_reference_sealed, context=f"payments|provider_reference|{self.id}")

    def reference_columns(self, reference: str) -> dict[str, Any]:
        """What is stored for the provider's id of the prompt: nothing, as long as it is not known."""
        if not reference:
            return {}
        return {
            "provider_reference_hash": reference_index(reference),
            "provider_reference_sealed": crypto.seal(
                reference, context=f"payments|provider_reference|{self.id}"
            ),
        }

    def set_payer(self, phone: Phone) -> None:
        """Hash, seal and cut the payer's number."""
        self.payer_phone_hash = payer_index(phone)
        self.payer_phone_sealed = crypto.seal(phone.e164, context=f"payments|payer|{self.id}")
        self.payer_phone_last4 = phone.last4


def payer_index(phone: Phone) -> bytes:
    """The hash by which attempts and receipts of one payer are found."""
    return crypto.blind_index("payer-phone", phone.e164)


def reference_index(reference: str) -> bytes:
    """The hash by which an attempt is found by the provider's id."""
    return crypto.blind_index("provider-reference", reference)


class ReceiptStatus(models.TextChoices):
    """Whom the money that came belongs to (DOMAIN 5.2)."""

    RECEIVED = "received"
    ALLOCATED = "allocated"
    PART_ALLOCATED = "part_allocated"
    ORPHAN = "orphan"
    CLAIMED = "claimed"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    WRITTEN_TO_UNCLAIMED = "written_to_unclaimed"


_R = ReceiptStatus
# Nobody's yet: its payer may still claim it.
CLAIMABLE = (_R.ORPHAN, _R.WRITTEN_TO_UNCLAIMED)
# Its money is, or was until it was released, its order's.
HELD = (_R.ALLOCATED, _R.PART_ALLOCATED, _R.CLAIMED)


class Receipt(Stateful):
    """Money that really came, once per number of the provider's. The number may follow later (M9).

    Of its amount `allocated_minor` went to the order, with what was forgiven, and `credited_minor` to the payer's credit;
    the rest is or was unallocated.
    """

    SUBJECT: ClassVar[str] = "receipt"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (_R.RECEIVED, _R.ALLOCATED): "receipt.allocated",
        (_R.RECEIVED, _R.PART_ALLOCATED): "receipt.part_allocated",
        (_R.RECEIVED, _R.ORPHAN): "receipt.orphaned",
        **{(free, _R.CLAIMED): "receipt.claimed" for free in CLAIMABLE},
        **{(free, _R.REFUNDED): "receipt.refunded" for free in CLAIMABLE},
        # Nobody claimed it in time, and nobody knows whose it is (P14).
        (_R.ORPHAN, _R.WRITTEN_TO_UNCLAIMED): "receipt.unclaimed",
        # A part of a price that was never paid in full goes back (O5, O8), or what is left of one that was taken back.
        **{(held, _R.REFUNDED): "receipt.refunded" for held in HELD},
        # The provider took the money back to whoever paid (5.8 rows 16, 17).
        **{(status, _R.REVERSED): "receipt.reversed" for status in (*HELD, *CLAIMABLE, _R.REFUNDED)},
    }

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("provider", "transaction_id", "amount_minor", "currency")

    id = models.UUIDField(primary_key=True, default=new_key)
    # None for money that was paid by hand, without a prompt of ours.
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    # None as long as nobody knows what it was paid for.
    order = models.ForeignKey(
        "orders.Order", null=True, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    # The one open order that it seems to be for (5.8 row 10): the payer is asked.
    proposed_order = models.ForeignKey(
        "orders.Order", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    provider = models.CharField(max_length=20)
    transaction_id = models.CharField(max_length=40, null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=ReceiptStatus.choices, default=ReceiptStatus.RECEIVED)
    allocated_minor = models.BigIntegerField(default=0)
    credited_minor = models.BigIntegerField(default=0)
    payer_phone_hash = models.BinaryField(max_length=32, null=True)
    payer_phone_sealed = models.BinaryField(null=True)
    # What the payer typed: it may be a name or a number.
    typed_reference_sealed = models.BinaryField(null=True)
    received_at = models.DateTimeField()
    # When unclaimed money goes back by itself.
    refund_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "transaction_id"], name="payments_receipt_once"),
            models.UniqueConstraint(
                fields=["payment"],
                name="payments_receipt_without_number",
                condition=Q(transaction_id__isnull=True),
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_receipt_positive"),
            models.CheckConstraint(
                condition=Q(status__in=ReceiptStatus.values), name="payments_receipt_status"
            ),
        ]
        indexes = [
            models.Index(fields=["order"], name="payments_receipt_by_order"),
            models.Index(fields=["refund_at"], name="payments_receipt_back", condition=Q(status="orphan")),
            models.Index(
                fields=["payer_phone_hash"],
                name="payments_receipt_by_hand",
                condition=Q(payment__isnull=True),
            ),
        ]

    @property
    def amount(self) -> Money:
        """What came."""
        return Money(self.amount_minor, self.currency)

    @property
    def lies_in(self) -> AccountRef:
        """The account that holds what is nobody's yet."""
        if self.status == ReceiptStatus.WRITTEN_TO_UNCLAIMED:
            return chart.unclaimed(str(self.id))
        return chart.unallocated(self.id)

    @property
    def allocated(self) -> Money:
        """What went to its order, with what was forgiven."""
        return Money(self.allocated_minor, self.currency)

    @property
    def payer_phone(self) -> Phone | None:
        """Who paid, where M-Pesa has told."""
        if self.payer_phone_sealed is None:
            return self.payment.payer_phone if self.payment is not None else None
        return Phone(crypto.unseal(self.payer_phone_sealed, context=f"receipts|payer|{self.id}"))

    def set_payer(self, phone: Phone | None) -> None:
        """Hash and seal the payer's number, where it is known."""
        if phone is not None:
            self.payer_phone_hash = payer_index(phone)
            self.payer_phone_sealed = crypto.seal(phone.e164, context=f"receipts|payer|{self.id}")

    @property
    def typed_reference(self) -> str:
        """What the payer typed; empty where nobody has told. It may be a name or a number."""
        if self.typed_reference_sealed is None:
            return ""
        return crypto.unseal(self.typed_reference_sealed, context=f"receipts|typed|{self.id}")

    def set_typed_reference(self, typed: str) -> None:
        """Seal what the payer typed."""
        self.typed_reference_sealed = crypto.seal(typed[:100], context=f"receipts|typed|{self.id}")


class PayInReversal(models.Model):
    """A receipt that the provider took back, once: under which number, and out of which accounts its money was had."""

    SUBJECT: ClassVar[str] = "pay_in_reversal"
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = (
        "receipt",
        "order",
        "provider",
        "transaction_id",
        "amount_minor",
    )

    id = models.UUIDField(primary_key=True, default=new_key)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="reversal")
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=20)
    transaction_id = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField()
    # Where it was taken from: code of the account -> minor units.
    sources = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "transaction_id"], name="payments_reversal_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_reversal_positive"),
        ]

    def move_source(self, source: AccountRef, target: AccountRef, amount: Money) -> None:
        """Note that `amount` was had from `target` after all, instead of from `source`, which has so much at least."""
        moved = Counter(self.sources) + Counter({str(target.line.code): amount.minor})
        moved[str(source.line.code)] -= amount.minor
        self.sources = dict(+moved)
        self.save(update_fields=["sources"])
