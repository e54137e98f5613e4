"""Accounts and transfers. A transfer can't be unbalanced: one row debits one account and credits another (DOMAIN 6.1)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from zemi.common.ids import new_key


class Account(models.Model):
    """One account of the chart. `balance_minor` is kept by a trigger, on its growing side, if `keeps_balance`."""

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("code", "of", "currency", "keeps_balance", "credit_side")

    id = models.UUIDField(primary_key=True)
    code = models.PositiveSmallIntegerField()
    of = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=3)
    keeps_balance = models.BooleanField()
    credit_side = models.BooleanField()
    balance_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "of", "currency"], name="ledger_account_once"),
            models.CheckConstraint(condition=Q(balance_minor__gte=0), name="ledger_no_overdraft"),
        ]


class Transfer(models.Model):
    """`amount_minor` of `currency` from the credited to the debited account, because of one event. Append-only.

    `key` is what makes it unique: kind and subject (and leg), so that nothing is booked twice.
    """

    APPEND_ONLY: ClassVar[bool] = True
    TRIGGERS: ClassVar[tuple[str, ...]] = (
        "ledger_keep_balances",
        "ledger_one_currency",
        "ledger_day_is_open",
    )

    id = models.UUIDField(primary_key=True, default=new_key)
    event = models.ForeignKey(
        "events.Event", on_delete=models.PROTECT, related_name="transfers", db_constraint=True
    )
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits", db_index=False)
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    order_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="ledger_transfer_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_transfer_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="ledger_transfer_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["order_id"], name="ledger_by_order", condition=Q(order_id__isnull=False)),
            models.Index(fields=["at"], name="ledger_by_time"),
        ]


class Seal(models.Model):
    """A day whose books are closed. `digest` is SHA-256 of `previous` and of the day's transfers, in hex. Append-only."""

    APPEND_ONLY: ClassVar[bool] = True

    day = models.DateField(primary_key=True)
    transfers = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        # A chain has no forks.
        constraints = [models.UniqueConstraint(fields=["previous"], name="ledger_seal_chain")]
