"""Money by hand that no confirmation told of, or none that proves it: the statement, a pull or its status does."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests import story
from tests.characters import AMINA, OTIENO
from tests.story import escrow_of, ledger, order_of
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.payments.c2b import PROOF_WAIT, claim_by_statement, settle_c2b
from zemi.payments.close import cancel_order
from zemi.payments.models import Payment, Receipt
from zemi.providers import registry
from zemi.providers.base import C2BReceipt
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.models import StatementLine
from zemi.reconciliation.statements import import_statement, pull_statement
from zemi.refunds.models import Refund
from zemi.webhooks.models import WebhookLog

Run = Callable[[], int]


def new_order(**how: Any) -> str:
    return str(story.create_order(**how).data["order_reference"])


def pay(simulator: Any, reference: str = "", *, amount: int = 1_500, payer: Phone = AMINA) -> str:
    """Pay the paybill by hand; nothing tells Zemi of it. Answers the receipt's number."""
    sent = simulator.book_payment(
        msisdn=payer.msisdn, amount=f"{amount}.00", shortcode="174379", account_reference=reference
    )
    return str(sent["receipt"])


def statement(simulator: Any, clock: Any) -> None:
    """Download the paybill's statement, import it, and reconcile."""
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    report = reconcile(now=clock.now())
    assert [item.kind for item in report.items] == []


def hint(number: str, *, amount: str = "1500.00", reference: str = "", payer: Phone = AMINA) -> None:
    """Send a confirmation to the open address, as anybody can."""
    body = {
        "TransactionType": "Pay Bill",
        "TransID": number,
        "TransTime": "20261123120000",
        "TransAmount": amount,
        "BusinessShortCode": "174379",
        "BillRefNumber": reference,
        "MSISDN": payer.msisdn,
    }
    answer = Client().post("/api/webhooks/mpesa", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200


def errors() -> list[str]:
    rows = WebhookLog.objects.order_by("id")
    return [row.processing_error if row.processed else f"due: {row.last_error}" for row in rows]


def test_money_by_hand_that_only_the_statement_tells_of_pays_its_order(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    number = pay(simulator, reference)

    statement(simulator, clock)

    assert order_of(reference).status == "paid"
    assert escrow_of(reference) == kes(1_500)
    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.payment_id, receipt.payer_phone) == (number, None, AMINA)
    statement(simulator, clock)
    assert Receipt.objects.count() == 1


def test_a_part_of_a_price_is_booked_beside_an_open_prompt_for_all_of_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="cancel", delay_s=3)
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    pay(simulator, reference, amount=600)

    statement(simulator, clock)

    order = order_of(reference)
    assert (order.status, order.due) == ("awaiting_payment", kes(900))
    assert Payment.objects.get().status == "failed"


def test_what_is_typed_long_after_a_prompt_failed_is_not_the_prompts(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="cancel")
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    clock.advance(minutes=6)
    number = pay(simulator, reference)

    statement(simulator, clock)

    assert Payment.objects.get().status == "failed"
    assert order_of(reference).status == "paid"
    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.payment_id) == (number, None)
    story.assert_books_agree()


