"""`zemi seal`: close the books of the days that have ended. Exit code 0: done, or all agrees; 1: a seal does not."""

import argparse
import json
from pathlib import Path

from zemi.common import clock
from zemi.common.db import snapshot
from zemi.ledger.seal import differs_from, seal_ended_days, seals, wrong_seals


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "seal",
        description=(
            "Seal every UTC day that ended at least ten minutes ago: a hash over the seal before it and the day's "
            "transfers. A worker does that by itself. A sealed day takes no transfer any more."
        ),
        epilog="Exit code 0: done, or all agrees. 1: a seal does not agree with the transfers, or with the file.",
    )
    parser.add_argument("--verify", action="store_true", help="seal nothing; compute every seal again")
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="with --verify: compare with what was exported earlier"
    )
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write every seal to FILE, one JSON object a line"
    )


def run(args: argparse.Namespace) -> int:
    """Seal or verify, export, and say what was done."""
    problems: list[str] = []
    if args.verify:
        with snapshot():
            problems += wrong_seals()
            if args.against is not None:
                problems += differs_from(args.against.read_text().splitlines())
    else:
        print(f"Days sealed now: {seal_ended_days(now=clock.now())}.")
    found = seals()
    if args.export is not None:
        args.export.write_text("".join(f"{json.dumps(seal)}\n" for seal in found))
    for problem in problems:
        print(f"! {problem}")
    last = found[-1] if found else {"day": "none", "digest": ""}
    print(f"Seals: {len(found)}. The last: {last['day']} {last['digest']}".rstrip())
    return 1 if problems else 0
