"""Confirmations that were lost: the worker pulls M-Pesa's list by itself, and books what it tells, once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests import story
from tests.characters import AMINA, OTIENO
from tests.flows.test_registered import do
from tests.story import FLOAT, assert_books_agree, ledger, order_of
from zemi.common import http_client
from zemi.common.money import kes
from zemi.events.models import Event
from zemi.payments.models import Payment, Receipt
from zemi.reconciliation.models import Pull, ReconciliationItem, StatementImport, StatementLine
from zemi.reconciliation.pull import pull_due_lists

Run = Callable[[], int]
PULL = "/pulltransactions/v1/query"
BEFORE = {1110: FLOAT, 3100: FLOAT}
HELD = BEFORE | {1100: kes(1_500), 2100: kes(1_500)}


class Listener(httpx2.BaseTransport):
    """Passes calls on to the simulator, counts those for the list, and does something while one is under way."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self.inner = inner
        self.pulls = 0
        self.meanwhile: Callable[[], object] | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == PULL:
            self.pulls += 1
            if self.meanwhile is not None:
                self.meanwhile()
        return self.inner.handle_request(request)


@pytest.fixture
def wire(simulator: Any) -> Iterator[Listener]:
    listener = Listener(httpx2.WSGITransport(app=simulator.wsgi))
    http_client.use_transport(listener)
    yield listener
    http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))


@pytest.fixture
def registered(wire: Listener, clock: Any, run_worker: Run) -> None:
    """A paybill that announces payments here and may be pulled; its first pull is done."""
    assert (do("register-c2b"), do("register-pull", OTIENO.e164)) == (0, 0)
    run_worker()
    wire.pulls = 0


def new_order(**how: Any) -> str:
    return str(story.create_order(**how).data["order_reference"])


@pytest.mark.usefixtures("registered")
def test_a_lost_confirmation_is_found_without_a_person_and_booked_once(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.fault("callback_late", api="c2b", delay_s=3600, count=1)
    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=reference)
    run_worker()
    assert (order_of(reference).status, ledger()) == ("awaiting_payment", BEFORE)

    clock.advance(minutes=20)
    run_worker()

    assert order_of(reference).status == "paid"
    assert Receipt.objects.get().payer_phone == AMINA
    assert ledger() == HELD
    assert_books_agree()
    assert Event.objects.filter(type="statement.proved").count() == 1

    # The confirmation comes after all, and the list tells of the money again.
    clock.advance(hours=1)
    run_worker()
    clock.advance(minutes=20)
    run_worker()
    assert Receipt.objects.count() == 1
    assert ledger() == HELD
    assert_books_agree()


