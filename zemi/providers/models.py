"""What providers keep in the database, for all processes: their token, their circuits and how many calls worked."""

from django.db import models


class ProviderToken(models.Model):
    """The bearer token of one app at one provider. Each new one kills the one before it (DARAJA 1.1).

    `refreshing_until` is the lease of the process that is getting a new one; `fence` rises
    when a lease begins and when it ends with a new token.
    """

    key = models.CharField(max_length=64)
    sealed = models.BinaryField(default=b"")
    expires_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="providers_token_once")]

    def __str__(self) -> str:
        return self.key


class CircuitState(models.TextChoices):
    """Whether calls are made, held back, or one is trying."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit(models.Model):
    """The breaker of one operation (`providers.circuit`). Written by conditional updates alone.

    Until `paused_until` nothing that can wait is sent: the provider said that it was too fast.
    `since` is the time of the last change between open and closed, `changes` the number of times that it opened;
    `announced` is the last of them that operators heard of. `rate_low_since` is null while enough calls work.
    """

    operation = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=CircuitState.choices, default=CircuitState.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    successes = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    changes = models.PositiveIntegerField(default=0)
    announced = models.PositiveIntegerField(default=0)
    announced_open = models.BooleanField(default=False)
    rate_low_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation"], name="providers_circuit_once")]


class CallCount(models.Model):
    """Calls of one operation in one minute, and how many of them the provider answered as one that works."""

    operation = models.CharField(max_length=20)
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField()
    worked = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation", "minute"], name="providers_count_once")]
