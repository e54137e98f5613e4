"""The provider gives a payment back to whoever paid (DOMAIN 5.8 rows 16 and 17): while it is held, and after its release."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.story import FLOAT, escrow_of, ledger, order_of
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.change import cancel
from zemi.disbursements.errors import DisbursementNotChangeable
from zemi.disbursements.locks import lock_disbursement
from zemi.disbursements.models import SuspenseCase
from zemi.disbursements.settle import apply_outcome
from zemi.events.log import history_of
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.notifications.models import Message
from zemi.payments.c2b import claim_by_statement, settle_c2b
from zemi.payments.close import cancel_order
from zemi.payments.models import PayInReversal, Payment, Receipt
from zemi.payments.settle import settle_charge
from zemi.payouts.models import Payout
from zemi.providers.base import C2BReceipt, Reason, Refused, Succeeded
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_statement
from zemi.refunds.disburse import work_on_due_refunds
from zemi.refunds.models import Refund, RefundAttempt
from zemi.releases.errors import PayInNotReversible
from zemi.releases.reversal import record_pay_in_reversal
from zemi.staff.actions import run as run_action
from zemi.staff.request import request_action

Run = Callable[[], int]


def import_and_reconcile(simulator: Any, clock: Any, shortcode: str = "174379") -> list[str]:
    """Take the shortcode's statement in; the kinds of items that stay open."""
    import_statement(simulator.statement(shortcode=shortcode), now=clock.now())
    return [item.receipt for item in reconcile(now=clock.now()).items]


def paid_order(simulator: Any, clock: Any, run_worker: Run, buyer: Phone = AMINA) -> dict[str, Any]:
    order = story.create_order(buyer=buyer).data
    story.push(order["order_reference"], phone=buyer)
    clock.advance(seconds=5)
    run_worker()
    assert order_of(order["order_reference"]).status == "paid"
    return order


def sold_order(simulator: Any, clock: Any, run_worker: Run, *, pay_out: bool = True) -> str:
    order = paid_order(simulator, clock, run_worker)
    story.confirm(order["order_reference"], order["delivery_code"])
    if pay_out:
        run_worker()
        clock.advance(seconds=5)
        run_worker()
    return str(order["order_reference"])


def by_hand(
    simulator: Any, clock: Any, reference: str = "", *, amount: int = 1_500, payer: Phone = AMINA
) -> str:
    sent = simulator.book_payment(
        msisdn=payer.msisdn, amount=f"{amount}.00", shortcode="174379", account_reference=reference
    )
    import_and_reconcile(simulator, clock)
    return str(sent["receipt"])


