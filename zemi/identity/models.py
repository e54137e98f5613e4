"""Who takes part: people by their phone, merchants by their keys."""

from typing import ClassVar

from django.db import models

from zemi.common import crypto
from zemi.common.ids import new_key
from zemi.common.phone import Phone


class Party(models.Model):
    """A person, known by a phone: hashed to find, sealed to use, four digits to show (DESIGN 5)."""

    id = models.UUIDField(primary_key=True, default=new_key)
    phone_hash = models.BinaryField(max_length=32)
    phone_sealed = models.BinaryField()
    phone_last4 = models.CharField(max_length=4)
    language = models.CharField(max_length=2, default="en")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone_hash"], name="identity_party_once")]

    @property
    def phone(self) -> Phone:
        """The number in the clear, to pay and to text."""
        return Phone(crypto.unseal(self.phone_sealed, context=f"identity|phone|{self.id}"))

    @property
    def phone_masked(self) -> str:
        """The number as it is shown: ****5678."""
        return f"****{self.phone_last4}"


class OtpChallenge(models.Model):
    """One one-time code: its keyed hash, bound to a phone and a purpose. `ended_at`: spent, replaced or tried too often."""

    id = models.UUIDField(primary_key=True, default=new_key)
    phone_hash = models.BinaryField(max_length=32)
    purpose = models.CharField(max_length=20)
    code_hash = models.BinaryField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_hash", "purpose"],
                name="identity_otp_one_open",
                condition=models.Q(ended_at__isnull=True),
            )
        ]


class Session(models.Model):
    """A person who has proved a phone a short while ago, known by the hash of a token."""

    id = models.UUIDField(primary_key=True, default=new_key)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="sessions")
    token_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="identity_session_token")]


class Merchant(models.Model):
    """Somebody who uses the API for others. `api_version`: in which its answers are written; empty before its first call."""

    id = models.UUIDField(primary_key=True, default=new_key)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    api_version = models.CharField(max_length=10, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="identity_merchant_name")]


class Deployment(models.Model):
    """What this database is for, said once when it was made: sandbox or live.

    Keys refer to it, so that no key of the other mode can be among these rows, whatever a process believes to be.
    """

    mode = models.CharField(primary_key=True, max_length=7)
    only = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only"], name="identity_deployment_one"),
            models.CheckConstraint(condition=models.Q(only=True), name="identity_deployment_only"),
            models.CheckConstraint(
                condition=models.Q(mode__in=["live", "sandbox"]), name="identity_deployment_mode"
            ),
        ]


class ApiKey(models.Model):
    """A merchant's key: public id and hash; the secret is shown once and kept nowhere (SAFETY 3.9)."""

    SUBJECT: ClassVar[str] = "api_key"
    # Its events stand on no order's timeline.
    timeline_id: ClassVar[None] = None

    id = models.UUIDField(primary_key=True, default=new_key)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="api_keys")
    public_id = models.CharField(max_length=8)
    secret_hash = models.BinaryField(max_length=32)
    last4 = models.CharField(max_length=4, blank=True, default="")
    label = models.CharField(max_length=60, blank=True, default="")
    scopes = models.JSONField(default=list)
    mode = models.ForeignKey(Deployment, on_delete=models.PROTECT, db_column="mode", db_index=False)
    # The key that this one takes over from; each is replaced once.
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Right to some minutes only (zemi.identity.api_keys): a request should not have to write.
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="identity_api_key_public_id"),
            models.UniqueConstraint(fields=["replaces"], name="identity_api_key_replaced_once"),
        ]

    @property
    def prefix(self) -> str:
        """How it begins, to tell it from others: zk_test_<its public id>."""
        return f"zk_{'live' if self.mode_id == 'live' else 'test'}_{self.public_id}"


class KeySession(models.Model):
    """Somebody who has shown an API key on the developers' pages, known by the hash of a token; no longer than the key."""

    id = models.UUIDField(primary_key=True, default=new_key)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="sessions")
    token_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash"], name="identity_key_session_token")]
