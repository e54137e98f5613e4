"""Requests that came with a merchant's key."""

from django.db import models


class LoggedRequest(models.Model):
    """One request, without its body and without what stood after the "?". The primary key is that of its Request-Id."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(
        "identity.Merchant", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key_id = models.CharField(max_length=8)
    method = models.CharField(max_length=7)
    # What looks like a phone or a secret is masked, as in the log.
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60, blank=True, default="")
    duration_ms = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "id"], name="request_log_of_merchant"),
            models.Index(fields=["at"], name="request_log_at"),
        ]
