"""`zemi providers`: how the calls to the providers go, and registering where money that is paid by hand is announced."""

import argparse
import json
import sys
from uuid import UUID

from django.conf import settings

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.phone import InvalidPhone, Phone
from zemi.notifications.provider_watch import RATE_WINDOW
from zemi.providers import registry
from zemi.providers.base import Refused, Succeeded, Unknown
from zemi.providers.models import Circuit, CircuitState
from zemi.providers.rates import rates_since
from zemi.reconciliation.pull import register_for_pulling
from zemi.webhooks.tokens import CallbackKind, mint


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "providers",
        description=(
            "Show for each operation whether calls are held back, since when, and how many worked lately. With a verb, tell "
            "M-Pesa once where payments by hand are announced (register-c2b), or that they will be pulled (register-pull)."
        ),
        epilog=(
            "Exit code 0: all is well. 1: a circuit is open, too few calls work, or M-Pesa did not take the registration. "
            "Example: python -m zemi providers register-pull --nominated 0722000111"
        ),
    )
    parser.add_argument(
        "verb",
        nargs="?",
        choices=("show", "register-c2b", "register-pull"),
        default="show",
        help="default: show",
    )
    parser.add_argument("--nominated", default="", metavar="PHONE", help="register-pull: a number of yours")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def run(args: argparse.Namespace) -> int:
    """Do what the verb says, and answer the exit code."""
    if args.verb == "show":
        return _show(args)
    try:
        return _said(register_c2b() if args.verb == "register-c2b" else register_pull(args.nominated))
    except InvalidPhone:
        print("Say which number of yours is the nominated one: --nominated 07XXXXXXXX.", file=sys.stderr)
    except ZemiError as error:
        print(error.sentence(), file=sys.stderr)
    return 1


def register_c2b() -> Succeeded | Refused | Unknown:
    """Tell M-Pesa where payments by hand are announced.

    :raises ProviderNotReady: there is nobody to tell
    """
    return registry.mobile_money().register_c2b_urls(
        confirmation_url=_address(CallbackKind.C2B_CONFIRMATION),
        validation_url=_address(CallbackKind.C2B_VALIDATION),
    )


def register_pull(nominated: str) -> Succeeded | Refused | Unknown:
    """Tell M-Pesa that the list of payments will be pulled, which the worker does from now on; `nominated` is our number.

    :raises InvalidPhone: it is none
    :raises ProviderNotReady: there is nobody to tell
    """
    # What would be sent there is not documented (DARAJA 1.7): nothing may follow from it.
    return register_for_pulling(
        nominated=Phone.parse(nominated),
        callback_url=_address(CallbackKind.C2B_VALIDATION),
        now=clock.now(),
    )


def _address(kind: CallbackKind) -> str:
    return f"{settings.CALLBACK_ORIGIN}/hooks/{mint(kind, UUID(int=0))}"


def _said(outcome: Succeeded | Refused | Unknown) -> int:
    if isinstance(outcome, Succeeded):
        print(f"Registered: {outcome.text or outcome.code}.")
        return 0
    print(f"M-Pesa did not take it: {outcome.code} {outcome.text}".rstrip(), file=sys.stderr)
    return 1


def _show(args: argparse.Namespace) -> int:
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
        print(f"{'operation':<15}{'state':<11}{'since':<27}{'failures':>8}{'calls':>8}{'worked':>8}")
        for row in rows:
            percent = "-" if row["success_percent"] is None else f"{row['success_percent']} %"
            print(
                f"{row['operation']:<15}{row['state']:<11}{row['since']:<27}{row['failures']:>8}{row['calls']:>8}{percent:>8}"
            )
    return int(any(row["state"] != CircuitState.CLOSED or row["rate_is_low"] for row in rows))
