"""`zemi reconcile`: compare the books with the provider's statement, line by line."""

import argparse
import sys
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError

from zemi.common import clock
from zemi.common.money import Money
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.statement import UnreadableStatement
from zemi.reconciliation.match import Report, reconcile
from zemi.reconciliation.models import ReconciliationItem
from zemi.reconciliation.statements import import_statement, pull_statement

_WORDS = {
    "missing": "only the provider has it",
    "extra": "only our books have it",
    "different": "the amounts differ",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "reconcile",
        description=(
            "Take in statement lines, match each with a receipt, a payout, a refund or a fee, book what a line proves, "
            "and list what only one side has. Lines that were taken in before are not taken in twice."
        ),
        epilog="Exit code 0: every line is explained. 1: something is not. 2: it could not be compared.",
    )
    parser.add_argument(
        "--file", type=Path, metavar="CSV", help="take in this statement of the M-Pesa portal"
    )
    parser.add_argument(
        "--pull",
        action="store_true",
        help="take in what came in during the last 48 hours, from M-Pesa itself",
    )
    parser.add_argument(
        "--since", type=int, metavar="DAYS", help="compare only the lines of the last DAYS days"
    )


def run(args: argparse.Namespace) -> int:
    """Import, compare, print, and answer the exit code."""
    now = clock.now()
    try:
        if args.file is not None:
            taken = import_statement(args.file.read_text(encoding="utf-8"), now=now)
            print(f"{args.file.name}: {taken.lines} lines, {taken.new} of them new")
        if args.pull:
            pulled = pull_statement(now=now)
            if pulled is None:
                print("The provider did not answer.", file=sys.stderr)
                return 2
            print(f"pulled: {pulled.lines} lines, {pulled.new} of them new")
        report = reconcile(since=_since(args.since, now), now=now)
    except (UnreadableStatement, OSError, UnicodeDecodeError, ProviderNotReady, DatabaseError) as error:
        print(f"could not be compared: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    _print(report)
    return 1 if report.items else 0


def _since(days: int | None, now: datetime) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _print(report: Report) -> None:
    for item in report.items:
        print(f"! {item.receipt} {item.line_kind} {item.direction}: {_WORDS[item.kind]}{_amounts(item)}")
    whole, rest = divmod(report.explained_ppm, 10_000)
    print(f"Matched: {report.matched}. Booked because a line proved it: {report.proved}.")
    print(f"Explained: {whole}.{rest:04d} % of KES {report.total}.")


def _amounts(item: ReconciliationItem) -> str:
    said = [
        f"{name} {Money(minor)}"
        for name, minor in (("provider", item.theirs_minor), ("ours", item.ours_minor))
        if minor is not None
    ]
    return f" ({', '.join(said)})"
