"""The bell that asks Celery to look sooner: rung after commit, once, and never heard of when it can't be rung."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from tests import story
from zemi.__main__ import main
from zemi.common import broker
from zemi.common.broker import QUEUE, TASK, application_for
from zemi.common.db import unit_of_work
from zemi.events.log import record
from zemi.orders.models import Order
from zemi.worker import loop, sweeps

pytestmark = pytest.mark.django_db
_IN_MEMORY = "memory://zemi-tests"
_NOBODY_THERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A broker in this process's memory; asked for the names of the tasks that were sent to it."""
    monkeypatch.setattr(settings, "BROKER_URL", _IN_MEMORY)
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    connection = application_for(_IN_MEMORY).connection_for_write()
    channel = connection.default_channel

    def sent() -> list[str]:
        names = []
        while (message := channel.basic_get(QUEUE, no_ack=True)) is not None:
            # It carries no state: no arguments, only its own name.
            assert message.payload[:2] == [[], {}]
            names.append(message.headers["task"])
        return names

    with application_for(_IN_MEMORY).producer_pool.acquire(block=True) as producer:
        producer.maybe_declare(application_for(_IN_MEMORY).amqp.queues[QUEUE])
    sent()
    yield sent
    sent()
    connection.release()


def test_without_a_broker_there_is_no_bell(simulator: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as bells:
        story.simulate_payment(story.create_order().data["order_reference"])

    assert bells == []


def test_it_is_rung_after_the_commit_once_for_each_sweep(
    simulator: Any, clock: Any, bell: Any, django_capture_on_commit_callbacks: Any
) -> None:
    reference = story.create_order().data["order_reference"]
    order = Order.objects.get(order_reference=reference)

    with django_capture_on_commit_callbacks(execute=True):
        with unit_of_work():
            for _ in range(3):
                record("order.paid", order, at=clock.now(), actor="test")
        assert bell() == []

    assert bell() == [f"{TASK}events"]


def test_what_is_rolled_back_rings_nothing(
    simulator: Any, clock: Any, bell: Any, django_capture_on_commit_callbacks: Any
) -> None:
    order = Order.objects.get(order_reference=story.create_order().data["order_reference"])

    def broken() -> None:
        with unit_of_work():
            record("order.paid", order, at=clock.now(), actor="test")
            raise LookupError

    with django_capture_on_commit_callbacks(execute=True) as bells, pytest.raises(LookupError):
        broken()

    assert bells == []
    assert bell() == []


def test_a_broker_that_is_away_costs_nobody_an_error_and_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "BROKER_URL", _NOBODY_THERE)
    monkeypatch.setattr(broker, "_quiet_until", 0.0)

    broker._send("payouts")
    assert broker._quiet_until > 0
    tried_until = broker._quiet_until
    broker._send("payouts")

    assert broker._quiet_until == tried_until


def test_without_the_packages_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "BROKER_URL", "redis://127.0.0.1:2/0")
    monkeypatch.setattr(settings, "POSTGRES", True)
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setitem(sys.modules, "celery", None)

    assert main(["work", "--celery"]) == 78
    assert "requirements/celery.txt" in capsys.readouterr().err
    # A web server goes on without the bell.
    broker._send("payouts")
    assert broker._quiet_until > 0


@pytest.mark.parametrize(
    ("url", "postgres", "words"),
    [("", True, "ZEMI_BROKER_URL is not set"), (_NOBODY_THERE, False, "SQLite has one writer")],
)
def test_celery_is_refused_in_a_sentence_where_it_can_not_work(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    postgres: bool,
    words: str,
) -> None:
    monkeypatch.setattr(settings, "BROKER_URL", url)
    monkeypatch.setattr(settings, "POSTGRES", postgres)

    assert main(["work", "--celery"]) == 78
    assert words in capsys.readouterr().err


def test_a_task_runs_its_sweep_until_nothing_is_due_and_no_longer_than_its_turn(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By the names of real ones: words and what runs apart rest longer, which is nothing to a task.
    for name in sweeps.SWEEPS:
        left = [1, 1, 0]
        monkeypatch.setattr(loop, "SWEEPS", {name: lambda _, left=left: left.pop(0), "many": lambda _: 1})
        assert loop.drain(name) == 2
    assert loop.drain("many") == 20


def test_every_sweep_is_a_task_and_the_clock_asks_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    from zemi.celery import app

    names = {TASK + name for name in sweeps.SWEEPS}

    assert {name for name in app.tasks if name.startswith(TASK)} == names
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == names
    assert app.conf.task_acks_late
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None
    assert transaction.get_connection().run_on_commit == []
