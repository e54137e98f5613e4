"""The breaker: what opens it, what it holds back, and who may try; on both databases, for several processes."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zemi.common.db import BoundaryError, unit_of_work
from zemi.providers.base import Accepted, Reason, Refused, Succeeded, Unknown
from zemi.providers.circuit import (
    FAILURES,
    MONEY_HELD_BACK,
    OPEN_FOR,
    PAUSE,
    PROBE_FOR,
    QUESTION_HELD_BACK,
    SEEN_FOR,
    Circuits,
    breaks,
    is_trouble,
)
from zemi.providers.models import CallCount, Circuit
from zemi.providers.rates import forget_old_counts, rates_since

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
DOWN = Refused(Reason.NOT_SENT)


class Provider:
    """A process's provider; says what it is told to say and counts how often it was asked."""

    def __init__(self) -> None:
        self.circuits = Circuits()
        self.says: Any = Accepted()
        self.calls = 0

    def _call(self) -> Any:
        self.calls += 1
        return self.says

    call = breaks("b2c", _call, MONEY_HELD_BACK)


@pytest.fixture
def provider(clock: Any) -> Iterator[Provider]:
    made = Provider()
    yield made
    made.circuits.counts.write()


def fail(provider: Provider, times: int = FAILURES) -> None:
    provider.says = DOWN
    for _ in range(times):
        assert provider.call() == DOWN
    provider.calls = 0


def test_an_outcome_that_says_the_provider_works_is_no_trouble():
    troubles = [
        Refused(Reason.NOT_SENT),
        Refused(Reason.BUSY),
        Unknown(),
        Unknown("http_502"),
        Unknown("500.003.02"),
    ]
    fine = [
        Accepted(),
        Succeeded(),
        Refused(Reason.CANCELLED, "1032"),
        Refused(Reason.WRONG_PIN, "2001"),
        Refused(Reason.CREDENTIALS, "http_400"),
        Unknown("500.002.1001", "Duplicate OriginatorConversationID."),
        Unknown("not_configured"),
        [],
    ]

    assert [is_trouble(outcome) for outcome in troubles] == [True] * 5
    assert [is_trouble(outcome) for outcome in fine] == [False] * 8


def test_it_opens_after_troubles_in_a_row_and_then_calls_nobody(provider: Provider):
    fail(provider)

    assert provider.call() == Refused(Reason.BUSY, text="circuit open")
    assert MONEY_HELD_BACK.may_resend
    assert provider.calls == 0
    assert (Circuit.objects.get().state, Circuit.objects.get().changes) == ("open", 1)


def test_an_answer_between_troubles_starts_the_count_again(provider: Provider):
    fail(provider, FAILURES - 1)
    provider.says = Refused(Reason.CANCELLED, "1032")
    provider.call()
    assert Circuit.objects.get().failures == 0
    fail(provider, FAILURES - 1)

    assert Circuit.objects.get().state == "closed"


def test_other_processes_hold_back_too_within_a_second(provider: Provider, clock: Any):
    other = Provider()
    assert other.call() == Accepted()
    fail(provider)
    assert other.call() == Accepted()
    clock.advance(seconds=1)

    assert other.call() == MONEY_HELD_BACK
    assert other.calls == 2


def test_a_probe_that_is_answered_closes_it(provider: Provider, clock: Any):
    fail(provider)
    clock.advance(seconds=OPEN_FOR.total_seconds())
    provider.says = Accepted()

    assert [provider.call(), provider.call()] == [Accepted(), Accepted()]
    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.failures, circuit.successes, circuit.since) == (
        "closed",
        0,
        1,
        clock.now(),
    )


def test_a_probe_that_fails_keeps_it_open_for_as_long_again(provider: Provider, clock: Any):
    fail(provider)
    clock.advance(seconds=OPEN_FOR.total_seconds())
    assert provider.call() == DOWN
    clock.advance(seconds=OPEN_FOR.total_seconds() - 1)

    assert provider.call() == MONEY_HELD_BACK
    assert (provider.calls, Circuit.objects.get().changes) == (1, 1)


def test_of_processes_that_try_at_once_exactly_one_gets_through(provider: Provider, clock: Any):
    fail(provider)
    clock.advance(seconds=OPEN_FOR.total_seconds())
    start, given = threading.Barrier(4), []

    def run() -> None:
        mine = Circuits()
        start.wait()
        try:
            given.append(mine.ask("b2c"))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given, key=str) == [None, None, None, "probe"]


