"""M-Pesa refuses our initiator: one wrong word stops all that it signs, questions too, before its user is locked."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from zemi.cli import float as command
from zemi.common.money import kes
from zemi.disbursements import switch
from zemi.disbursements.models import Dispatcher
from zemi.events.models import Event
from zemi.notifications.models import OperatorAlert
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import Accepted, Reason, Refused, Unknown
from zemi.refunds.models import Refund
from zemi.staff.dispatch import start_sending, stop_sending
from zemi.staff.request import request_action
from zemi.topups.balances import ask_balances
from zemi.topups.errors import CredentialsRefused
from zemi.topups.models import BalanceReading, TopUp
from zemi.topups.move import top_up

Run = Callable[[], int]
STATUS, BALANCE, TOP_UP = (
    "/mpesa/transactionstatus/v1/query",
    "/mpesa/accountbalance/v1/query",
    "/mpesa/b2b/v1/paymentrequest",
)


@pytest.fixture
def silent(simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout that was made, and of which nobody told."""
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    simulator.fault("b2c_result_lost", count=1)
    run_worker()
    payout = Payout.objects.get()
    assert payout.status == "submitted"
    return payout


@pytest.fixture
def asked(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all calls from now on."""
    from zemi.providers.mpesa import client

    real, calls = client.http_client.send, []

    def send(method: str, url: str, **more: Any) -> Any:
        calls.append(url[url.index("/", 8) :])
        return real(method, url, **more)

    monkeypatch.setattr(client.http_client, "send", send)
    return calls


def change_password(simulator: Any) -> Any:
    """Somebody gives the initiator a new password, and Zemi keeps the old one; answers how to undo it."""
    before = simulator.config()["initiator_password"]
    simulator.set_initiator_password("Simulator#2027")
    return lambda: simulator.set_initiator_password(before)


def stopped_by() -> dict[str, str]:
    return dict(Dispatcher.objects.filter(stopped_at__isnull=False).values_list("name", "stopped_by"))


def wait(clock: Any, run_worker: Run, *, hours: int) -> None:
    for _ in range(hours):
        clock.advance(hours=1)
        run_worker()
        clock.advance(seconds=10)
        run_worker()


def start(clock: Any, *kinds: str) -> None:
    start_sending(kinds=kinds or switch.KINDS, by="Wanjiku", reason="a new password", now=clock.now())


BOTH = {"payout": "provider", "refund": "provider"}


def test_a_question_that_is_refused_stops_all_and_is_asked_again_when_staff_start(
    silent: Payout, simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    mend = change_password(simulator)

    wait(clock, run_worker, hours=25)

    assert asked.count(STATUS) == 1
    assert not simulator.initiator()["locked"]
    assert stopped_by() == BOTH
    assert OperatorAlert.objects.filter(kind="alert.dispatcher_stopped").count() == 1
    silent.refresh_from_db()
    assert (silent.status, silent.due_at is None) == ("needs_attention", False)
    assert PayoutAttempt.objects.get().status == "unknown"

    mend()
    start(clock)
    wait(clock, run_worker, hours=24)

    silent.refresh_from_db()
    assert silent.status == "succeeded"
    assert asked.count(STATUS) == 2
    assert stopped_by() == {}


def test_a_question_is_not_lost_however_long_nobody_mends(
    silent: Payout, simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    """After eight days of silence nothing is asked any more; but here nobody asked."""
    mend = change_password(simulator)
    wait(clock, run_worker, hours=1)
    for _ in range(12):
        clock.advance(hours=24)
        run_worker()
    Payout.objects.update(tries=20)
    clock.advance(hours=24)
    run_worker()

    mend()
    start(clock)
    clock.advance(hours=24)
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    assert asked.count(STATUS) == 2
    silent.refresh_from_db()
    assert silent.status == "succeeded"


def test_what_staff_stopped_is_still_asked_about(
    silent: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    stop_sending(kinds=switch.KINDS, by="Wanjiku", reason="something is wrong", now=clock.now())

    wait(clock, run_worker, hours=1)

    silent.refresh_from_db()
    assert silent.status == "succeeded"
    assert stopped_by() == {"payout": "Wanjiku", "refund": "Wanjiku"}


def test_what_staff_stopped_the_provider_stops_too(
    silent: Payout, simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    stop_sending(kinds=("payout",), by="Wanjiku", reason="something is wrong", now=clock.now())
    change_password(simulator)

    wait(clock, run_worker, hours=3)

    assert asked.count(STATUS) == 1
    assert stopped_by() == BOTH
    reason = Dispatcher.objects.get(name="payout").stop_reason
    assert reason.startswith("2001 ")
    assert reason.endswith("(before that Wanjiku: something is wrong)")
    # Nobody turns it back into a person's stop, after which questions would go on.
    stop_sending(kinds=("payout",), by="Otieno", reason="to be sure", now=clock.now())
    assert stopped_by() == BOTH


def test_of_two_kinds_the_one_that_was_started_asks(
    silent: Payout, simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    mend = change_password(simulator)
    wait(clock, run_worker, hours=1)
    mend()

    start(clock, "payout")
    wait(clock, run_worker, hours=2)

    silent.refresh_from_db()
    assert silent.status == "succeeded"
    with pytest.raises(CredentialsRefused):
        ask_balances(now=clock.now())


def test_a_balance_that_is_refused_stops_all(
    simulator: Any, clock: Any, run_worker: Run, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    change_password(simulator)
    ask_balances(now=clock.now())
    clock.advance(seconds=10)
    run_worker()

    assert stopped_by() == BOTH
    assert {row.problem[:4] for row in BalanceReading.objects.all()} == {"2001"}
    options = {"collection": 0, "disbursement": 0, "top_up": None, "ask": True, "show": False}
    assert command.run(Namespace(**options)) == 1
    assert "refuses our credentials" in capsys.readouterr().err
    # Of both shortcodes it had been asked before the first answer.
    assert asked.count(BALANCE) == 2


def test_a_top_up_that_is_refused_stops_all(
    simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    story.push(story.create_order().data["order_reference"], phone=AMINA)
    clock.advance(seconds=5)
    run_worker()
    change_password(simulator)
    top_up(amount=kes(1_000), now=clock.now())
    clock.advance(seconds=10)
    run_worker()

    assert (TopUp.objects.get().status, stopped_by()) == ("failed", BOTH)
    with pytest.raises(CredentialsRefused):
        top_up(amount=kes(1_000), now=clock.now())
    assert asked.count(TOP_UP) == 1
    assert TopUp.objects.count() == 1


def test_a_reversal_that_is_refused_stops_all_but_what_comes_in(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """Prompts are not signed by the initiator."""
    change_password(simulator)
    first = str(story.create_order().data["order_reference"])
    story.push(first)
    clock.advance(seconds=5)
    run_worker()
    payload = {"order": first, "amount": "1500.00", "bearer": "seller"}
    request_action("refund", payload, maker="Wanjiku", reason="out of stock", now=clock.now())
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    assert stopped_by() == BOTH
    assert Refund.objects.get().status in {"queued", "held"}
    second = str(story.create_order(buyer=OTIENO, amount="700.00").data["order_reference"])
    assert story.push(second, phone=OTIENO, amount="700.00").status == 200
    wait(clock, run_worker, hours=2)
    assert story.read_order(second)["status"] == "paid"
    assert not simulator.initiator()["locked"]


def test_a_confirmation_that_proves_nothing_is_not_asked_about_either(
    simulator: Any, clock: Any, run_worker: Run, asked: list[str]
) -> None:
    change_password(simulator)
    tell_openly(simulator, "FORGED0001")
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert (asked.count(STATUS), stopped_by()) == (1, BOTH)

    wait(clock, run_worker, hours=3)

    assert asked.count(STATUS) == 1


def tell_openly(simulator: Any, receipt: str) -> None:
    """A confirmation on the open address, which anybody knows."""
    body = {
        "TransactionType": "Pay Bill",
        "TransID": receipt,
        "TransTime": "20261123120000",
        "TransAmount": "1500.00",
        "BusinessShortCode": simulator.config()["shortcode"],
        "BillRefNumber": "",
        "MSISDN": BARAKA.msisdn,
    }
    assert story.post("/api/webhooks/mpesa", body).status == 200


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("0"),
        Unknown("17", "System internal error."),
        Refused(Reason.FLOAT_LOW, "1"),
        Unknown("21", "not allowed", Reason.ROLE_MISSING),
    ],
)
def test_no_other_word_stops_anything(outcome: Any, clock: Any) -> None:
    from zemi.common.db import unit_of_work

    with unit_of_work():
        switch.stop_if_refused(outcome, now=clock.now())

    assert stopped_by() == {}
    assert not Event.objects.filter(type="dispatcher.stopped").exists()
