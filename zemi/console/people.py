"""Who may use the console: let in, given a new start, shut out. Nobody but themselves knows password or second factor."""

import re
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import QuerySet

from zemi.common.db import unit_of_work
from zemi.console import errors
from zemi.console.factors import forget_factors
from zemi.staff.acts import write_act

# It stands in events and approvals, and two of them beside each other.
_NAME = re.compile(r"[a-z][a-z0-9_.-]{1,28}", re.ASCII)
# What the product itself is called where it acts.
_TAKEN = frozenset(
    {"worker", "rule", "provider", "operator", "merchant", "payer", "watch", "buyer", "seller"}
)


def let_join(name: str, *, by: str, reason: str, now: datetime) -> User:
    """Make somebody one of the staff; they join by the link of `zemi.console.sign_in.join_link`.

    Opens its own transaction.

    :raises BadRequestOfStaff: `by` or `reason` is missing
    :raises BadStaffName: the name is none, or is a word for the product itself
    :raises StaffNameTaken: somebody is called so already
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise errors.BadStaffName
    user = User(username=name, is_staff=True, is_superuser=True, date_joined=now)
    user.set_unusable_password()
    try:
        with unit_of_work():
            user.save()
            _write("staff-add", name, by=by, reason=reason, now=now)
    except IntegrityError as error:
        raise errors.StaffNameTaken(name=name) from error
    return user


def start_anew(name: str, *, by: str, reason: str, now: datetime) -> User:
    """End password, second factor and every session of somebody, who may then join again. Opens its own transaction.

    :raises BadRequestOfStaff: `by` or `reason` is missing
    :raises NoSuchStaff: nobody of the staff is called so
    """
    user = find_staff(name)
    user.set_unusable_password()
    user.is_active = True
    # Together: whoever has the old password finds no moment without a second factor. With it every session ends.
    with unit_of_work():
        forget_factors(user)
        user.save(update_fields=["password", "is_active"])
        _write("staff-reset", name, by=by, reason=reason, now=now)
    return user


def shut_out(name: str, *, by: str, reason: str, now: datetime) -> None:
    """Let somebody in no more, from this moment on. Opens its own transaction.

    :raises BadRequestOfStaff: `by` or `reason` is missing
    :raises NoSuchStaff: nobody of the staff is called so
    """
    with unit_of_work():
        if not User.objects.filter(username=name, is_staff=True).update(is_active=False):
            raise errors.NoSuchStaff(name=name)
        _write("staff-off", name, by=by, reason=reason, now=now)


def find_staff(name: str) -> User:
    """Find somebody of the staff, let in or shut out.

    :raises NoSuchStaff: nobody is called so
    """
    try:
        return User.objects.get(username=name, is_staff=True)
    except User.DoesNotExist as error:
        raise errors.NoSuchStaff(name=name) from error


def all_staff() -> "QuerySet[User]":
    """Everybody who ever was one of the staff, by name."""
    return User.objects.filter(is_staff=True).order_by("username")


def _write(action: str, name: str, *, by: str, reason: str, now: datetime) -> None:
    write_act(action, {"name": name}, actor=by, reason=reason, now=now)
