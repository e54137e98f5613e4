"""An order is paid, called off, expired, refunded or released at once: its money goes one way (SAFETY 5c)."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import Sum

from tests import story
from tests.characters import AMINA, OTIENO
from zemi.approvals.errors import ApprovalNotPending
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.disbursements.change import record_reversal
from zemi.disbursements.locks import lock_disbursement
from zemi.disbursements.settle import apply_outcome
from zemi.orders.parties import Asker
from zemi.payments.c2b import settle_c2b
from zemi.payments.cancel import Act, negotiate_cancel
from zemi.payments.close import cancel_order, expire_due_orders
from zemi.payments.errors import NoCancelRequest, OrderNotCancellable
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import settle_charge
from zemi.payouts.errors import PayoutReplaced
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import C2BReceipt, Succeeded
from zemi.refunds.errors import RefundExceedsReceipt
from zemi.refunds.models import Refund
from zemi.staff.request import approve, request_action

pytestmark = pytest.mark.usefixtures("stage")
Race = Callable[..., list[Any]]


def by_hand(reference: str, now: datetime) -> str:
    """The same payment each time, of which any number of channels may tell."""
    return settle_c2b(C2BReceipt("QHJ41HG1W8", kes(1_500), now, reference, AMINA, "174379"), now=now)


def refund_asked_for(reference: str, now: datetime) -> Any:
    payload = {"order": reference, "amount": "1500", "bearer": "seller"}
    asked = request_action("refund", payload, maker="Wanjiku", reason="never came", now=now)
    assert asked is not None
    return asked.id


def allow(approval_id: Any, checker: str, now: datetime) -> str:
    try:
        approve(approval_id, checker=checker, reason="checked", now=now)
    except ApprovalNotPending:
        return "too late"
    return "allowed"


@pytest.fixture
def two_people(settings: Any) -> None:
    settings.FOUR_EYES_KES, settings.CODE_BUDGET = 100, 1_000


def test_money_that_comes_while_its_order_is_called_off_pays_it_or_goes_back(
    at_once: Race, crowd: int, clock: Any
) -> None:
    reference = story.create_order().data["order_reference"]
    buyer, now = story.order_of(reference).buyer_id, clock.now()

    def pay_or_call_off(index: int) -> str:
        if index % 2:
            return by_hand(reference, now)
        try:
            cancel_order(order_reference=reference, actor="buyer", party_id=buyer, now=now)
        except OrderNotCancellable:
            return "not cancellable"
        return "cancelled"

    said = Counter(at_once(crowd, pay_or_call_off))

    assert Receipt.objects.count() == 1
    assert said["allocated"] + said["cancelled"] == 1
    assert story.order_of(reference).status == ("paid" if said["allocated"] else "cancelled")
    assert Refund.objects.count() == said["cancelled"]
    assert story.escrow_of(reference) == kes(1_500 if said["allocated"] else 0)
    story.assert_books_agree(with_provider=False)


def test_money_that_comes_while_its_order_expires_pays_it(at_once: Race, crowd: int, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    now = clock.advance(hours=24)

    def pay_or_expire(index: int) -> Any:
        return by_hand(reference, now) if index % 2 else expire_due_orders(now=now)

    said = Counter(at_once(crowd, pay_or_expire))

    # Late by less than two hours it revives the order.
    assert said["allocated"] == 1
    assert story.order_of(reference).status == "paid"
    assert story.escrow_of(reference) == kes(1_500)
    assert (Receipt.objects.count(), Refund.objects.count()) == (1, 0)
    story.assert_books_agree(with_provider=False)


@pytest.mark.usefixtures("two_people")
def test_what_many_allow_at_once_is_done_once(at_once: Race, crowd: int, clock: Any) -> None:
    reference, now = story.create_order().data["order_reference"], clock.now()
    by_hand(reference, now)
    asked = refund_asked_for(reference, now)

    said = Counter(at_once(crowd, lambda index: allow(asked, f"Kamau {index}", now)))

    assert said == {"allowed": 1, "too late": crowd - 1}
    assert Refund.objects.count() == 1
    story.assert_books_agree(with_provider=False)


def test_of_what_two_people_paid_no_crowd_of_refunds_gives_back_more_than_came(
    at_once: Race, crowd: int, clock: Any, settings: Any
) -> None:
    settings.CODE_BUDGET = 1_000
    made, now = story.create_order().data, clock.now()
    reference = made["order_reference"]
    for number, payer, amount in (("QHJ41HG1W8", AMINA, 1_000), ("QHJ41HG1W9", OTIENO, 500)):
        told = C2BReceipt(number, kes(amount), now, reference, payer, "174379")
        assert settle_c2b(told, now=now) == "allocated"
    assert story.confirm(reference, made["delivery_code"]).status == 200

    def give_back(index: int) -> str:
        payload = {"order": reference, "amount": "400", "bearer": "zemi" if index % 2 else "seller"}
        try:
            request_action("refund", payload, maker="Wanjiku", reason="a part is broken", now=now)
        except RefundExceedsReceipt:
            return "too late"
        except OperationalError:
            # On a slow machine the last in line waits for the order's lock as long as anybody may.
            return "waited in vain"
        return "made"

    said = Counter(at_once(crowd, give_back))

    # Three times 400 fit into 1,500.
    assert said["made"] == 3
    assert said["too late"] + said["waited in vain"] == crowd - 3
    by_payer = Refund.objects.values_list("payer__phone_last4").annotate(sum=Sum("amount_minor"))
    assert sorted(by_payer.order_by()) == sorted([(AMINA.last4, 70_000), (OTIENO.last4, 50_000)])
    story.assert_books_agree(with_provider=False)


def test_of_a_delivery_and_an_agreement_to_cancel_at_once_one_wins(
    at_once: Race, crowd: int, clock: Any, settings: Any
) -> None:
    settings.CODE_BUDGET = 1_000
    made, now = story.create_order().data, clock.now()
    reference = made["order_reference"]
    by_hand(reference, now)
    order = story.order_of(reference)
    buyer, seller = Asker(party_id=order.buyer_id), Asker(party_id=order.seller_id)
    facts: Any = {"order_reference": reference, "caller": "test", "now": now}
    negotiate_cancel(act=Act.ASK, asker=buyer, **facts)

    def deliver_or_agree(index: int) -> str:
        if index % 2:
            return str(story.confirm(reference, made["delivery_code"]).status)
        try:
            negotiate_cancel(act=Act.ACCEPT, asker=seller, **facts)
        except (OrderNotCancellable, NoCancelRequest):
            return "too late"
        return "agreed"

    said = Counter(at_once(crowd, deliver_or_agree))

    assert said["200"] + said["agreed"] == 1
    assert (Payout.objects.count(), Refund.objects.count()) == (said["200"], said["agreed"])
    assert story.escrow_of(reference) == kes(0)
    story.assert_books_agree(with_provider=False)


@pytest.mark.usefixtures("two_people")
def test_money_that_is_released_and_refunded_at_once_goes_one_way(
    at_once: Race, crowd: int, clock: Any
) -> None:
    order, now = story.create_order().data, clock.now()
    reference, code = order["order_reference"], order["delivery_code"]
    by_hand(reference, now)
    asked = refund_asked_for(reference, now)

    def release_or_refund(index: int) -> Any:
        return story.confirm(reference, code).status if index % 2 else allow(asked, f"Kamau {index}", now)

    said = Counter(at_once(crowd, release_or_refund))

    assert said["allowed"] == 1
    assert said[200] <= 1
    # What was released first was called back from its payout, which had not been sent.
    assert set(Payout.objects.values_list("status", flat=True)) <= {"cancelled"}
    assert [refund.amount for refund in Refund.objects.all()] == [kes(1_500)]
    assert story.escrow_of(reference) == kes(0)
    story.assert_books_agree(with_provider=False)


def test_a_payout_that_was_taken_back_is_paid_again_once_however_many_ask(
    at_once: Race, crowd: int, clock: Any, simulator: Any, run_worker: Callable[[], int], settings: Any
) -> None:
    settings.CODE_BUDGET = 1_000
    made = story.create_order().data
    story.simulate_payment(made["order_reference"])
    story.confirm(made["order_reference"], made["delivery_code"])
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    old, now = Payout.objects.get(status="succeeded"), clock.now()
    with unit_of_work():
        record_reversal(lock_disbursement(Payout, old.id), receipt="REV1", actor="a+b", now=now)

    def pay_again(index: int) -> str:
        if index % 5 == 4:
            # Late news of the old one, all the while.
            attempt = PayoutAttempt.objects.get(payout=old)
            apply_outcome(PayoutAttempt, attempt.id, Succeeded(receipt=old.transaction_id), now=now)
            return "news"
        payload = {"id": str(old.id), "amount": "1500"}
        try:
            request_action("pay-again", payload, maker=f"Wanjiku {index}", reason="taken back", now=now)
        except PayoutReplaced:
            return "too late"
        return "owed"

    said = Counter(at_once(crowd, pay_again))

    assert (said["owed"], said["owed"] + said["too late"] + said["news"]) == (1, crowd)
    newer = Payout.objects.get(replaces=old)
    assert (Payout.objects.count(), newer.status, newer.amount) == (2, "queued", kes(1_500))
    assert story.ledger()[2300] == kes(1_500)
    story.assert_books_agree(with_provider=False)
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert [row.status for row in Payout.objects.order_by("id")] == ["reversed", "succeeded"]
    story.assert_books_agree(with_provider=False)


def test_numbers_that_are_told_at_once_of_prompts_proved_without_one_are_each_ones_own(
    at_once: Race, simulator: Any, clock: Any
) -> None:
    for _ in range(4):
        simulator.set_phone(AMINA.msisdn, next="pay", delay_s=1, callback="lost")
        assert story.push(story.create_order().data["order_reference"]).status == 200
        clock.advance(seconds=130)
        simulator.run_due()
        settle_charge(Payment.objects.latest("id").id, Succeeded(), now=clock.now())
    assert Receipt.objects.filter(transaction_id=None).count() == 4
    # Proved by their status alone, which does not say what for.
    told = [
        C2BReceipt(f"QHJ41HG1W{number}", kes(1_500), clock.now(), "", AMINA, "174379") for number in range(4)
    ]

    said = at_once(4, lambda number: settle_c2b(told[number], now=clock.now()))

    assert said == ["merged"] * 4
    assert sorted(Receipt.objects.values_list("transaction_id", flat=True)) == [one.receipt for one in told]
