"""Second factors: enrolled once, asked for at each sign-in. allauth keeps and checks them; here is which and when.

Staff enrol a passkey, an authenticator app (TOTP) or both, and get recovery codes with the first of them.
"""

from collections.abc import Callable
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
from django.db.models import QuerySet

from zemi.common.db import unit_of_work
from zemi.console import passkeys
from zemi.console.errors import NotOffered
from zemi.console.locks import lock_user
from zemi.staff.acts import write_act
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import Allowance, charge_or_refuse

# A code is good for its own 30 seconds and the 30 before and after; it opens once.
_LIFE_OF_A_CODE = timedelta(seconds=90)
_PERIOD_S = 30


def has_factor(user: User) -> bool:
    """Whether `user` has enrolled one; recovery codes alone are none."""
    return factors_of(user).exists()


def factors_of(user: User) -> "QuerySet[Authenticator]":
    """What `user` has enrolled, oldest first."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return found.exclude(type="recovery_codes").order_by("pk")


def new_secret() -> str:
    """Make a secret for an authenticator app to hold."""
    return str(generate_totp_secret())


def setup_address(user: User, secret: str) -> str:
    """What an authenticator app reads off a drawing: otpauth://..."""
    return str(get_adapter().build_totp_url(user, secret))


def enrol_app(user: User, secret: str, code: str, *, is_first: bool, now: datetime) -> list[str] | None:
    """Enrol the app that holds `secret`, proved by its `code`, in place of another app.

    Opens its own transaction. Answers the recovery codes, or none if older ones stay good. None: the code is wrong, or
    the first factor was to be enrolled and there is one.
    """
    if not validate_totp_code(secret, code):
        return None

    def add() -> None:
        Authenticator.objects.filter(user=user, type="totp").delete()
        TOTP.activate(user, secret)

    return _enrol(user, "totp", add, is_first=is_first, now=now)


def enrol_passkey(user: User, answer: str, *, is_first: bool, now: datetime) -> list[str] | None:
    """Enrol the passkey that a browser made for this session, by its `answer`. The rest is as with `enrol_app`."""
    credential = passkeys.read_new(answer)
    if credential is None:
        return None
    return _enrol(user, "webauthn", lambda: passkeys.keep(user, credential), is_first=is_first, now=now)


def take_away(user: User, key: int, *, now: datetime) -> None:
    """Take one of several factors away from `user`, who asks for it. Opens its own transaction.

    :raises NotOffered: they have no such factor, or no other one
    """
    with unit_of_work():
        lock_user(user)
        found = factors_of(user).filter(pk=key).first()
        if found is None or factors_of(user).count() == 1:
            raise NotOffered
        found.delete()
        _write("factor-remove", user, found.type, now=now)


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


def _enrol(
    user: User, kind: str, add: Callable[[], None], *, is_first: bool, now: datetime
) -> list[str] | None:
    with unit_of_work():
        lock_user(user)
        # Of two who know a new password, the second enrols nothing.
        if is_first and has_factor(user):
            return None
        add()
        _write("factor-add", user, kind, now=now)
        if Authenticator.objects.filter(user=user, type="recovery_codes").exists():
            return []
        return list(RecoveryCodes.activate(user).generate_codes())


def _write(action: str, user: User, kind: str, *, now: datetime) -> None:
    name = user.get_username()
    write_act(action, {"name": name, "factor": kind}, actor=name, reason="their own second factor", now=now)


def _is_first_use(user: User, code: str, *, now: datetime) -> bool:
    # allauth remembers used codes in each process's memory; this one row is for all processes.
    try:
        charge_or_refuse(Allowance("staff_code", f"{user.pk}:{code}", 1, _LIFE_OF_A_CODE), now=now)
    except TooManyAttempts:
        return False
    return True