def test_a_probe_whose_process_died_is_followed_by_another(provider: Provider, clock: Any):
    fail(provider)
    clock.advance(seconds=OPEN_FOR.total_seconds())
    assert provider.circuits.ask("b2c") == "probe"
    provider.says = Accepted()
    assert provider.call() == MONEY_HELD_BACK
    clock.advance(seconds=PROBE_FOR.total_seconds())

    assert provider.call() == Accepted()
    assert Circuit.objects.get().state == "closed"


def test_a_late_answer_from_before_it_opened_neither_closes_nor_counts(provider: Provider):
    given = provider.circuits.ask("b2c")
    fail(provider)
    assert given is not None

    provider.circuits.tell("b2c", given, is_trouble=False)
    provider.circuits.tell("b2c", given, is_trouble=True)

    circuit = Circuit.objects.get()
    assert (circuit.state, circuit.failures, circuit.changes) == ("open", FAILURES, 1)


def test_a_closed_circuit_costs_no_statement_for_a_call(provider: Provider):
    provider.call()
    with CaptureQueriesContext(connection) as captured:
        for _ in range(50):
            provider.call()

    assert len(captured) == 0


def test_a_call_inside_a_transaction_is_refused(provider: Provider):
    with pytest.raises(BoundaryError), unit_of_work():
        provider.call()

    assert provider.calls == 0
    assert Unknown("circuit_open", "circuit open") == QUESTION_HELD_BACK


def test_calls_are_counted_by_minute_and_added_up_over_processes(provider: Provider, clock: Any):
    start = clock.now()
    other = Provider()
    other.says = DOWN
    for one in (provider, provider, other):
        one.call()
    clock.advance(seconds=5)
    provider.call()
    other.circuits.counts.write()
    other.circuits.counts.write()

    assert rates_since(start) == {"b2c": (4, 3)}
    forget_old_counts(now=start + timedelta(days=1, minutes=1))
    assert CallCount.objects.count() == 0


def test_who_was_too_fast_sends_nothing_more_for_a_second_and_the_circuit_stays_closed(
    provider: Provider, clock: Any
) -> None:
    other = Circuits()
    assert provider.circuits.opens_at("b2c") is None
    provider.says = Refused(Reason.BUSY, "500.003.02", "Spike arrest violation")

    provider.call()

    assert provider.circuits.opens_at("b2c") == other.opens_at("b2c") == clock.now() + PAUSE
    assert Circuit.objects.get().state == "closed"
    clock.advance(seconds=PAUSE.total_seconds())
    assert provider.circuits.opens_at("b2c") is None


def test_who_can_wait_is_told_when_to_try_and_claims_no_probe(provider: Provider, clock: Any) -> None:
    fail(provider)
    assert provider.circuits.opens_at("b2c") == clock.now() + OPEN_FOR
    clock.advance(seconds=OPEN_FOR.total_seconds())

    assert provider.circuits.opens_at("b2c") is None
    assert provider.circuits.ask("b2c") == "probe"
    # Somebody tries: that is known in a moment.
    assert provider.circuits.opens_at("b2c") == clock.now() + SEEN_FOR

    # Whoever tried has died: nothing would be sent for ever, if nobody else could.
    clock.advance(seconds=PROBE_FOR.total_seconds() + 1)
    assert provider.circuits.opens_at("b2c") is None
    assert provider.circuits.ask("b2c") == "probe"


def test_a_probe_that_answers_too_late_closes_nothing(provider: Provider, clock: Any) -> None:
    fail(provider)
    clock.advance(seconds=OPEN_FOR.total_seconds())
    slow, other = provider.circuits, Circuits()
    assert slow.ask("b2c") == "probe"
    # Its process seems to have died: another one tries, and finds the provider still away.
    clock.advance(seconds=PROBE_FOR.total_seconds())
    assert other.ask("b2c") == "probe"
    other.tell("b2c", "probe", is_trouble=True)

    slow.tell("b2c", "probe", is_trouble=False)

    circuit = Circuit.objects.get(operation="b2c")
    assert (circuit.state, circuit.successes) == ("open", 0)
    other.counts.write()
