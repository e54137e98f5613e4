"""What every payment to somebody has in common: what is owed, each try to send it, and the switch that stops all.

Payouts and refunds are made of these. Nothing here knows to whom money is owed, or why.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.work import WorkRow
from zemi.events.log import Stateful
from zemi.ledger.chart import AccountRef


class DisbursementStatus(models.TextChoices):
    """DOMAIN 5.4. `unknown` is asked about and never sent anew; `held` waits for its cause to go away."""

    CREATED = "created"
    QUEUED = "queued"
    HELD = "held"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NEEDS_ATTENTION = "needs_attention"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


_S = DisbursementStatus

# The money lies in flight (DOMAIN 6.4 I5).
IN_FLIGHT = (
    _S.CREATED,
    _S.QUEUED,
    _S.HELD,
    _S.SUBMITTING,
    _S.SUBMITTED,
    _S.UNKNOWN,
    _S.NEEDS_ATTENTION,
)
# It can be called off, unless a try of it stands open (Y4).
NOT_SENT = (_S.CREATED, _S.QUEUED, _S.HELD)
# Its money went back to where it is owed from.
GIVEN_BACK = (_S.FAILED, _S.CANCELLED, _S.REVERSED)
# It was sent, or may have been: it is asked about.
SENT = (_S.SUBMITTING, _S.SUBMITTED, _S.UNKNOWN, _S.NEEDS_ATTENTION)


class HeldReason(models.TextChoices):
    """Why something that is owed is not sent yet. What goes away by itself is tried again; a person ends the others."""

    FLOAT_LOW = "float_low"
    LIMIT = "limit"
    WALLET_FULL = "wallet_full"
    CREDENTIALS = "credentials"
    NO_PAYEE = "no_payee"
    PAYEE_CHANGED = "payee_changed"
    REVERSAL_REFUSED = "reversal_refused"


def moves(subject: str) -> Mapping[tuple[str, str], str]:
    """The moves of a payout or refund, with the events that they are (DOMAIN 5.4, Y1 to Y20)."""
    table: dict[tuple[str, str], str] = {
        (_S.CREATED, _S.QUEUED): "queued",
        (_S.CREATED, _S.HELD): "held",
        (_S.CREATED, _S.CANCELLED): "cancelled",
        (_S.QUEUED, _S.SUBMITTING): "submitting",
        (_S.QUEUED, _S.CANCELLED): "cancelled",
        (_S.QUEUED, _S.HELD): "held",
        (_S.SUBMITTING, _S.QUEUED): "not_sent",
        (_S.HELD, _S.QUEUED): "queued",
        (_S.HELD, _S.CANCELLED): "cancelled",
        # Taken for dead and asked about, the worker that was to send it proves that it did not.
        (_S.UNKNOWN, _S.QUEUED): "not_sent",
        (_S.UNKNOWN, _S.NEEDS_ATTENTION): "needs_attention",
        # Money beats message: it was paid after all, and must not be sent again.
        (_S.HELD, _S.SUCCEEDED): "succeeded",
        (_S.QUEUED, _S.SUCCEEDED): "succeeded",
        (_S.FAILED, _S.SUCCEEDED): "succeeded",
        (_S.CANCELLED, _S.SUCCEEDED): "succeeded",
        (_S.FAILED, _S.QUEUED): "queued",
        (_S.FAILED, _S.HELD): "held",
        (_S.SUCCEEDED, _S.REVERSED): "reversed",
        (_S.SUBMITTING, _S.SUBMITTED): "submitted",
        (_S.SUBMITTING, _S.UNKNOWN): "unknown",
        (_S.SUBMITTED, _S.UNKNOWN): "unknown",
    }
    for sent in SENT:
        table |= {
            (sent, _S.SUCCEEDED): "succeeded",
            (sent, _S.FAILED): "failed",
            (sent, _S.HELD): "held",
        }
    return {move: f"{subject}.{word}" for move, word in table.items()}


class AttemptStatus(models.TextChoices):
    """SAFETY 4.2. Open means that money may still move by it."""

    INTENT = "intent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN = (AttemptStatus.INTENT, AttemptStatus.ACCEPTED, AttemptStatus.UNKNOWN)


def attempt_moves(subject: str) -> Mapping[tuple[str, str], str]:
    """The moves of one try, with the events that they are."""
    a = AttemptStatus
    table: dict[tuple[str, str], str] = {
        (a.INTENT, a.ACCEPTED): "accepted",
        (a.INTENT, a.UNKNOWN): "unknown",
        (a.INTENT, a.SUCCEEDED): "succeeded",
        (a.INTENT, a.FAILED): "failed",
        (a.ACCEPTED, a.UNKNOWN): "unknown",
        (a.ACCEPTED, a.SUCCEEDED): "succeeded",
        (a.ACCEPTED, a.FAILED): "failed",
        (a.UNKNOWN, a.INTENT): "not_sent",
        (a.UNKNOWN, a.SUCCEEDED): "succeeded",
        (a.UNKNOWN, a.FAILED): "failed",
        (a.FAILED, a.SUCCEEDED): "succeeded",
    }
    return {move: f"{subject}.{word}" for move, word in table.items()}


class Method(models.TextChoices):
    """How money goes out: to a phone, or by undoing the payment that it came with."""

    B2C = "b2c"
    REVERSAL = "reversal"


class Disbursement(Stateful, WorkRow):
    """What is owed to somebody. Due means: send it when queued, ask about it when it has been sent."""

    id = models.UUIDField(primary_key=True, default=new_key)
    provider = models.CharField(max_length=20)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=16, choices=_S.choices, default=_S.CREATED)
    transaction_id = models.CharField(max_length=40, null=True)
    failure_reason = models.CharField(max_length=200, blank=True, default="")
    held_reason = models.CharField(max_length=16, choices=HeldReason.choices, blank=True, default="")
    # When the latest try was written down: silence is counted from there.
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    # The model of its tries.
    ATTEMPT: ClassVar[type["Attempt"]]

    class Meta:
        abstract = True

    @property
    def amount(self) -> Money:
        """What is owed."""
        return Money(self.amount_minor, self.currency)

    @property
    def in_flight(self) -> AccountRef:
        """Where its money lies from its creation to its result."""
        raise NotImplementedError

    @property
    def returns_to(self) -> AccountRef:
        """Where its money goes when it conclusively could not be paid."""
        raise NotImplementedError

    @property
    def payee(self) -> Phone:
        """Who is paid; pinned when it was made."""
        raise NotImplementedError

    @property
    def has_payee(self) -> bool:
        """Whether there is a number to pay to."""
        return True

    @property
    def payee_id(self) -> UUID:
        """The party who is paid."""
        raise NotImplementedError

    @property
    def reference(self) -> str:
        """What the payment is for, in the words that the payee's statement shows."""
        raise NotImplementedError

    @property
    def method(self) -> str:
        """How the next try goes out."""
        return Method.B2C

    def held_after(self, attempt: "Attempt") -> str:
        """Why it waits after a conclusive failure of `attempt` that is this kind's own; empty when there is none."""
        del attempt
        return ""

    @property
    def is_still_owed(self) -> bool:
        """Whether it may be sent, or sent again once it has failed."""
        return True

    @property
    def is_replaced(self) -> bool:
        """Whether another one pays what was owed by it."""
        return False

    def repaid_loss(self) -> tuple[AccountRef, Money] | None:
        """The operator's loss for which its money makes up when it comes back, and how much of it; mostly there is none."""
        return None

    def after_return(self) -> None:
        """Undo what was reserved with it, when its money is given back; in the same transaction."""

    def after_retry(self) -> None:
        """Reserve again what `after_return` undid, when it is owed again."""

    @property
    def pay_in(self) -> str:
        """The receipt that a reversal undoes. Asked for only where `method` says reversal, which payouts never do."""
        raise NotImplementedError

    def tries_made(self) -> "models.QuerySet[Any]":
        """The tries so far."""
        return self.ATTEMPT._default_manager.filter(**{self.ATTEMPT.OWNER: self})

    def open_attempt(self) -> "Attempt | None":
        """The try by which money may still move."""
        found: Attempt | None = self.tries_made().filter(is_open=True).first()
        return found

    def new_attempt(self, **values: Any) -> "Attempt":
        """Make a try of it; nothing is written yet."""
        return self.ATTEMPT(**{self.ATTEMPT.OWNER: self}, **values)


