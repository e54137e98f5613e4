"""Money that comes short, over, late, twice, by hand or for nobody: one story per row of DOMAIN 5.8, rows 1 to 16."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.test import Client

from tests import story
from tests.characters import AMINA, CHEBET, OTIENO
from tests.story import assert_books_agree, escrow_of, ledger, order_of
from zemi.common.db import unit_of_work
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.change import cancel
from zemi.disbursements.locks import lock_disbursement
from zemi.events.log import history_of
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.notifications.models import Message
from zemi.orders.errors import OrderNotFound
from zemi.payments.c2b import handle_c2b_confirmation, settle_c2b
from zemi.payments.close import cancel_order
from zemi.payments.errors import OrderNotCancellable
from zemi.payments.locks import lock_payment
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import close_without_evidence, settle_charge
from zemi.providers.base import C2BReceipt, Succeeded
from zemi.refunds.models import Refund
from zemi.webhooks.inbox import receive
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint

Run = Callable[[], int]


def new_order(**how: Any) -> str:
    return str(story.create_order(**how).data["order_reference"])


def by_hand(
    simulator: Any,
    clock: Any,
    *,
    amount: int = 1_500,
    reference: str = "",
    payer: Phone | None = AMINA,
    number: str = "",
) -> str:
    """Pay the paybill by hand, in the simulator's books; answer what Zemi made of it."""
    sent = simulator.book_payment(
        msisdn=(payer or AMINA).msisdn,
        amount=f"{amount}.00",
        shortcode="174379",
        **({"receipt": number} if number else {}),
    )
    return settle_c2b(told(clock, str(sent["receipt"]), amount, reference, payer), now=clock.now())


def told(clock: Any, number: str, amount: int, reference: str, payer: Phone | None = AMINA) -> C2BReceipt:
    return C2BReceipt(number, kes(amount), clock.now(), reference, payer, "174379")


def refunds() -> list[tuple[Any, str, str]]:
    return [(refund.amount, refund.reason, refund.status) for refund in Refund.objects.order_by("id")]


def status(reference: str) -> str:
    return str(order_of(reference).status)


def receipts() -> list[str]:
    return [str(receipt.status) for receipt in Receipt.objects.order_by("id")]


def expired(clock: Any, run_worker: Run, **how: Any) -> str:
    reference = new_order(**how)
    clock.advance(hours=24)
    run_worker()
    assert status(reference) == "expired"
    return reference


