"""One-time codes by SMS: they prove that somebody holds a phone, for one purpose, once (SAFETY 3.2)."""

from datetime import datetime, timedelta
from enum import StrEnum

from zemi.common import crypto
from zemi.common.db import append, outside_transaction, unit_of_work
from zemi.common.ids import new_code
from zemi.common.phone import Phone
from zemi.identity.errors import OneTimeCodeWrong
from zemi.identity.locks import lock_challenge
from zemi.identity.models import OtpChallenge
from zemi.identity.parties import find_or_create_parties
from zemi.notifications.sending import compose

LIFE = timedelta(minutes=10)
TRIES = 5


class Purpose(StrEnum):
    """What a code is asked for; it opens nothing else."""

    CANCEL_ORDER = "cancel_order"
    CLAIM_RECEIPT = "claim_receipt"
    SIGN_IN = "sign_in"
    NEW_CODE = "new_code"


def send_otp(*, phone: Phone, purpose: Purpose, now: datetime) -> None:
    """Text a new code to `phone`; one that was sent before for the same purpose opens nothing any more.

    Who may ask how often is the caller's budget. Opens its own transaction.
    """
    code = new_code()
    with unit_of_work():
        party = find_or_create_parties({phone}, now=now)[phone]
        key = party.phone_hash
        OtpChallenge.objects.filter(phone_hash=key, purpose=purpose, ended_at=None).update(ended_at=now)
        challenge = OtpChallenge(phone_hash=key, purpose=purpose, created_at=now, expires_at=now + LIFE)
        challenge.code_hash = _hash(challenge, code)
        append(challenge)
        append(
            compose(
                "one_time_code",
                to=phone,
                language=party.language,
                event_id=challenge.id,
                order_id=None,
                now=now,
                otp=code,
            )
        )


@outside_transaction
def use_otp(*, phone: Phone, purpose: Purpose, code: str, now: datetime) -> None:
    """Spend the code that was texted to `phone` for `purpose`. A wrong one is counted and committed before it is refused.

    Opens its own transaction.

    :raises OneTimeCodeWrong: wrong, spent, too old, tried five times, or none was sent: the answer is the same
    """
    with unit_of_work():
        challenge = lock_challenge(phone, purpose, now=now)
        right = challenge is not None and crypto.same(bytes(challenge.code_hash), _hash(challenge, code))
        if challenge is not None:
            challenge.tries += 1
            if right or challenge.tries >= TRIES:
                challenge.ended_at = now
            challenge.save(update_fields=["tries", "ended_at"])
    if not right:
        raise OneTimeCodeWrong


def _hash(challenge: OtpChallenge, code: str) -> bytes:
    return crypto.blind_index("one-time-code", f"{challenge.id.hex}|{challenge.purpose}|{code}")
