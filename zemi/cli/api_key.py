"""`zemi api-key`: make, list, replace and revoke API keys. A key is shown once, when it is made."""

import argparse
import sys
from datetime import timedelta

from zemi.cli.merchants import find_merchant
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.errors import ZemiError
from zemi.identity.api_keys import (
    LONGEST_OVERLAP,
    OVERLAP,
    Scope,
    create_api_key,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from zemi.identity.models import ApiKey

_HOUR = timedelta(hours=1)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser("api-key", description="API keys of merchants.")
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    create = actions.add_parser(
        "create",
        help="make a key and print it once",
        description="Make a key and print it, once: only its hash is kept.",
        epilog='Example: python -m zemi api-key create --merchant "Duka la Baraka" --scopes orders,read',
    )
    create.add_argument(
        "--merchant", required=True, metavar="NAME", help="whose key it is; made if nobody has that name"
    )
    create.add_argument(
        "--scopes", required=True, type=_scopes, metavar="A,B", help=f"by commas, of: {', '.join(Scope)}"
    )
    create.add_argument("--label", default="", metavar="TEXT", help="what it is for, to tell it from others")
    create.add_argument("--days", type=_days, metavar="N", help="days after which it ends (default: never)")

    listing = actions.add_parser("list", help="show a merchant's keys, without their secrets")
    listing.add_argument("--merchant", required=True, metavar="NAME", help="whose keys")

    rotate = actions.add_parser(
        "rotate",
        help="replace a key; the old one goes on for a while",
        description="Make a key that takes over from another and print it, once.",
    )
    rotate.add_argument("--hours", type=_hours, default=OVERLAP // _HOUR, metavar="N",
                        help="hours that the old one goes on (default: %(default)s)")  # fmt: skip
    revoke = actions.add_parser("revoke", help="end a key at once and for ever")
    for action in (rotate, revoke):
        action.add_argument("--merchant", required=True, metavar="NAME", help="whose key it is")
        action.add_argument(
            "--id", required=True, metavar="ID", help="its 8 characters after zk_test_ or zk_live_"
        )


def run(args: argparse.Namespace) -> int:
    """Do it; 1 and the reason when it is refused."""
    now = clock.now()
    if args.action == "create":
        lifetime = timedelta(days=args.days) if args.days else None
        try:
            _, token = create_api_key(
                merchant_name=args.merchant, scopes=args.scopes, label=args.label, lifetime=lifetime, now=now
            )
        except ZemiError as error:
            print(error.sentence(), file=sys.stderr)
            return 1
        print(token)
        return 0
    merchant = find_merchant(args.merchant)
    if merchant is None:
        return 1
    try:
        if args.action == "list":
            print("\n".join(map(_line, list_api_keys(merchant_id=merchant.id))))
        elif args.action == "rotate":
            overlap = timedelta(hours=args.hours)
            print(rotate_api_key(merchant_id=merchant.id, public_id=args.id, overlap=overlap, now=now)[1])
        else:
            revoke_api_key(merchant_id=merchant.id, public_id=args.id, now=now, actor="operator")
            print(f"{args.id} is revoked.")
    except ZemiError as error:
        print(error.sentence(), file=sys.stderr)
        return 1
    return 0


def _line(key: ApiKey) -> str:
    told = {
        "last used": key.last_used_at,
        "expires": key.expires_at,
        "revoked": key.revoked_at,
    }
    times = "".join(f"  {what} {stamp(at)}" for what, at in told.items() if at is not None)
    label = f"  {key.label}" if key.label else ""
    return f"{key.prefix}...{key.last4}{label}  {','.join(key.scopes)}  made {stamp(key.created_at)}{times}"


def _scopes(written: str) -> list[Scope]:
    try:
        return [Scope(word.strip()) for word in written.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; there are {', '.join(Scope)}") from error


def _days(written: str) -> int:
    return _whole(written, least=1, most=3650)


def _hours(written: str) -> int:
    return _whole(written, least=0, most=LONGEST_OVERLAP // _HOUR)


def _whole(written: str, *, least: int, most: int) -> int:
    if not written.isdecimal() or not least <= int(written) <= most:
        raise argparse.ArgumentTypeError(f"{written!r} is no whole number from {least} to {most}")
    return int(written)
