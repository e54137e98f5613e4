"""The corners of what goes out: refunds that belong to no order, evidence of a statement, float that is low twice."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, CHEBET
from tests.story import ledger
from zemi.common.errors import ZemiError
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.disbursements.errors import DisbursementNotChangeable
from zemi.disbursements.settle import apply_outcome
from zemi.events.models import Event
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Receipt
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.base import C2BReceipt, Reason, Refused
from zemi.refunds.models import Refund, RefundAttempt
from zemi.staff.request import approve, request_action

Run = Callable[[], int]


@pytest.fixture
def queued(simulator: Any, clock: Any) -> Payout:
    """A payout that no worker has touched."""
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    return Payout.objects.get()


def test_money_that_nobody_claims_goes_back_after_thirty_days(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    paid = simulator.book_payment(
        shortcode="174379", msisdn=AMINA.msisdn, amount="700", receipt="QHAND00001", account_reference="KAMAU"
    )
    told = C2BReceipt(
        receipt=str(paid["receipt"]),
        amount=kes(700),
        at=clock.now(),
        reference="KAMAU",
        payer=AMINA,
        shortcode=registry.mobile_money().collection_account,
    )
    assert settle_c2b(told, now=clock.now()) == "orphan"
    assert ledger()[2500] == kes(700)

    clock.advance(hours=24 * 30)
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    assert Receipt.objects.get().status == "refunded"
    refund = Refund.objects.get()
    assert (refund.status, refund.order_id, refund.reference) == ("succeeded", None, "refund")
    assert RefundAttempt.objects.get().status == "succeeded"
    assert not {2310, 2400, 2500} & set(ledger())


def test_a_refund_whose_payer_is_unknown_names_nobody() -> None:
    refund = Refund(receipt_id=new_key())

    assert refund.has_payee is False
    with pytest.raises(LookupError):
        _ = refund.payee


def test_a_float_that_is_low_twice_in_ten_minutes_is_told_once(
    queued: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.hold_callbacks = True
    other = story.create_order(buyer=CHEBET, seller=AMINA).data
    story.simulate_payment(other["order_reference"], "OTHER00001")
    story.confirm(other["order_reference"], other["delivery_code"])
    run_worker()

    for attempt in PayoutAttempt.objects.all():
        apply_outcome(PayoutAttempt, attempt.id, Refused(Reason.FLOAT_LOW, "1"), now=clock.now())

    assert list(Payout.objects.values_list("held_reason", flat=True)) == ["float_low", "float_low"]
    assert Event.objects.filter(type="dispatcher.float_low").count() == 1


def test_what_has_not_failed_is_not_tried_again_and_what_is_not_there_is_not_called_off(
    queued: Payout, clock: Any
) -> None:
    with pytest.raises(DisbursementNotChangeable):
        request_action(
            "retry", {"kind": "payout", "id": str(queued.id)}, maker="Wanjiku", reason="x", now=clock.now()
        )
    asked = request_action(
        "cancel", {"kind": "refund", "id": str(new_key())}, maker="Wanjiku", reason="x", now=clock.now()
    )
    assert asked is not None
    with pytest.raises(ZemiError):
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())

    assert Payout.objects.get().status == "queued"
