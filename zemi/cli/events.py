"""`zemi events`: send an event again."""

import argparse
import json
import sys

from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.ids import public_id, read_public_id
from zemi.events.models import Event
from zemi.snapshots.events import merchant_of_event
from zemi.webhooks.deliveries import resend
from zemi.webhooks.endpoints import get_endpoint, list_endpoints


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
        help="send an event again",
        description="Send an event again, to all enabled endpoints of its merchant or to one, whatever became of it before.",
    )
    again.add_argument("event", metavar="EVENT", help="evt_..., as in webhook-id")
    again.add_argument("--endpoint", metavar="ENDPOINT", help="we_...: only to this one")
    again.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Queue it."""
    key = read_public_id("evt", args.event)
    event = Event.objects.filter(pk=key).first() if key is not None else None
    merchant_id = merchant_of_event(event) if event is not None else None
    if event is None or merchant_id is None:
        print("No merchant has an event with this id.", file=sys.stderr)
        return 1
    try:
        if args.endpoint is not None:
            endpoint_id = read_public_id("we", args.endpoint)
            found = [get_endpoint(endpoint_id, merchant_id=merchant_id)] if endpoint_id is not None else []
        else:
            found = [endpoint for endpoint in list_endpoints(merchant_id) if endpoint.disabled_at is None]
        queued = [resend(event, endpoint=endpoint, now=clock.now()) for endpoint in found]
    except ZemiError as error:
        print(f"{error.sentence()} {error.advice()}", file=sys.stderr)
        return 1
    if args.json:
        sent = [public_id("we", delivery.endpoint_id) for delivery in queued]
        print(json.dumps({"event": args.event, "endpoints": sent}))
    else:
        print(f"{event.type} is sent again to {len(queued)} endpoint{'s' if len(queued) != 1 else ''}.")
    return 0 if queued else 1
