"""The loop that finds what is due: leases, fences, a sweep that breaks, a graceful stop."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests import story
from tests.characters import AMINA
from zemi.__main__ import main
from zemi.common import http_client, work
from zemi.common.work import (
    LEASE,
    MOST_FAILURES,
    PARKED_UNTIL,
    SWEEP_LIMIT,
    back_off,
    claim_due,
    finish,
    handle_each,
)
from zemi.events.models import Event, EventDelivery
from zemi.events.parking import list_parked, park
from zemi.notifications import sending
from zemi.notifications.models import Message
from zemi.payments.errors import PaymentInProgress
from zemi.providers.base import Accepted, Reason, Refused, Unknown
from zemi.staff.dispatch import put_back_to_work
from zemi.webhooks.models import WebhookLog
from zemi.worker import loop, sweeps

WHO = ("--by", "kamau", "--reason", "the cause is gone")

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
    monkeypatch.setattr(loop, "APART", {"audit": 0, "webhooks": 0})

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

    assert loop._pause_s("broken", loop._guarded("broken")) == loop.BROKEN_S
    assert loop._pause_s("messages", loop._guarded("messages")) == loop.WORDS_BUSY_S["messages"]
    assert loop._pause_s("messages", loop._guarded("messages")) == loop.IDLE_S


def test_sweeps_that_never_rest_are_a_bug(
    monkeypatch: pytest.MonkeyPatch, simulator: Any, clock: Any
) -> None:
    monkeypatch.setattr(loop, "SWEEPS", {"restless": lambda _: 1})

    with pytest.raises(RuntimeError, match="rest"):
        loop.run_until_idle(clock.now())


def test_a_provider_that_is_away_stops_nothing_for_good(clock: Any) -> None:
    http_client.use_transport(None)

    assert loop._pause_s("messages", loop._guarded("messages")) == loop.BROKEN_S


def test_rows_that_broke_together_do_not_come_back_together() -> None:
    waits = {back_off(3, key=f"row {number}").total_seconds() for number in range(50)}

    # Up to a quarter less than 20 s, never more, and for one row always the same.
    assert len(waits) > 10
    assert min(waits) >= 15
    assert max(waits) <= 20
    assert back_off(3, key="row 1") == back_off(3, key="row 1")


def _breaks(_: Any, __: Any) -> None:
    raise ValueError("nobody foresaw it")


def test_a_row_that_breaks_again_and_again_is_put_aside_for_a_person(
    messages: list[Message], clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(MOST_FAILURES):
        handle_each(claim_due(Message, now=clock.now(), limit=1), _breaks, now=clock.now())
        clock.advance(hours=2)
        # The other one is worked on as ever.
        Message.objects.filter(failures=0).update(due_at=clock.now())

    [parked] = list_parked()
    assert (parked.failures, parked.last_error, parked.lease_until) == (
        MOST_FAILURES,
        "ValueError",
        PARKED_UNTIL,
    )
    event = Event.objects.get(type="work.parked")
    assert (event.subject_id, event.actor) == (parked.id, "worker")
    assert event.data == {"error": "ValueError", "failures": MOST_FAILURES}
    assert parked.id not in [row.id for row in claim_due(Message, now=clock.now(), limit=10)]

    assert main(["work", "--stuck"]) == 1
    assert f"{parked.id} message since=" in capsys.readouterr().out


def test_who_puts_it_back_to_work_gives_it_all_its_tries_again(
    messages: list[Message], clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    [row, other] = claim_due(Message, now=clock.now(), limit=2)
    park(row, clock.now(), "ValueError")
    finish(other)

    assert main(["work", "--retry", str(row.id), *WHO]) == 0

    [again] = claim_due(Message, now=clock.now(), limit=10)
    assert (again.id, again.failures, again.parked_at) == (row.id, 0, None)
    assert Event.objects.filter(type="work.retried", subject_id=row.id, actor="kamau").count() == 1
    assert main(["work", "--stuck"]) == 0
    # Not without a name and a reason.
    assert main(["work", "--retry", str(row.id)]) == 1
    # It is not put aside any more, and what never was can't be put back.
    assert main(["work", "--retry", str(row.id), *WHO]) == 1
    assert main(["work", "--retry", str(UUID(int=1)), *WHO]) == 1
    assert Event.objects.filter(type="work.retried").count() == 1
    assert "Nothing was changed" in capsys.readouterr().err


def test_a_row_that_was_taken_over_is_not_put_aside(messages: list[Message], clock: Any) -> None:
    [row, _] = claim_due(Message, now=clock.now(), limit=2)
    Message.objects.update(fence=99)

    park(row, clock.now(), "ValueError")

    assert list_parked() == []
    assert not Event.objects.filter(type="work.parked").exists()
    assert put_back_to_work(row.id, by="kamau", reason="fixed", now=clock.now()) is None


def test_a_row_over_which_worker_after_worker_dies_is_put_aside(messages: list[Message], clock: Any) -> None:
    for _ in range(MOST_FAILURES + 1):
        rows = claim_due(Message, now=clock.now(), limit=1)
        Message.objects.exclude(pk=rows[0].pk).update(due_at=clock.now() + timedelta(days=9))
        clock.advance(seconds=LEASE.total_seconds())
    touched: list[Message] = []

    handle_each(rows, lambda row, _: touched.append(row), now=clock.now())

    assert touched == []
    assert [row.last_error for row in list_parked()] == ["worker_died"]


def test_what_goes_away_by_itself_never_puts_a_row_aside(messages: list[Message], clock: Any) -> None:
    def away(_: Any, __: Any) -> None:
        raise PaymentInProgress

    for _ in range(MOST_FAILURES + 1):
        handle_each(claim_due(Message, now=clock.now(), limit=2), away, now=clock.now())
        clock.advance(hours=2)

    assert set(Message.objects.values_list("failures", "tries")) == {(0, MOST_FAILURES + 1)}
    assert list_parked() == []


def test_without_the_event_log_nothing_is_put_aside_in_silence(
    messages: list[Message], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_parker", None)
    Message.objects.update(failures=MOST_FAILURES)

    with pytest.raises(RuntimeError, match="nobody parks"):
        handle_each(claim_due(Message, now=clock.now(), limit=1), _breaks, now=clock.now())


def test_a_sweep_whose_time_is_over_gives_back_what_it_has_not_begun(
    messages: list[Message], clock: Any
) -> None:
    begun: list[Message] = []

    def slow(row: Message, _: Any) -> None:
        begun.append(row)
        clock.advance(seconds=SWEEP_LIMIT.total_seconds())

    handle_each(claim_due(Message, now=clock.now(), limit=2), slow, now=clock.now())

    assert len(begun) == 1
    [left] = claim_due(Message, now=clock.now(), limit=2)
    # As if it had not been claimed: this is its first try.
    assert (left.tries, left.failures) == (1, 0)


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_begun(
    messages: list[Message], clock: Any
) -> None:
    stop = threading.Event()
    begun: list[Message] = []

    def told_meanwhile(row: Message, _: Any) -> None:
        begun.append(row)
        stop.set()
        finish(row)

    work.stop_on(stop)
    try:
        handle_each(claim_due(Message, now=clock.now(), limit=2), told_meanwhile, now=clock.now())
    finally:
        work.stop_on(None)

    assert len(begun) == 1
    assert [row.tries for row in claim_due(Message, now=clock.now(), limit=2)] == [1]


def test_money_does_not_wait_for_strangers_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, answered, ran = threading.Event(), threading.Event(), []

    def hang(_: Any) -> int:
        answered.wait(10)
        return 0

    def money(_: Any) -> int:
        ran.append("money")
        if len(ran) == 3:
            stop.set()
            answered.set()
        return 1

    monkeypatch.setattr(loop.registry, "make_ready", lambda: None)
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    monkeypatch.setattr(loop, "SWEEPS", {"webhooks": hang, "callbacks": money})

    loop.run_forever(stop)

    assert ran == ["money"] * 3


def test_a_bug_in_any_thread_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(_: Any) -> int:
        raise AssertionError("planted")

    monkeypatch.setattr(loop.registry, "make_ready", lambda: None)
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    monkeypatch.setattr(loop, "SWEEPS", {"webhooks": bug, "callbacks": lambda _: 0})

    with pytest.raises(AssertionError, match="planted"):
        loop.run_forever(threading.Event())


def test_a_sweep_starts_no_other_once_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, ran = threading.Event(), []

    def first(_: Any) -> int:
        ran.append("first")
        stop.set()
        return 0

    monkeypatch.setattr(loop.registry, "make_ready", lambda: None)
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    monkeypatch.setattr(loop, "SWEEPS", {"first": first, "second": lambda _: ran.append("second")})

    loop.run_forever(stop)

    assert ran == ["first"]
