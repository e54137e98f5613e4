"""What two people allow though it can't be so is refused in words: nothing is booked, and no error of the database shows."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.flows.test_reversed_by_provider import by_hand, sold_order
from tests.flows.test_staff import do
from tests.story import FLOAT, ledger
from zemi.common.money import kes
from zemi.payments.models import PayInReversal, Receipt
from zemi.payouts.models import Payout
from zemi.releases.errors import PayInNotReversible
from zemi.staff.errors import BadRequestOfStaff

Run = Callable[[], int]


@pytest.mark.provider_differs
def test_one_reversal_takes_one_receipt_back(simulator: Any, clock: Any) -> None:
    first, second = by_hand(simulator, clock, "chama"), by_hand(simulator, clock, "harambee")
    do("pay-in-reversed", clock, receipt=first, reversal=" rev0000001", amount="1500")

    with pytest.raises(PayInNotReversible):
        do("pay-in-reversed", clock, receipt=second, reversal="REV0000001", amount="1500")

    assert PayInReversal.objects.get().transaction_id == "REV0000001"
    assert ledger() == {1100: kes(1_500), 1110: FLOAT, 2500: kes(1_500), 3100: FLOAT}


@pytest.mark.parametrize("reversal", ["", " ", "X" * 41, "REV 1"])
def test_a_number_is_one_that_mpesa_may_have_given(simulator: Any, clock: Any, reversal: str) -> None:
    number = by_hand(simulator, clock, "chama")

    with pytest.raises(BadRequestOfStaff):
        do("pay-in-reversed", clock, receipt=number, reversal=reversal, amount="1500")

    assert not PayInReversal.objects.exists()


@pytest.mark.parametrize(
    ("debit", "credit", "amount"),
    [
        ("5200:x", "4100", "1e2"),
        ("5200:x", "4100", "0"),
        ("4100", "4100", "1"),
        # More than a seller has, or owes.
        ("2200:01a220d3-f1c2-7283-b836-fb75ceac6da6", "4100", "1"),
        ("5200:x", "1300:01a220d3-f1c2-7283-b836-fb75ceac6da6", "1"),
        ("5200:" + "x" * 65, "4100", "1"),
    ],
)
def test_a_correction_that_can_not_be_booked_is_refused(
    simulator: Any, clock: Any, debit: str, credit: str, amount: str
) -> None:
    with pytest.raises(BadRequestOfStaff):
        do("adjust", clock, debit=debit, credit=credit, amount=amount)

    assert ledger() == {1110: FLOAT, 3100: FLOAT}


@pytest.mark.parametrize("number", ["", "X" * 41, "of the payment"])
def test_what_is_said_to_be_paid_has_a_number_of_its_own(
    simulator: Any, clock: Any, run_worker: Run, number: str
) -> None:
    sold_order(simulator, clock, run_worker, pay_out=False)
    simulator.fault("http_timeout_after", count=1, api="b2c")
    simulator.fault("callback_lost", api="any")
    run_worker()
    clock.advance(minutes=3)
    run_worker()
    if number == "of the payment":
        number = str(Receipt.objects.get().transaction_id)

    with pytest.raises(BadRequestOfStaff):
        do("paid", clock, kind="payout", id=Payout.objects.get().id, receipt=number)

    assert Payout.objects.get().status == "unknown"
    assert story.problems() == []
