"""`zemi staff-user`: who may use the console. Exit code 0: done; 1: refused, nothing was changed."""

import argparse
import sys
import time

from django.conf import settings

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.console import factors, people
from zemi.console.sign_in import join_link

_KINDS = {"totp": "app", "webauthn": "passkey"}


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
        # A sandbox is tried out by whoever: there it may be left out.
        for name, what in (("--by", "who you are"), ("--reason", "why")):
            action.add_argument(name, required=settings.LIVE, default="sandbox", help=what)
    actions.add_parser("list", help="show who may use the console")
    code = actions.add_parser("code", help="sandbox: play the authenticator app")
    which = code.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", help="whose app")
    which.add_argument("--secret", metavar="KEY", help="the key that the page shows while an app is enrolled")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    try:
        return _VERBS[args.action](args)
    except ZemiError as error:
        return _refuse(f"{error.sentence()} {error.advice()}")


def _add(args: argparse.Namespace) -> int:
    user = people.let_join(args.name, by=args.by, reason=args.reason, now=clock.now())
    print(f"{user} may use the console. Give this link to nobody else; it opens once, within 24 hours:")
    print(f"  {join_link(user)}")
    return 0


def _reset(args: argparse.Namespace) -> int:
    user = people.start_anew(args.name, by=args.by, reason=args.reason, now=clock.now())
    print(f"{user} is signed out everywhere. The new link, which opens once, within 24 hours:")
    print(f"  {join_link(user)}")
    return 0


def _off(args: argparse.Namespace) -> int:
    people.shut_out(args.name, by=args.by, reason=args.reason, now=clock.now())
    print(f"{args.name} is let in no more.")
    return 0


def _list(_: argparse.Namespace) -> int:
    for user in people.all_staff():
        kinds = sorted(_KINDS[found.type] for found in factors.factors_of(user))
        factor = f"second factor ({', '.join(kinds)})" if kinds else "no second factor yet"
        last = f", last in {user.last_login:%Y-%m-%d %H:%M}" if user.last_login else ""
        print(f"{user.username:<30} {'may enter' if user.is_active else 'off'}, {factor}{last}")
    return 0


def _code(args: argparse.Namespace) -> int:
    if settings.LIVE:
        return _refuse("In live mode codes come from phones alone.")
    at = time.time()
    if args.secret:
        code, without = factors.code_of(args.secret, at=at), "There is no such key."
    else:
        code = factors.code_now(people.find_staff(args.name), at=at)
        without = f"{args.name} has no authenticator app yet."
    if code is None:
        return _refuse(without)
    print(code)
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


_VERBS = {"add": _add, "reset": _reset, "off": _off, "list": _list, "code": _code}
