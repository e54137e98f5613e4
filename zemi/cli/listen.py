"""`zemi listen`: show a merchant's events as they happen, and forward them to a server on the developer's machine."""

import argparse
import signal
import sys
import threading
from datetime import datetime
from uuid import UUID

from django.conf import settings

from zemi.cli.demo_data import MERCHANT
from zemi.cli.merchants import find_merchant
from zemi.cli.signals import stop_by_signal
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.ids import public_id
from zemi.events.models import Event
from zemi.snapshots.events import events_of_merchant, texts_of
from zemi.webhooks.endpoints import create_endpoint, delete_endpoint
from zemi.webhooks.models import WebhookAttempt, WebhookEndpoint

_POLL_S = 0.3
_MOST = 100


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "listen",
        description=(
            "Show a merchant's events as they happen. With --forward an endpoint is made for as long as this runs: the "
            "worker sends to it as to any other, signed, with its retries. Sandbox mode only; a worker must be running."
        ),
        epilog=(
            "Example: python -m zemi listen --forward http://localhost:4242/hook, and in another window "
            "python -m zemi trigger order.paid"
        ),
    )
    parser.add_argument("--forward", metavar="URL", help="send them there too, and show what it answers")
    parser.add_argument("--merchant", default=MERCHANT, help="whose events (default: the demo merchant)")
    parser.add_argument("--types", default="", help="only these, by commas: order.paid,payout.failed")
    parser.add_argument("--json", action="store_true", help="print the bodies, one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Show and forward until Ctrl-C, or any other way to be told to end."""
    if settings.LIVE:
        print("Sandbox mode only: in live mode make an endpoint with an https URL.", file=sys.stderr)
        return 2
    merchant = find_merchant(args.merchant)
    if merchant is None:
        return 2
    types = tuple(filter(None, args.types.split(",")))
    try:
        # The endpoint must not outlive it, however it is ended.
        with stop_by_signal(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as stop:
            follow(merchant.id, forward=args.forward, types=types, as_json=args.json, stop=stop)
    except ZemiError as error:
        print(f"{error.sentence()} {error.advice()}", file=sys.stderr)
        return 1
    return 0


def follow(
    merchant_id: UUID, *, forward: str | None, types: tuple[str, ...], as_json: bool, stop: threading.Event
) -> None:
    """Print what happens until `stop` is set; an endpoint made for `forward` is deleted at the end.

    :raises ZemiError: the URL or a type is not one that can be forwarded
    """
    endpoint = None
    try:
        if forward is not None:
            endpoint, secret = create_endpoint(
                merchant_id=merchant_id, url=forward, types=types, description="zemi listen", now=clock.now()
            )
            said = f"Forwarding to {forward}. Verify with the secret {secret} (until Ctrl-C)."
            print(said, file=sys.stderr, flush=True)
        events = _Events(merchant_id, types, as_json=as_json)
        tries = None if endpoint is None or as_json else _Tries(endpoint)
        while not stop.wait(_POLL_S):
            events.show_new()
            if tries is not None:
                tries.show_new()
    finally:
        if endpoint is not None:
            delete_endpoint(endpoint.id, merchant_id=merchant_id, now=clock.now())


class _Events:
    """A merchant's events that were not shown yet."""

    def __init__(self, merchant_id: UUID, types: tuple[str, ...], *, as_json: bool) -> None:
        self._found = events_of_merchant(merchant_id)
        if types:
            self._found = self._found.filter(type__in=types)
        self._as_json = as_json
        self._last = Event.objects.order_by("-id").values_list("id", flat=True).first()

    def show_new(self) -> None:
        found = self._found.filter(id__gt=self._last) if self._last else self._found
        events = list(found.order_by("id")[:_MOST])
        texts = texts_of(events, now=clock.now()) if self._as_json else {}
        for event in events:
            self._last = event.id
            print(texts[event.id] if self._as_json else _line(event.at, event, "happened"), flush=True)


class _Tries:
    """What became of an endpoint's deliveries and was not shown yet."""

    def __init__(self, endpoint: WebhookEndpoint) -> None:
        self._found = WebhookAttempt.objects.filter(delivery__endpoint=endpoint)
        self._last: UUID | None = None

    def show_new(self) -> None:
        tries = self._found.filter(id__gt=self._last) if self._last else self._found
        for one in tries.select_related("delivery__event").order_by("id")[:_MOST]:
            self._last = one.id
            what = f"-> {one.status or one.error} ({one.duration_ms} ms)"
            print(_line(one.at, one.delivery.event, what), flush=True)


def _line(at: datetime, event: Event, what: str) -> str:
    return f"{at:%H:%M:%S}  {event.type:<24} {public_id('evt', event.id)}  {what}"