@pytest.mark.usefixtures("registered")
def test_a_prompt_whose_callback_is_lost_and_that_no_query_tells_of_is_found_too(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    for api in ("stk", "c2b"):
        simulator.fault("callback_lost", api=api, count=1)
    simulator.fault("http_timeout_after", api="query")
    assert story.push(reference).status == 200
    for _ in range(5):
        clock.advance(minutes=4)
        run_worker()

    assert order_of(reference).status == "paid"
    assert [str(payment.status) for payment in Payment.objects.all()] == ["completed"]
    assert ledger() == HELD
    assert_books_agree()


@pytest.mark.usefixtures("registered")
def test_money_for_nobody_that_the_list_tells_of_is_kept_for_its_payer(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("callback_lost", api="c2b", count=1)
    simulator.pay_bill(msisdn=OTIENO.msisdn, amount="700", account_reference="chama")

    clock.advance(minutes=20)
    run_worker()

    assert (Receipt.objects.get().status, Receipt.objects.get().payer_phone) == ("orphan", OTIENO)
    assert ledger() == BEFORE | {1100: kes(700), 2500: kes(700)}
    assert_books_agree()


@pytest.mark.usefixtures("registered")
def test_money_of_the_last_minutes_is_left_to_its_own_callback(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    clock.advance(minutes=14)
    simulator.fault("callback_lost", api="c2b", count=1)
    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=new_order())
    clock.advance(minutes=2)
    run_worker()
    assert not StatementLine.objects.exists()

    clock.advance(minutes=15)
    run_worker()

    assert StatementLine.objects.get().verdict == "matched"
    assert ledger() == HELD


@pytest.mark.usefixtures("registered")
def test_one_process_asks_at_a_time_and_the_one_that_died_is_followed(
    wire: Listener, simulator: Any, clock: Any
) -> None:
    others: list[int] = []
    wire.meanwhile = lambda: others.append(pull_due_lists(now=clock.now()))
    clock.advance(minutes=15)

    assert pull_due_lists(now=clock.now()) == 1
    assert others == [0] * wire.pulls

    # This one is killed while it waits for the answer.
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    wire.meanwhile = kill
    clock.advance(minutes=15)
    with pytest.raises(Killed):
        pull_due_lists(now=clock.now())
    wire.meanwhile = None
    assert pull_due_lists(now=clock.now()) == 0
    clock.advance(minutes=10)
    assert pull_due_lists(now=clock.now()) == 1
    assert Pull.objects.get().covered_until == clock.now() - timedelta(minutes=5)


def test_what_was_not_registered_is_not_asked_for(wire: Listener, clock: Any, run_worker: Run) -> None:
    run_worker()
    simulated = do("register-pull", "nobody")
    clock.advance(hours=3)
    run_worker()

    assert simulated == 1
    assert (wire.pulls, Pull.objects.count()) == (0, 0)


def test_a_registration_that_was_refused_begins_nothing(
    wire: Listener, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("http_garbage_after", api="pull", count=1)
    assert do("register-pull", OTIENO.e164) == 1
    run_worker()

    assert (wire.pulls, Pull.objects.count()) == (0, 0)


@pytest.mark.usefixtures("registered")
def test_switched_off_it_asks_nothing_and_goes_on_when_it_is_switched_on(
    wire: Listener, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.PULL_EVERY_MIN = 0
    clock.advance(minutes=15)
    run_worker()
    assert wire.pulls == 0

    settings.PULL_EVERY_MIN = 30
    clock.advance(hours=1)
    run_worker()
    assert wire.pulls > 0
    # Told once more, it goes on as it did.
    wire.pulls = 0
    assert do("register-pull", OTIENO.e164) == 0
    run_worker()
    assert (wire.pulls, Pull.objects.get().due_at) == (0, clock.now() + timedelta(minutes=30))


@pytest.mark.usefixtures("registered")
def test_operators_hear_once_of_a_list_that_is_not_told_for_a_day(
    wire: Listener, simulator: Any, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.OPERATOR_PHONES = (OTIENO.e164,)
    since = clock.now() - timedelta(minutes=5)
    reference = new_order()
    simulator.fault("callback_lost", api="c2b", count=1)
    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=reference)
    simulator.fault("http_timeout_after", api="pull")
    for _ in range(13):
        clock.advance(hours=1)
        run_worker()
    assert not Event.objects.filter(type="statement.not_pulled").exists()
    for _ in range(13):
        clock.advance(hours=1)
        run_worker()

    assert Event.objects.filter(type="statement.not_pulled").count() == 1
    assert [text for text in texts(simulator) if "M-Pesa has not told what came in" in text] != []
    assert Pull.objects.get().covered_until == since

    simulator.clear_faults()
    clock.advance(hours=1)
    run_worker()
    # All that was missed is asked for. The order had ended meanwhile, and its money goes back.
    assert Receipt.objects.get().amount == kes(1_500)
    assert Pull.objects.get().covered_until == clock.now() - timedelta(minutes=5)


def texts(simulator: Any) -> list[str]:
    return [str(message["text"]) for message in simulator.messages(OTIENO.msisdn)]


@pytest.mark.usefixtures("registered")
def test_a_sum_that_differs_becomes_an_item_for_a_person(simulator: Any, clock: Any, run_worker: Run) -> None:
    simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=new_order())
    run_worker()
    number = Receipt.objects.get().transaction_id
    StatementLine.objects.create(
        provider="mpesa", receipt=number, direction="in", kind="payment", amount_minor=1_400, currency="KES",
        at=clock.now(),
    )  # fmt: skip
    clock.advance(minutes=20)
    run_worker()

    item = ReconciliationItem.objects.get()
    assert (item.kind, item.receipt, item.theirs_minor, item.ours_minor) == (
        "different",
        number,
        1_400,
        150_000,
    )
    assert ledger() == HELD


@pytest.mark.usefixtures("registered")
def test_pulls_without_a_gap_are_one_row_and_a_gap_begins_another(
    wire: Listener, clock: Any, run_worker: Run, settings: Any
) -> None:
    for _ in range(8):
        clock.advance(minutes=15)
        run_worker()
    told = StatementImport.objects.get()
    assert (told.source, told.covers_until) == ("sweep", clock.now() - timedelta(minutes=5))

    settings.PULL_EVERY_MIN = 0
    clock.advance(hours=60)
    run_worker()
    settings.PULL_EVERY_MIN = 15
    clock.advance(hours=1)
    run_worker()

    spans = StatementImport.objects.order_by("covers_since").values_list("covers_since", "covers_until")
    (_, first_until), (second_since, second_until) = spans
    assert second_since == clock.now() - timedelta(hours=48) > first_until
    assert second_until == clock.now() - timedelta(minutes=5)
