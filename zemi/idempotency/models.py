"""Requests that carried a key, and what was answered."""

from django.db import models


class KeptAnswer(models.Model):
    """One key of one account: an open row while the request runs, its answer afterwards (DOMAIN 4.1).

    The primary key is a hash of account and key, and the body is sealed under the key itself: who reads this table can
    open nothing in it.
    """

    id = models.BinaryField(primary_key=True, max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    started_at = models.DateTimeField()
    request_id = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField(null=True)
    body_sealed = models.BinaryField(null=True)
    # The order whose delivery code stands in the body: the body is destroyed when the code is used or replaced.
    secret_of = models.UUIDField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="idempotency_expiring"),
            models.Index(
                fields=["secret_of"], name="idempotency_secrets", condition=models.Q(secret_of__isnull=False)
            ),
        ]
