"""What goes out to merchants: the sweeps of `zemi.webhooks`, with the words and the events that stand above it."""

from datetime import datetime

from zemi.snapshots.events import events_between, texts_of
from zemi.webhooks.deliveries import send_due_webhooks
from zemi.webhooks.replays import work_on_replays


def send_webhooks(*, now: datetime) -> int:
    """Send merchants the events that are due, one endpoint after the other; what fails is tried again for days."""
    return send_due_webhooks(lambda events: texts_of(events, now=now), now=now)


def queue_replays(*, now: datetime) -> int:
    """Queue the next portion of what endpoints are to get again, or missed."""
    return work_on_replays(events_between, now=now)
