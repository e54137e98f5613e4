"""A merchant, Duka, with a server of its own, and sales that are Duka's."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import story
from tests.conftest import VirtualClock
from tests.webhooks.receiver import Receiver, serve
from zemi.events.listeners import forget
from zemi.identity.api_keys import Scope
from zemi.identity.models import Merchant
from zemi.webhooks.endpoints import create_endpoint
from zemi.webhooks.models import WebhookEndpoint


@pytest.fixture(autouse=True)
def stage(db: None, simulator: Any, clock: VirtualClock) -> Iterator[None]:
    story.open_books(clock.now())
    forget()
    yield
    forget()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serve() as running:
        yield running


@pytest.fixture
def key() -> str:
    """Duka's API key."""
    return story.key_with(Scope.ORDERS, Scope.PAYMENTS, Scope.READ, Scope.WEBHOOKS)


@pytest.fixture
def duka(key: str) -> UUID:
    return Merchant.objects.get(name="Duka").id


@pytest.fixture
def endpoint(duka: UUID, receiver: Receiver, clock: VirtualClock) -> WebhookEndpoint:
    """Duka's endpoint for everything, caught up."""
    made, _ = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    return made


@pytest.fixture
def sale(key: str, clock: VirtualClock, run_worker: Callable[[], int]) -> Callable[[], str]:
    """Make an order of Duka's, and have it paid; its reference."""

    def sell(**more: Any) -> str:
        reference = str(story.create_order(key=key, **more).data["order_reference"])
        story.push(reference, amount=more.get("amount", "1500.00"))
        clock.advance(seconds=5)
        run_worker()
        return reference

    return sell


@pytest.fixture
def later(clock: VirtualClock, run_worker: Callable[[], int]) -> Callable[[timedelta], None]:
    """Let time pass in small steps, the worker at work all the while."""

    def pass_time(span: timedelta, step: timedelta = timedelta(minutes=10)) -> None:
        until = clock.now() + span
        while clock.now() < until:
            clock.advance(seconds=min(step, until - clock.now()).total_seconds())
            run_worker()

    return pass_time
