"""A developer's tools: listen, trigger, send again."""

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Q

from tests import story
from tests.conftest import VirtualClock
from tests.webhooks.receiver import Receiver
from zemi.__main__ import main
from zemi.cli.listen import follow
from zemi.cli.trigger import BY_HAND, SCENARIO_OF
from zemi.events.models import Event
from zemi.events.public import PUBLIC
from zemi.webhooks.endpoints import create_endpoint, update_endpoint
from zemi.webhooks.models import WebhookDelivery, WebhookEndpoint


class Rounds(threading.Event):
    """Between two looks of `listen` one of these happens; after the last it is told to stop."""

    def __init__(self, *rounds: Callable[[], Any]) -> None:
        super().__init__()
        self._rounds = list(rounds)

    def wait(self, timeout: float | None = None) -> bool:
        if not self._rounds:
            return True
        self._rounds.pop(0)()
        return False


def test_listen_shows_and_forwards_what_happens(
    duka: UUID,
    key: str,
    receiver: Receiver,
    run_worker: Callable[[], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    receiver.answer = 204
    rounds = Rounds(lambda: story.create_order(key=key), run_worker)

    follow(duka, forward=receiver.url, types=("order.created",), as_json=False, stop=rounds)

    said = capsys.readouterr()
    assert "whsec_" in said.err
    happened, forwarded = said.out.splitlines()
    assert "order.created" in happened
    assert "-> 204" in forwarded
    assert receiver.types == ["order.created"]
    assert WebhookEndpoint.objects.get().deleted_at is not None


class HangUp(io.StringIO):
    """A terminal that goes away as soon as it is told something."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__()
        self._number = number

    def write(self, text: str) -> int:
        if text.strip():
            os.kill(os.getpid(), self._number)
        return len(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_listen_leaves_no_endpoint_behind_however_it_is_ended(
    number: signal.Signals, duka: UUID, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_caught(*_: Any) -> None:
        raise ChildProcessError("this would have ended it")

    before = signal.signal(number, not_caught)
    monkeypatch.setattr(sys, "stderr", HangUp(number))
    try:
        assert main(["listen", "--merchant", "Duka", "--forward", receiver.url]) == 0
        assert signal.getsignal(number) is not_caught
    finally:
        signal.signal(number, before)

    assert WebhookEndpoint.objects.get().deleted_at is not None


def test_listen_prints_the_bodies_that_are_sent(
    duka: UUID, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(duka, forward=None, types=(), as_json=True, stop=Rounds(lambda: story.create_order(key=key)))

    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["type"] == "order.created"


@pytest.mark.parametrize("command", [["listen"], ["trigger", "order.paid"]])
def test_live_mode_has_neither(command: list[str], settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LIVE = True

    assert main(command) == 2
    assert "live mode" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["listen"], ["trigger", "order.paid"]])
def test_a_merchant_must_be_there(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--merchant", "Nobody"]) == 2
    assert "Nobody" in capsys.readouterr().err


def test_listen_says_what_is_wrong_with_a_url(duka: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listen", "--merchant", "Duka", "--forward", "ftp://localhost/"]) == 1
    assert "https" in capsys.readouterr().err


# Those that move the sandbox's own clock are played in tests/api/test_sandbox.py.
CLOCKS = {"order.expired", "order.cancel_lapsed", "link.expired", "refund.credited"}


def test_every_event_that_a_merchant_hears_of_has_a_trigger() -> None:
    assert set(SCENARIO_OF) | set(BY_HAND) == PUBLIC
    assert not set(SCENARIO_OF) & set(BY_HAND)


@pytest.mark.parametrize("event", sorted(set(SCENARIO_OF) - CLOCKS))
def test_what_is_triggered_happens(
    event: str,
    duka: UUID,
    run_worker: Callable[[], int],
    clock: VirtualClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["trigger", event, "--merchant", "Duka", "--json"]) == 0

    order = story.order_of(json.loads(capsys.readouterr().out)["order_reference"])
    # An event of a link is no event of its order.
    its_own = Q(order_id=order.id) | Q(subject_id=order.payment_link_id)
    happened = Event.objects.filter(its_own, type=event)
    until = clock.now() + timedelta(minutes=30)
    while not happened.exists() and clock.now() < until:
        run_worker()
        clock.advance(seconds=20)
    assert happened.exists()
    story.assert_books_agree()


def test_trigger_lists_what_it_knows(duka: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trigger", "order_stolen", "--merchant", "Duka"]) == 1
    assert "order_paid" in capsys.readouterr().err
    assert main(["trigger", "webhook_endpoint.ping", "--merchant", "Duka"]) == 1
    assert "POST /api/v1/webhook_endpoints/{id}/ping" in capsys.readouterr().err
    assert main(["trigger", "order.stolen", "--merchant", "Duka"]) == 1
    assert (
        "No scenario leads to order.stolen. Events that can be triggered: order.created"
        in capsys.readouterr().err
    )


def test_resend_sends_to_every_endpoint_that_is_on(
    duka: UUID, key: str, receiver: Receiver, clock: VirtualClock, run_worker: Callable[[], int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    story.create_order(key=key)
    event = f"evt_{Event.objects.get(type='order.created').id.hex}"
    assert main(["events", "resend", event]) == 1
    first, _ = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    second, _ = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    update_endpoint(second.id, merchant_id=duka, enabled=False, now=clock.now())
    capsys.readouterr()

    assert main(["events", "resend", event, "--json"]) == 0
    run_worker()
    assert json.loads(capsys.readouterr().out) == {"event": event, "endpoints": [f"we_{first.id.hex}"]}
    assert [received.headers["webhook-id"] for received in receiver.got] == [event]

    assert main(["events", "resend", event, "--endpoint", f"we_{first.id.hex}"]) == 0
    run_worker()
    assert len(receiver.got) == 2
    assert WebhookDelivery.objects.count() == 1


def test_resend_sends_what_was_missed_since_a_time(
    duka: UUID, key: str, receiver: Receiver, clock: VirtualClock, run_worker: Callable[[], int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    endpoint, _ = create_endpoint(
        merchant_id=duka, url=receiver.url, types=["order.created"], now=clock.now()
    )
    since = ["events", "resend", "--merchant", "Duka", "--since", "2026-11-23"]
    receiver.answer = 500
    for _ in range(3):
        story.create_order(key=key)
        run_worker()
    receiver.answer, tried = 200, len(receiver.got)
    clock.advance(seconds=1)

    assert main([*since, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "since": "2026-11-23T00:00:00Z",
        "until": "2026-11-23T09:00:01Z",
        "endpoints": [f"we_{endpoint.id.hex}"],
    }
    for _ in range(4):
        run_worker()
    missed = [f"evt_{event.id.hex}" for event in Event.objects.filter(type="order.created").order_by("id")]
    assert [received.headers["webhook-id"] for received in receiver.got[tried:]] == missed

    assert main([*since, "--until", "2026-11-22"]) == 1
    assert "30 days" in capsys.readouterr().err
    assert main([*since, "--endpoint", "we_" + "0" * 32]) == 1
    assert main(["events", "resend", "--since", "2026-11-23", "--merchant", "Nobody"]) == 2
    assert main(["events", "resend"]) == main([*since, "evt_1"]) == 2
    with pytest.raises(SystemExit):
        main(["events", "resend", "--since", "yesterday"])


@pytest.mark.parametrize("event", ["evt_1", "evt_" + "0" * 32, "order.paid"])
def test_resend_says_when_there_is_no_such_event(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "resend", event]) == 1
    assert "No merchant" in capsys.readouterr().err


def test_resend_refuses_an_endpoint_that_is_off_or_unknown(
    duka: UUID, key: str, receiver: Receiver, clock: VirtualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    story.create_order(key=key)
    event = f"evt_{Event.objects.get(type='order.created').id.hex}"
    off, _ = create_endpoint(merchant_id=duka, url=receiver.url, now=clock.now())
    update_endpoint(off.id, merchant_id=duka, enabled=False, now=clock.now())

    for endpoint in (f"we_{off.id.hex}", "we_" + "0" * 32, "we_?"):
        assert main(["events", "resend", event, "--endpoint", endpoint]) == 1
    assert not WebhookDelivery.objects.exists()
