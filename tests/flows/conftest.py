"""Stories need the whole product: simulator, clock, worker, the opening float in both books."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import story
from tests.story import assert_books_agree, open_books
from zemi.common.money import kes
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.staff.request import request_action

Run = Callable[[], int]


@pytest.fixture(autouse=True)
def stage(
    request: pytest.FixtureRequest, db: None, simulator: Any, clock: Any, run_worker: Run
) -> Iterator[None]:
    """Open the books before a story, and audit them after it."""
    open_books(clock.now())
    yield
    run_worker()
    assert_books_agree(with_provider=request.node.get_closest_marker("provider_differs") is None)


def settle(clock: Any, run_worker: Run, *, minutes: float = 0) -> None:
    """Let what was sent arrive, and what came of it be told."""
    clock.advance(seconds=5, minutes=minutes)
    run_worker()
    clock.advance(seconds=5)
    run_worker()


@pytest.fixture
def queued() -> Payout:
    """A payout that no worker has touched."""
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    return Payout.objects.get()


@pytest.fixture
def owed_refund(simulator: Any, clock: Any, run_worker: Run) -> Refund:
    """A refund of KES 1,500 that waits to be sent to Amina, who paid too long ago for a reversal."""
    reference = str(story.create_order().data["order_reference"])
    assert story.push(reference).status == 200
    clock.advance(seconds=5)
    run_worker()
    clock.advance(hours=25)
    run_worker()
    payload = {"order": reference, "amount": "1500.00", "bearer": "seller"}
    request_action("refund", payload, maker="Wanjiku", reason="out of stock", now=clock.now())
    return Refund.objects.get()


@pytest.fixture
def failed_refund(owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run) -> Refund:
    """The same, refused by M-Pesa: Amina's line is no customer's any more."""
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    owed_refund.refresh_from_db()
    assert (owed_refund.status, story.ledger()[2400]) == ("failed", kes(1_500))
    return owed_refund


@pytest.fixture
def full_refund(owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run) -> Refund:
    """The same, whose payer's wallet is full."""
    simulator.fault("b2c_wallet_full", count=1)
    settle(clock, run_worker)
    owed_refund.refresh_from_db()
    assert (owed_refund.status, owed_refund.held_reason) == ("held", "wallet_full")
    return owed_refund
