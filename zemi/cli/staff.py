"""`zemi staff`: what people do by hand. Exit code 0: done, or asked for; 1: refused, nothing was changed."""

import argparse
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.ids import read_reference
from zemi.disbursements.switch import KINDS
from zemi.refunds.models import Refund
from zemi.staff.actions import ACTIONS
from zemi.staff.dispatch import start_sending, stop_sending
from zemi.staff.queue import waiting_for_people
from zemi.staff.request import approve, decline, request_action


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    actions = "\n".join(f"  {name:<13} {' '.join(a.names):<20} {a.meaning}" for name, a in ACTIONS.items())
    parser = subparsers.add_parser(
        "staff",
        description="What people do by hand, each with a name and a reason, money above a limit by two of them.",
        epilog=f"Actions of `do`, with what they take as NAME=VALUE:\n{actions}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=("queue", "do", "approve", "reject", "stop", "start"))
    parser.add_argument(
        "words", nargs="*", help="do: ACTION NAME=VALUE ...; approve, reject: ID; stop, start: payout, refund"
    )
    parser.add_argument("--by", default="", help="who you are")
    parser.add_argument("--reason", default="", help="why")


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    if args.verb != "queue" and not (args.by and args.reason):
        print("Say who you are and why: --by NAME --reason TEXT. Nothing was changed.")
        return 1
    try:
        print(_VERBS[args.verb](args))
    except (ZemiError, ValueError) as error:
        print(error.sentence() if isinstance(error, ZemiError) else f"{error}. Nothing was changed.")
        return 1
    return 0


def _queue(_: argparse.Namespace) -> str:
    rows = waiting_for_people(now=clock.now())
    return "\n".join(f"{row.what:<14} {row.id}  {row.facts}" for row in rows) or "Nothing waits for a person."


def _do(args: argparse.Namespace) -> str:
    action, *pairs = args.words or [""]
    payload = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    now = clock.now()
    asked = request_action(action, payload, maker=args.by, reason=args.reason, now=now)
    if asked:
        return f"Asked for as {asked.id}: somebody else has 24 hours to approve it."
    return "Done." + _parts(action, payload, now)


def _approve(args: argparse.Namespace) -> str:
    now = clock.now()
    done = approve(_only_id(args), checker=args.by, reason=args.reason, now=now)
    return f"Done: {done.action}, as {done.maker} asked." + _parts(done.action, done.payload, now)


def _parts(action: str, payload: Mapping[str, str], made_at: datetime) -> str:
    """What a refund that was made at this moment gives back of each receipt."""
    if action != "refund":
        return ""
    made = Refund.objects.filter(order__order_reference=read_reference(payload["order"]), created_at=made_at)
    return "".join(
        f"\n  KES {refund.amount} of receipt {refund.receipt.transaction_id or refund.receipt_id}: "
        f"{'too little to send, the credit of who paid' if refund.is_credit else refund.status}"
        for refund in made.select_related("receipt").order_by("id")
    )


def _reject(args: argparse.Namespace) -> str:
    declined = decline(_only_id(args), checker=args.by, reason=args.reason, now=clock.now())
    return f"Rejected: {declined.action}. Nothing was done."


def _stop(args: argparse.Namespace) -> str:
    stopped = stop_sending(kinds=_kinds(args), by=args.by, reason=args.reason, now=clock.now())
    return f"Stopped: {', '.join(stopped) or 'nothing, it was stopped already'}."


def _start(args: argparse.Namespace) -> str:
    started = start_sending(kinds=_kinds(args), by=args.by, reason=args.reason, now=clock.now())
    return f"Started: {', '.join(started) or 'nothing, it was on already'}."


def _kinds(args: argparse.Namespace) -> tuple[str, ...]:
    unknown = set(args.words) - set(KINDS)
    if unknown:
        raise ValueError(f"There is no {', '.join(sorted(unknown))}: payout or refund, or neither for both")
    return tuple(args.words) or KINDS


def _only_id(args: argparse.Namespace) -> UUID:
    if len(args.words) != 1:
        raise ValueError("One id is needed")
    return UUID(args.words[0])


_VERBS = {
    "queue": _queue,
    "do": _do,
    "approve": _approve,
    "reject": _reject,
    "stop": _stop,
    "start": _start,
}
