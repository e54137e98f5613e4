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
    "order.part_paid": "part_paid",
    "order.cancel_declined": "cancel_declined",
    "order.cancel_withdrawn": "cancel_withdrawn",
    "order.cancel_lapsed": "cancel_lapsed",
    "order.clawed_back": "order_clawed_back",
    "payment.unknown": "payment_unknown",
    "payment.reversed": "payment_reversed",
    "receipt.part_allocated": "paid_too_much",
    "receipt.claimed": "receipt_claimed",
    "receipt.reversed": "payment_reversed",
    "payout.held": "payout_held",
    "payout.unknown": "payout_answer_lost",
    "payout.cancelled": "payout_cancelled",
    "refund.credited": "paid_a_little",
    "refund.held": "refund_held",
    "refund.failed": "refund_failed",
    "refund.unknown": "refund_unknown",
    "link.created": "link_sold",
    "link.used": "link_sold",
    "link.used_up": "link_used_up",
    "link.reopened": "link_reopened",
    "link.disabled": "link_disabled",
    "link.expired": "link_expired",
}
# Those that no sale comes to by itself, and what does.
BY_HAND: Mapping[str, str] = {
    "payout.reversed": "M-Pesa takes a payout back: staff say so by its statement (zemi staff do reversed).",
    "refund.reversed": "M-Pesa takes a refund back: staff say so by its statement (zemi staff do reversed).",
    "refund.cancelled": "Play refund_held; two of the staff call it off in the console.",
    "refund.redirected": "Play refund_failed; the payer proves another number on /refund.",
    "webhook_endpoint.ping": "POST /api/v1/webhook_endpoints/{id}/ping.",
    "webhook_endpoint.disabled": "Have an endpoint of yours answer 410.",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    by_hand = "\n".join(f"  {event:<26}{how}" for event, how in BY_HAND.items())
    named = "\n".join(f"  {name:<22}{scenario.meaning}" for name, scenario in SCENARIOS.items())
    parser = subparsers.add_parser(
        "trigger",
        description=(
            "Play a sale of made-up people up to the point at which the event happens, through the same functions as "
            "anybody's sale. Sandbox mode only; what follows later is done by a running worker."
        ),
        epilog=f"Events: {', '.join(SCENARIO_OF)}.\n\nTo no other event does a sale come by itself:\n{by_hand}\n\n"
        f"Scenarios:\n{named}\n\nExample: python -m zemi trigger order.paid",
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
    if name in BY_HAND:
        print(f"No sale comes to {name} by itself. {BY_HAND[name]}", file=sys.stderr)
        return 1
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
