"""The provider's statement as it was imported, and the differences to our books that are still open."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zemi.common import crypto
from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.work import WorkRow


class Direction(models.TextChoices):
    """Seen from our account."""

    IN = "in"
    OUT = "out"


class Verdict(models.TextChoices):
    """What a line was found to be. `new` has not been looked at."""

    NEW = "new"
    MATCHED = "matched"
    DIFFERENT = "different"
    MISSING = "missing"


class StatementImport(models.Model):
    """One file, or one pull: where its lines came from, and how many of them were new."""

    SUBJECT: ClassVar[str] = "statement"

    id = models.UUIDField(primary_key=True, default=new_key)
    provider = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    lines = models.PositiveIntegerField()
    new_lines = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    # Of which time it tells all that came in: of a pull what was asked for, of a file from its first receipt to its last.
    covers_since = models.DateTimeField(null=True)
    covers_until = models.DateTimeField(null=True)


class StatementLine(models.Model):
    """One movement that the provider says there was, once however often it is imported. No name; the payer sealed."""

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("provider", "receipt", "amount_minor", "currency", "at")

    id = models.UUIDField(primary_key=True, default=new_key)
    provider = models.CharField(max_length=20)
    receipt = models.CharField(max_length=40)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    # An order's reference or an id of ours; anything else that a payer may have typed is left out.
    reference = models.CharField(max_length=80, blank=True, default="")
    linked_receipt = models.CharField(max_length=40, blank=True, default="")
    # Who paid, or was paid, where it says so in the clear: without it money for nobody could never go back, and what
    # went out would have no name.
    payer_sealed = models.BinaryField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NEW)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "receipt", "direction", "kind"], name="reconciliation_line_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reconciliation_line_positive"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="reconciliation_verdict"),
        ]
        indexes = [
            models.Index(fields=["at"], name="reconciliation_unmatched", condition=~Q(verdict="matched"))
        ]

    @property
    def amount(self) -> Money:
        """What moved."""
        return Money(self.amount_minor, self.currency)

    @property
    def payer(self) -> Phone | None:
        """Who paid, or was paid, where it is known."""
        if self.payer_sealed is None:
            return None
        return Phone(crypto.unseal(self.payer_sealed, context=f"statement|payer|{self.id}"))

    def set_payer(self, phone: Phone | None) -> None:
        """Seal the number of who paid, or was paid, where it is known."""
        if phone is not None:
            self.payer_sealed = crypto.seal(phone.e164, context=f"statement|payer|{self.id}")


class Pull(WorkRow):
    """A provider's list of what came in, asked for again and again since it was registered for that.

    All that came in before `covered_until` has been told; null before the first answer.
    """

    SUBJECT: ClassVar[str] = "pull"
    SWEEP: ClassVar[str] = "pulls"

    id = models.UUIDField(primary_key=True, default=new_key)
    provider = models.CharField(max_length=20)
    covered_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider"], name="reconciliation_pull_once")]


class ItemKind(models.TextChoices):
    """`missing`: only the provider has it. `extra`: only we have it. `different`: the amounts are not the same."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


class ReconciliationItem(models.Model):
    """One difference between the statement and our books: no posting, a question, until it is closed (DOMAIN P20)."""

    SUBJECT: ClassVar[str] = "reconciliation_item"

    id = models.UUIDField(primary_key=True, default=new_key)
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    provider = models.CharField(max_length=20)
    receipt = models.CharField(max_length=40)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    line_kind = models.CharField(max_length=10)
    theirs_minor = models.BigIntegerField(null=True)
    ours_minor = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    timeline_id = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "receipt", "direction", "line_kind"],
                name="reconciliation_item_open_once",
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(condition=Q(kind__in=ItemKind.values), name="reconciliation_item_kind"),
        ]


class AuditRun(models.Model):
    """The audit of one hour: when it ran and what it found wrong. Without an end, its process died."""

    hour = models.DateTimeField(primary_key=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    problems_found = models.PositiveIntegerField(null=True)
    # The first of them, in the audit's own words: ids, references and amounts.
    problems = models.JSONField(default=list)
