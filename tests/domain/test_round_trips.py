"""How often each hot step asks the database: one that asks once more is slower for everybody (../shared SPEED P8).

Pinned exactly, so that a change shows in its diff. BEGIN and COMMIT don't count, nor do the budgets of callers and
phones. What a step appends goes out in one statement on PostgreSQL; on SQLite, where a statement costs no trip, in
one for each table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from tests.conftest import VirtualClock
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.common.work import claim_due
from zemi.disbursements.settle import handle_disburse_callback
from zemi.orders.create import CreatedOrder, create_order
from zemi.payments.collect import start_payment
from zemi.payments.settle import handle_charge_callback
from zemi.payouts.disburse import work_on_due_payouts
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.reconciliation.opening import ensure_opening_float
from zemi.releases.confirm import confirm_delivery
from zemi.webhooks import inbox
from zemi.webhooks.models import WebhookLog

# Each step in transactions of its own, as in production.
pytestmark = pytest.mark.django_db(transaction=True)

# Read once a second and written once in five, however many calls there are.
_NOW_AND_THEN = ("trust_budget", "events_listener", "providers_circuit", "providers_callcount")
_UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def round_trips(*, postgresql: int, sqlite: int) -> Iterator[None]:
    """Fail, and show the statements, unless exactly so many are sent."""
    with CaptureQueriesContext(connection) as captured:
        yield
    sent = [query["sql"].strip() for query in captured.captured_queries]
    counted = [
        words
        for words in sent
        if not words.startswith(_UNCOUNTED) and not any(name in words for name in _NOW_AND_THEN)
    ]
    shown = "\n".join(f"{number}. {' '.join(words.split())[:160]}" for number, words in enumerate(counted, 1))
    expected = {"postgresql": postgresql, "sqlite": sqlite}[connection.vendor]
    assert len(counted) == expected, f"{len(counted)} round trips instead of {expected}:\n{shown}"


class Sale:
    """Amina buys from Baraka, one step at a time."""

    def __init__(self, simulator: Any, clock: VirtualClock) -> None:
        self._simulator, self._clock = simulator, clock
        # The provider's token is got before anything is counted.
        ensure_opening_float(now=clock.now())
        registry.mobile_money()

    def create(self, *, buyer: Phone = AMINA, seller: Phone = BARAKA) -> CreatedOrder:
        return create_order(
            buyer_phone=buyer,
            seller_phone=seller,
            amount=kes(1_500),
            product_description="iPhone 13",
            now=self._clock.now(),
        )

    def push(self, created: CreatedOrder, *, buyer: Phone = AMINA) -> None:
        start_payment(
            order_reference=created.order.order_reference, payer_phone=buyer, amount=kes(1_500),
            description="iPhone 13", caller="test", now=self._clock.now(),
        )  # fmt: skip

    def callback(self) -> WebhookLog:
        """Let M-Pesa call back, and claim what it said."""
        now = self._clock.advance(seconds=5)
        self._simulator.run_due()
        [row] = claim_due(WebhookLog, now=now, limit=1)
        return row

    def settle(self, row: WebhookLog) -> None:
        result = registry.mobile_money().read_charge_callback(row.body)
        handle_charge_callback(row, result, now=self._clock.now())

    def confirm(self, created: CreatedOrder) -> None:
        confirm_delivery(
            order_reference=created.order.order_reference, delivery_code=created.delivery_code or "",
            caller="address:192.0.2.1", now=self._clock.now(),
        )  # fmt: skip

    def pay_out(self) -> None:
        work_on_due_payouts(now=self._clock.now())

    def settle_payout(self, row: WebhookLog) -> None:
        result = registry.mobile_money().read_disburse_callback(row.body)
        handle_disburse_callback(row, result, models=(PayoutAttempt,), now=self._clock.now())

    def until_confirmed(self, *, buyer: Phone = AMINA, seller: Phone = BARAKA) -> CreatedOrder:
        created = self.create(buyer=buyer, seller=seller)
        self.push(created, buyer=buyer)
        self.settle(self.callback())
        self.confirm(created)
        return created


@pytest.fixture
def sale(simulator: Any, clock: VirtualClock) -> Sale:
    return Sale(simulator, clock)


def test_creating_an_order(sale: Sale) -> None:
    with round_trips(postgresql=3, sqlite=4):
        sale.create()


def test_sending_a_prompt(sale: Sale) -> None:
    # The first prompt of all gets the provider's token.
    sale.push(sale.create(buyer=CHEBET), buyer=CHEBET)
    created = sale.create()

    with round_trips(postgresql=6, sqlite=6):
        sale.push(created)


def test_taking_a_callback_in(clock: VirtualClock) -> None:
    with round_trips(postgresql=1, sqlite=1):
        inbox.receive(
            webhook_type="mpesa_stk", provider="mpesa", body=b"{}", content_type="application/json",
            user_agent="", source_address="192.0.2.1", subject_id=None, now=clock.now(),
        )  # fmt: skip


def test_settling_a_payment(sale: Sale) -> None:
    sale.push(sale.create())
    row = sale.callback()

    with round_trips(postgresql=6, sqlite=10):
        sale.settle(row)


def test_confirming_a_delivery_with_its_release(sale: Sale) -> None:
    created = sale.create()
    sale.push(created)
    sale.settle(sale.callback())

    with round_trips(postgresql=9, sqlite=11):
        sale.confirm(created)


@pytest.mark.parametrize("payouts", [1, 2])
def test_sending_payouts(sale: Sale, payouts: int) -> None:
    for buyer, seller in ((AMINA, BARAKA), (CHEBET, OTIENO))[:payouts]:
        sale.until_confirmed(buyer=buyer, seller=seller)

    # Claim, sellers and orders are asked for once, however many there are.
    with round_trips(postgresql=3 + 6 * payouts, sqlite=3 + 7 * payouts):
        sale.pay_out()

    assert Payout.objects.filter(status="submitted").count() == payouts


def test_settling_a_payout(sale: Sale) -> None:
    sale.until_confirmed()
    sale.pay_out()
    row = sale.callback()

    with round_trips(postgresql=5, sqlite=8):
        sale.settle_payout(row)

    assert Payout.objects.get().status == "succeeded"
