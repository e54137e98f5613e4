"""`zemi staff-user`: who may use the console. Exit code 0: done; 1: refused, nothing was changed."""

import argparse
import re
import sys
import time

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError

from zemi.common import clock
from zemi.common.db import unit_of_work
from zemi.console import factors
from zemi.console.sign_in import join_link

# It stands in events and approvals, and two of them beside each other.
_NAME = re.compile(r"[a-z][a-z0-9_.-]{1,28}", re.ASCII)
# What the product itself is called where it acts.
_TAKEN = frozenset(
    {"worker", "rule", "provider", "operator", "merchant", "payer", "watch", "buyer", "seller"}
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "staff-user",
        description=(
            "Who may use the console (/console). Whoever is added gets a link, good once and for 24 hours, and chooses a "
            "password and enrols a second factor there: nobody else ever knows either."
        ),
    )
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    add = actions.add_parser("add", help="let somebody in, and print the link to join by")
    reset = actions.add_parser(
        "reset", help="phone or password lost: end it all, and print a new link to join by"
    )
    off = actions.add_parser("off", help="let somebody in no more, from this moment on")
    for action in (add, reset, off):
        action.add_argument("name", help="short and in small letters: it stands in events and approvals")
    actions.add_parser("list", help="show who may use the console")
    code = actions.add_parser("code", help="sandbox: play the authenticator app")
    which = code.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", help="whose app")
    which.add_argument("--secret", metavar="KEY", help="the key that the page shows while an app is enrolled")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    if args.action == "list":
        return _list()
    if args.action == "code":
        return _code(args)
    return {"add": _add, "reset": _reset, "off": _off}[args.action](args.name)


def _add(name: str) -> int:
    if not _NAME.fullmatch(name) or name in _TAKEN:
        return _refuse("A name has 2 to 29 small letters, digits and _.-, and is no word for Zemi itself.")
    user = User(username=name, is_staff=True, is_superuser=True, date_joined=clock.now())
    user.set_unusable_password()
    try:
        with unit_of_work():
            user.save()
    except IntegrityError:
        return _refuse(
            f"There is a {name} already. Lost the phone or the password? zemi staff-user reset {name}"
        )
    print(f"{name} may use the console. Give this link to nobody else; it opens once, within 24 hours:")
    print(f"  {join_link(user)}")
    return 0


def _reset(name: str) -> int:
    user = User.objects.filter(username=name, is_staff=True).first()
    if user is None:
        return _refuse(f"There is no {name}.")
    user.set_unusable_password()
    user.is_active = True
    # Together: whoever has the old password finds no moment without a second factor. With it every session ends.
    with unit_of_work():
        factors.forget_factors(user)
        user.save(update_fields=["password", "is_active"])
    print(f"{name} is signed out everywhere. The new link, which opens once, within 24 hours:")
    print(f"  {join_link(user)}")
    return 0


def _off(name: str) -> int:
    if not User.objects.filter(username=name, is_staff=True).update(is_active=False):
        return _refuse(f"There is no {name}.")
    print(f"{name} is let in no more.")
    return 0


def _list() -> int:
    for user in User.objects.filter(is_staff=True).order_by("username"):
        factor = "second factor" if factors.has_factor(user) else "no second factor yet"
        last = f", last in {user.last_login:%Y-%m-%d %H:%M}" if user.last_login else ""
        print(f"{user.username:<30} {'may enter' if user.is_active else 'off'}, {factor}{last}")
    return 0


def _code(args: argparse.Namespace) -> int:
    if settings.LIVE:
        return _refuse("In live mode codes come from phones alone.")
    at = time.time()
    if args.secret:
        code = factors.code_of(args.secret, at=at)
    else:
        user = User.objects.filter(username=args.name, is_staff=True).first()
        code = factors.code_now(user, at=at) if user is not None else None
    if code is None:
        return _refuse(
            "There is no such key." if args.secret else f"{args.name} has no authenticator app yet."
        )
    print(code)
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 1
