"""The payment link: what is offered by whom and on which terms; and who agreed to them for each order."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.events.log import Stateful

MOST_STOCK = 1_000


class LinkStatus(models.TextChoices):
    """Whether an order can be made by it."""

    ACTIVE = "active"
    USED_UP = "used_up"
    DISABLED = "disabled"
    EXPIRED = "expired"


_S = LinkStatus


class PaymentLink(Stateful):
    """One offer. `stock` orders can be made by it, of which `sold` stand; an order that ended unpaid frees its place.

    What both sides agree on is written once (`zemi.links.terms`): a price list that changes changes no link.
    """

    SUBJECT: ClassVar[str] = "link"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (_S.ACTIVE, _S.USED_UP): "link.used_up",
        # An order that it was used up by ended without being paid.
        (_S.USED_UP, _S.ACTIVE): "link.reopened",
        (_S.ACTIVE, _S.DISABLED): "link.disabled",
        (_S.USED_UP, _S.DISABLED): "link.disabled",
        (_S.ACTIVE, _S.EXPIRED): "link.expired",
        (_S.USED_UP, _S.EXPIRED): "link.expired",
    }
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = (
        "merchant",
        "seller",
        "product_description",
        "amount_minor",
        "currency",
        "fee_bps",
        "release_policy",
        "pay_within_h",
        "terms",
        "terms_hash",
        "stock",
        "expires_at",
        "form_key",
        "created_at",
    )

    id = models.UUIDField(primary_key=True, default=new_key)
    # Who made it; without one the seller did.
    merchant = models.ForeignKey(
        "identity.Merchant", null=True, on_delete=models.PROTECT, related_name="payment_links", db_index=False
    )
    seller = models.ForeignKey(
        "identity.Party", on_delete=models.PROTECT, related_name="payment_links", db_index=False
    )
    product_description = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_bps = models.PositiveIntegerField()
    release_policy = models.CharField(max_length=20)
    pay_within_h = models.PositiveIntegerField()
    # What both sides agree on, as one text, and its SHA-256 in hex.
    terms = models.TextField()
    terms_hash = models.CharField(max_length=64)
    stock = models.PositiveIntegerField()
    sold = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=LinkStatus.choices, default=LinkStatus.ACTIVE)
    # Opens it: a hash to find it by, the token itself to show its owner.
    token_hash = models.BinaryField(max_length=32)
    token_sealed = models.BinaryField()
    expires_at = models.DateTimeField(null=True)
    # The key of what the seller's form asked for: pressed twice, it makes one link.
    form_key = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="links_token"),
            models.UniqueConstraint(
                fields=["seller", "form_key"], name="links_once_per_form", condition=Q(form_key__isnull=False)
            ),
            models.CheckConstraint(condition=Q(status__in=LinkStatus.values), name="links_status"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="links_amount_positive"),
            models.CheckConstraint(
                condition=Q(stock__gte=1, stock__lte=MOST_STOCK, sold__gte=0, sold__lte=F("stock")),
                name="links_sold_in_stock",
            ),
            models.CheckConstraint(
                condition=~Q(status="active") | Q(sold__lt=F("stock")), name="links_active_has_stock"
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "id"], name="links_by_merchant", condition=Q(merchant__isnull=False)
            ),
            models.Index(fields=["seller", "id"], name="links_by_seller"),
            models.Index(
                fields=["expires_at"],
                name="links_expiring",
                condition=Q(status__in=["active", "used_up"], expires_at__isnull=False),
            ),
        ]

    def status_at(self, now: datetime) -> LinkStatus:
        """Where it stands at this moment, whether or not a sweep has come by since its time was over."""
        over = self.expires_at is not None and self.expires_at <= now
        return LinkStatus.EXPIRED if over and self.status != LinkStatus.DISABLED else LinkStatus(self.status)

    def is_open(self, now: datetime) -> bool:
        """Whether an order can be made by it now."""
        return self.status_at(now) == LinkStatus.ACTIVE

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
    def timeline_id(self) -> UUID:
        """Its own timeline."""
        return self.id


class Photo(models.Model):
    """A small picture of what a link sells (`zemi.links.photos`). It has a row of its own: a link's stays small."""

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("link", "picture", "created_at")

    link = models.OneToOneField(PaymentLink, primary_key=True, on_delete=models.PROTECT, related_name="photo")
    # A WebP that we have made, never what was uploaded.
    picture = models.BinaryField()
    created_at = models.DateTimeField()
    # When is asked whether anybody still needs it.
    look_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["look_at"], name="links_photo_look")]


class Agreement(models.Model):
    """Who agreed to the terms of one order that was made by a link, and when. Never changed, never deleted."""

    APPEND_ONLY: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=new_key)
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="agreements", db_index=False
    )
    link = models.ForeignKey(PaymentLink, on_delete=models.PROTECT, related_name="agreements", db_index=False)
    terms_hash = models.CharField(max_length=64)
    # "seller", or "merchant": whose key it was.
    offered_by = models.CharField(max_length=10)
    seller = models.ForeignKey(
        "identity.Party", on_delete=models.PROTECT, related_name="agreements_to_sell", db_index=False
    )
    offered_at = models.DateTimeField()
    buyer = models.ForeignKey(
        "identity.Party", on_delete=models.PROTECT, related_name="agreements_to_buy", db_index=False
    )
    accepted_at = models.DateTimeField()
    # The key of what the buyer's form asked for: pressed twice, it makes one order.
    form_key = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], name="links_agreement_once"),
            models.UniqueConstraint(
                fields=["link", "form_key"],
                name="links_agreement_once_per_form",
                condition=Q(form_key__isnull=False),
            ),
        ]
