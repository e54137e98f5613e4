"""A second factor: enrolled once, asked for at each sign-in. allauth keeps and checks it; here is which and when.

Staff enrol an authenticator app (TOTP), and get recovery codes with it.
"""

from datetime import datetime, timedelta

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    validate_totp_code,
)
from django.contrib.auth.models import User

from zemi.common.db import unit_of_work
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import Allowance, charge_or_refuse

# A code is good for its own 30 seconds and the 30 before and after; it opens once.
_LIFE_OF_A_CODE = timedelta(seconds=90)
_PERIOD_S = 30


def has_factor(user: User) -> bool:
    """Whether `user` has enrolled one; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user).exclude(type="recovery_codes").exists())


def new_secret() -> str:
    """Make a secret for an authenticator app to hold."""
    return str(generate_totp_secret())


def setup_address(user: User, secret: str) -> str:
    """What an authenticator app reads off a drawing: otpauth://..."""
    return str(get_adapter().build_totp_url(user, secret))


def enrol(user: User, secret: str, code: str) -> list[str] | None:
    """Enrol the app that holds `secret`, proved by its `code`; answers the recovery codes. None: the code is wrong.

    Opens its own transaction.
    """
    if not validate_totp_code(secret, code):
        return None
    with unit_of_work():
        Authenticator.objects.filter(user=user, type__in=["totp", "recovery_codes"]).delete()
        TOTP.activate(user, secret)
        return list(RecoveryCodes.activate(user).generate_codes())


def new_codes(user: User) -> list[str]:
    """Make new recovery codes; the old ones are dead. Opens its own transaction."""
    with unit_of_work():
        Authenticator.objects.filter(user=user, type="recovery_codes").delete()
        return list(RecoveryCodes.activate(user).generate_codes())


def use_code(user: User, code: str, *, now: datetime) -> str | None:
    """Use a code of the app, or a recovery code; answers which it was, None if it is neither or was used before."""
    for found in Authenticator.objects.filter(user=user, type__in=["totp", "recovery_codes"]):
        if found.wrap().validate_code(code):
            if found.type == "totp" and not _is_first_use(user, code, now=now):
                return None
            found.record_usage()
            return str(found.type)
    return None


def forget_factors(user: User) -> None:
    """Take all factors away; without one nobody gets in."""
    Authenticator.objects.filter(user=user).delete()


def code_now(user: User, *, at: float) -> str | None:
    """The code that the app of `user` shows at the moment `at` (seconds since 1970); None without an app.

    For the sandbox, where there may be no phone at hand.
    """
    found = Authenticator.objects.filter(user=user, type="totp").first()
    return None if found is None else code_of(get_adapter().decrypt(found.data["secret"]), at=at)


def code_of(secret: str, *, at: float) -> str | None:
    """The code that an app with this secret shows at the moment `at`; None if it is no secret."""
    try:
        return str(format_hotp_value(hotp_value(secret, int(at) // _PERIOD_S)))
    except ValueError:
        return None


def _is_first_use(user: User, code: str, *, now: datetime) -> bool:
    # allauth remembers used codes in each process's memory; this one row is for all processes.
    try:
        charge_or_refuse(Allowance("staff_code", f"{user.pk}:{code}", 1, _LIFE_OF_A_CODE), now=now)
    except TooManyAttempts:
        return False
    return True
