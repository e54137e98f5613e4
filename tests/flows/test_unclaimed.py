"""Money that nobody asks for: set apart after the time of the rule, and given out when its owner comes (DOMAIN P14)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests import story
from tests.characters import AMINA, OTIENO
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from tests.story import FLOAT, code_for, escrow_of, ledger, order_of, post
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.disbursements.change import cancel
from zemi.disbursements.locks import lock_disbursement
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.locks import lock_order
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Receipt
from zemi.payouts.models import Payout
from zemi.providers.base import C2BReceipt
from zemi.reconciliation.models import AuditRun
from zemi.releases.release import release_instantly
from zemi.releases.reversal import record_pay_in_reversal
from zemi.staff.actions import run as run_action
from zemi.staff.errors import BadRequestOfStaff
from zemi.staff.queue import waiting_for_people
from zemi.unclaimed.apart import _set_apart, set_apart_idle_balances
from zemi.unclaimed.models import UnclaimedBalance

Run = Callable[[], int]
YEARS_2 = 24 * 730


def by_hand(
    simulator: Any, clock: Any, *, amount: int = 1_500, reference: str = "", known: bool = False
) -> str:
    sent = simulator.book_payment(msisdn=OTIENO.msisdn, amount=f"{amount}.00", shortcode="174379")
    told = C2BReceipt(
        str(sent["receipt"]), kes(amount), clock.now(), reference, OTIENO if known else None, "174379"
    )
    settle_c2b(told, now=clock.now())
    return told.receipt


def unsold(simulator: Any, clock: Any, run_worker: Run) -> str:
    """A sale whose payout was called off: the money lies on the seller's balance."""
    order = story.create_order().data
    story.push(order["order_reference"])
    clock.advance(seconds=5)
    run_worker()
    story.confirm(order["order_reference"], order["delivery_code"])
    with unit_of_work():
        cancel(lock_disbursement(Payout, Payout.objects.get().id), actor="x", now=clock.now())
    return str(order["order_reference"])


def test_money_of_an_unknown_payer_is_set_apart_after_thirty_days_and_may_still_be_claimed(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    number = by_hand(simulator, clock)
    clock.advance(hours=24 * 30)
    run_worker()
    receipt = Receipt.objects.get()
    assert (receipt.status, ledger()[2800]) == ("written_to_unclaimed", kes(1_500))
    assert 2500 not in ledger()

    reference = story.create_order(buyer=AMINA).data["order_reference"]
    answer = post(
        "/api/v1/receipts/claim",
        {
            "receipt_number": number,
            "order_reference": reference,
            "phone_number": OTIENO.msisdn,
            "otp": code_for(OTIENO, "claim_receipt"),
        },
    )
    assert answer.data["status"] == "claimed"

    assert (order_of(reference).status, escrow_of(reference)) == ("paid", kes(1_500))
    assert 2800 not in ledger()


def test_the_provider_takes_back_what_was_set_apart(simulator: Any, clock: Any, run_worker: Run) -> None:
    number = by_hand(simulator, clock)
    clock.advance(hours=24 * 30)
    run_worker()
    theirs = simulator.reverse_pay_in(number)

    record_pay_in_reversal(
        receipt_number=number,
        reversal_number=str(theirs["receipt"]),
        amount=kes(1_500),
        actor="x",
        now=clock.now(),
    )

    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_sellers_balance_is_set_apart_after_two_years_and_put_back_by_two_people(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    seller = order_of(unsold(simulator, clock, run_worker)).seller_id
    clock.advance(hours=YEARS_2 - 1)
    run_worker()
    assert balance_of(chart.seller_payable(seller)) == kes(1_500)

    clock.advance(hours=2)
    run_worker()

    assert balance_of(chart.unclaimed(str(seller))) == kes(1_500)
    row = UnclaimedBalance.objects.get()
    assert [waiting.id for waiting in waiting_for_people(now=clock.now())] == [str(row.id)]
    story.assert_books_agree()
    with unit_of_work():
        run_action("return-unclaimed", {"id": str(row.id)}, actor="a+b", now=clock.now())
    assert (balance_of(chart.seller_payable(seller)), ledger().get(2800)) == (kes(1_500), None)
    with pytest.raises(BadRequestOfStaff), unit_of_work():
        run_action("return-unclaimed", {"id": str(UUID(int=1))}, actor="a+b", now=clock.now())


def test_a_payers_credit_is_set_apart_too_and_what_moves_is_not(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    by_hand(simulator, clock, amount=1_509, reference=reference, known=True)
    assert ledger()[2400] == kes(9)
    clock.advance(hours=YEARS_2 + 1)
    seller = order_of(unsold_again(clock, reference)).seller_id

    run_worker()

    assert (ledger().get(2400), ledger()[2800]) == (None, kes(9))
    assert balance_of(chart.unclaimed(str(seller))) == kes(0)


def test_after_days_without_a_worker_it_is_set_apart_and_the_audit_has_nothing_to_say(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    unsold(simulator, clock, run_worker)
    clock.advance(hours=YEARS_2 + 48)

    run_worker()

    assert ledger()[2800] == kes(1_500)
    assert [run.problems for run in AuditRun.objects.all()][-1] == []


def unsold_again(clock: Any, reference: str) -> str:
    """Release the order to its seller now, without a payout: that balance has just moved."""
    with unit_of_work():
        release_instantly(lock_order(order_reference=reference), now=clock.now(), actor="x")
    with unit_of_work():
        cancel(lock_disbursement(Payout, Payout.objects.get().id), actor="x", now=clock.now())
    return reference


def test_a_balance_that_moves_in_the_last_moment_stays(simulator: Any, clock: Any, run_worker: Run) -> None:
    seller = order_of(unsold(simulator, clock, run_worker)).seller_id
    account = chart.seller_payable(seller)

    assert _set_apart(account, before=clock.now(), now=clock.now()) == 0
    assert _set_apart(chart.seller_payable(UUID(int=1)), before=clock.now(), now=clock.now()) == 0
    assert set_apart_idle_balances(now=clock.now()) == 0

    assert balance_of(account) == kes(1_500)


def test_the_audit_names_what_waits_longer_than_its_rule_allows(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    unsold(simulator, clock, run_worker)
    by_hand(simulator, clock)
    clock.advance(hours=YEARS_2 + 48)

    found = story.problems()

    assert [problem.partition(" ")[0] for problem in found] == ["receipt", "account"]
    assert "should have gone back" in found[0]
    assert "is not set apart" in found[1]


def test_the_audit_names_credit_and_unclaimed_money_that_is_nobodys(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock)
    clock.advance(hours=24 * 30)
    run_worker()

    with undone(), triggers_off():
        Receipt.objects.update(status="orphan", credited_minor=100)
        found = story.problems()

    assert any("credit 0.00, receipts and refunds say 1.00" in problem for problem in found), found
    assert any(problem.startswith("unclaimed of") for problem in found), found
