"""Zemi's API, typed, for synchronous and asynchronous Python."""

from zemi_client.client import AsyncZemi, Zemi
from zemi_client.core import Amount, Page
from zemi_client.errors import NoAnswer, NotSent, Refused, ZemiClientError
from zemi_client.webhooks import Event, NotFromZemi, key_hash, read_event

__all__ = [
    "Amount",
    "AsyncZemi",
    "Event",
    "NoAnswer",
    "NotFromZemi",
    "NotSent",
    "Page",
    "Refused",
    "Zemi",
    "ZemiClientError",
    "key_hash",
    "read_event",
]
