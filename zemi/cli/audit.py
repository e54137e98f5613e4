"""`zemi audit`: prove the books. Exit code 0: all agrees; 1: something does not; 2: it could not be checked."""

import argparse
import json
import threading
from typing import Any

from django.db import DatabaseError

from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.sandbox import SandboxUnreachable
from zemi.reconciliation.audit import Check, audit_books

_SECOND_LOOK_S = 1.0


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "audit",
        description="Compute everything that must be true of the books again, from the rows.",
        epilog="Exit code 0: all agrees. 1: something does not. 2: it could not be checked.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument(
        "--no-provider", action="store_true", help="leave out the comparison with the simulator's books"
    )


def run(args: argparse.Namespace) -> int:
    """Audit, print, and answer the exit code."""
    try:
        checks = audit_books(with_provider=not args.no_provider)
        if any(check.problems for check in checks):
            # The provider's books and ours are read a moment apart: money that moved between is no difference.
            threading.Event().wait(_SECOND_LOOK_S)
            checks = audit_books(with_provider=not args.no_provider)
    except (SandboxUnreachable, ProviderNotReady, DatabaseError) as error:
        problem = f"could not be checked: {type(error).__name__}: {error}"
        print(json.dumps({"result": "unchecked", "problem": problem}) if args.json else problem)
        return 2
    clean = not any(check.problems for check in checks)
    if args.json:
        print(
            json.dumps(
                {"result": "ok" if clean else "wrong", "checks": [_plain(check) for check in checks]},
                indent=1,
            )
        )
    else:
        _print(checks)
        print("The books agree." if clean else "The books do NOT agree.")
    return 0 if clean else 1


def _plain(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "ok": not check.problems,
        "problems": check.problems,
        "figures": check.figures,
    }


def _print(checks: list[Check]) -> None:
    for check in checks:
        print(f"{'ok   ' if not check.problems else 'WRONG'} {check.name}")
        for name, value in check.figures.items():
            print(f"        {name}: {value}")
        for problem in check.problems:
            print(f"      ! {problem}")