class Attempt(Stateful):
    """One try to send it. Committed before the call, with the id that the provider refuses to pay twice."""

    id = models.UUIDField(primary_key=True, default=new_key)
    number = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.B2C)
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

    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("originator_conversation_id", "amount_minor", "currency")
    # The name of the foreign key to what it is a try of.
    OWNER: ClassVar[str] = ""
    objects: ClassVar["models.Manager[Any]"]

    class Meta:
        abstract = True

    @classmethod
    def order_may_be_missing(cls) -> bool:
        """Whether what it is a try of may belong to no order."""
        owner: Any = cls.owner_model()
        return bool(owner._meta.get_field("order").null)

    @classmethod
    def owner_model(cls) -> type[Disbursement]:
        """The model of what it is a try of."""
        owner: Any = cls._meta.get_field(cls.OWNER)
        found: type[Disbursement] = owner.related_model
        return found

    @property
    def owed(self) -> Disbursement:
        """What it is a try of."""
        found: Disbursement = getattr(self, self.OWNER)
        return found

    @property
    def paid_to(self) -> Phone:
        """The number that it goes to, or went to. Only asked for where it goes to a phone."""
        return self.owed.payee

    @property
    def is_reversal(self) -> bool:
        """Whether it undoes a pay-in, instead of paying to a phone."""
        return self.method == Method.REVERSAL

    @property
    def timeline_id(self) -> UUID | None:
        """The order's timeline."""
        return self.owed.timeline_id

    @property
    def amount(self) -> Money:
        """What is sent."""
        return Money(self.amount_minor, self.currency)


