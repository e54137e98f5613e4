"""The one thing that providers keep in the database: the token that all processes share."""

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
