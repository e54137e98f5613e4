"""What staff did by hand: who, what, why and when, for ever (SAFETY 3.7)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from zemi.common.ids import new_key


class ActOutcome(models.TextChoices):
    """What came of it. `asked`: a second person has to allow it; what they say is an act of their own."""

    DONE = "done"
    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"


class StaffAct(models.Model):
    """One thing that somebody of the staff did, written in the transaction in which it was done. Never changed.

    `about` is the id, reference or name that it was done to, to find it by. `payload` holds ids, codes and amounts as
    text, never a phone. The reason stands here and in no event: what people write may name somebody.
    """

    APPEND_ONLY: ClassVar[bool] = True
    SUBJECT: ClassVar[str] = "staff_act"

    # Of a form it is the form's own: sent twice, it is done once.
    id = models.UUIDField(primary_key=True, default=new_key)
    at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    payload = models.JSONField()
    about = models.CharField(max_length=64, blank=True, default="")
    reason = models.CharField(max_length=200)
    outcome = models.CharField(max_length=12, choices=ActOutcome.choices)
    # The request for a second person that it made or decided.
    approval_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=ActOutcome.values), name="staff_act_outcome"),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(actor=""), name="staff_act_who_and_why"),
            models.CheckConstraint(
                condition=Q(outcome="done", approval_id__isnull=True)
                | (~Q(outcome="done") & Q(approval_id__isnull=False)),
                name="staff_act_of_two",
            ),
        ]
        indexes = [models.Index(fields=["about"], name="staff_acts_about")]
