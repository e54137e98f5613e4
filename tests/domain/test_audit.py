"""The audit names what is wrong. Each corruption is made by hand, past every rule, and must be found and named."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA
from tests.conftest import triggers_off
from tests.story import problems
from zemi.cli import audit as command
from zemi.ledger import chart
from zemi.ledger.models import Account, Transfer
from zemi.orders.models import Order
from zemi.payments.models import Receipt
from zemi.payouts.models import Payout
from zemi.reconciliation.audit import audit_books
from zemi.reconciliation.opening import ensure_opening_float
from zemi.releases.models import Release

pytestmark = pytest.mark.django_db


def test_a_balance_that_was_changed_is_named(books: Any) -> None:
    account = Account.objects.get(code=chart.ESCROW.code, balance_minor=150_000)
    Account.objects.filter(pk=account.pk).update(balance_minor=149_999)

    found = problems()

    assert f"account 2100[{account.of}]: kept 1499.99, transfers say 1500.00" in found


def test_an_order_whose_status_and_money_disagree_is_named(books: Any) -> None:
    order = Order.objects.get(status="paid")
    Order.objects.filter(pk=order.pk).update(status="completed", completed_at=order.paid_at)

    assert problems() == [
        f"{order} is completed and holds 1500.00, not 0.00",
        f"order {order.id} is completed, and its events did not lead there",
    ]


def test_money_that_was_received_and_is_nowhere_is_named(books: Any) -> None:
    receipt = Receipt.objects.get(order__status="paid")
    with triggers_off():
        Receipt.objects.filter(pk=receipt.pk).update(amount_minor=160_000, allocated_minor=160_000)

    assert problems() == [f"{receipt.order}: received 1600.00, held 1500.00, released 0.00"]


def test_a_release_that_never_was_is_named(books: Any) -> None:
    release = Release.objects.get()
    Release.objects.filter(pk=release.pk).update(amount_minor=140_000)

    found = problems()

    assert f"{release.order}: received 1500.00, held 0.00, released 1400.00" in found
    assert any("releases less payouts say" in problem for problem in found)


def test_a_payout_that_is_open_without_money_in_flight_is_named(books: Any) -> None:
    payout = Payout.objects.get()
    with triggers_off():
        Payout.objects.filter(pk=payout.pk).update(status="submitted")

    assert problems() == [
        f"payout {payout.id} is submitted and 0.00 is in flight, not 1500.00",
        f"payout {payout.id} has not ended, and nobody will look at it again",
        f"payout {payout.id} is submitted, and its events did not lead there",
    ]


def test_money_in_flight_for_nobody_and_for_no_order_is_named(books: Any) -> None:
    with triggers_off():
        Account.objects.filter(code=chart.PAYOUTS_IN_FLIGHT.code).update(of="somebody", balance_minor=5)
        Account.objects.filter(code=chart.ESCROW.code, balance_minor=0).update(of="nothing", balance_minor=7)
        Account.objects.filter(code=chart.SELLER_PAYABLE.code).update(of="nobody")

    found = problems()

    assert "in flight for unknown payout somebody: 0.05" in found
    assert "escrow of unknown order nothing: 0.07" in found


def test_an_unallocated_receipt_without_its_money_is_named(books: Any) -> None:
    receipt = Receipt.objects.get(order__status="paid")
    with triggers_off():
        Receipt.objects.filter(pk=receipt.pk).update(allocated_minor=0)
        Account.objects.filter(code=chart.ESCROW.code, balance_minor=0).update(
            code=chart.UNALLOCATED.code, of="x", balance_minor=3
        )

    found = problems()

    assert f"receipt {receipt.id} of 1500.00 is not in the unallocated receipts" in found
    assert "unallocated money of unknown receipt x: 0.03" in found


def test_an_event_that_should_have_moved_money_and_did_not_is_named(books: Any, clock: Any) -> None:
    from zemi.common.db import append, unit_of_work
    from zemi.events.models import Event

    order = Order.objects.get(status="paid")
    with unit_of_work():
        event = Event(
            type="receipt.allocated",
            subject_type="payment",
            subject_id=order.id,
            actor="test",
            at=clock.now(),
        )
        append(event)

    assert problems() == [f"event receipt.allocated {event.id} booked nothing"]


def test_money_that_only_the_provider_knows_of_is_named(books: Any) -> None:
    books.book_payment(msisdn=AMINA.msisdn, amount="20.00", shortcode="174379")

    assert problems() == ["account 1100[174379]: ours 3000.00, on the way 0.00, provider's 3020.00"]


def test_books_of_the_provider_that_are_not_sound_are_named(books: Any) -> None:
    store = books.wsgi._state.store
    with store.transaction():
        store.run("UPDATE accounts SET balance = balance + 100 WHERE name = ?", f"wallet:{AMINA.msisdn}")

    assert problems() == ["the provider's books sum to 1.00"]


def test_money_under_way_is_told_from_money_that_is_missing(
    books: Any, clock: Any, run_worker: Callable[[], int]
) -> None:
    order = story.create_order(amount="700").data
    books.hold_callbacks = True
    story.push(order["order_reference"], amount="700")
    clock.advance(seconds=5)
    books.run_due()

    checks = {check.name: check for check in audit_books()}

    provider = checks["the provider's books agree"]
    assert provider.problems == []
    assert provider.figures["1100[174379]"] == "ours 3000.00, provider's 3700.00, not yet settled 700.00"


def test_a_payout_under_way_is_told_too(books: Any, clock: Any, run_worker: Callable[[], int]) -> None:
    order = story.create_order(amount="700").data
    story.simulate_payment(order["order_reference"], "PAID0700", "700")
    story.confirm(order["order_reference"], order["delivery_code"])
    books.hold_callbacks = True
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    provider = audit_books()[-1]

    assert provider.problems == []
    assert provider.figures["1110[600000]"].endswith("not yet settled -705.00")


def test_books_that_were_not_opened_do_not_agree(db: None, simulator: Any) -> None:
    assert problems() == ["account 1110[600000]: ours 0.00, on the way 0.00, provider's 10000000.00"]


def test_the_float_is_opened_once(books: Any, clock: Any) -> None:
    before = Transfer.objects.count()

    assert ensure_opening_float(now=clock.now()) == story.FLOAT

    assert Transfer.objects.count() == before


def test_cash_that_does_not_cover_client_money_is_named(books: Any, clock: Any) -> None:
    from zemi.common.db import append, unit_of_work
    from zemi.common.money import kes
    from zemi.events.models import Event
    from zemi.ledger.posting import Line, post

    with unit_of_work():
        event = Event(
            type="float.opened",
            subject_type="account",
            subject_id=Order.objects.first().id,
            actor="test",
            at=clock.now(),
        )
        append(event)
        post(
            event,
            Line("drain", "1", chart.own_float("600000"), chart.disbursement("600000"), kes(10_000_000)),
        )

    found = problems()

    assert any(problem.startswith("account 1110[600000] is overdrawn") for problem in found)
    assert any("does not cover client money" in problem for problem in found)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_says_0_for_all_is_well_1_for_wrong_2_for_unchecked(
    books: Any, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    import argparse
    import json

    from zemi.common import http_client

    args = argparse.Namespace(json=as_json, no_provider=False)
    assert command.run(args) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["result"] == "ok" if as_json else "The books agree." in printed

    Order.objects.filter(status="paid").update(amount_minor=200_000)
    assert command.run(args) == 1
    printed = capsys.readouterr().out
    assert json.loads(printed)["result"] == "wrong" if as_json else "NOT agree" in printed

    http_client.use_transport(None)
    assert command.run(args) == 2
    assert "could not be checked" in capsys.readouterr().out
