"""`zemi float`: book the operator's own money that lies in the shortcodes before the first order."""

import argparse
import sys

from django.conf import settings

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.money import kes
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.reconciliation.opening import ensure_opening_float, open_float


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "float",
        help="book the opening float, before the first order",
        description=(
            "Book the operator's own money in the two shortcodes, once, into empty books. Without amounts, in sandbox "
            "mode, it is what the simulator's shortcodes hold; `zemi up` does that by itself."
        ),
        epilog="Example: python -m zemi float --disbursement 50000",
    )
    parser.add_argument(
        "--collection", type=int, default=0, metavar="KES", help="in MPESA_SHORTCODE, whole shillings"
    )
    parser.add_argument(
        "--disbursement", type=int, default=0, metavar="KES", help="in MPESA_B2C_SHORTCODE, whole shillings"
    )


def run(args: argparse.Namespace) -> int:
    """Book it, and say what is booked."""
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
