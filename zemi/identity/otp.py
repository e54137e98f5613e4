"""One-time codes by SMS: they prove that somebody holds a phone, for one purpose, once (SAFETY 3.2)."""

from dataclasses import dataclass
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
    # Of the two phones of a refund that is sent elsewhere: the one that paid lets go, the other one takes.
    REDIRECT_REFUND = "redirect_refund"
    RECEIVE_REFUND = "receive_refund"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows to have a phone in the hand: the code that was texted to it for `purpose`."""

    phone: Phone
    purpose: Purpose
    code: str


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


def use_otp(*, phone: Phone, purpose: Purpose, code: str, now: datetime) -> None:
    """Spend the code that was texted to `phone` for `purpose`. A wrong one is counted and committed before it is refused.

    Opens its own transaction.

    :raises OneTimeCodeWrong: wrong, spent, too old, tried five times, or none was sent: the answer is the same
    """
    use_otps(Proof(phone, purpose, code), now=now)


@outside_transaction
def use_otps(*proofs: Proof, now: datetime) -> None:
    """Spend all of these codes, or none of them: who mistypes one of two needn't ask for both anew.

    A try counts against each code, the right ones too, and is committed before it is refused. Opens its own transaction.

    :raises OneTimeCodeWrong: one of them is no proof, as `use_otp` says; which one is not told
    """
    with unit_of_work():
        # In one order, so that two people with the same two phones can't wait for each other.
        ordered = sorted(proofs, key=lambda proof: (proof.phone.e164, proof.purpose))
        found = [lock_challenge(proof.phone, proof.purpose, now=now) for proof in ordered]
        fits = [_fits(challenge, proof.code) for challenge, proof in zip(found, ordered, strict=True)]
        right = all(fits)
        for challenge in found:
            if challenge is not None:
                challenge.tries += 1
                if right or challenge.tries >= TRIES:
                    challenge.ended_at = now
                challenge.save(update_fields=["tries", "ended_at"])
    if not right:
        raise OneTimeCodeWrong


def _fits(challenge: OtpChallenge | None, code: str) -> bool:
    return challenge is not None and crypto.same(bytes(challenge.code_hash), _hash(challenge, code))


def _hash(challenge: OtpChallenge, code: str) -> bytes:
    return crypto.blind_index("one-time-code", f"{challenge.id.hex}|{challenge.purpose}|{code}")