def test_another_persons_payment_is_not_the_prompts(simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = new_order()
    simulator.set_phone(AMINA.msisdn, next="cancel", delay_s=3)
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    pay(simulator, reference, payer=OTIENO)

    statement(simulator, clock)

    assert order_of(reference).status == "paid"
    assert Receipt.objects.get().payer_phone == OTIENO
    assert Payment.objects.get().status == "failed"


def test_money_for_nobody_on_the_statement_is_an_orphan_and_goes_back_to_its_payer(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    pay(simulator, "chama", payer=OTIENO)

    statement(simulator, clock)

    assert ledger()[2500] == kes(1_500)
    # What the payer typed is not kept, and the number only sealed.
    line = StatementLine.objects.get(direction="in")
    assert (line.reference, line.payer) == ("", OTIENO)
    clock.advance(hours=24 * 30)
    run_worker()
    assert Refund.objects.get().payee == OTIENO


def test_the_list_that_is_pulled_tells_the_same(simulator: Any, clock: Any) -> None:
    registry.mobile_money().register_pull(nominated=OTIENO, callback_url="https://shop.example/hooks/0")
    reference = new_order()
    pay(simulator, reference)

    assert pull_statement(now=clock.advance(minutes=1)) is not None
    reconcile(now=clock.now())

    assert order_of(reference).status == "paid"
    assert Receipt.objects.get().payer_phone == AMINA


def test_a_confirmation_on_the_open_address_counts_once_its_status_proves_it(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    number = pay(simulator, reference)

    hint(number, reference=reference)
    hint(number, reference=reference)
    run_worker()
    assert errors()[:2] == ["due: not_proved", "due: not_proved"]
    clock.advance(seconds=30)
    run_worker()

    # What was typed is told by nobody who can be believed: the one order that fits is proposed.
    receipt = Receipt.objects.get()
    assert (receipt.transaction_id, receipt.status, receipt.payer_phone) == (number, "orphan", AMINA)
    assert receipt.proposed_order == order_of(reference)
    assert errors()[:2] == ["known", "known"]

    statement(simulator, clock)
    assert order_of(reference).status == "paid"
    assert (Receipt.objects.get().status, ledger().get(2500)) == ("claimed", None)


def test_a_confirmation_of_money_that_never_came_is_asked_about_for_two_days_and_closed(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()

    hint("QHJ41HG1W8", reference=reference)
    run_worker()
    clock.advance(seconds=30)
    run_worker()
    assert errors() == ["due: not_proved", "not_proved"]
    clock.advance(hours=PROOF_WAIT / timedelta(hours=1) + 1)
    run_worker()

    assert set(errors()) == {"not_proved"}
    assert Receipt.objects.count() == 0


def test_a_payout_of_ours_proves_no_payment_to_us(simulator: Any, clock: Any, run_worker: Run) -> None:
    sold = story.create_order().data
    story.push(sold["order_reference"])
    clock.advance(seconds=5)
    run_worker()
    story.confirm(sold["order_reference"], sold["delivery_code"])
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    paid_out = simulator.transactions()[-1]["receipt"]
    reference = new_order()

    hint(paid_out, reference=reference)
    run_worker()
    clock.advance(seconds=30)
    run_worker()

    assert order_of(reference).status == "awaiting_payment"
    assert Receipt.objects.count() == 1
    assert "shortcode_differs" in errors()


def test_an_answer_about_another_receipt_proves_nothing(
    simulator: Any, clock: Any, run_worker: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hint("QHJ41HG1W8")
    other = C2BReceipt(pay(simulator), kes(1_500), None, "", None, "174379")
    # Only a provider that mixes its own answers up could say so.
    monkeypatch.setattr(type(registry.mobile_money()), "read_transaction_callback", lambda *_: other)

    run_worker()
    clock.advance(seconds=30)
    run_worker()

    assert "ids_differ" in errors()
    assert Receipt.objects.count() == 0
    hint(other.receipt)
    run_worker()
    clock.advance(seconds=30)
    run_worker()


def test_many_confirmations_that_prove_nothing_don_t_make_many_questions(
    simulator: Any, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"receipt_questions": 2}
    for number in range(5):
        hint(f"QHJ41HG1W{number}")
    run_worker()
    clock.advance(seconds=30)
    run_worker()

    # Two answers came back; all five wait.
    assert errors() == ["due: not_proved"] * 5 + ["not_proved"] * 2


def test_a_statement_that_names_an_order_gives_it_only_what_it_can_take(simulator: Any, clock: Any) -> None:
    assert claim_by_statement("QHJ41HG1W8", order_reference="ZEM-00000000", now=clock.now()) is False
    pay(simulator, "chama", payer=OTIENO)
    statement(simulator, clock)
    number = str(Receipt.objects.get().transaction_id)

    assert claim_by_statement(number, order_reference="ZEM-00000000", now=clock.now()) is False

    assert Receipt.objects.get().status == "orphan"


def test_money_of_an_unknown_payer_for_an_order_that_is_over_waits_to_be_claimed(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = new_order()
    cancel_order(
        order_reference=reference, actor="buyer", party_id=order_of(reference).buyer_id, now=clock.now()
    )
    number = pay(simulator)
    # By its status it was proved, and by nothing that tells who paid.
    settle_c2b(C2BReceipt(number, kes(1_500), clock.now(), "", None, "174379"), now=clock.now())

    assert claim_by_statement(number, order_reference=reference, now=clock.now()) is False

    assert (Receipt.objects.get().status, ledger()[2500]) == ("orphan", kes(1_500))
    assert not Refund.objects.exists()