def attempt_constraints(owner: str, prefix: str) -> list[models.BaseConstraint]:
    """What the database refuses about tries, whatever they are tries of."""
    return [
        models.UniqueConstraint(fields=[owner], name=f"{prefix}_one_open_attempt", condition=Q(is_open=True)),
        models.UniqueConstraint(fields=[owner, "number"], name=f"{prefix}_attempt_number"),
        models.UniqueConstraint(fields=["originator_conversation_id"], name=f"{prefix}_originator_id"),
        models.CheckConstraint(condition=Q(status__in=AttemptStatus.values), name=f"{prefix}_attempt_status"),
        models.CheckConstraint(
            condition=Q(is_open=True, status__in=[str(s) for s in OPEN])
            | Q(is_open=False, status__in=["succeeded", "failed"]),
            name=f"{prefix}_attempt_open",
        ),
    ]


class Dispatcher(models.Model):
    """The switch of one kind of payment with one provider: stopped, or short of float. One row each."""

    # "payout" or "refund": the subject of what is sent.
    name = models.CharField(max_length=20, primary_key=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=60, blank=True, default="")
    stop_reason = models.CharField(max_length=200, blank=True, default="")
    # Until then nothing of this kind is sent, since our account was found too low.
    waits_until = models.DateTimeField(null=True)

    SUBJECT: ClassVar[str] = "dispatcher"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | ~Q(stop_reason=""),
                name="disbursements_stop_has_reason",
            )
        ]

    @classmethod
    def of(cls, name: str) -> Self:
        """A switch that is on, as long as no row says otherwise."""
        return cls(name=name)


class SuspenseStatus(models.TextChoices):
    """What became of money that left without being owed."""

    OPEN = "open"
    CHARGED = "charged"
    RECOVERED = "recovered"
    LOST = "lost"


class SuspenseCase(Stateful):
    """Money that left for something that was given back or paid already (DOMAIN Y18, Y20): a claim until a person ends it.

    While one is open, nothing more is sent to the same person.
    """

    SUBJECT: ClassVar[str] = "suspense"
    TRANSITIONS: ClassVar[Mapping[tuple[str, str], str]] = {
        (SuspenseStatus.OPEN, SuspenseStatus.CHARGED): "suspense.charged",
        (SuspenseStatus.OPEN, SuspenseStatus.RECOVERED): "suspense.recovered",
        (SuspenseStatus.OPEN, SuspenseStatus.LOST): "suspense.lost",
    }
    WRITTEN_ONCE: ClassVar[tuple[str, ...]] = ("subject_id", "party_id", "amount_minor", "currency")

    id = models.UUIDField(primary_key=True, default=new_key)
    order_id = models.UUIDField(null=True)
    # "payout" or "refund", and which one; who has the money.
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    party_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    transaction_id = models.CharField(max_length=40, null=True)
    # Its money had been given back (Y20); if not, it was paid twice (Y18).
    was_given_back = models.BooleanField()
    # What of it was taken from the payee's balance when it was charged; the rest is a debt.
    from_balance_minor = models.BigIntegerField(default=0)
    status = models.CharField(max_length=12, choices=SuspenseStatus.choices, default=SuspenseStatus.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="suspense_amount_positive"),
            models.CheckConstraint(condition=Q(status__in=SuspenseStatus.values), name="suspense_status"),
            models.CheckConstraint(
                condition=Q(from_balance_minor__gte=0, from_balance_minor__lte=models.F("amount_minor")),
                name="suspense_from_balance",
            ),
        ]
        indexes = [
            models.Index(fields=["party_id"], name="suspense_open_by_party", condition=Q(status="open"))
        ]

    @property
    def amount(self) -> Money:
        """What left."""
        return Money(self.amount_minor, self.currency)
