"""Prove a phone by a one-time code, within budgets: texts cost money and tire people, guesses cost trust."""

from datetime import datetime, timedelta

from zemi.common.phone import Phone
from zemi.identity import sessions
from zemi.identity.models import Session
from zemi.identity.otp import LIFE, Proof, Purpose, send_otp, use_otps
from zemi.trust.limits import charge_or_refuse, named


def request_otp(*, phone: Phone, purpose: Purpose, caller: str, now: datetime) -> timedelta:
    """Have a one-time code texted to `phone`; how long it opens what it is for. Opens transactions of its own.

    :raises TooManyAttempts: this phone was sent, or `caller` has asked for, too many
    """
    charge_or_refuse(named("codes_of_a_caller", caller), now=now)
    charge_code_to(phone, now=now)
    send_otp(phone=phone, purpose=purpose, now=now)
    return LIFE


def charge_code_to(phone: Phone, *, now: datetime) -> None:
    """Charge `phone` for a code that somebody has texted to it. Opens a transaction of its own.

    :raises TooManyAttempts: it was sent too many
    """
    charge_or_refuse(named("codes_to_a_phone", phone.e164), now=now)


def prove_phones(*proofs: Proof, limit: str, caller: str, now: datetime) -> None:
    """Spend the codes that prove these phones, for what `limit` bounds: all of them or none. Opens transactions of its own.

    :raises TooManyAttempts: `caller`, or one of the phones, has tried that too often
    :raises OneTimeCodeWrong: one of the phones is not proved
    """
    for subject in (caller, *sorted({proof.phone.e164 for proof in proofs})):
        charge_or_refuse(named(limit, subject), now=now)
    use_otps(*proofs, now=now)


def sign_in(*, phone: Phone, code: str, caller: str, now: datetime) -> tuple[Session, str]:
    """Exchange a one-time code for a session and its token, as `identity.sessions` does. Opens transactions of its own.

    :raises TooManyAttempts: `caller` has tried too often
    :raises OneTimeCodeWrong: the phone is not proved
    """
    charge_or_refuse(named("sign_ins", caller), now=now)
    return sessions.sign_in(phone=phone, code=code, now=now)
