"""The order: what is bought, by whom, from whom, and where it stands."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.events.log import Stateful


class OrderStatus(models.TextChoices):
    """The seed's five words, and `expired`."""

    AWAITING_PAYMENT = "awaiting_payment"
    EXPIRED = "expired"
    PAID = "paid"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Side(models.TextChoices):
    """The two between whom an order is."""

    BUYER = "buyer"
    SELLER = "seller"

    @property
    def other(self) -> "Side":
        """Whom this one deals with."""
        return Side.SELLER if self is Side.BUYER else Side.BUYER


class ReleasePolicy(models.TextChoices):
    """When the held money goes to the seller; frozen when the order is made."""

    INSTANT = "instant"


class Order(Stateful):
    """One sale. Its row is locked first by whatever moves its money."""

    SUBJECT: ClassVar[str] = "order"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (OrderStatus.AWAITING_PAYMENT, OrderStatus.PAID): "order.paid",
        (OrderStatus.AWAITING_PAYMENT, OrderStatus.EXPIRED): "order.expired",
        # Revived by money that came at most two hours late (O6).
        (OrderStatus.EXPIRED, OrderStatus.PAID): "order.paid",
        (OrderStatus.AWAITING_PAYMENT, OrderStatus.CANCELLED): "order.cancelled",
        (OrderStatus.PAID, OrderStatus.COMPLETED): "order.completed",
        (OrderStatus.PAID, OrderStatus.CANCELLED): "order.cancelled",
        # Only when all of it is back with whoever paid (O25).
        (OrderStatus.CANCELLED, OrderStatus.REFUNDED): "order.refunded",
    }

    id = models.UUIDField(primary_key=True, default=new_key)
    order_reference = models.CharField(max_length=12)
    merchant = models.ForeignKey(
        "identity.Merchant", null=True, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    merchant_reference = models.CharField(max_length=64, blank=True, default="")
    # The payment link that it was made by, if it was.
    payment_link = models.ForeignKey(
        "links.PaymentLink", null=True, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    buyer = models.ForeignKey(
        "identity.Party", on_delete=models.PROTECT, related_name="purchases", db_index=False
    )
    seller = models.ForeignKey("identity.Party", on_delete=models.PROTECT, related_name="sales")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="KES")
    fee_bps = models.PositiveIntegerField(default=0)
    product_description = models.TextField()
    release_policy = models.CharField(max_length=20, choices=ReleasePolicy.choices)
    metadata = models.JSONField(default=dict)
    status = models.CharField(
        max_length=20, choices=OrderStatus.choices, default=OrderStatus.AWAITING_PAYMENT
    )
    delivery_code_hash = models.CharField(max_length=140)
    delivery_code_sealed = models.BinaryField(null=True)
    # Opens its pages: a hash to find the order by, the token itself to show (zemi.orders.links).
    link_hash = models.BinaryField(max_length=32, null=True)
    link_sealed = models.BinaryField(null=True)
    # Whether an answer with the code in it is kept for an idempotency key, and has to be destroyed with the code.
    answer_kept = models.BooleanField(default=False)
    code_generation = models.PositiveSmallIntegerField(default=1)
    code_failures = models.PositiveSmallIntegerField(default=0)
    code_locked_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # What has come for it and stayed: less than the price while parts are awaited.
    received_minor = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    expiry_extended = models.BooleanField(default=False)
    remind_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    # The provider took the payment back after it had been released (O27).
    clawed_back_at = models.DateTimeField(null=True)
    # Which side has asked the other to call it off while it is paid (O13), and until when that can be answered.
    cancel_asked_by = models.CharField(
        max_length=6, choices=Side.choices, blank=True, default="", db_default=""
    )
    cancel_asked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order_reference"], name="orders_reference"),
            models.UniqueConstraint(
                fields=["merchant", "merchant_reference"],
                name="orders_merchant_reference",
                condition=~Q(merchant_reference=""),
            ),
            models.UniqueConstraint(fields=["link_hash"], name="orders_link"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="orders_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="orders_status"),
            models.CheckConstraint(
                condition=Q(paid_at__isnull=False)
                | Q(status__in=["awaiting_payment", "expired", "cancelled"]),
                name="orders_paid_at",
            ),
            models.CheckConstraint(
                condition=Q(received_minor__gte=0, received_minor__lte=F("amount_minor")),
                name="orders_received",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=False) | ~Q(status="completed"), name="orders_completed_at"
            ),
            models.CheckConstraint(
                condition=Q(cancel_asked_by="", cancel_asked_until__isnull=True)
                | Q(cancel_asked_by__in=Side.values, cancel_asked_until__isnull=False, status="paid"),
                name="orders_cancel_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "created_at"], name="orders_by_buyer"),
            models.Index(
                fields=["merchant", "id"], name="orders_by_merchant", condition=Q(merchant__isnull=False)
            ),
            models.Index(
                fields=["payment_link", "id"],
                name="orders_by_payment_link",
                condition=Q(payment_link__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="orders_expiring", condition=Q(status="awaiting_payment")
            ),
            models.Index(
                fields=["remind_at"], name="orders_reminding", condition=Q(status="awaiting_payment")
            ),
            models.Index(
                fields=["cancel_asked_until"],
                name="orders_cancel_asked_until",
                condition=Q(cancel_asked_until__isnull=False),
            ),
        ]

    @property
    def amount(self) -> Money:
        """The price."""
        return Money(self.amount_minor, self.currency)

    @property
    def fee(self) -> Money:
        """The commission, which the seller bears."""
        return self.amount.share(self.fee_bps)

    @property
    def net(self) -> Money:
        """What the seller gets of the price."""
        return self.amount - self.fee

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return Money(self.amount_minor - self.received_minor, self.currency)

    @property
    def timeline_id(self) -> UUID:
        """Its own timeline."""
        return self.id

    def __str__(self) -> str:
        return self.order_reference


class DeliveryAttempt(models.Model):
    """One wrong delivery code, counted against its order. Who gave it is kept as a hash."""

    id = models.UUIDField(primary_key=True, default=new_key)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="delivery_attempts")
    generation = models.PositiveSmallIntegerField()
    attempted_at = models.DateTimeField()
    caller_hash = models.BinaryField(max_length=32)