def test_row_1_money_at_most_two_hours_late_revives_the_order(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = expired(clock, run_worker)
    clock.advance(hours=2)

    assert by_hand(simulator, clock, reference=reference) == "allocated"

    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    paid = [event for event in history_of(order_of(reference).id) if event.type == "order.paid"]
    assert [event.data["late_payment"] for event in paid] == [True]


def test_row_2_money_later_than_that_goes_back(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = expired(clock, run_worker)
    clock.advance(hours=2, seconds=1)

    assert by_hand(simulator, clock, reference=reference) == "orphan"

    assert status(reference) == "expired"
    assert ledger()[2310] == kes(1_500)
    assert 2500 not in ledger()
    assert [refund[:2] for refund in refunds()] == [(kes(1_500), "late")]
    clock.advance(minutes=10)
    run_worker()
    assert receipts() == ["refunded"]


def test_a_part_does_not_revive_an_expired_order(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = expired(clock, run_worker)

    assert by_hand(simulator, clock, amount=1_400, reference=reference) == "orphan"

    assert status(reference) == "expired"
    assert [refund[:2] for refund in refunds()] == [(kes(1_400), "late")]


def test_row_3_money_for_a_cancelled_order_goes_back_and_never_revives_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=20)
    story.push(reference)
    order = order_of(reference)
    cancel_order(order_reference=reference, actor="buyer", party_id=order.buyer_id, now=clock.now())
    assert status(reference) == "cancelled"

    clock.advance(seconds=40)
    run_worker()

    assert status(reference) == "cancelled"
    assert receipts() == ["refunded"]
    assert [refund[:2] for refund in refunds()] == [(kes(1_500), "cancelled")]
    assert escrow_of(reference) == kes(0)


def test_row_4_one_receipt_however_often_it_is_told(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    story.push(reference)
    clock.advance(seconds=30)
    run_worker()
    number = str(Receipt.objects.get().transaction_id)

    assert settle_c2b(told(clock, number, 1_500, reference), now=clock.now()) == "known"
    assert settle_c2b(told(clock, number, 1_400, reference), now=clock.now()) == "amount_differs"

    assert receipts() == ["allocated"]
    assert ledger()[2100] == kes(1_500)
    assert ledger()[1100] == kes(1_500)


@pytest.mark.provider_differs
def test_row_4_a_prompt_that_is_told_by_hand_first_is_merged_by_its_number(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    payment = Payment.objects.get()
    assert settle_c2b(told(clock, "QHJ41HG1W8", 1_500, reference), now=clock.now()) == "allocated"

    settle_charge(payment.id, Succeeded(receipt="QHJ41HG1W8", amount=kes(1_500)), now=clock.now())

    payment.refresh_from_db()
    assert payment.status == "completed"
    assert Receipt.objects.get().payment_id == payment.id
    assert escrow_of(reference) == kes(1_500)


@pytest.mark.provider_differs
def test_row_4_a_prompt_proved_without_a_number_is_the_same_money_that_was_told_by_hand(
    simulator: Any, clock: Any
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    payment = Payment.objects.get()
    settle_c2b(told(clock, "QHJ41HG1W8", 1_500, reference), now=clock.now())

    settle_charge(payment.id, Succeeded(), now=clock.now())

    assert Receipt.objects.get().payment_id == payment.id
    assert ledger()[1100] == kes(1_500)
    assert refunds() == []


@pytest.mark.provider_differs
def test_row_4_it_is_the_same_money_also_where_the_clock_of_m_pesa_is_behind_ours(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    early = replace(told(clock, "QHJ41HG1W8", 1_500, reference), at=clock.now() - timedelta(seconds=90))
    settle_c2b(early, now=clock.now())

    settle_charge(Payment.objects.get().id, Succeeded(), now=clock.now())
    run_worker()

    # Not a second receipt, and nothing is sent back that never came.
    assert receipts() == ["allocated"]
    assert ledger()[1100] == kes(1_500)
    assert refunds() == []


@pytest.mark.provider_differs
def test_row_4_a_half_that_was_told_by_hand_before_the_prompt_is_other_money(
    simulator: Any, clock: Any
) -> None:
    reference = new_order(amount="3000")
    settle_c2b(told(clock, "QHJ41HG1W8", 1_500, reference), now=clock.now())
    clock.advance(seconds=60)
    simulator.hold_callbacks = True
    story.push(reference, amount="1500")

    settle_charge(Payment.objects.get().id, Succeeded(), now=clock.now())

    assert receipts() == ["allocated", "allocated"]
    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(3_000)


@pytest.mark.provider_differs
@pytest.mark.parametrize("payer", [AMINA, None], ids=["payer told", "payer hashed"])
def test_row_4_a_prompt_proved_without_a_number_learns_it_from_the_confirmation(
    simulator: Any, clock: Any, payer: Phone | None
) -> None:
    reference = new_order()
    simulator.hold_callbacks = True
    story.push(reference)
    settle_charge(Payment.objects.get().id, Succeeded(), now=clock.now())

    said = settle_c2b(told(clock, "QHJ41HG1W8", 1_500, reference, payer), now=clock.now())

    assert said == "merged"
    assert Receipt.objects.get().transaction_id == "QHJ41HG1W8"
    assert ledger()[1100] == kes(1_500)


def test_what_the_database_refuses_for_another_reason_is_not_taken_for_known(
    simulator: Any, clock: Any
) -> None:
    with pytest.raises(IntegrityError):
        settle_c2b(told(clock, "QHJ41HG1W8", 0, new_order()), now=clock.now())

    assert not Receipt.objects.exists()


def test_row_5_a_second_real_payment_goes_back_and_the_order_stays_paid(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    assert by_hand(simulator, clock, reference=reference) == "allocated"

    assert by_hand(simulator, clock, reference=reference, payer=OTIENO) == "orphan"

    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    assert ledger()[2310] == kes(1_500)
    refund = Refund.objects.get()
    assert (refund.reason, refund.payee) == ("duplicate", OTIENO)


def test_who_paid_somebody_elses_order_follows_the_refund_as_signed_in_and_sees_no_more_of_the_order(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    def session_of(phone: Phone) -> str:
        proof = {"phone_number": phone.msisdn, "otp": story.code_for(phone, "sign_in")}
        return str(story.post("/api/v1/sessions", proof).data["session_token"])

    def refunds_of(session: str, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = story.get(f"/api/v1/refunds{query}", key=session).body["data"]
        return found

    reference = new_order()
    by_hand(simulator, clock, reference=reference)
    assert by_hand(simulator, clock, reference=reference, payer=OTIENO) == "orphan"
    # And money that named no order at all.
    assert by_hand(simulator, clock, reference="CHAMA", payer=OTIENO, amount=700) == "orphan"
    for span_s in (31 * 24 * 3600, 10):
        clock.advance(seconds=span_s)
        run_worker()
    assert_books_agree()
    otieno, chebet = session_of(OTIENO), session_of(CHEBET)

    shown = refunds_of(otieno)
    assert [(one["amount"], one["reason"], one["status"]) for one in shown] == [
        ("700.00", "unknown_reference", "succeeded"),
        ("1500.00", "duplicate", "succeeded"),
    ]
    assert [one["payee_phone_masked"] for one in shown] == [f"****{OTIENO.last4}"] * 2
    one = story.get(f"/api/v1/refunds/{shown[1]['id']}?expand=order,receipt.order", key=otieno).data
    assert isinstance(one["order"], str | None)
    assert isinstance(one["receipt"]["order"], str | None)
    assert AMINA.last4 not in str(one)
    assert refunds_of(otieno, "?limit=1") == shown[:1]
    assert refunds_of(otieno, f"?order={reference}") == [each for each in shown if each["order"] == reference]
    assert refunds_of(chebet) == []
    assert story.get(f"/api/v1/refunds/{shown[0]['id']}", key=chebet).status == 404
    for path in ("orders", "payments", "receipts"):
        assert story.get(f"/api/v1/{path}", key=otieno).body["data"] == []


def test_row_6_a_part_is_held_the_rest_asked_for_and_both_pay_the_order(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    before = order_of(reference).expires_at

    assert by_hand(simulator, clock, amount=1_000, reference=reference) == "allocated"

    order = order_of(reference)
    assert (order.status, order.due, order.expiry_extended) == ("awaiting_payment", kes(500), True)
    assert before is not None
    assert order.expires_at is not None
    assert (order.expires_at - before).total_seconds() == 2 * 3600
    assert escrow_of(reference) == kes(1_000)
    assert story.push(reference).code == "amount_mismatch"

    run_worker()
    assert Message.objects.filter(template="part_paid").count() == 1
    assert story.push(reference, amount="500.00").status == 200
    clock.advance(seconds=30)
    run_worker()
    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)


def test_row_6_at_expiry_every_part_goes_back_to_whoever_paid_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    by_hand(simulator, clock, amount=1_000, reference=reference)
    by_hand(simulator, clock, amount=5, reference=reference, payer=OTIENO)
    assert escrow_of(reference) == kes(1_005)
    clock.advance(hours=25)
    run_worker()
    assert status(reference) == "awaiting_payment"

    clock.advance(hours=1)
    run_worker()

    assert status(reference) == "expired"
    assert escrow_of(reference) == kes(0)
    # Five shillings can't be sent: they are Otieno's credit.
    assert [refund[0] for refund in refunds()] == [kes(1_000), kes(5)]
    assert refunds()[1][1:] == ("short", "cancelled")
    assert ledger()[2400] == kes(5)
    assert receipts() == ["refunded", "refunded"]


def test_row_7_what_comes_too_much_pays_the_order_and_the_excess_goes_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()

    assert by_hand(simulator, clock, amount=1_600, reference=reference, payer=OTIENO) == "allocated"

    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    assert ledger()[2310] == kes(100)
    assert 2400 not in ledger()
    assert receipts() == ["part_allocated"]
    refund = Refund.objects.get()
    assert (refund.reason, refund.payee, refund.amount) == ("excess", OTIENO, kes(100))


def test_row_7_less_than_ten_shillings_too_much_stay_as_credit(simulator: Any, clock: Any) -> None:
    reference = new_order()

    by_hand(simulator, clock, amount=1_509, reference=reference)

    assert balance_of(chart.buyer_credit(order_of(reference).buyer_id)) == kes(9)
    assert refunds() == []


def test_row_7_the_excess_of_an_unknown_payer_waits_until_the_payer_is_known(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()

    by_hand(simulator, clock, amount=1_600, reference=reference, payer=None)

    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    assert ledger()[2310] == kes(100)
    run_worker()
    assert refunds() == [(kes(100), "excess", "held")]


def call_off(clock: Any) -> None:
    with unit_of_work():
        cancel(lock_disbursement(Refund, Refund.objects.get().pk), actor="Wanjiku", now=clock.now())


def test_an_excess_of_an_unknown_payer_whose_refund_is_called_off_is_nobodys_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock, amount=1_600, reference=new_order(), payer=None)
    run_worker()
    assert refunds() == [(kes(100), "excess", "held")]

    call_off(clock)

    assert refunds() == [(kes(100), "excess", "cancelled")]
    assert ledger()[2500] == kes(100)
    story.assert_books_agree()


def test_a_part_of_an_unknown_payer_whose_refund_is_called_off_is_nobodys_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock, amount=1_000, reference=new_order(), payer=None)
    clock.advance(hours=27)
    run_worker()
    assert refunds() == [(kes(1_000), "short", "held")]

    call_off(clock)

    assert ledger()[2500] == kes(1_000)
    story.assert_books_agree()


def test_row_8_a_shilling_too_little_is_accepted(simulator: Any, clock: Any) -> None:
    reference = new_order()

    by_hand(simulator, clock, amount=1_499, reference=reference)

    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)
    assert ledger()[1100] == kes(1_499)
    assert ledger()[4900] == kes(-1)
    assert receipts() == ["allocated"]


def test_row_9_anybody_may_pay_and_what_goes_back_goes_to_the_payer(simulator: Any, clock: Any) -> None:
    reference = new_order()
    by_hand(simulator, clock, reference=reference, payer=OTIENO)
    assert status(reference) == "paid"

    by_hand(simulator, clock, reference=reference, payer=OTIENO)

    assert Refund.objects.get().payee == OTIENO


def test_row_10_a_wrong_reference_is_proposed_to_the_payer_of_the_one_order_that_fits(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()

    assert by_hand(simulator, clock, reference="iphone") == "orphan"

    receipt = Receipt.objects.get()
    assert receipt.proposed_order == order_of(reference)
    assert (receipt.order_id, receipt.status) == (None, "orphan")
    assert balance_of(chart.unallocated(receipt.id)) == kes(1_500)
    run_worker()
    assert Message.objects.filter(template="receipt_proposed").count() == 1


def test_row_10_two_orders_that_fit_are_none(simulator: Any, clock: Any) -> None:
    new_order()
    new_order()

    by_hand(simulator, clock, reference="iphone")

    assert Receipt.objects.get().proposed_order is None


def test_row_11_money_for_nobody_waits_thirty_days_and_goes_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert by_hand(simulator, clock, reference="chama", payer=OTIENO) == "orphan"
    assert by_hand(simulator, clock, reference="chama", payer=None) == "orphan"
    clock.advance(hours=24 * 30 - 1)
    run_worker()
    assert receipts() == ["orphan", "orphan"]
    assert ledger()[2500] == kes(3_000)

    clock.advance(hours=1)
    run_worker()

    assert receipts() == ["refunded", "written_to_unclaimed"]
    assert (ledger().get(2500), ledger()[2800]) == (None, kes(1_500))
    refund = Refund.objects.get()
    assert (refund.reason, refund.payee, refund.order) == ("unknown_reference", OTIENO, None)


def test_row_12_a_success_after_a_failure_counts(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=400)
    story.push(reference)
    clock.advance(minutes=6)
    run_worker()

    clock.advance(minutes=2)
    run_worker()

    assert status(reference) == "paid"
    assert ledger()[2100] == kes(1_500)


def test_row_13_a_callback_for_an_unknown_prompt_books_nothing(clock: Any, run_worker: Run) -> None:
    row = receive(
        webhook_type="mpesa_stk", provider="mpesa", subject_id=None, now=clock.now(), content_type="",
        user_agent="", source_address="",
        body=b'{"Body":{"stkCallback":{"MerchantRequestID":"a","CheckoutRequestID":"ws_CO_1","ResultCode":0,"ResultDesc":"ok"}}}',
    )  # fmt: skip

    run_worker()

    row.refresh_from_db()
    assert row.processing_error == "unknown_checkout_id"
    assert Receipt.objects.count() == 0


def unknown_prompt(number: str, *, amount: int = 1_500, code: int = 0) -> None:
    """M-Pesa tells, on a path that it was given, of a prompt that nobody here knows: a restored copy forgot it."""
    items = [{"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": number}]
    told_of = {
        "MerchantRequestID": "a",
        "CheckoutRequestID": "ws_CO_1",
        "ResultCode": code,
        "ResultDesc": "ok",
        **({"CallbackMetadata": {"Item": items}} if code == 0 else {}),
    }
    path = f"/hooks/{mint(CallbackKind.STK, new_key())}"
    answer = Client().post(path, {"Body": {"stkCallback": told_of}}, content_type="application/json")
    assert answer.status_code == 200


def test_row_13_what_the_status_of_its_receipt_proves_is_an_orphan(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sent = simulator.book_payment(msisdn=AMINA.msisdn, amount="700.00", shortcode="174379")

    # What the message says of the amount is not what counts.
    unknown_prompt(str(sent["receipt"]), amount=9_000)
    run_worker()
    assert Receipt.objects.count() == 0
    clock.advance(seconds=30)
    run_worker()

    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.amount, receipt.status) == (sent["receipt"], kes(700), "orphan")
    assert (receipt.payer_phone, receipt.payment_id) == (AMINA, None)
    assert ledger()[2500] == kes(700)
    assert WebhookLog.objects.earliest("id").processing_error == "known"


def test_row_13_a_receipt_that_m_pesa_does_not_know_books_nothing_and_is_closed_after_two_days(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    unknown_prompt("QHJ41HG1Z1")
    run_worker()
    clock.advance(seconds=30)
    run_worker()
    row = WebhookLog.objects.earliest("id")
    assert (row.last_error, row.handled_at) == ("unknown_checkout_id", None)

    clock.advance(hours=49)
    run_worker()

    row.refresh_from_db()
    assert row.processing_error == "unknown_checkout_id"
    assert Receipt.objects.count() == 0


def test_row_13_a_failure_of_an_unknown_prompt_is_closed_at_once(clock: Any, run_worker: Run) -> None:
    unknown_prompt("", code=1032)

    run_worker()

    assert WebhookLog.objects.get().processing_error == "unknown_checkout_id"


@pytest.mark.provider_differs
@pytest.mark.parametrize(
    ("amount", "held", "state", "credit"),
    [(1_400, 1_400, "awaiting_payment", 0), (1_505, 1_500, "paid", 5)],
    ids=["short", "over"],
)
def test_row_14_the_amount_that_really_came_is_what_counts(
    clock: Any, amount: int, held: int, state: str, credit: int
) -> None:
    reference = new_order()
    story.push(reference)

    settle_charge(
        Payment.objects.get().id, Succeeded(receipt="QHJ41HG1W8", amount=kes(amount)), now=clock.now()
    )

    assert status(reference) == state
    assert escrow_of(reference) == kes(held)
    assert ledger().get(2400, kes(0)) == kes(credit)


@pytest.mark.provider_differs
def test_an_attempt_nobody_can_tell_about_ends_only_when_a_statement_covers_its_day(clock: Any) -> None:
    reference = new_order()
    story.push(reference)
    payment, start = Payment.objects.get(), clock.now()

    def close() -> bool:
        with unit_of_work():
            return close_without_evidence(lock_payment(payment.id), statement_until=reaches, now=clock.now())

    reaches = clock.advance(hours=23)
    assert close() is False
    clock.advance(hours=1)
    assert close() is False
    reaches = clock.now()
    assert close() is True
    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == ("failed", "no_evidence")
    assert payment.created_at == start
    assert close() is False


def test_expiry_waits_for_a_young_attempt(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    clock.advance(hours=23, minutes=59)
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=300)
    story.push(reference)
    clock.advance(minutes=2)
    run_worker()
    assert status(reference) == "awaiting_payment"

    clock.advance(minutes=4)
    run_worker()

    assert status(reference) == "paid"


def test_half_way_to_expiry_the_buyer_is_reminded_once(clock: Any, run_worker: Run) -> None:
    new_order()
    clock.advance(hours=12)
    run_worker()
    clock.advance(hours=1)
    run_worker()

    assert Message.objects.filter(template="payment_reminder").count() == 1


def test_only_buyer_seller_and_merchant_cancel_and_of_what_is_paid_only_the_seller(
    simulator: Any, clock: Any
) -> None:
    reference = new_order()
    order = order_of(reference)
    for stranger in ({}, {"party_id": order.id}, {"merchant_id": order.id}):
        with pytest.raises(OrderNotFound):
            cancel_order(order_reference=reference, actor="x", now=clock.now(), **stranger)
    by_hand(simulator, clock, reference=reference)

    with pytest.raises(OrderNotCancellable):
        cancel_order(order_reference=reference, actor="buyer", party_id=order.buyer_id, now=clock.now())
    assert status(reference) == "paid"
    assert escrow_of(reference) == kes(1_500)

    cancel_order(order_reference=reference, actor="seller", party_id=order.seller_id, now=clock.now())
    assert status(reference) == "cancelled"
    assert escrow_of(reference) == kes(0)


def test_a_seller_calls_off_what_was_paid_but_for_a_forgiven_shilling(
    simulator: Any, clock: Any, run_worker: Any
) -> None:
    reference = new_order()
    by_hand(simulator, clock, reference=reference, amount=1_499)
    order = order_of(reference)
    assert order.status == "paid"

    cancel_order(order_reference=reference, actor="seller", party_id=order.seller_id, now=clock.now())

    assert escrow_of(reference) == kes(0)
    for _ in range(3):
        run_worker()
        clock.advance(minutes=5)
    assert [(refund.amount, refund.status) for refund in Refund.objects.all()] == [(kes(1_499), "succeeded")]
    assert status(reference) == "refunded"


def test_a_reference_typed_badly_is_still_read(simulator: Any, clock: Any) -> None:
    reference = new_order()

    assert by_hand(simulator, clock, reference=f" {reference.lower()} ") == "allocated"


def test_money_in_another_shortcode_is_flagged_and_not_booked(clock: Any) -> None:
    fact = C2BReceipt("QHJ41HG1W8", kes(10), clock.now(), "", AMINA, "600000")

    assert settle_c2b(fact, now=clock.now()) == "shortcode_differs"

    assert Receipt.objects.count() == 0


@pytest.mark.provider_differs
@pytest.mark.parametrize(("subject", "error"), [(UUID(int=0), ""), (None, "not_proved")])
def test_a_confirmation_counts_only_on_its_secret_path(clock: Any, subject: UUID | None, error: str) -> None:
    reference = new_order()
    row = receive(
        webhook_type="mpesa_c2b_confirmation", provider="mpesa", body=b"{}", content_type="", user_agent="",
        source_address="", subject_id=subject, now=clock.now(),
    )  # fmt: skip

    handle_c2b_confirmation(row, told(clock, "QHJ41HG1W8", 1_500, reference), now=clock.now())

    row.refresh_from_db()
    assert (row.processed, row.last_error) == (not error, error)
    assert status(reference) == ("awaiting_payment" if error else "paid")
    assert WebhookLog.objects.count() == 1


@pytest.mark.provider_differs
def test_a_confirmation_goes_from_the_secret_path_to_the_order(clock: Any, run_worker: Run) -> None:
    reference = new_order()
    body = {
        "TransactionType": "Pay Bill",
        "TransID": "QHJ41HG1W8",
        "TransTime": "20261123120000",
        "TransAmount": "1500.00",
        "BusinessShortCode": "174379",
        "BillRefNumber": reference,
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": AMINA.msisdn,
        "FirstName": "A",
    }
    path = f"/hooks/{mint(CallbackKind.C2B_CONFIRMATION, UUID(int=0))}"

    assert Client().post(path, json.dumps(body), content_type="application/json").status_code == 200
    run_worker()

    assert status(reference) == "paid"
    assert Receipt.objects.get().transaction_id == "QHJ41HG1W8"


@pytest.mark.provider_differs
def test_a_prompt_whose_money_was_told_by_hand_without_an_order_claims_it(clock: Any) -> None:
    reference = new_order()
    story.push(reference)
    assert settle_c2b(told(clock, "QHJ41HG1W8", 1_500, "iphone"), now=clock.now()) == "orphan"

    settle_charge(
        Payment.objects.get().id, Succeeded(receipt="QHJ41HG1W8", amount=kes(1_500)), now=clock.now()
    )

    assert receipts() == ["claimed"]
    assert status(reference) == "paid"
    assert ledger()[1100] == kes(1_500)
    assert 2500 not in ledger()
