"""The sandbox's own addresses: every deadline in seconds, every outcome by its name."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.api.conftest import AMINA, Api
from zemi.__main__ import main
from zemi.cli import clock as command
from zemi.cli.trigger import SCENARIO_OF
from zemi.common import clock as product_clock
from zemi.common import http_client
from zemi.events.models import Event
from zemi.orders.models import Order
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout
from zemi.providers.errors import ProviderNotReady
from zemi.sandbox import sale
from zemi.sandbox.clock import MOST_AT_ONCE, advance_clock
from zemi.sandbox.errors import ClockNotMoved
from zemi.sandbox.scenarios import SCENARIOS, run_scenario

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CLOCK, ADVANCE = "/api/v1/test/clock", "/api/v1/test/clock/advance"
LIST, RUN = "/api/v1/test/scenarios", "/api/v1/test/scenarios/run"

# Scenario -> what the order, its payment and its payout have become when the worker has done what was due, and when
# an hour has passed, in three steps.
ENDS = {
    "order_created": [("awaiting_payment", None, None)] * 2,
    "order_paid": [("paid", "completed", None)] * 2,
    "order_completed": [("completed", "completed", "submitted"), ("completed", "completed", "succeeded")],
    "order_expired": [("expired", None, None)] * 2,
    "order_cancelled": [("cancelled", None, None)] * 2,
    "order_refunded": [("cancelled", "completed", None), ("refunded", "completed", None)],
    "cancel_asked": [("paid", "completed", None)] * 2,
    "cancel_agreed": [("cancelled", "completed", None), ("refunded", "completed", None)],
    "cancel_declined": [("paid", "completed", None)] * 2,
    "cancel_withdrawn": [("paid", "completed", None)] * 2,
    "cancel_lapsed": [("paid", "completed", None)] * 2,
    "part_paid": [("awaiting_payment", None, None)] * 2,
    "paid_too_much": [("paid", None, None)] * 2,
    "paid_a_little": [("expired", None, None)] * 2,
    "receipt_claimed": [("paid", None, None)] * 2,
    "payment_reversed": [("cancelled", "reversed", None)] * 2,
    "order_clawed_back": [("completed", "reversed", "cancelled")] * 2,
    "payment_pays": [("awaiting_payment", "pending", None), ("paid", "completed", None)],
    "payment_cancelled": [("awaiting_payment", "pending", None), ("awaiting_payment", "failed", None)],
    "payment_no_balance": [("awaiting_payment", "pending", None), ("awaiting_payment", "failed", None)],
    "payment_wrong_pin": [("awaiting_payment", "pending", None), ("awaiting_payment", "failed", None)],
    "payment_unreachable": [("awaiting_payment", "pending", None), ("awaiting_payment", "failed", None)],
    "payment_unknown": [("awaiting_payment", "unknown", None), ("paid", "completed", None)],
    "callback_lost": [("awaiting_payment", "pending", None), ("paid", "completed", None)],
    "callback_twice": [("awaiting_payment", "pending", None), ("paid", "completed", None)],
    "payout_failed": [("completed", "completed", "submitted"), ("completed", "completed", "failed")],
    "payout_unknown": [("completed", "completed", "submitted"), ("completed", "completed", "succeeded")],
    "payout_answer_lost": [("completed", "completed", "unknown"), ("completed", "completed", "succeeded")],
    "payout_held": [("completed", "completed", "submitted"), ("completed", "completed", "succeeded")],
    "payout_cancelled": [("completed", "completed", "cancelled")] * 2,
    "refund_failed": [("paid", None, None)] * 2,
    "refund_held": [("paid", None, None)] * 2,
    "refund_unknown": [("paid", None, None)] * 2,
    "link_sold": [("awaiting_payment", None, None)] * 2,
    "link_used_up": [("awaiting_payment", None, None)] * 2,
    "link_reopened": [("cancelled", None, None)] * 2,
    "link_disabled": [("awaiting_payment", None, None)] * 2,
    "link_expired": [("awaiting_payment", None, None)] * 2,
}


@pytest.fixture
def key(make_key: Any) -> str:
    text: str = make_key("orders", "read")
    return text


def test_a_days_deadlines_pass_in_two_calls(api: Api, key: str, simulator: Any, run_worker: Any) -> None:
    order = api.create()
    path = f"/api/orders/{order['order_reference']}"
    before = api.get(CLOCK, key=key).data

    api.post(ADVANCE, {"seconds": 13 * 3600}, key=key)
    run_worker()

    texts = [message["text"] for message in simulator.messages(AMINA)]
    assert len(texts) == 1, "the reminder at half of its time"
    assert api.get(path).data["status"] == "awaiting_payment"

    after = api.post(ADVANCE, {"seconds": 12 * 3600}, key=key).data
    run_worker()

    assert api.get(path).data["status"] == "expired"
    assert (before["ahead_s"], after["ahead_s"]) == (0, 25 * 3600)
    assert simulator.now() == product_clock.now(), "the simulator's clock goes along"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, "out_of_range"), (-1, "out_of_range"), (34_560_001, "out_of_range"), ("60", "not_whole")],
)
def test_the_clock_is_not_moved_back_or_too_far(
    api: Api, key: str, simulator: Any, seconds: Any, code: str
) -> None:
    answer = api.post(ADVANCE, {"seconds": seconds}, key=key)

    assert answer.status == 400
    assert answer.body["details"]["errors"][0]["code"] == code
    assert api.get(CLOCK, key=key).data["ahead_s"] == 0


def test_it_ends_ten_years_ahead(api: Api, key: str, simulator: Any) -> None:
    answers = [api.post(ADVANCE, {"seconds": 400 * 86_400}, key=key) for _ in range(10)]

    assert [answer.status for answer in answers] == [200] * 9 + [400]
    assert answers[-1].body["code"] == "clock_not_moved"
    assert simulator.now() == product_clock.now()


def test_without_the_simulator_nothing_is_moved(api: Api, key: str, simulator: Any) -> None:
    http_client.use_transport(None)

    clock, scenario = (
        api.post(ADVANCE, {"seconds": 60}, key=key),
        api.post(RUN, {"scenario": "payout_failed"}, key=key),
    )

    assert (clock.status, scenario.status) == (503, 503)
    assert clock.body["code"] == scenario.body["code"] == "provider_not_ready"
    assert api.get(CLOCK, key=key).data["ahead_s"] == 0
    assert not Order.objects.exists()


@pytest.mark.parametrize("then_s", [3600, 60, 7200])
def test_after_a_lost_answer_the_next_call_sets_both_clocks_to_one_time(
    api: Api, key: str, simulator: Any, clock: Any, then_s: int
) -> None:
    http_client.use_transport(_LosesAnswers(simulator))
    lost = api.post(ADVANCE, {"seconds": 3600}, key=key)
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))

    assert (lost.status, api.get(CLOCK, key=key).data["ahead_s"]) == (503, 0)
    assert simulator.now() == product_clock.now() + timedelta(hours=1)

    moved = api.post(ADVANCE, {"seconds": then_s}, key=key)

    # Neither goes back: where the simulator is further, the product follows it.
    assert moved.data["ahead_s"] == max(3600, then_s)
    assert simulator.now() == product_clock.now() == clock.now() + timedelta(seconds=max(3600, then_s))


def test_a_simulator_beyond_ten_years_is_not_followed(api: Api, key: str, simulator: Any) -> None:
    simulator.advance(timedelta(days=3651).total_seconds())

    answer = api.post(ADVANCE, {"seconds": 60}, key=key)

    assert (answer.status, answer.body["code"]) == (400, "clock_not_moved")
    assert api.get(CLOCK, key=key).data["ahead_s"] == 0


def test_strangers_neither_move_the_clock_nor_play(api: Api, make_key: Any, simulator: Any) -> None:
    assert api.post(ADVANCE, {"seconds": 60}).status == 401
    assert api.post(RUN, {"scenario": "order_paid"}).status == 401
    assert api.get(CLOCK).status == api.get(LIST).status == 401
    assert api.post(ADVANCE, {"seconds": 60}, key=make_key("read")).status == 403
    assert product_clock.ahead().total_seconds() == 0


def test_every_scenario_is_listed_and_has_an_end_that_is_tested(api: Api, key: str) -> None:
    listed = api.get(LIST, key=key).data["scenarios"]

    assert [each["name"] for each in listed] == list(SCENARIOS) == list(ENDS)
    assert all(each["meaning"] for each in listed)


@pytest.mark.parametrize("name", ENDS)
def test_a_scenario_comes_to_its_end(api: Api, key: str, simulator: Any, run_worker: Any, name: str) -> None:
    played = api.post(RUN, {"scenario": name}, key=key)
    run_worker()

    assert played.status == 201
    assert played.data["meaning"] == SCENARIOS[name].meaning
    order = Order.objects.get(order_reference=played.data["order_reference"])
    assert order.merchant is not None
    assert _ends(order) == ENDS[name][0]

    for seconds in (60, 3600, 60):
        api.post(ADVANCE, {"seconds": seconds}, key=key)
        run_worker()

    assert _ends(order) == ENDS[name][1]


@pytest.mark.parametrize("event", ["order.expired", "order.cancel_lapsed", "link.expired", "refund.credited"])
def test_what_needs_a_moved_clock_happens(
    api: Api, key: str, simulator: Any, run_worker: Any, event: str
) -> None:
    assert api.post(RUN, {"scenario": SCENARIO_OF[event]}, key=key).status == 201
    run_worker()

    assert Event.objects.filter(type=event).exists()


def test_what_the_simulator_does_not_move_is_booked_nowhere(
    simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its books have that receipt already.
    monkeypatch.setattr(sale.secrets, "token_hex", lambda size: "0" * 2 * size)
    simulator.book_payment(msisdn=AMINA, amount="10.00", shortcode="174379", receipt="SC00000000")

    with pytest.raises(ProviderNotReady):
        run_scenario("paid_too_much")

    order = Order.objects.get()
    assert (order.status, order.received_minor) == ("awaiting_payment", 0)
    assert not Receipt.objects.exists()


def test_nobody_moves_the_clock_by_years_at_once(simulator: Any) -> None:
    with pytest.raises(ClockNotMoved):
        advance_clock(MOST_AT_ONCE + timedelta(seconds=1))
    assert product_clock.ahead().total_seconds() == 0


def test_an_unknown_scenario_is_told_the_known_ones(api: Api, key: str, simulator: Any) -> None:
    answer = api.post(RUN, {"scenario": "world_peace"}, key=key)

    assert answer.status == 404
    assert answer.body["code"] == "scenario_unknown"
    assert "order_expired" in answer.body["error"]
    assert not Order.objects.exists()


def test_the_command_moves_the_same_clock(simulator: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clock", "advance", "25h"]) == 0
    assert "1 day, 1:00:00 ahead" in capsys.readouterr().out
    assert main(["clock", "show", "--json"]) == 0
    assert '"ahead_s": 90000' in capsys.readouterr().out
    assert main(["clock", "advance", "0s"]) == 1
    assert "doesn't run backwards" in capsys.readouterr().err
    for written in ("yesterday", "-1h", "1.5h", ""):
        with pytest.raises(SystemExit):
            main(["clock", "advance", written])


def test_live_mode_has_no_such_command(
    simulator: Any, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LIVE = True

    assert command.run(command.argparse.Namespace(action="show", json=False)) == 2
    assert "nobody moves it" in capsys.readouterr().err


class _LosesAnswers(httpx2.WSGITransport):
    """Carries each request to the simulator, and no answer back."""

    def __init__(self, simulator: Any) -> None:
        super().__init__(app=simulator.wsgi)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        super().handle_request(request)
        raise httpx2.ReadTimeout("lost on its way", request=request)


def _ends(order: Order) -> tuple[str, str | None, str | None]:
    order.refresh_from_db()
    payment, payout = Payment.objects.filter(order=order).first(), Payout.objects.filter(order=order).first()
    return str(order.status), payment and str(payment.status), payout and str(payout.status)
