"""A prompt of which M-Pesa says that it was paid and, asked back, that it was not: people decide, or the statement does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, OTIENO
from tests.flows.test_reviewed import claimed, tell
from tests.flows.test_stray_money import by_hand
from tests.story import escrow_of, ledger, order_of
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.events.models import Event
from zemi.notifications.models import OperatorAlert
from zemi.payments.c2b import settle_c2b
from zemi.payments.close import expire_due_orders
from zemi.payments.contradicted import claim_of, flag_contradicted
from zemi.payments.errors import PaymentNotContradicted
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import fail_charge, settle_charge
from zemi.providers.base import C2BReceipt, Reason, Refused, Succeeded
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_lines, import_statement
from zemi.refunds.models import Refund
from zemi.staff.errors import BadRequestOfStaff
from zemi.staff.queue import QUEUES, waiting_for_people
from zemi.staff.request import approve, request_action
from zemi.webhooks.models import WebhookLog
from zemi.worker.loop import run_until_idle

Run = Callable[[], int]
differs = pytest.mark.provider_differs
CLAIMED = "TKN1ABCDEF"


@pytest.fixture
def reference() -> str:
    return str(story.create_order().data["order_reference"])


def cancelled(reference: str, simulator: Any) -> Payment:
    """A prompt that was cancelled on the phone; nobody has told yet."""
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="cancel")
    return Payment.objects.get()


@pytest.fixture
def denied(reference: str, simulator: Any, clock: Any) -> Payment:
    """A prompt that was cancelled, and whose own path says that it was paid: no money came."""
    payment = cancelled(reference, simulator)
    tell(payment, claimed(payment, 1500))
    run_until_idle(clock.now())
    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == ("pending", "contradicted")
    return payment


@pytest.fixture
def paid(reference: str, simulator: Any, clock: Any, run_worker: Run) -> Payment:
    """A prompt that was paid and whose callback says so, while M-Pesa's answers to questions deny it."""
    simulator.fault("query_contradicts", count=500, body="1032")
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()
    payment = Payment.objects.get()
    assert (payment.status, payment.failure_reason) == ("pending", "contradicted")
    return payment


@pytest.fixture
def failed_first(reference: str, simulator: Any, clock: Any) -> Payment:
    """A prompt that had ended as cancelled before its own path said that it was paid."""
    payment = cancelled(reference, simulator)
    fail_charge(payment.id, Refused(Reason.CANCELLED), now=clock.now())
    tell(payment, claimed(payment, 1500))
    run_until_idle(clock.now())
    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == ("failed", "contradicted")
    return payment


def pass_time(clock: Any, *, hours: float) -> None:
    clock.advance(hours=hours)
    run_until_idle(clock.now())


def decide(action: str, payment: Payment, clock: Any, **more: str) -> None:
    """One person asks, another allows."""
    payload = {"kind": "payment", "id": str(payment.id), **more}
    asked = request_action(action, payload, maker="Wanjiku", reason="seen in the portal", now=clock.now())
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    run_until_idle(clock.now())


@contextmanager
def refused(words: str) -> Iterator[None]:
    """The request is refused with these words, and nothing moves."""
    before = ledger()
    with pytest.raises(BadRequestOfStaff) as refusal:
        yield
    assert words in refusal.value.sentence()
    assert ledger() == before


def queue(clock: Any) -> list[Any]:
    return [row.id for row in QUEUES["payments-contradicted"].rows(clock.now())]


def own_receipt(simulator: Any) -> str:
    return str(simulator.transactions()[-1]["receipt"])


def texts(simulator: Any) -> list[str]:
    return [str(message["text"]) for message in simulator.messages(AMINA.msisdn)]


def import_paybill(simulator: Any, clock: Any) -> None:
    """Download the paybill's statement and match it."""
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    reconcile(now=clock.now())


def cover(payment: Payment, clock: Any, *, until: timedelta = timedelta(hours=30)) -> None:
    """Read a list of M-Pesa's that tells of nothing around the time of the prompt."""
    since = payment.created_at - timedelta(hours=1)
    import_lines([], source="pull", covers=(since, payment.created_at + until), now=clock.now())


# Before anybody has decided


def test_a_contradicted_success_reaches_people_once(
    denied: Payment, reference: str, simulator: Any, clock: Any, settings: Any
) -> None:
    pass_time(clock, hours=2)

    assert queue(clock) == [denied.id]
    [waits] = [row for row in waiting_for_people(now=clock.now()) if row.what == "payment"]
    assert waits.id == str(denied.id)
    assert waits.facts == f"pending, KES 1500.00 for {reference}: said to be paid, and not to be"
    assert QUEUES["payments-contradicted"].is_urgent
    [alert] = OperatorAlert.objects.all()
    assert (alert.kind, alert.incident) == ("alert.payment_contradicted", f"payment.{denied.id}")
    [told] = Event.objects.filter(type="payment.contradicted")
    assert (told.order_id, told.data["receipt"], told.data["amount"]) == (denied.order_id, CLAIMED, "1500.00")


