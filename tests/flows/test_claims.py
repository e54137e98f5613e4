"""One-time codes, and what they open: cancelling an order, claiming money that found none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from tests.flows.test_stray_money import by_hand, expired, new_order, status, told
from tests.story import code_for, escrow_of, ledger, post
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope
from zemi.identity.models import OtpChallenge
from zemi.identity.sessions import open_session
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Receipt
from zemi.providers import registry
from zemi.refunds.models import Refund
from zemi.staff.queue import waiting_for_people

Run = Callable[[], int]


def claim(reference: str, phone: Phone, otp: str, number: str | None = None) -> story.Answer:
    return post(
        "/api/v1/receipts/claim",
        {
            "receipt_number": number or Receipt.objects.latest("id").transaction_id,
            "order_reference": reference,
            "phone_number": phone.msisdn,
            "otp": otp,
        },
    )


def cancel(reference: str, **body: str) -> story.Answer:
    return post(f"/api/v1/orders/{reference}/cancel", body)


def test_the_paying_phone_claims_its_money_for_the_order(simulator: Any, clock: Any) -> None:
    reference = new_order()
    by_hand(simulator, clock, reference="iphone", payer=OTIENO)
    [waits] = waiting_for_people(now=clock.now())
    assert (waits.what, waits.facts) == ("receipt", "KES 1500.00, claimed by nobody yet")

    answer = claim(reference, OTIENO, code_for(OTIENO, "claim_receipt"))

    assert answer.data["status"] == "claimed"
    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    assert 2500 not in ledger()


def test_a_claim_of_more_than_is_due_gives_the_rest_back(simulator: Any, clock: Any) -> None:
    reference = new_order()
    by_hand(simulator, clock, amount=1_600, payer=OTIENO)

    claim(reference, OTIENO, code_for(OTIENO, "claim_receipt"))

    assert escrow_of(reference) == kes(1_500)
    assert [(refund.amount, refund.payee) for refund in Refund.objects.all()] == [(kes(100), OTIENO)]


def test_a_claim_for_an_order_that_can_not_take_it_sends_the_money_back_to_the_payer(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = expired(clock, run_worker)
    clock.advance(hours=3)
    by_hand(simulator, clock, payer=OTIENO)

    assert claim(reference, OTIENO, code_for(OTIENO, "claim_receipt")).data["status"] == "refunded"

    assert status(reference) == "expired"
    assert (Refund.objects.get().payee, ledger()[2310]) == (OTIENO, kes(1_500))


def test_nobody_claims_what_another_phone_paid(simulator: Any, clock: Any) -> None:
    reference = new_order()
    by_hand(simulator, clock, payer=OTIENO)

    assert claim(reference, AMINA, code_for(AMINA, "claim_receipt")).code == "receipt_not_found"
    otp = code_for(AMINA, "claim_receipt")
    assert claim(reference, AMINA, otp, "NOSUCHNUM1").code == "receipt_not_found"

    assert status(reference) == "awaiting_payment"
    assert ledger()[2500] == kes(1_500)


def test_money_of_an_unknown_payer_is_claimed_by_number_and_amount_after_twelve_hours(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, dear = new_order(), new_order(amount="2000.00")
    by_hand(simulator, clock, payer=None)
    assert claim(reference, AMINA, code_for(AMINA, "claim_receipt")).code == "receipt_not_found"
    clock.advance(hours=12)
    assert claim(dear, AMINA, code_for(AMINA, "claim_receipt")).code == "receipt_not_found"

    assert claim(reference, AMINA, code_for(AMINA, "claim_receipt")).data["status"] == "claimed"

    assert escrow_of(reference) == kes(1_500)


def test_the_twelve_hours_begin_when_we_hear_of_the_money_not_when_mpesa_booked_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, paid_at = new_order(), clock.now()
    clock.advance(hours=20)
    simulator.book_payment(msisdn=AMINA.msisdn, amount="1500.00", shortcode="174379", receipt="TKL1ATE001")
    late = told(clock, "TKL1ATE001", 1_500, "", None)
    assert settle_c2b(replace(late, at=paid_at), now=clock.now()) == "orphan"

    assert claim(reference, CHEBET, code_for(CHEBET, "claim_receipt")).code == "receipt_not_found"
    clock.advance(hours=11, minutes=59)
    assert claim(reference, CHEBET, code_for(CHEBET, "claim_receipt")).code == "receipt_not_found"

    assert balance_of(chart.unallocated(Receipt.objects.get().id)) == kes(1_500)
    clock.advance(minutes=1)
    assert claim(reference, AMINA, code_for(AMINA, "claim_receipt")).status in {200, 404}


def test_money_of_an_unknown_payer_is_never_sent_to_whoever_claims_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = expired(clock, run_worker)
    by_hand(simulator, clock, payer=None)
    clock.advance(hours=12)

    assert claim(reference, CHEBET, code_for(CHEBET, "claim_receipt")).code == "receipt_not_found"

    assert Refund.objects.count() == 0
    assert balance_of(chart.unallocated(Receipt.objects.get().id)) == kes(1_500)


def test_a_code_opens_one_thing_once(simulator: Any, clock: Any) -> None:
    reference = new_order()
    otp = code_for(AMINA, "claim_receipt")
    assert cancel(reference, phone_number=AMINA.msisdn, otp=otp).code == "one_time_code_wrong"
    otp = code_for(AMINA, "cancel_order")

    assert cancel(reference, phone_number=AMINA.msisdn, otp=otp).data["status"] == "cancelled"
    assert cancel(new_order(), phone_number=AMINA.msisdn, otp=otp).code == "one_time_code_wrong"


def test_a_code_is_dead_after_ten_minutes_five_tries_or_a_new_one(clock: Any) -> None:
    reference = new_order()
    first = code_for(AMINA, "cancel_order")
    second = code_for(AMINA, "cancel_order")
    if first != second:
        assert cancel(reference, phone_number=AMINA.msisdn, otp=first).code == "one_time_code_wrong"
    for by in range(1, 5):
        wrong = story.wrong(second, by)
        assert cancel(reference, phone_number=AMINA.msisdn, otp=wrong).code == "one_time_code_wrong"
    assert cancel(reference, phone_number=AMINA.msisdn, otp=second).code == "one_time_code_wrong"
    assert OtpChallenge.objects.filter(ended_at=None).count() == 0

    third = code_for(BARAKA, "cancel_order")
    clock.advance(minutes=10)
    assert cancel(reference, phone_number=BARAKA.msisdn, otp=third).code == "one_time_code_wrong"
    assert status(reference) == "awaiting_payment"


def test_a_phone_is_sent_three_codes_an_hour(clock: Any, settings: Any) -> None:
    settings.LIMITS = read_limits("")
    for _ in range(3):
        code_for(AMINA, "cancel_order")

    answer = post("/api/v1/otp", {"phone_number": AMINA.msisdn, "purpose": "cancel_order"})

    assert (answer.status, answer.code) == (429, "too_many_attempts")


def test_tries_to_cancel_and_to_claim_have_budgets(simulator: Any, clock: Any, settings: Any) -> None:
    settings.LIMITS = read_limits("cancels=2,claims=3")
    reference, before = new_order(), ledger()
    for _ in range(2):
        assert cancel(reference, phone_number=AMINA.msisdn, otp="000000").code == "one_time_code_wrong"
    refused = cancel(reference, phone_number=BARAKA.msisdn, otp="000000")
    assert (refused.status, refused.code) == (429, "too_many_attempts")
    assert refused.body["details"]["limit"] == "cancels"

    # Of one address, and of one phone: each is charged.
    for _ in range(3):
        assert claim(reference, OTIENO, "000000", "QHJ41HG1W8").code == "one_time_code_wrong"
    refused = claim(reference, CHEBET, "000000", "QHJ41HG1W8")
    assert (refused.status, refused.body["details"]["limit"]) == (429, "claims")
    clock.advance(hours=1)
    assert claim(reference, CHEBET, "000000", "QHJ41HG1W8").code == "one_time_code_wrong"
    assert (status(reference), ledger()) == ("awaiting_payment", before)


@pytest.mark.parametrize("who", [AMINA, BARAKA], ids=["buyer", "seller"])
def test_buyer_and_seller_cancel_by_a_one_time_code(clock: Any, who: Phone) -> None:
    reference = new_order()

    assert cancel(reference, phone_number=who.msisdn, otp=code_for(who, "cancel_order")).status == 200

    assert status(reference) == "cancelled"
    assert story.push(reference).code == "order_not_payable"


def test_a_stranger_cancels_nothing(clock: Any) -> None:
    reference = new_order()

    assert cancel(reference).status == 400
    otp = code_for(OTIENO, "cancel_order")
    assert cancel(reference, phone_number=OTIENO.msisdn, otp=otp).code == "order_not_found"

    assert status(reference) == "awaiting_payment"


def test_a_merchant_cancels_its_own_orders_only(clock: Any) -> None:
    key, other = story.key_with(Scope.ORDERS), story.key_with(Scope.ORDERS, merchant="Other")
    reference = new_order(key=key)
    path = f"/api/v1/orders/{reference}/cancel"

    assert post(path, {}, key=other).code == "order_not_found"
    assert post(path, {}, key=key).data["status"] == "cancelled"
    assert post(path, {}, key=key).code == "order_not_cancellable"


def test_buyer_and_seller_cancel_as_signed_in_without_another_code(clock: Any) -> None:
    unpaid, paid = new_order(), new_order()
    assert story.simulate_payment(paid).status == 200
    buyer, seller, stranger = (
        open_session(phone=phone, now=clock.now())[1] for phone in (AMINA, BARAKA, OTIENO)
    )

    def called_off(reference: str, key: str, **body: str) -> story.Answer:
        return post(f"/api/v1/orders/{reference}/cancel", body, key=key)

    assert called_off(unpaid, stranger).code == "order_not_found"
    assert called_off(paid, buyer).code == "order_not_cancellable"
    assert called_off(unpaid, buyer).data["status"] == "cancelled"
    assert called_off(paid, seller).data["status"] == "cancelled"
    # Who is signed in by one phone may prove another one.
    third, otp = new_order(), code_for(AMINA, "cancel_order")
    proof = {"phone_number": AMINA.msisdn, "otp": otp}
    assert called_off(third, stranger, **proof).data["status"] == "cancelled"


def test_the_first_request_that_a_web_server_answers_may_be_a_claim(simulator: Any, clock: Any) -> None:
    reference = new_order()
    by_hand(simulator, clock, payer=OTIENO)
    otp = code_for(OTIENO, "claim_receipt")
    registry.reset()

    assert claim(reference, OTIENO, otp).data["status"] == "claimed"


def test_the_first_request_that_a_web_server_answers_may_call_off_what_was_paid_in_part(
    simulator: Any, clock: Any
) -> None:
    reference = new_order()
    by_hand(simulator, clock, amount=500, reference=reference)
    otp = code_for(AMINA, "cancel_order")
    registry.reset()

    assert cancel(reference, phone_number=AMINA.msisdn, otp=otp).data["status"] == "cancelled"
    assert Refund.objects.get().amount == kes(500)
