"""The provider is away: nobody waits, operators are told once, and what waited goes out once."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests import story
from tests.characters import OTIENO
from zemi.__main__ import main
from zemi.common import http_client
from zemi.common.phone import Phone
from zemi.events.models import Event
from zemi.payments.models import Payment
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.models import Circuit
from zemi.worker.loop import run_once

Run = Callable[[], int]
SALES = 8
PAYERS = [Phone(f"+25472200020{number}") for number in range(6)]


class Away(httpx2.BaseTransport):
    """Refuses every connection, and counts how often somebody tried."""

    def __init__(self) -> None:
        self.tries = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.tries += 1
        raise httpx2.ConnectError("refused", request=request)


@pytest.fixture
def operator(settings: Any) -> None:
    settings.OPERATOR_PHONES = (OTIENO.e164,)


def told() -> list[str]:
    return list(
        Event.objects.filter(type__startswith="provider.").order_by("id").values_list("type", flat=True)
    )


@pytest.mark.once
@pytest.mark.usefixtures("operator")
def test_down_for_half_an_hour_and_back_the_backlog_drains_and_nothing_is_paid_twice(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    orders = [story.create_order().data for _ in range(SALES)]
    for number, order in enumerate(orders):
        assert story.simulate_payment(order["order_reference"], f"PAID{number:06d}").status == 200
    run_worker()
    away = Away()
    http_client.use_transport(away)
    for order in orders:
        assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200

    for _ in range(180):
        run_once(clock.now())
        clock.advance(seconds=10)

    # One probe of each circuit in half a minute, not one try of each row: payouts and messages.
    assert away.tries <= 2 * (5 + 60 + 1)
    assert simulator.transactions() != []
    assert not [move for move in simulator.transactions() if move["kind"] == "b2c"]
    assert set(Payout.objects.values_list("status", flat=True)) <= {"queued", "held"}
    assert told().count("provider.circuit_opened") == Circuit.objects.filter(changes=1).count() >= 1
    assert "provider.circuit_closed" not in told()
    before = away.tries

    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))
    for _ in range(60):
        clock.advance(minutes=2)
        run_worker()

    assert away.tries == before
    paid = [move for move in simulator.transactions() if move["kind"] == "b2c"]
    assert [move["amount"] for move in paid] == [150_000] * SALES
    assert set(Payout.objects.values_list("status", flat=True)) == {"succeeded"}
    assert PayoutAttempt.objects.count() == SALES
    assert not Circuit.objects.exclude(state="closed").exists()
    assert told().count("provider.circuit_closed") == told().count("provider.circuit_opened")
    assert any("work again" in message["text"] for message in simulator.messages(OTIENO.msisdn))


class Narrow(httpx2.BaseTransport):
    """Lets so many payments to people through in a second, and counts those that it turns away, as a gateway does."""

    def __init__(self, inner: httpx2.BaseTransport, clock: Any, *, per_second: int) -> None:
        self.inner, self.clock, self.per_second = inner, clock, per_second
        self.taken: Counter[datetime] = Counter()
        self.turned_away = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/mpesa/b2c/v3/paymentrequest":
            second = self.clock.now().replace(microsecond=0)
            if self.taken[second] == self.per_second:
                self.turned_away += 1
                words = {"errorCode": "500.003.02", "errorMessage": "Spike arrest violation"}
                return httpx2.Response(500, json={"requestId": "1", **words}, request=request)
            self.taken[second] += 1
        return self.inner.handle_request(request)


@pytest.mark.once
def test_after_half_an_hour_the_backlog_goes_out_at_the_rate_that_the_provider_takes(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    backlog, per_second = 40, 2
    orders = [story.create_order().data for _ in range(backlog)]
    for number, order in enumerate(orders):
        assert story.simulate_payment(order["order_reference"], f"PAID{number:06d}").status == 200
    run_worker()
    http_client.use_transport(Away())
    for order in orders:
        assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200
    for _ in range(60):
        run_once(clock.now())
        clock.advance(seconds=30)
    assert set(Payout.objects.values_list("status", flat=True)) == {"queued"}
    intents = PayoutAttempt.objects.count()

    narrow = Narrow(httpx2.WSGITransport(app=simulator.wsgi), clock, per_second=per_second)
    http_client.use_transport(narrow)
    back_at = clock.now()
    while sum(narrow.taken.values()) < backlog:
        run_once(clock.now())
        clock.advance(seconds=0.25)
        assert clock.now() < back_at + timedelta(minutes=5), narrow.taken
    took = (clock.now() - back_at).total_seconds()

    # Half a minute at most until somebody tries; then nearly as fast as it goes, with hardly a call in vain.
    assert took <= 35 + backlog / per_second
    assert narrow.turned_away <= backlog
    # Whoever waited for the provider left no trace of it but the few that tried.
    assert intents <= 10
    run_worker()
    clock.advance(minutes=3)
    run_worker()
    assert set(Payout.objects.values_list("status", flat=True)) == {"succeeded"}
    assert PayoutAttempt.objects.count() == backlog
    assert len([move for move in simulator.transactions() if move["kind"] == "b2c"]) == backlog
    story.assert_books_agree()


def test_a_prompt_is_not_sent_while_its_circuit_is_open_and_no_money_is_booked(
    simulator: Any, clock: Any
) -> None:
    orders = [story.create_order().data["order_reference"] for _ in range(6)]
    away = Away()
    http_client.use_transport(away)
    answers = [story.push(reference, phone=phone) for reference, phone in zip(orders, PAYERS, strict=True)]
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))

    assert {(answer.status, answer.code) for answer in answers} == {(503, "provider_unreachable")}
    assert away.tries == 5
    assert simulator.transactions() == []
    assert Payment.objects.filter(status="failed").count() == 6


def calls(operation: str, *, worked: int, broke: int) -> None:
    counts = registry.circuits().counts
    for number in range(worked + broke):
        counts.add(operation, worked=number < worked)


@pytest.mark.usefixtures("operator")
def test_a_low_success_rate_is_told_once_and_its_end_once(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    calls("pull", worked=17, broke=3)
    run_worker()
    clock.advance(seconds=30)
    run_worker()
    assert told() == ["provider.success_rate_low"]
    assert Event.objects.get(type="provider.success_rate_low").data["percent"] == "85"
    assert any("85 % of 20 calls of pull" in m["text"] for m in simulator.messages(OTIENO.msisdn))

    clock.advance(minutes=16)
    calls("pull", worked=18, broke=2)
    run_worker()
    clock.advance(seconds=30)
    run_worker()
    assert told() == ["provider.success_rate_low", "provider.success_rate_recovered"]

    clock.advance(minutes=16)
    calls("pull", worked=0, broke=20)
    clock.advance(seconds=30)
    run_worker()
    assert told().count("provider.success_rate_low") == 2


def test_few_calls_say_nothing_and_a_percentage_of_zero_asks_for_none(
    clock: Any, run_worker: Run, settings: Any
) -> None:
    calls("pull", worked=0, broke=19)
    run_worker()
    assert told() == []

    settings.SUCCESS_RATE_ALERT_PERCENT = 0
    calls("pull", worked=0, broke=100)
    clock.advance(seconds=30)
    run_worker()
    assert told() == []


def test_the_command_shows_what_is_held_back_and_fails_then(capsys: Any, clock: Any, run_worker: Run) -> None:
    calls("pull", worked=19, broke=1)
    run_worker()
    assert main(["providers"]) == 0
    assert "pull closed" in " ".join(capsys.readouterr().out.split())

    Circuit.objects.create(
        operation="b2c", state="open", failures=6, since=clock.now(), opened_at=clock.now()
    )
    assert main(["providers", "--json"]) == 1
    b2c, pull = json.loads(capsys.readouterr().out)["operations"]
    assert (b2c["state"], b2c["since"], b2c["failures"], b2c["success_percent"]) == (
        "open",
        "2026-11-23T09:00:00+00:00",
        6,
        None,
    )
    assert (pull["calls"], pull["success_percent"], pull["rate_is_low"]) == (20, 95, False)
