"""The loop that finds what is due: leases, fences, a sweep that breaks, a graceful stop."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA
from zemi.common import http_client
from zemi.common.work import LEASE, back_off, claim_due, finish
from zemi.events.models import EventDelivery
from zemi.notifications import sending
from zemi.notifications.models import Message
from zemi.providers.base import Accepted, Reason, Refused, Unknown
from zemi.webhooks.models import WebhookLog
from zemi.worker import loop, sweeps

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(simulator: Any, clock: Any) -> list[Message]:
    """The buyer's and the seller's message about a paid order, queued and not sent."""
    story.simulate_payment(story.create_order().data["order_reference"])
    sweeps.SWEEPS["events"](clock.now())
    return list(Message.objects.all())


def test_a_claimed_row_is_nobody_elses_until_its_lease_ends(messages: list[Message], clock: Any) -> None:
    first = claim_due(Message, now=clock.now(), limit=10)
    assert len(first) == 2
    assert claim_due(Message, now=clock.now(), limit=10) == []

    clock.advance(seconds=LEASE.total_seconds())
    second = claim_due(Message, now=clock.now(), limit=10)

    assert {row.pk for row in second} == {row.pk for row in first}
    assert [row.tries for row in second] == [2, 2]


def test_who_lost_the_claim_can_not_finish(messages: list[Message], clock: Any) -> None:
    [slow, *_] = claim_due(Message, now=clock.now(), limit=10)
    clock.advance(seconds=LEASE.total_seconds())
    claim_due(Message, now=clock.now(), limit=10)

    assert not finish(slow, sent_at=clock.now())
    assert Message.objects.get(pk=slow.pk).sent_at is None


def test_a_claim_takes_no_more_than_it_is_told_and_the_oldest_first(
    messages: list[Message], clock: Any
) -> None:
    oldest = messages[1]
    Message.objects.filter(pk=oldest.pk).update(due_at=clock.now() - timedelta(hours=1))

    assert claim_due(Message, now=clock.now(), limit=1) == [oldest]


def test_waiting_grows_and_ends() -> None:
    assert [back_off(tries).total_seconds() for tries in (0, 1, 2, 3, 30)] == [5, 5, 10, 20, 3600]


@pytest.mark.parametrize(
    ("outcome", "tries", "sent", "failed"),
    [
        (Accepted(provider_reference="ATXid_1"), 1, True, False),
        (Unknown(), 1, False, False),
        (Refused(Reason.BUSY), 1, False, False),
        (Unknown(), 50, False, False),
        (Refused(Reason.FLOAT_LOW), 50, False, False),
        (Refused(Reason.PAYEE_INVALID), 1, False, True),
    ],
)
def test_what_becomes_of_a_message(
    messages: list[Message],
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Any,
    tries: int,
    sent: bool,
    failed: bool,
) -> None:
    class Provider:
        name = "test"

        def send_text(self, **_: Any) -> Any:
            return outcome

    Message.objects.update(tries=tries - 1)
    monkeypatch.setattr(sending, "provider_of_messages", Provider)

    assert sending.send_due_messages(now=clock.now()) == 2

    for message in Message.objects.all():
        assert (message.sent_at is not None, message.failed_at is not None) == (sent, failed)
        # The words, and the code in them, are destroyed when they have gone out, and not before.
        assert bool(message.text) is not sent
        assert (message.due_at is None) is (sent or failed)


def test_an_event_that_is_handed_out_twice_makes_its_messages_once(
    messages: list[Message], clock: Any
) -> None:
    EventDelivery.objects.update(due_at=clock.now(), handled_at=None)

    sweeps.SWEEPS["events"](clock.now())

    assert Message.objects.count() == 2


def test_a_row_that_another_worker_took_over_is_left_to_it(
    simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.set_phone(AMINA.msisdn, next="cancel")
    story.push(story.create_order().data["order_reference"])
    clock.advance(seconds=10)
    simulator.run_due()
    from zemi.worker import inbound

    real = inbound.claim_due

    def claim_and_lose(*args: Any, **how: Any) -> Any:
        rows = real(*args, **how)
        WebhookLog.objects.update(fence=99)
        return rows

    monkeypatch.setattr(inbound, "claim_due", claim_and_lose)
    sweeps.SWEEPS["callbacks"](clock.now())

    assert WebhookLog.objects.get().handled_at is None


def test_the_loop_works_rests_and_stops_when_told(
    messages: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, pauses = threading.Event(), []
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        stop.set()

    monkeypatch.setattr(stop, "wait", wait)

    loop.run_forever(stop)

    assert not Message.objects.filter(sent_at=None).exists()
    [pause] = pauses
    assert 0 < pause <= loop.WORDS_BUSY_S["messages"]


def test_a_sweep_that_breaks_does_not_stop_the_others(
    messages: list[Message], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> int:
        raise ValueError("a row that nobody foresaw")

    monkeypatch.setattr(loop, "SWEEPS", {"broken": broken, **sweeps.SWEEPS})

    assert loop._guarded("broken") == loop.BROKEN_S
    assert loop._guarded("messages") == loop.WORDS_BUSY_S["messages"]
    assert loop._guarded("messages") == loop.IDLE_S


def test_sweeps_that_never_rest_are_a_bug(
    monkeypatch: pytest.MonkeyPatch, simulator: Any, clock: Any
) -> None:
    monkeypatch.setattr(loop, "SWEEPS", {"restless": lambda _: 1})

    with pytest.raises(RuntimeError, match="rest"):
        loop.run_until_idle(clock.now())


def test_a_provider_that_is_away_stops_nothing_for_good(clock: Any) -> None:
    http_client.use_transport(None)

    assert loop._guarded("messages") == loop.BROKEN_S
