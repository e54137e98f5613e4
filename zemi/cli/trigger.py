"""`zemi trigger`: make something happen in the sandbox, named by the event that a merchant then hears of."""

import argparse
import json
import sys
from collections.abc import Mapping

from django.conf import settings

from zemi.cli.demo_data import MERCHANT
from zemi.cli.merchants import find_merchant
from zemi.common.errors import ZemiError
from zemi.sandbox.scenarios import SCENARIOS, run_scenario

# Event -> the scenario in which it happens, at once or a moment later.
SCENARIO_OF: Mapping[str, str] = {
    "order.created": "order_created",
    "order.paid": "order_paid",
    "order.completed": "order_completed",
    "order.expired": "order_expired",
    "order.cancelled": "order_cancelled",
    "order.cancel_requested": "cancel_asked",
    "order.cancel_accepted": "cancel_agreed",
    "order.refunded": "order_refunded",
    "payment.pending": "payment_pays",
    "payment.completed": "payment_pays",
    "payment.failed": "payment_cancelled",
    "receipt.allocated": "order_paid",
    "receipt.refunded": "order_refunded",
    "refund.created": "order_refunded",
    "refund.submitted": "order_refunded",
    "refund.succeeded": "order_refunded",
    "payout.created": "order_completed",
    "payout.submitted": "order_completed",
    "payout.succeeded": "order_completed",
    "payout.failed": "payout_failed",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    named = "\n".join(f"  {name:<22}{scenario.meaning}" for name, scenario in SCENARIOS.items())
    parser = subparsers.add_parser(
        "trigger",
        description=(
            "Play a sale of made-up people up to the point at which the event happens, through the same functions as "
            "anybody's sale. Sandbox mode only; what follows later is done by a running worker."
        ),
        epilog=f"Events: {', '.join(SCENARIO_OF)}.\n\nScenarios:\n{named}\n\nExample: python -m zemi trigger order.paid",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", metavar="EVENT_OR_SCENARIO", help="order.paid, or order_paid")
    parser.add_argument("--merchant", default=MERCHANT, help="whose sale it is (default: the demo merchant)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Play it."""
    if settings.LIVE:
        print("Nothing is made up in live mode.", file=sys.stderr)
        return 2
    merchant = find_merchant(args.merchant)
    if merchant is None:
        return 2
    name = SCENARIO_OF.get(args.what, args.what)
    if "." in name:
        print(
            f"No scenario leads to {name}. Events that can be triggered: {', '.join(SCENARIO_OF)}.",
            file=sys.stderr,
        )
        return 1
    try:
        order = run_scenario(name, merchant_id=merchant.id)
    except ZemiError as error:
        print(f"{error.sentence()} {error.advice()}", file=sys.stderr)
        return 1
    if args.json:
        print(
            json.dumps({"scenario": name, "order_reference": order.order_reference, "status": order.status})
        )
    else:
        print(f"{order.order_reference} is {order.status}. {SCENARIOS[name].meaning}")
    return 0
