"""`zemi providers`: how the calls to the providers go. Exit code 1: a circuit is open, or too few calls work."""

import argparse
import json

from zemi.common import clock
from zemi.notifications.provider_watch import RATE_WINDOW
from zemi.providers.models import Circuit, CircuitState
from zemi.providers.rates import rates_since


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "providers",
        help="show how the calls to the providers go",
        description="Show for each operation whether calls are held back, since when, and how many worked lately.",
        epilog="Exit code 0: all is well. 1: a circuit is open, or too few calls work.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def run(args: argparse.Namespace) -> int:
    """Print what there is, and answer the exit code."""
    circuits = {circuit.operation: circuit for circuit in Circuit.objects.all()}
    rates = rates_since(clock.now() - RATE_WINDOW)
    rows = []
    for operation in sorted({*circuits, *rates}):
        circuit = circuits.get(operation) or Circuit(operation=operation)
        calls, worked = rates.get(operation, (0, 0))
        rows.append(
            {
                "operation": operation,
                "state": str(circuit.state),
                "since": circuit.since.isoformat(timespec="seconds") if circuit.since else "",
                "failures": circuit.failures,
                "calls": calls,
                "success_percent": worked * 100 // calls if calls else None,
                "rate_is_low": circuit.rate_low_since is not None,
            }
        )
    if args.json:
        print(json.dumps({"operations": rows}, indent=1))
    else:
        print(f"{'operation':<12}{'state':<11}{'since':<27}{'failures':>8}{'calls':>8}{'worked':>8}")
        for row in rows:
            percent = "-" if row["success_percent"] is None else f"{row['success_percent']} %"
            print(
                f"{row['operation']:<12}{row['state']:<11}{row['since']:<27}{row['failures']:>8}{row['calls']:>8}{percent:>8}"
            )
    return int(any(row["state"] != CircuitState.CLOSED or row["rate_is_low"] for row in rows))
