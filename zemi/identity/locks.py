"""Lock what belongs to a phone; only other codes are locked in the same unit, in the order of their phones."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.phone import Phone
from zemi.identity.models import OtpChallenge
from zemi.identity.parties import phone_index


@inside_transaction
def lock_challenge(phone: Phone, purpose: str, *, now: datetime) -> OtpChallenge | None:
    """Lock the one-time code of `phone` that is open for `purpose`; parallel guesses stand in line here."""
    return (
        OtpChallenge.objects.select_for_update()
        .filter(phone_hash=phone_index(phone), purpose=purpose, ended_at=None, expires_at__gt=now)
        .first()
    )
