"""Counters that bound what one caller or one phone may do."""

from django.db import models


class Budget(models.Model):
    """How often something was done in the window that ends at `ends_at`. The key is a hash: it names nobody."""

    id = models.BinaryField(primary_key=True, max_length=32)
    ends_at = models.DateTimeField()
    used = models.PositiveIntegerField()
    most = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="trust_budget_ends")]
