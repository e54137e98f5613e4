"""`zemi events`: send an event again, or all that was missed."""

import argparse
import json
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

from zemi.api.fields import TimeField, Unreadable
from zemi.cli.demo_data import MERCHANT
from zemi.cli.merchants import find_merchant
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.errors import ZemiError
from zemi.common.ids import key_named, public_id, read_public_id
from zemi.events.models import Event
from zemi.snapshots.events import merchant_of_event
from zemi.webhooks.deliveries import resend
from zemi.webhooks.endpoints import get_endpoint, list_endpoints
from zemi.webhooks.models import WebhookEndpoint
from zemi.webhooks.replays import ask_replay


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "events",
        description="What merchants are told. A running worker does the sending.",
        epilog="Example: python -m zemi events resend evt_01a21b31599d7206bb671d8d3f8516b1",
    )
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    again = actions.add_parser(
        "resend",
        help="send an event again, or what was missed in a span of time",
        description=(
            "Send an event again, to all enabled endpoints of its merchant or to one, whatever became of it before. With "
            "--since, send a merchant's endpoints everything that happened from then on and did not reach them, in order."
        ),
    )
    again.add_argument("event", metavar="EVENT", nargs="?", help="evt_..., as in webhook-id")
    again.add_argument("--endpoint", metavar="ENDPOINT", help="we_...: only to this one")
    again.add_argument(
        "--since", metavar="TIME", type=_time, help="2026-11-24T00:00:00Z, or a day; 30 days ago at most"
    )
    again.add_argument("--until", metavar="TIME", type=_time, help="with --since: up to then (default: now)")
    again.add_argument(
        "--merchant", default=MERCHANT, help="with --since: whose endpoints (default: the demo merchant)"
    )
    again.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Queue it."""
    if (args.event is None) == (args.since is None):
        print("Say which event, or --since when.", file=sys.stderr)
        return 2
    try:
        return _resend(args) if args.event is not None else _resend_missed(args)
    except ZemiError as error:
        print(f"{error.sentence()} {error.advice()}", file=sys.stderr)
        return 1


def _resend(args: argparse.Namespace) -> int:
    key = read_public_id("evt", args.event)
    event = Event.objects.filter(pk=key).first() if key is not None else None
    merchant_id = merchant_of_event(event) if event is not None else None
    if event is None or merchant_id is None:
        print("No merchant has an event with this id.", file=sys.stderr)
        return 1
    endpoints = _endpoints(args.endpoint, merchant_id)
    for endpoint in endpoints:
        resend(event, endpoint=endpoint, now=clock.now())
    return _said(f"{event.type} is sent again to", endpoints, {"event": args.event}, as_json=args.json)


def _resend_missed(args: argparse.Namespace) -> int:
    merchant = find_merchant(args.merchant)
    if merchant is None:
        return 2
    now = clock.now()
    until = args.until or now
    endpoints = _endpoints(args.endpoint, merchant.id)
    for endpoint in endpoints:
        ask_replay(endpoint=endpoint, since=args.since, until=until, now=now)
    span = {"since": stamp(args.since), "until": stamp(until)}
    return _said(f"What was missed since {span['since']} is sent to", endpoints, span, as_json=args.json)


def _endpoints(chosen: str | None, merchant_id: UUID) -> list[WebhookEndpoint]:
    """The one that was named, or all that are on."""
    if chosen is None:
        return [endpoint for endpoint in list_endpoints(merchant_id) if endpoint.disabled_at is None]
    return [get_endpoint(key_named("we", chosen), merchant_id=merchant_id)]


def _said(what: str, endpoints: list[WebhookEndpoint], facts: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(facts | {"endpoints": [public_id("we", endpoint.id) for endpoint in endpoints]}))
    else:
        print(f"{what} {len(endpoints)} endpoint{'s' if len(endpoints) != 1 else ''}.")
    return 0 if endpoints else 1


def _time(written: str) -> datetime:
    try:
        return TimeField().read(written)
    except Unreadable as error:
        raise argparse.ArgumentTypeError(error.text.en) from error
