"""`zemi float`: book the operator's own money that lies in the shortcodes before the first order."""

import argparse
import sys

from django.conf import settings

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.money import Money, kes
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.reconciliation.opening import ensure_opening_float, open_float
from zemi.topups.balances import ask_balances
from zemi.topups.models import BalanceReading, TopUp, TopUpStatus
from zemi.topups.move import top_up


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "float",
        description=(
            "Book the operator's own money in the two shortcodes, once, into empty books. Without amounts, in sandbox "
            "mode, it is what the simulator's shortcodes hold; `zemi up` does that by itself. --top-up moves money from the "
            "collecting to the paying account by M-Pesa, --ask asks what both hold, --show says what was answered last."
        ),
        epilog="Example: python -m zemi float --disbursement 50000",
    )
    parser.add_argument(
        "--collection", type=int, default=0, metavar="KES", help="in MPESA_SHORTCODE, whole shillings"
    )
    parser.add_argument(
        "--disbursement", type=int, default=0, metavar="KES", help="in MPESA_B2C_SHORTCODE, whole shillings"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--top-up", type=int, metavar="KES", help="move so much, whole shillings")
    what.add_argument("--ask", action="store_true", help="ask M-Pesa what the accounts hold")
    what.add_argument("--show", action="store_true", help="show the last answers and top-ups")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    try:
        if args.top_up is not None:
            return _top_up(args.top_up)
        if args.ask:
            asked = ask_balances(now=clock.now())
            print(f"Asked about {', '.join(one.shortcode for one in asked)}. The answers: zemi float --show")
            return 0
        if args.show:
            _show()
            return 0
    except ZemiError as error:
        print(error.sentence(), file=sys.stderr)
        return 1
    return _open(args)


def _top_up(shillings: int) -> int:
    if shillings < 1:
        print("Whole shillings above zero.", file=sys.stderr)
        return 2
    row = top_up(amount=kes(shillings), now=clock.now())
    print(f"Top-up {row.reference}: {row.status} {row.result_text}".rstrip())
    return int(row.status == TopUpStatus.FAILED)


def _show() -> None:
    for row in TopUp.objects.order_by("-created_at")[:10]:
        print(f"top-up {row.reference} {row.created_at:%Y-%m-%d %H:%M} KES {row.amount} {row.status}")
    for reading in BalanceReading.objects.order_by("-asked_at")[:2]:
        for one in reading.accounts:
            free, name = Money(one["available"]), one["name"]
            print(
                f"{reading.shortcode} {name}: KES {free} available, asked {reading.asked_at:%Y-%m-%d %H:%M}"
            )
        if not reading.accounts:
            print(f"{reading.shortcode}: {reading.problem or 'no answer yet'}")


def _open(args: argparse.Namespace) -> int:
    if args.collection < 0 or args.disbursement < 0:
        print("A float is not negative.", file=sys.stderr)
        return 2
    try:
        if args.collection or args.disbursement:
            open_float(collection=kes(args.collection), disbursement=kes(args.disbursement), now=clock.now())
            print(f"Booked: KES {args.collection} for collection, KES {args.disbursement} for disbursement.")
        elif settings.LIVE:
            print(
                "Say how much lies in the shortcodes: --collection KES, --disbursement KES.", file=sys.stderr
            )
            return 2
        else:
            print(f"Booked as own float: KES {ensure_opening_float(now=clock.now())}.")
    except (ZemiError, SandboxUnreachable) as error:
        print(error.sentence() if isinstance(error, ZemiError) else f"No simulator: {error}", file=sys.stderr)
        return 1
    return 0