def test_operators_are_told_by_text_message(
    reference: str, simulator: Any, clock: Any, settings: Any, run_worker: Run
) -> None:
    settings.OPERATOR_PHONES = (OTIENO.e164,)
    simulator.fault("query_contradicts", count=500, body="1032")
    story.push(reference)
    clock.advance(seconds=5)
    run_worker()

    [message] = simulator.messages(OTIENO.msisdn)
    assert message["text"].startswith(f"Zemi: M-Pesa says that KES 1,500 for {reference} was paid, and that")


def test_a_second_claim_about_it_tells_nobody_again(denied: Payment, simulator: Any, clock: Any) -> None:
    tell(denied, claimed(denied, 1500))
    run_until_idle(clock.now())

    assert OperatorAlert.objects.count() == 1
    assert Event.objects.filter(type="payment.contradicted").count() == 1


def test_the_order_waits_for_the_decision_and_nobody_is_told_that_it_is_not_paid(
    denied: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    for _ in range(10):
        pass_time(clock, hours=6)

    assert texts(simulator) == []
    order = story.get(f"/api/orders/{reference}").data
    assert order["status"] == "awaiting_payment"
    turn = order["next_action"]
    assert (turn["actor"], turn["verb"]) == ("support", "confirm_payment")
    assert (order["deadline_at"], order["if_no_action"]) == (None, "asked_again")


def test_a_claim_that_comes_between_the_look_and_the_lock_keeps_the_order_open(
    denied: Payment, reference: str, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.advance(hours=30)
    with monkeypatch.context() as patch:
        patch.setattr("zemi.payments.close.due_keys", lambda *_, **__: [denied.order_id])
        assert expire_due_orders(now=clock.now()) == 0

    assert order_of(reference).status == "awaiting_payment"


def test_a_failure_that_was_told_first_is_contradicted_as_well(
    failed_first: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    pass_time(clock, hours=40)

    assert queue(clock) == [failed_first.id]
    assert order_of(reference).status == "awaiting_payment"
    # Nor is he told that his prompt has failed: its success was told before that message went out.
    assert texts(simulator) == []

    decide("unpaid", failed_first, clock)

    assert queue(clock) == []
    assert order_of(reference).status == "expired"
    [event] = Event.objects.filter(type="payment.denied")
    assert event.actor == "Wanjiku+Kamau"
    failed_first.refresh_from_db()
    assert (failed_first.status, failed_first.failure_reason) == ("failed", "no_evidence")


def test_no_later_failure_ends_it(denied: Payment, clock: Any) -> None:
    body = claimed(denied, 1500)
    body["Body"]["stkCallback"]["ResultCode"] = 1032
    del body["Body"]["stkCallback"]["CallbackMetadata"]
    tell(denied, body)
    run_until_idle(clock.now())
    fail_charge(denied.id, Refused(Reason.CANCELLED), now=clock.now())

    denied.refresh_from_db()
    assert (denied.status, denied.failure_reason) == ("pending", "contradicted")
    assert denied.due_at is not None
    assert denied.due_at > clock.now()
    assert "contradicted" in WebhookLog.objects.values_list("processing_error", flat=True)


def test_an_answer_that_confirms_it_after_all_ends_it(
    paid: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    simulator.clear_faults()

    pass_time(clock, hours=2)

    assert order_of(reference).status == "paid"
    assert queue(clock) == []
    assert Receipt.objects.get().transaction_id == own_receipt(simulator)


def test_what_was_proved_meanwhile_is_not_flagged(paid: Payment, simulator: Any, clock: Any) -> None:
    settle_charge(paid.id, Succeeded(receipt=own_receipt(simulator)), now=clock.now())
    before = Event.objects.count()

    assert flag_contradicted(paid.id, Succeeded(), code="1032", now=clock.now())
    assert Event.objects.count() == before


def test_of_an_attempt_that_nobody_denied_nothing_is_claimed(reference: str, simulator: Any) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    payment = Payment.objects.get()

    claim = claim_of(payment)

    assert (claim.receipt, claim.amount) == ("", kes(1_500))


# Two people decide


def test_two_people_say_that_it_was_paid(paid: Payment, reference: str, simulator: Any, clock: Any) -> None:
    number = own_receipt(simulator)

    decide("paid", paid, clock, receipt=number.lower())

    assert order_of(reference).status == "paid"
    assert (escrow_of(reference), Receipt.objects.get().transaction_id) == (kes(1_500), number)
    assert queue(clock) == []
    done = Event.objects.get(type="payment.completed")
    assert (done.actor, done.data["receipt"]) == ("Wanjiku+Kamau", number)
    # The message that claimed it is closed by its next look, and books nothing again.
    pass_time(clock, hours=2)
    assert not WebhookLog.objects.filter(handled_at=None).exists()
    assert Receipt.objects.count() == 1


def test_another_number_than_m_pesas_message_names_is_refused(
    paid: Payment, simulator: Any, clock: Any
) -> None:
    with refused(f"M-Pesa's message names {own_receipt(simulator)}"):
        decide("paid", paid, clock, receipt="QHJ41HG1X9")

    assert not Receipt.objects.exists()


def unnumbered(reference: str, simulator: Any, clock: Any) -> Payment:
    """A contradicted prompt whose message names no number."""
    simulator.set_phone(AMINA.msisdn, next="wait")
    story.push(reference)
    payment = Payment.objects.get()
    flag_contradicted(payment.id, None, code="1032", now=clock.now())
    payment.refresh_from_db()
    return payment


@differs
def test_a_message_without_a_number_is_decided_with_what_people_have_read(
    reference: str, simulator: Any, clock: Any
) -> None:
    payment = unnumbered(reference, simulator, clock)

    decide("paid", payment, clock, receipt="QHJ41HG1X1")

    assert order_of(reference).status == "paid"
    assert Receipt.objects.get().transaction_id == "QHJ41HG1X1"


@differs
def test_the_number_of_another_movement_is_refused(reference: str, simulator: Any, clock: Any) -> None:
    other = str(story.create_order().data["order_reference"])
    story.simulate_payment(other, "QHJ41HG1X2")
    story.push(reference, amount="1500.00")
    payment = Payment.objects.get(order__order_reference=reference)
    Payment.objects.filter(pk=payment.pk).update(status="pending", is_live=False)
    flag_contradicted(payment.id, None, code="1032", now=clock.now())

    with refused("number of another movement"):
        decide("paid", payment, clock, receipt="QHJ41HG1X2")


def test_what_a_statement_does_not_show_can_not_be_said_to_be_paid(denied: Payment, clock: Any) -> None:
    pass_time(clock, hours=2)
    cover(denied, clock, until=timedelta(hours=2))

    with refused(f"no line {CLAIMED} of KES 1500.00 that came in"):
        decide("paid", denied, clock, receipt=CLAIMED)

    assert not Receipt.objects.exists()


def test_another_sum_on_the_statement_is_refused(denied: Payment, simulator: Any, clock: Any) -> None:
    by_hand(simulator, clock, amount=700, number=CLAIMED, payer=OTIENO)
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())

    with refused("no line"):
        decide("paid", denied, clock, receipt=CLAIMED)


def test_two_people_say_that_it_was_not_paid_a_day_later(
    denied: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    with refused("less than a day ago"):
        decide("unpaid", denied, clock)
    pass_time(clock, hours=25)
    assert order_of(reference).status == "awaiting_payment"

    decide("unpaid", denied, clock)

    denied.refresh_from_db()
    assert (denied.status, denied.failure_reason, denied.is_live) == ("failed", "no_evidence", False)
    assert Event.objects.get(type="payment.failed").actor == "Wanjiku+Kamau"
    assert order_of(reference).status == "expired"
    assert queue(clock) == []
    # The message is asked about once more, and then it is closed: it flags nothing again.
    pass_time(clock, hours=2)
    assert WebhookLog.objects.get(webhook_type="mpesa_stk").processing_error == "contradicted"
    assert queue(clock) == []
    assert OperatorAlert.objects.count() == 1


def test_before_a_day_is_over_a_statement_that_covers_its_time_is_enough(
    denied: Payment, reference: str, clock: Any
) -> None:
    pass_time(clock, hours=2)
    cover(denied, clock, until=timedelta(minutes=16))

    decide("unpaid", denied, clock)

    denied.refresh_from_db()
    assert denied.status == "failed"
    assert order_of(reference).status == "awaiting_payment"


def test_what_a_statement_shows_can_be_said_to_be_paid_and_not_to_be_unpaid(
    paid: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    clock.advance(hours=25)
    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    cover(paid, clock)

    with refused("the statement has its money"):
        decide("unpaid", paid, clock)
    decide("paid", paid, clock, receipt=own_receipt(simulator))

    assert order_of(reference).status == "paid"


@pytest.mark.parametrize("action", ["paid", "unpaid"])
def test_only_what_is_contradicted_is_decided(
    action: str, reference: str, simulator: Any, clock: Any
) -> None:
    story.push(reference)
    clock.advance(seconds=5)
    run_until_idle(clock.now())
    more = {"receipt": "QHJ41HG1X4"} if action == "paid" else {}

    with pytest.raises(PaymentNotContradicted):
        decide(action, Payment.objects.get(), clock, **more)
    with refused("no such payment"):
        decide(action, Payment(id=new_key()), clock, **more)


# What is in the books already, and what a statement proves


def test_money_that_was_told_by_hand_under_the_claimed_number_is_the_prompts(
    paid: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    number = own_receipt(simulator)
    settle_c2b(C2BReceipt(number, kes(1_500), clock.now(), "", OTIENO, "174379"), now=clock.now())
    assert Receipt.objects.get().status == "orphan"

    decide("paid", paid, clock, receipt=number)

    assert order_of(reference).status == "paid"
    receipt = Receipt.objects.get()
    assert (receipt.payment_id, receipt.status) == (paid.id, "claimed")


def test_its_number_told_by_another_channel_proves_it_without_people(
    paid: Payment, reference: str, clock: Any, simulator: Any, run_worker: Run
) -> None:
    """The paybill's confirmation and the callback are two witnesses; it stayed in the queue though its order was paid."""
    number = own_receipt(simulator)
    settle_c2b(C2BReceipt(number, kes(1_500), clock.now(), reference, AMINA, "174379"), now=clock.now())
    assert order_of(reference).status == "paid"

    clock.advance(minutes=1)
    run_worker()

    paid.refresh_from_db()
    assert paid.status == "completed"
    assert [(one.payment_id, one.transaction_id) for one in Receipt.objects.all()] == [(paid.id, number)]
    assert [row for row in waiting_for_people(now=clock.now()) if row.what == "payment"] == []


def test_said_to_be_unpaid_though_its_number_is_in_the_books_it_is_paid(
    paid: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    number = own_receipt(simulator)
    settle_c2b(C2BReceipt(number, kes(1_500), clock.now(), "", OTIENO, "174379"), now=clock.now())
    # No worker has looked since.
    clock.advance(hours=25)

    decide("unpaid", paid, clock)

    assert order_of(reference).status == "paid"
    assert Receipt.objects.get().payment_id == paid.id


def test_a_number_that_is_another_orders_money_proves_nothing(
    denied: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    other = str(story.create_order().data["order_reference"])
    by_hand(simulator, clock, reference=other, number=CLAIMED)
    assert order_of(other).status == "paid"

    with refused("number of another movement"):
        decide("paid", denied, clock, receipt=CLAIMED)

    assert order_of(reference).status == "awaiting_payment"


def test_a_line_of_the_statement_ends_it_as_paid(
    paid: Payment, reference: str, simulator: Any, clock: Any
) -> None:
    pass_time(clock, hours=1)
    assert order_of(reference).status == "awaiting_payment"

    import_paybill(simulator, clock)

    assert order_of(reference).status == "paid"
    assert queue(clock) == []
    pass_time(clock, hours=2)
    assert Receipt.objects.count() == 1
    assert not Refund.objects.exists()


def test_a_statement_that_covers_its_day_without_a_line_ends_it_as_unpaid(
    denied: Payment, reference: str, clock: Any
) -> None:
    pass_time(clock, hours=40)
    cover(denied, clock, until=timedelta(hours=23))
    reconcile(now=clock.now())
    assert queue(clock) == [denied.id]

    cover(denied, clock)
    reconcile(now=clock.now())

    assert queue(clock) == []
    denied.refresh_from_db()
    assert (denied.status, denied.failure_reason) == ("failed", "no_evidence")
    run_until_idle(clock.now())
    assert order_of(reference).status == "expired"


def test_a_statement_ends_also_one_that_had_failed_before_it_was_claimed(
    failed_first: Payment, clock: Any
) -> None:
    pass_time(clock, hours=40)
    cover(failed_first, clock)

    reconcile(now=clock.now())

    assert queue(clock) == []
    assert Event.objects.get(type="payment.denied").actor == "reconciliation"


@differs
def test_a_claim_with_another_number_than_was_proved_sends_no_money_back(
    denied: Payment, reference: str, clock: Any
) -> None:
    """Of a completed attempt another number is other money (M12); of one that was denied it is a word alone."""
    settle_charge(denied.id, Succeeded(receipt="QHJ41HG1X5"), now=clock.now())
    before = ledger()

    pass_time(clock, hours=2)

    assert order_of(reference).status == "paid"
    assert ledger() == before
    assert not Refund.objects.exists()
    assert WebhookLog.objects.get(webhook_type="mpesa_stk").processing_error == "contradicted"