def taken_back(simulator: Any, clock: Any, number: str | None = None) -> dict[str, int]:
    """Have the provider give a receipt back, and import the statement that tells of it; what it was taken from."""
    simulator.reverse_pay_in(number or str(Receipt.objects.latest("id").transaction_id))
    assert import_and_reconcile(simulator, clock) == []
    sources: dict[str, int] = PayInReversal.objects.latest("id").sources
    return {code: minor // 100 for code, minor in sources.items()}


def events(reference: str) -> list[str]:
    return [event.type for event in history_of(order_of(reference).id)]


def told(template: str) -> int:
    return Message.objects.filter(template=template).count()


def test_row_16_a_held_payment_is_taken_back_and_the_seller_is_told_not_to_ship(
    simulator: Any, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.OPERATOR_PHONES = ("+254733000222",)
    reference = paid_order(simulator, clock, run_worker)["order_reference"]

    assert taken_back(simulator, clock) == {"2100": 1_500}

    assert order_of(reference).status == "cancelled"
    assert Payment.objects.get().status == "reversed"
    assert Receipt.objects.get().status == "reversed"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}
    assert {"payment.reversed", "receipt.reversed", "order.cancelled"} < set(events(reference))
    run_worker()
    assert (told("seller_sale_reversed"), told("order_cancelled"), told("alert.pay_in_reversed")) == (1, 1, 1)
    # Nothing of it can be given back a second time.
    assert Refund.objects.count() == 0
    assert import_and_reconcile(simulator, clock) == []
    assert PayInReversal.objects.count() == 1


def test_what_had_come_back_to_the_payers_credit_is_taken_from_there_and_not_sent_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    # Too old for a reversal of ours.
    clock.advance(hours=25)
    simulator.fault("b2c_unregistered", count=1)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    for _ in range(5):
        run_worker()
        clock.advance(seconds=10)
    assert Refund.objects.get().status == "failed"
    assert ledger()[2400] == kes(1_500)

    assert taken_back(simulator, clock) == {"2400": 1_500}

    assert ledger() == {1110: FLOAT, 3100: FLOAT}
    clock.advance(hours=25)
    with pytest.raises(DisbursementNotChangeable):
        request_action(
            "retry",
            {"kind": "refund", "id": str(Refund.objects.get().id)},
            maker="Wanjiku",
            reason="The buyer asked.",
            now=clock.now(),
        )


def test_our_own_reversal_that_had_been_refused_and_was_made_all_the_same_is_a_claim_on_the_payer(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    simulator.fault("result_code", api="reversal", code="21", count=1)
    simulator.fault("b2c_unregistered", count=1)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    for _ in range(5):
        run_worker()
        clock.advance(seconds=10)
    assert Refund.objects.get().status == "failed"

    simulator.reverse_pay_in(str(Receipt.objects.get().transaction_id))
    import_and_reconcile(simulator, clock)

    assert (Refund.objects.get().status, SuspenseCase.objects.get().was_given_back) == ("succeeded", True)
    assert ledger() == {1110: FLOAT, 1310: kes(1_500), 2400: kes(1_500), 3100: FLOAT}


def test_another_receipts_credit_stays_the_payers(simulator: Any, clock: Any, run_worker: Run) -> None:
    first = story.create_order().data["order_reference"]
    by_hand(simulator, clock, first, amount=1_509)
    assert ledger()[2400] == kes(9)
    second = story.create_order().data["order_reference"]
    number = by_hand(simulator, clock, second, amount=1_600)

    assert taken_back(simulator, clock, number) == {"2100": 1_500, "2400": 100}

    assert escrow_of(second) == kes(0)
    assert ledger()[2400] == kes(9)


def test_a_reversal_that_had_been_refused_and_comes_after_the_b2c_is_money_that_left_twice(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    simulator.fault("result_code", api="reversal", code="21", count=1)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    for _ in range(5):
        run_worker()
        clock.advance(seconds=10)
    assert [attempt.method for attempt in RefundAttempt.objects.order_by("number")] == ["reversal", "b2c"]
    assert Refund.objects.get().status == "succeeded"

    simulator.reverse_pay_in(str(Receipt.objects.get().transaction_id))
    import_and_reconcile(simulator, clock)

    assert SuspenseCase.objects.get().amount == kes(1_500)
    assert ledger()[1310] == kes(1_500)


def test_money_that_the_statement_gives_to_an_order_which_is_over_goes_back_at_once(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    over = sold_order(simulator, clock, run_worker)
    number = by_hand(simulator, clock, "a word")
    assert Receipt.objects.get(transaction_id=number).status == "orphan"

    assert claim_by_statement(number, order_reference=over, now=clock.now())

    assert Receipt.objects.get(transaction_id=number).status == "refunded"
    assert [(refund.amount, refund.reason) for refund in Refund.objects.all()] == [(kes(1_500), "duplicate")]


def test_a_callback_that_comes_after_it_changes_nothing(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    number = str(Receipt.objects.get().transaction_id)
    taken_back(simulator, clock)

    settle_charge(Payment.objects.get().id, Succeeded(receipt=number, amount=kes(1_500)), now=clock.now())

    assert (Payment.objects.get().status, order_of(reference).status) == ("reversed", "cancelled")
    assert Receipt.objects.count() == 1


def test_the_other_parts_of_a_held_price_go_back_and_the_forgiven_shilling_too(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    first = by_hand(simulator, clock, reference, amount=1_000)
    by_hand(simulator, clock, reference, amount=499, payer=OTIENO)
    assert order_of(reference).status == "paid"
    assert ledger()[4900] == kes(-1)

    assert taken_back(simulator, clock, first) == {"2100": 1_000}

    assert order_of(reference).status == "cancelled"
    assert escrow_of(reference) == kes(0)
    assert [(r.amount, r.payee, r.reason) for r in Refund.objects.all()] == [(kes(499), OTIENO, "cancelled")]
    assert 4900 not in ledger()
    clock.advance(minutes=10)
    run_worker()


def test_the_part_with_the_forgiven_shilling_is_taken_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    number = by_hand(simulator, clock, reference, amount=1_499)
    assert order_of(reference).status == "paid"

    assert taken_back(simulator, clock, number) == {"2100": 1_499}

    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_part_that_is_taken_back_is_due_again(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = story.create_order().data["order_reference"]
    by_hand(simulator, clock, reference, amount=500)
    number = by_hand(simulator, clock, reference, amount=600)

    assert taken_back(simulator, clock, number) == {"2100": 600}

    order = order_of(reference)
    assert (order.status, order.due) == ("awaiting_payment", kes(1_000))
    assert "order.part_reversed" in events(reference)


def test_row_17_after_the_payout_the_seller_owes_it_and_pays_it_off_with_the_next_sales(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold_order(simulator, clock, run_worker)
    seller = order_of(reference).seller_id

    # The paybill has other people's money; without any the provider could take nothing.
    other = paid_order(simulator, clock, run_worker, buyer=OTIENO)
    number = str(Receipt.objects.earliest("id").transaction_id)
    assert taken_back(simulator, clock, number) == {"1300": 1_500}

    order = order_of(reference)
    assert (order.status, order.clawed_back_at) == ("completed", clock.now())
    assert balance_of(chart.seller_debt(seller)) == kes(1_500)
    assert "order.clawed_back" in events(reference)
    run_worker()
    assert told("seller_clawback") == 1
    story.confirm(other["order_reference"], other["delivery_code"])
    assert balance_of(chart.seller_debt(seller)) == kes(750)


def test_row_17_a_payout_that_was_not_sent_is_called_off_first(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold_order(simulator, clock, run_worker, pay_out=False)

    assert taken_back(simulator, clock) == {"2200": 1_500}

    assert Payout.objects.get().status == "cancelled"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}
    assert order_of(reference).status == "completed"


def test_row_17_the_reserve_comes_first(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = sold_order(simulator, clock, run_worker, pay_out=False)
    seller = order_of(reference).seller_id
    with unit_of_work():
        cancel(lock_disbursement(Payout, Payout.objects.get().id), actor="x", now=clock.now())
    with unit_of_work():
        # No rule keeps a reserve yet: two people book one.
        run_action(
            "adjust",
            {"debit": "3100:600000", "credit": f"2210:{seller}", "amount": "400.00"},
            actor="a+b",
            now=clock.now(),
        )

    assert taken_back(simulator, clock) == {"2210": 400, "2200": 1_100}

    assert balance_of(chart.seller_reserve(seller)) == kes(0)
    assert balance_of(chart.seller_payable(seller)) == kes(400)


def test_money_for_nobody_is_taken_back_from_where_it_waits(simulator: Any, clock: Any) -> None:
    number = by_hand(simulator, clock, "chama", payer=OTIENO)
    assert ledger()[2500] == kes(1_500)

    assert taken_back(simulator, clock, number) == {"2500": 1_500}

    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_refund_that_was_not_sent_is_called_off(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = story.create_order().data["order_reference"]
    by_hand(simulator, clock, reference)
    second = by_hand(simulator, clock, reference, payer=OTIENO)
    assert Refund.objects.get().status == "queued"

    assert taken_back(simulator, clock, second) == {"2400": 1_500}

    assert Refund.objects.get().status == "cancelled"
    assert order_of(reference).status == "paid"


def test_a_part_of_somebody_unknown_that_waits_to_go_back_is_taken_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    sent = simulator.book_payment(msisdn=AMINA.msisdn, amount="600.00", shortcode="174379")
    told = C2BReceipt(str(sent["receipt"]), kes(600), clock.now(), reference, None, "174379")
    assert settle_c2b(told, now=clock.now()) == "allocated"
    clock.advance(hours=27)
    run_worker()
    assert (Refund.objects.get().status, Refund.objects.get().payer) == ("held", None)

    assert taken_back(simulator, clock, told.receipt) == {"2500": 600}

    assert Refund.objects.get().status == "cancelled"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_what_was_sent_back_already_and_is_taken_back_too_is_the_operators_loss(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    number = by_hand(simulator, clock, "chama", amount=700, payer=OTIENO)
    clock.advance(hours=24 * 30)
    run_worker()
    clock.advance(minutes=10)
    run_worker()
    assert Refund.objects.get().status == "succeeded"

    assert taken_back(simulator, clock, number) == {"5200": 700}


def test_row_17_the_seller_does_not_bear_what_was_refunded_besides(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = sold_order(simulator, clock, run_worker)
    with unit_of_work():
        run_action(
            "refund", {"order": reference, "amount": "500.00", "bearer": "zemi"}, actor="a+b", now=clock.now()
        )
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert Refund.objects.get().status == "succeeded"

    assert taken_back(simulator, clock) == {"1300": 1_000, "5200": 500}


def test_what_came_too_much_is_taken_back_from_the_payers_credit(simulator: Any, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    number = by_hand(simulator, clock, reference, amount=1_509)
    assert ledger()[2400] == kes(9)

    assert taken_back(simulator, clock, number) == {"2400": 9, "2100": 1_500}

    assert order_of(reference).status == "cancelled"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_refund_of_ours_by_reversal_whose_result_was_lost_is_told_by_the_statement(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    by_hand(simulator, clock, reference)
    by_hand(simulator, clock, reference)
    simulator.hold_callbacks = True
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert Refund.objects.get().status == "submitted"

    assert import_and_reconcile(simulator, clock) == []

    assert (Refund.objects.get().status, PayInReversal.objects.count()) == ("succeeded", 0)


@pytest.mark.parametrize("number", ["", "ANOTHER001"])
def test_a_refund_by_reversal_learns_its_number_from_the_statement_and_another_one_is_for_a_person(
    simulator: Any, clock: Any, run_worker: Run, number: str
) -> None:
    reference = story.create_order().data["order_reference"]
    by_hand(simulator, clock, reference)
    by_hand(simulator, clock, reference, payer=OTIENO)
    simulator.hold_callbacks = True
    run_worker()
    attempt = RefundAttempt.objects.get()
    assert attempt.is_reversal
    apply_outcome(RefundAttempt, attempt.id, Succeeded(receipt=number or None), now=clock.now())
    clock.advance(minutes=1)
    simulator.run_due()

    items = import_and_reconcile(simulator, clock)

    [moved] = [str(move["receipt"]) for move in simulator.transactions() if move["kind"] == "reversal"]
    assert Refund.objects.get().transaction_id == (number or moved)
    assert items == ([moved] if number else [])


@pytest.mark.provider_differs
def test_a_payout_that_the_provider_takes_back_is_owed_again(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    sold_order(simulator, clock, run_worker)
    payout = Payout.objects.get()
    row = (
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,"
        "Linked Transaction ID,A/C No.\n"
        f"REV0000001,23-11-2026 12:05:00,Reversal,Completed,{{amount}},,Reversal,{payout.transaction_id},\n"
    )
    import_statement(row.format(amount="1400.00"), now=clock.now())
    assert "REV0000001" in [item.receipt for item in reconcile(now=clock.now()).items]
    assert Payout.objects.get().status == "succeeded"
    import_statement(row.format(amount="1500.00").replace("REV0000001", "REV0000002"), now=clock.now())

    for _ in range(2):
        items = [item.receipt for item in reconcile(now=clock.now()).items]
        assert "REV0000002" not in items

    assert Payout.objects.get().status == "reversed"
    assert balance_of(chart.seller_payable(payout.seller_id)) == kes(1_500)


@pytest.mark.parametrize("problem", ["nothing", "another amount", "twice", "no link"])
def test_a_reversal_that_does_not_fit_the_books_is_an_item(
    simulator: Any, clock: Any, run_worker: Run, problem: str
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    number = str(Receipt.objects.get().transaction_id)
    if problem == "twice":
        taken_back(simulator, clock)
    linked = {"nothing": "GHOST00001", "no link": ""}.get(problem, number)
    amount = "1400.00" if problem == "another amount" else "1500.00"
    import_statement(
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,"
        "Linked Transaction ID,A/C No.\n"
        f"REV0000001,23-11-2026 12:05:00,Reversal,Completed,,{amount},Reversal,{linked},\n",
        now=clock.now(),
    )

    assert "REV0000001" in [item.receipt for item in reconcile(now=clock.now()).items]

    assert order_of(reference).status == ("cancelled" if problem == "twice" else "paid")
    assert PayInReversal.objects.count() == (problem == "twice")


def test_two_people_may_say_so_too(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    number = str(Receipt.objects.get().transaction_id)
    theirs = simulator.reverse_pay_in(number)

    with unit_of_work():
        run_action(
            "pay-in-reversed",
            {"receipt": number, "reversal": str(theirs["receipt"]), "amount": "1500.00"},
            actor="chebet+otieno",
            now=clock.now(),
        )

    assert order_of(reference).status == "cancelled"
    assert Event.objects.get(type="receipt.reversed").actor == "chebet+otieno"
    with pytest.raises(PayInNotReversible):
        record_pay_in_reversal(
            receipt_number=number, reversal_number="X", amount=kes(1_500), actor="x", now=clock.now()
        )
    assert import_and_reconcile(simulator, clock) == []


def test_a_part_that_was_claimed_goes_back_when_its_order_expires(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = story.create_order().data["order_reference"]
    number = by_hand(simulator, clock, "iphone", amount=600, payer=BARAKA)
    assert claim_by_statement(number, order_reference=reference, now=clock.now())
    assert escrow_of(reference) == kes(600)

    clock.advance(hours=27)
    run_worker()

    assert order_of(reference).status == "expired"
    assert escrow_of(reference) == kes(0)
    assert Refund.objects.get().amount == kes(600)


def test_a_refund_that_could_not_be_sent_yet_is_not_sent_once_its_money_was_taken_back(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    clock.advance(hours=25)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    # Not a byte left: the try waits to go out under the same id.
    simulator.fault("http_error_before", api="b2c", count=1)
    work_on_due_refunds(now=clock.now())
    assert (Refund.objects.get().status, RefundAttempt.objects.get().status) == ("queued", "intent")

    assert taken_back(simulator, clock) == {"2400": 1_500}

    assert (Refund.objects.get().status, RefundAttempt.objects.get().status) == ("cancelled", "failed")
    clock.advance(hours=1)
    run_worker()
    assert [move["kind"] for move in simulator.transactions()].count("b2c") == 0
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


@pytest.mark.provider_differs
@pytest.mark.parametrize("reason", [Reason.FLOAT_LOW, Reason.WALLET_FULL])
def test_a_refund_on_its_way_that_comes_to_nothing_is_not_sent_anew_once_its_money_was_taken_back(
    simulator: Any, clock: Any, run_worker: Run, reason: Reason
) -> None:
    """It waited for the float or the wallet, and was sent again: its payer had the money from M-Pesa itself."""
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    clock.advance(hours=25)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    simulator.hold_callbacks = True
    work_on_due_refunds(now=clock.now())
    assert taken_back(simulator, clock) == {"5200": 1_500}

    attempt = RefundAttempt.objects.get()
    apply_outcome(RefundAttempt, attempt.id, Refused(reason, "1", "nothing moved"), now=clock.now())
    assert Refund.objects.get().status == "held"
    for _ in range(2):
        clock.advance(hours=2)
        work_on_due_refunds(now=clock.now())

    assert (Refund.objects.get().status, RefundAttempt.objects.count()) == ("cancelled", 1)
    # What came back makes up for the loss: the payer has it from M-Pesa, and is owed nothing.
    assert PayInReversal.objects.get().sources == {"2400": 1_500_00}
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


@pytest.mark.provider_differs
def test_a_refund_beside_the_providers_own_that_mpesa_takes_back_makes_up_for_the_loss(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    clock.advance(hours=25)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    for _ in range(3):
        run_worker()
        clock.advance(minutes=1)
    assert taken_back(simulator, clock) == {"5200": 1_500}
    refund = Refund.objects.get()

    with unit_of_work():
        words = {"kind": "refund", "id": str(refund.id), "receipt": "QHBACK0001"}
        run_action("reversed", words, actor="chebet+otieno", now=clock.now())

    refund.refresh_from_db()
    assert refund.status == "reversed"
    assert PayInReversal.objects.get().sources == {"2400": 1_500_00}
    assert 5200 not in ledger()
    assert 2400 not in ledger()


def test_our_own_reversal_that_is_refused_since_the_provider_was_first_is_not_sent_by_b2c(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid_order(simulator, clock, run_worker)["order_reference"]
    number = str(Receipt.objects.get().transaction_id)
    theirs = simulator.reverse_pay_in(number)
    seller = order_of(reference).seller_id
    cancel_order(order_reference=reference, actor="seller", party_id=seller, now=clock.now())
    simulator.hold_callbacks = True
    work_on_due_refunds(now=clock.now())
    assert RefundAttempt.objects.get().method == "reversal"
    with unit_of_work():
        payload = {"receipt": number, "reversal": str(theirs["receipt"]), "amount": "1500"}
        run_action("pay-in-reversed", payload, actor="chebet+otieno", now=clock.now())

    simulator.hold_callbacks = False
    for _ in range(4):
        clock.advance(minutes=1)
        run_worker()
    # It was in doubt before it was refused.
    assert Refund.objects.get().status == "held"
    for _ in range(2):
        clock.advance(hours=24)
        run_worker()

    assert (Refund.objects.get().status, RefundAttempt.objects.count()) == ("cancelled", 1)
    assert [move["kind"] for move in simulator.transactions()].count("b2c") == 0


def test_a_part_that_had_gone_back_is_not_taken_from_what_revived_its_order(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    made = story.create_order().data
    reference = made["order_reference"]
    clock.advance(hours=1)
    run_worker()
    first = by_hand(simulator, clock, reference, amount=500)
    clock.advance(hours=25)
    run_worker()
    assert order_of(reference).status == "expired"
    for _ in range(6):
        run_worker()
        clock.advance(minutes=3)
    assert Refund.objects.get().status == "succeeded"
    by_hand(simulator, clock, reference)
    assert order_of(reference).status == "paid"
    assert escrow_of(reference) == kes(1_500)

    simulator.reverse_pay_in(first)
    import_and_reconcile(simulator, clock)

    assert Receipt.objects.get(transaction_id=first).status == "reversed"
    assert (order_of(reference).status, escrow_of(reference)) == ("paid", kes(1_500))
    assert story.confirm(reference, made["delivery_code"]).status == 200
