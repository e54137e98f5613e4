"""Pay a seller to another number: by rule only (DOMAIN Y16, SAFETY 3.7)."""

from datetime import datetime, timedelta

from django.db.models import F

from zemi.common.db import inside_transaction
from zemi.disbursements.change import retry
from zemi.disbursements.errors import DisbursementNotChangeable
from zemi.disbursements.models import DisbursementStatus
from zemi.events.models import Event
from zemi.identity.models import Party
from zemi.payouts.models import Payout

# Whoever took over a seller's phone gains nothing in three days that the seller doesn't notice (SAFETY 3.7).
FREEZE = timedelta(hours=72)


@inside_transaction
def change_payee(payout: Payout, payee: Party, *, actor: str, now: datetime) -> None:
    """Owe a failed payout to another number of its seller, after three days in which it may be stopped. It must be locked.

    :raises DisbursementNotChangeable: it has not failed, or its money is not there any more
    :raises TooSoonToRetry: as `retry`
    """
    if payout.status != DisbursementStatus.FAILED:
        raise DisbursementNotChangeable(kind=payout.SUBJECT, status=str(payout.status))
    retry(payout, actor=actor, now=now, until=now + FREEZE)
    Payout.objects.filter(pk=payout.pk).update(
        payee_phone_sealed=payout.sealed_payee(payee.phone),
        # A worker that still asks about the last try finds that it has it no more, and ends no freeze.
        fence=F("fence") + 1,
    )


def frozen_until(payout: Payout) -> datetime | None:
    """When the freeze of its other number ends, or ended; None where it goes to its seller's own.

    What replaces a payout has the freeze of that one. An older version wrote none down: it counts from the last change.
    """
    if payout.payee_phone_sealed is None:
        return None
    held = Event.objects.filter(subject_id=payout.id, type="payout.held", data__has_key="until")
    told = held.order_by("-id").first()
    if told is not None:
        return datetime.fromisoformat(told.data["until"])
    return frozen_until(payout.replaces) if payout.replaces is not None else payout.updated_at + FREEZE
