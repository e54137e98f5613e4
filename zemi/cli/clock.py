"""`zemi clock`: read the sandbox's clock, and move it on."""

import argparse
import json
import re
import sys
from datetime import timedelta

from django.conf import settings

from zemi.common.clock import stamp
from zemi.common.errors import ZemiError
from zemi.sandbox.clock import advance_clock, read_clock

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "clock",
        description=(
            "In sandbox mode time can be moved on, for all processes that share ZEMI_VAR and for the simulator, so that "
            "whatever has a deadline can be tried in seconds. A running worker does what has fallen due."
        ),
        epilog="Example: python -m zemi clock advance 25h. Live mode has no such clock.",
    )
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    show = actions.add_parser(
        "show", help="say what time it is here", description="Say what time it is here."
    )
    advance = actions.add_parser("advance", help="move it on", description="Move it on. It never goes back.")
    advance.add_argument("by", type=_duration, metavar="TIME", help="how far: 90s, 15m, 25h, 2d")
    for action in (show, advance):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Move it if asked to, and say what time it is."""
    if settings.LIVE:
        print("Live mode has one clock, and nobody moves it.", file=sys.stderr)
        return 2
    try:
        found = advance_clock(args.by) if args.action == "advance" else read_clock()
    except ZemiError as error:
        print(f"{error.sentence()} {error.advice()}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps({"now": stamp(found.now), "ahead_s": int(found.ahead.total_seconds())}))
    else:
        print(f"It is {stamp(found.now)}, {found.ahead} ahead of the machine's clock.")
    return 0


def _duration(written: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", written)
    if match is None:
        raise argparse.ArgumentTypeError("a number and s, m, h or d, such as 25h")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
