"""Answers that come late, twice, in the wrong order, or against one another: none of them moves money a second time."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from tests import story
from tests.characters import AMINA, OTIENO
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from tests.story import ledger
from zemi.common import faults
from zemi.common.money import kes
from zemi.common.work import claim_due, finish
from zemi.disbursements import send
from zemi.disbursements.ask import ask_about
from zemi.disbursements.models import SuspenseCase
from zemi.disbursements.settle import apply_outcome, handle_disburse_callback, requeue_held
from zemi.events.errors import InvalidTransition
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.ledger import chart
from zemi.ledger.models import Account
from zemi.payments import collect
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Payment, Receipt
from zemi.payments.settle import fail_charge, handle_charge_callback, settle_charge
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import (
    Accepted,
    C2BReceipt,
    ChargeResult,
    DisburseResult,
    Reason,
    Refused,
    Succeeded,
    Unknown,
)
from zemi.webhooks.inbox import ClaimLost, receive
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint
from zemi.worker.loop import run_until_idle

Run = Callable[[], int]


@pytest.fixture
def reference() -> str:
    return str(story.create_order().data["order_reference"])


@pytest.fixture
def waiting(reference: str, simulator: Any) -> Payment:
    """An attempt whose prompt is open on the phone."""
    simulator.set_phone(AMINA.msisdn, next="wait")
    assert story.push(reference).status == 200
    return Payment.objects.get()


@pytest.fixture
def sent(queued: Payout, clock: Any) -> PayoutAttempt:
    """A payout that the provider has accepted."""
    run_until_idle(clock.now())
    return PayoutAttempt.objects.get()


def inbox(attempt: Any, clock: Any, webhook_type: str = "mpesa_stk", *, proven: bool = True) -> WebhookLog:
    """A claimed row of the inbox."""
    receive(
        webhook_type=webhook_type,
        provider="mpesa",
        body=b"{}",
        content_type="",
        user_agent="",
        source_address="",
        subject_id=attempt.id if proven else None,
        now=clock.now(),
    )
    [row] = claim_due(WebhookLog, now=clock.now(), limit=1)
    return row


def told(payment: Payment, outcome: Any) -> ChargeResult:
    return ChargeResult(payment.provider_reference, payment.merchant_request_id, outcome)


def alerted() -> list[tuple[str, str]]:
    """What the operators were told of other sums than were asked for."""
    events = Event.objects.filter(type="alert.payment_amount_differs").order_by("id")
    return [(event.data["amount"], event.data["due"]) for event in events]


# Payments -------------------------------------------------------------------------------------------------------------


def test_a_success_that_the_provider_does_not_confirm_waits_for_a_person(
    waiting: Payment, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="cancel")
    row = inbox(waiting, clock)

    handle_charge_callback(row, told(waiting, Succeeded(receipt="TKN1")), now=clock.now())

    row.refresh_from_db()
    assert (row.last_error, row.handled_at) == ("contradicted", None)
    assert Payment.objects.get().status == "pending"
    assert not Receipt.objects.exists()


def test_a_hint_of_a_failure_is_asked_about_and_then_believed(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="cancel")

    handle_charge_callback(
        inbox(waiting, clock, proven=False), told(waiting, Refused(Reason.CANCELLED)), now=clock.now()
    )
    clock.advance(seconds=11)
    run_until_idle(clock.now())

    assert Payment.objects.get().status == "failed"


def test_a_forged_failure_on_the_bare_path_ends_nothing(waiting: Payment, simulator: Any, clock: Any) -> None:
    handle_charge_callback(
        inbox(waiting, clock, proven=False), told(waiting, Refused(Reason.CANCELLED)), now=clock.now()
    )

    assert Payment.objects.get().status == "pending"


def test_a_hint_about_nothing_is_closed(waiting: Payment, clock: Any) -> None:
    for reference in ("", "ws_CO_unknown"):
        row = inbox(waiting, clock, proven=False)

        handle_charge_callback(row, ChargeResult(reference, "", Succeeded()), now=clock.now())

        row.refresh_from_db()
        assert row.processing_error == "unknown_checkout_id"


def test_a_success_after_a_failure_still_counts(waiting: Payment, simulator: Any, clock: Any) -> None:
    """M10: money beats message."""
    fail_charge(waiting.id, Refused(Reason.NO_ANSWER), now=clock.now())
    simulator.set_phone(AMINA.msisdn, prompt="pay")

    simulator.run_due()
    run_until_idle(clock.now())

    assert Payment.objects.get().status == "completed"
    assert ledger()[2100] == kes(1_500)


def test_a_failure_after_a_success_changes_nothing(waiting: Payment, simulator: Any, clock: Any) -> None:
    simulator.set_phone(AMINA.msisdn, prompt="pay")
    simulator.run_due()
    run_until_idle(clock.now())

    fail_charge(waiting.id, Refused(Reason.CANCELLED), now=clock.now())

    assert Payment.objects.get().status == "completed"
    assert ledger()[2100] == kes(1_500)


@pytest.mark.provider_differs
def test_a_second_number_for_one_attempt_is_other_money_and_goes_back(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, prompt="pay")
    simulator.run_due()
    run_until_idle(clock.now())
    row = inbox(waiting, clock)

    settle_charge(waiting.id, Succeeded(receipt="OTHER1"), now=clock.now(), row=row)

    row.refresh_from_db()
    assert row.processing_error == "second_receipt"
    assert sorted(Receipt.objects.values_list("status", flat=True)) == ["allocated", "refunded"]
    assert ledger()[2310] == kes(1_500)


@pytest.mark.provider_differs
def test_operators_are_told_once_of_a_success_with_another_sum(
    waiting: Payment, simulator: Any, clock: Any, settings: Any, run_worker: Run
) -> None:
    settings.OPERATOR_PHONES = (OTIENO.e164,)
    for _ in range(2):
        settle_charge(waiting.id, Succeeded(receipt="QHJ41HG1Y1", amount=kes(700)), now=clock.now())
    run_worker()

    assert ledger()[2100] == kes(700)
    assert alerted() == [("700", "1,500")]
    [message] = simulator.messages(OTIENO.msisdn)
    assert message["text"].startswith("Zemi: M-Pesa tells of KES 700 for ZEM-")
    assert "its prompt was of KES 1,500" in message["text"]


@pytest.mark.provider_differs
@pytest.mark.parametrize(
    ("by_hand", "claimed", "told"),
    [(700, None, "700"), (1_500, 700, "700"), (1_500, None, None)],
)
def test_operators_are_told_where_a_receipt_by_hand_is_of_another_sum(
    waiting: Payment, simulator: Any, clock: Any, by_hand: int, claimed: int | None, told: str | None
) -> None:
    number = "QHJ41HG1Y2"
    settle_c2b(C2BReceipt(number, kes(by_hand), clock.now(), "", OTIENO, "174379"), now=clock.now())

    amount = kes(claimed) if claimed else None
    settle_charge(waiting.id, Succeeded(receipt=number, amount=amount), now=clock.now())

    assert Payment.objects.get().status == "completed"
    assert alerted() == ([(told, "1,500")] if told else [])


def test_a_number_that_comes_late_with_another_amount_is_learnt_and_flagged(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="pay")
    settle_charge(waiting.id, Succeeded(), now=clock.now())
    row = inbox(waiting, clock)

    settle_charge(waiting.id, Succeeded(receipt="LATE1", amount=kes(9)), now=clock.now(), row=row)

    row.refresh_from_db()
    assert row.processing_error == "amount_differs"
    assert alerted() == [("9", "1,500")]
    assert Receipt.objects.get().amount == kes(1_500)


def test_a_number_that_is_booked_already_is_not_booked_for_another_attempt(
    simulator: Any, clock: Any, reference: str
) -> None:
    story.simulate_payment(reference, "SAME1")
    other = str(story.create_order(buyer=OTIENO, amount="700").data["order_reference"])
    simulator.set_phone(OTIENO.msisdn, next="wait")
    story.push(other, phone=OTIENO, amount="700")
    payment = Payment.objects.get(order__order_reference=other)
    row = inbox(payment, clock)

    settle_charge(payment.id, Succeeded(receipt="SAME1"), now=clock.now(), row=row)
    settle_charge(payment.id, Succeeded(receipt="SAME1"), now=clock.now())

    row.refresh_from_db()
    assert row.processing_error == "receipt_known"
    payment.refresh_from_db()
    assert payment.status == "pending"
    assert Receipt.objects.count() == 1


def test_a_worker_that_lost_its_claim_undoes_its_booking(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    row = inbox(waiting, clock)
    clock.advance(minutes=3)
    [taken_over] = claim_due(WebhookLog, now=clock.now(), limit=1)
    assert taken_over.pk == row.pk

    with pytest.raises(ClaimLost):
        settle_charge(waiting.id, Succeeded(receipt="TKN1"), now=clock.now(), row=row)

    assert not Receipt.objects.exists()
    assert Payment.objects.get().status == "pending"


def test_a_query_that_ends_while_a_callback_settles_does_not_make_the_attempt_due_again(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    clock.advance(seconds=26)
    [claimed] = claim_due(Payment, now=clock.now(), limit=1)
    simulator.set_phone(AMINA.msisdn, prompt="pay")
    settle_charge(waiting.id, Succeeded(receipt="TKN1"), now=clock.now())

    assert not finish(claimed, due_at=clock.now() + timedelta(seconds=10))

    assert Payment.objects.get().due_at is None
    with triggers_off():
        Receipt.objects.update(transaction_id=simulator.transactions()[-1]["receipt"])


def test_an_attempt_whose_ids_were_lost_becomes_unknown_and_is_found_by_its_callback(
    reference: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    """The process dies after the call: neither answer nor ids are ever recorded."""

    class Died(BaseException):
        pass

    def die(name: str) -> None:
        if Payment.objects.exists():
            raise Died

    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=40)
    faults.install(die)
    try:
        with pytest.raises(Died):
            collect.start_payment(
                order_reference=reference,
                payer_phone=AMINA,
                amount=kes(1_500),
                description="x",
                caller="test",
                now=clock.now(),
            )
    finally:
        faults.install(None)
    for _ in range(8):
        clock.advance(minutes=1)
        run_worker()

    payment = Payment.objects.get()
    assert (payment.status, payment.is_live) == ("unknown", False)
    assert story.push(reference).status == 200


def test_the_answer_that_comes_after_the_callback_changes_nothing(
    reference: str, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callback is handled while the call is still open, and then the answer is lost, or even a refusal."""
    for number, late in enumerate((Unknown(), Refused(Reason.OTHER))):
        order = str(story.create_order(amount=str(700 + number)).data["order_reference"])
        real = collect._send

        def send_and_settle(
            payment: Payment, *args: Any, late: Any = late, real: Any = real, **more: Any
        ) -> Any:
            accepted = real(payment, *args, **more)
            simulator.set_phone(AMINA.msisdn, prompt="pay")
            Payment.objects.filter(pk=payment.pk).update(
                **payment.reference_columns(accepted.provider_reference)
            )
            simulator.run_due()
            run_until_idle(clock.now())
            return late

        with monkeypatch.context() as patch:
            patch.setattr(collect, "_send", send_and_settle)
            answer = story.push(order, amount=str(700 + number))

        assert answer.status in {200, 202, 402}
        assert story.read_order(order)["status"] == "paid"
        clock.advance(minutes=2)


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (Refused(Reason.TOO_SOON), 429, "prompt_too_soon"),
        (Refused(Reason.PAYEE_INVALID), 402, "payment_refused"),
        (Refused(Reason.NOT_SENT), 503, "provider_unreachable"),
    ],
)
def test_a_refusal_of_the_request_itself_is_told_at_once(
    reference: str, monkeypatch: pytest.MonkeyPatch, outcome: Refused, status: int, code: str
) -> None:
    monkeypatch.setattr(collect, "_send", lambda *_, **__: outcome)

    refused = story.push(reference)

    assert (refused.status, refused.code) == (status, code)
    assert Payment.objects.get().status == "failed"


def test_a_phone_that_refused_ten_times_in_a_day_is_left_alone(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    for number in range(10):
        order = str(story.create_order(amount=str(1000 + number)).data["order_reference"])
        simulator.set_phone(AMINA.msisdn, next="cancel")
        assert story.push(order, amount=str(1000 + number)).status == 200
        clock.advance(minutes=11)
        run_worker()
    order = str(story.create_order(amount="2000").data["order_reference"])

    refused = story.push(order, amount="2000")

    # A day after the first of the ten, 110 minutes ago.
    assert (refused.status, refused.headers["Retry-After"]) == (429, str(86_400 - 110 * 60))


def test_other_violations_are_not_mistaken_for_a_live_attempt(
    reference: str, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise IntegrityError("something else")

    for module, name in ((collect, "open_attempt"),):
        monkeypatch.setattr(module, name, broken)
    with pytest.raises(IntegrityError, match="something else"):
        collect.start_payment(
            order_reference=reference,
            payer_phone=AMINA,
            amount=kes(1_500),
            description="x",
            caller="test",
            now=clock.now(),
        )
    monkeypatch.undo()
    monkeypatch.setattr("zemi.payments.settle.lock_payment", broken)
    with pytest.raises(IntegrityError, match="something else"):
        settle_charge(Payment().id, None, now=clock.now())


def test_a_simulated_payment_needs_its_simulator(
    reference: str, simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zemi.providers.mpesa.sandbox import Sandbox

    for outcome, code in ((Unknown(), "outcome_unknown"), (Refused(Reason.NOT_SENT), "provider_unreachable")):
        order = str(story.create_order().data["order_reference"])
        monkeypatch.setattr(Sandbox, "pay", lambda *_, outcome=outcome, **__: outcome)

        refused = story.simulate_payment(order, f"X-{code}")

        assert (refused.status, refused.code) == (503, code)


def test_a_prompt_that_was_just_answered_is_not_paid_by_simulation(
    waiting: Payment, reference: str, simulator: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, prompt="cancel")

    refused = story.simulate_payment(reference)

    assert (refused.status, refused.code) == (409, "payment_in_progress")
    assert simulator.transactions() == []


def test_a_prompt_whose_id_is_not_known_is_not_paid_by_simulation(reference: str, simulator: Any) -> None:
    simulator.set_phone(AMINA.msisdn, next="cancel")
    simulator.fault("http_timeout_after", count=1)
    story.push(reference)

    refused = story.simulate_payment(reference)

    assert (refused.status, refused.code) == (409, "payment_in_progress")


# Payouts --------------------------------------------------------------------------------------------------------------


def test_a_result_before_the_answer_stands(
    queued: Payout, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = send._call

    def call_and_settle(attempt: PayoutAttempt) -> Any:
        accepted = real(attempt)
        clock.advance(seconds=5)
        simulator.run_due()
        row = WebhookLog.objects.filter(handled_at=None).get()
        result = DisburseResult("", "", Succeeded(receipt=simulator.transactions()[-1]["receipt"]))
        [claimed] = claim_due(WebhookLog, now=clock.now(), limit=1)
        assert claimed.pk == row.pk
        apply_outcome(PayoutAttempt, attempt.id, result.outcome, now=clock.now(), row=claimed)
        return accepted

    monkeypatch.setattr(send, "_call", call_and_settle)
    run_until_idle(clock.now())

    assert Payout.objects.get().status == "succeeded"
    assert PayoutAttempt.objects.get().status == "succeeded"


def test_what_comes_after_the_end_is_compared_and_changes_nothing(
    sent: PayoutAttempt, simulator: Any, clock: Any, run_worker: Run
) -> None:
    clock.advance(seconds=5)
    run_worker()
    receipt = Payout.objects.get().transaction_id
    before = ledger()

    words = []
    for outcome in (
        Succeeded(receipt=receipt),
        Succeeded(),
        Succeeded(receipt="OTHER1"),
        Refused(Reason.OTHER),
        Unknown(),
        Accepted(),
    ):
        row = inbox(sent, clock, "mpesa_b2c_result")
        apply_outcome(PayoutAttempt, sent.id, outcome, now=clock.now(), row=row)
        row.refresh_from_db()
        words.append(row.processing_error)
    apply_outcome(PayoutAttempt, sent.id, Unknown(), now=clock.now())

    assert words == ["", "", "second_receipt", "failure_after_success", "", ""]
    assert ledger() == before
    assert Payout.objects.get().status == "succeeded"


@pytest.mark.provider_differs
@pytest.mark.parametrize("proved", [False, True])
def test_a_number_that_another_payout_has_proves_nothing(
    sent: PayoutAttempt, simulator: Any, clock: Any, run_worker: Run, proved: bool
) -> None:
    clock.advance(seconds=5)
    run_worker()
    number = Payout.objects.get().transaction_id
    order = story.create_order().data
    story.simulate_payment(order["order_reference"], "QHJ41HG1W9")
    story.confirm(order["order_reference"], order["delivery_code"])
    simulator.hold_callbacks = True
    run_until_idle(clock.now())
    other = PayoutAttempt.objects.latest("id")
    if proved:
        apply_outcome(PayoutAttempt, other.id, Succeeded(), now=clock.now())
    before = ledger()

    row = inbox(other, clock, "mpesa_b2c_result")
    apply_outcome(PayoutAttempt, other.id, Succeeded(receipt=number), now=clock.now(), row=row)
    # Without an inbox row: by an answer to our question, or by a statement.
    apply_outcome(PayoutAttempt, other.id, Succeeded(receipt=number), now=clock.now())

    row.refresh_from_db()
    assert (row.processing_error, row.parked_at) == ("receipt_of_another", None)
    assert ledger() == before
    other.refresh_from_db()
    assert (other.status, other.payout.transaction_id) == ("succeeded" if proved else "accepted", None)
    simulator.hold_callbacks = False
    clock.advance(minutes=3)
    run_worker()
    other.payout.refresh_from_db()
    assert other.payout.status == "succeeded"


def test_what_the_books_can_not_take_is_no_receipt_of_another(sent: PayoutAttempt, clock: Any) -> None:
    with undone():
        with triggers_off():
            Account.objects.filter(code=chart.PAYOUTS_IN_FLIGHT.code).update(balance_minor=0)
        with pytest.raises(IntegrityError):
            apply_outcome(PayoutAttempt, sent.id, Succeeded(receipt="QHJ41HG1X1"), now=clock.now())

    sent.refresh_from_db()
    assert sent.status == "accepted"


@pytest.mark.provider_differs
def test_a_success_after_a_recorded_failure_is_booked_as_a_claim_and_left_to_a_person(
    sent: PayoutAttempt, simulator: Any, clock: Any
) -> None:
    apply_outcome(PayoutAttempt, sent.id, Refused(Reason.PAYEE_INVALID), now=clock.now())
    row = inbox(sent, clock, "mpesa_b2c_result")

    apply_outcome(PayoutAttempt, sent.id, Succeeded(receipt="LATE1"), now=clock.now(), row=row)

    row.refresh_from_db()
    assert row.processing_error == "success_after_failure"
    assert Payout.objects.get().status == "succeeded"
    [case] = SuspenseCase.objects.all()
    assert (case.status, case.amount, case.transaction_id) == ("open", kes(1_500), "LATE1")
    # The seller's balance has it as well, until a person says which of the two is right.
    assert ledger()[1310] == ledger()[2200] == kes(1_500)


def test_a_result_for_another_amount_settles_nothing(
    sent: PayoutAttempt, simulator: Any, clock: Any, run_worker: Run
) -> None:
    row = inbox(sent, clock, "mpesa_b2c_result")

    apply_outcome(PayoutAttempt, sent.id, Succeeded(receipt="R1", amount=kes(1)), now=clock.now(), row=row)

    row.refresh_from_db()
    assert row.processing_error == "amount_differs"
    assert Payout.objects.get().status == "submitted"
    clock.advance(seconds=5)
    run_worker()
    assert Payout.objects.get().status == "succeeded"


def test_a_status_answer_of_still_pending_leaves_it_open(sent: PayoutAttempt, clock: Any) -> None:
    apply_outcome(
        PayoutAttempt, sent.id, Accepted(), now=clock.now(), row=inbox(sent, clock, "mpesa_status_result")
    )

    assert PayoutAttempt.objects.get().status == "accepted"


def test_an_unknown_that_is_told_twice_is_one(sent: PayoutAttempt, clock: Any) -> None:
    for _ in range(2):
        apply_outcome(PayoutAttempt, sent.id, Unknown(), now=clock.now())

    assert (PayoutAttempt.objects.get().status, Payout.objects.get().status) == ("unknown", "unknown")


def test_a_query_that_answers_at_once_settles(
    sent: PayoutAttempt, simulator: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Daraja answers by callback; the interface allows for providers that answer at once (DARAJA 8)."""
    from zemi.providers import registry

    simulator.hold_callbacks = True
    clock.advance(seconds=5)
    simulator.run_due()
    found = Succeeded(receipt=simulator.transactions()[-1]["receipt"])
    monkeypatch.setattr(type(registry.mobile_money()), "query_disbursement", lambda *_, **__: found)
    clock.advance(minutes=3)

    run_until_idle(clock.now())

    assert Payout.objects.get().status == "succeeded"


def test_a_claimed_payout_whose_result_was_handled_meanwhile_is_not_asked_about(
    sent: PayoutAttempt, clock: Any, run_worker: Run
) -> None:
    stale = Payout.objects.get()
    clock.advance(seconds=5)
    run_worker()

    ask_about(stale, now=clock.now())
    requeue_held(Payout(id=stale.id, status="held"), now=clock.now())

    assert Payout.objects.get().status == "succeeded"


def test_a_payout_that_another_worker_moved_on_is_not_sent(
    queued: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    stale = Payout.objects.get()
    run_worker()

    send.send_claimed(stale, now=clock.now())

    assert PayoutAttempt.objects.count() == 1


def test_a_payout_under_a_workers_hands_is_answered_as_on_its_way(queued: Payout, clock: Any) -> None:
    claim_due(Payout, now=clock.now(), limit=1)

    asked = story.ask_payout(story.Order.objects.get().order_reference, key=story.key_with(Scope.PAYOUTS))

    assert asked.status == 202
    assert not PayoutAttempt.objects.exists()
    clock.advance(minutes=3)


def test_a_result_on_a_path_without_its_attempt_is_closed(queued: Payout, clock: Any) -> None:
    """A secret of another database's attempt under the same master key: after a restore, say."""
    answer = Client().post(
        f"/hooks/{mint(CallbackKind.B2C_RESULT, queued.id)}",
        json.dumps(
            {
                "Result": {
                    "ResultCode": 0,
                    "ResultDesc": "x",
                    "TransactionID": "R1",
                    "OriginatorConversationID": "a",
                    "ConversationID": "b",
                }
            }
        ),
        content_type="application/json",
    )
    assert answer.status_code == 200

    run_until_idle(clock.now())

    assert WebhookLog.objects.get(webhook_type="mpesa_b2c_result").processing_error == "unknown_attempt"


def test_a_transition_tells_which_move_it_refused(sent: PayoutAttempt, clock: Any) -> None:
    from zemi.common.db import unit_of_work
    from zemi.events.log import transition

    with pytest.raises(InvalidTransition) as refusal, unit_of_work():
        transition(sent, "intent", at=clock.now(), actor="test")

    assert refusal.value.facts == {"subject": "payout_attempt", "status": "accepted", "wanted": "intent"}


def test_a_worker_that_could_not_send_what_was_sent_already_is_not_believed(
    sent: PayoutAttempt, clock: Any
) -> None:
    apply_outcome(PayoutAttempt, sent.id, Refused(Reason.NOT_SENT), now=clock.now())

    assert (PayoutAttempt.objects.get().status, Payout.objects.get().status) == ("accepted", "submitted")


def test_a_payouts_result_that_proves_nothing_is_closed(sent: PayoutAttempt, clock: Any) -> None:
    row = inbox(sent, clock, "mpesa_b2c_result", proven=False)

    handle_disburse_callback(
        row, DisburseResult("", "", Succeeded(receipt="FORGED1")), models=(PayoutAttempt,), now=clock.now()
    )

    row.refresh_from_db()
    assert row.processing_error == "unknown_attempt"
    assert Payout.objects.get().status == "submitted"


def test_a_second_look_that_gets_no_answer_ends_after_a_few(
    waiting: Payment, simulator: Any, clock: Any
) -> None:
    simulator.hold_callbacks = True
    simulator.set_phone(AMINA.msisdn, prompt="cancel")
    simulator.fault("query_pending", count=50)
    row = inbox(waiting, clock)
    handle_charge_callback(row, told(waiting, Refused(Reason.CANCELLED)), now=clock.now())

    for _ in range(8):
        clock.advance(hours=2)
        run_until_idle(clock.now())

    payment = Payment.objects.get()
    assert (payment.status, payment.due_at) == ("failed", None)


@pytest.mark.provider_differs
def test_a_late_success_of_another_amount_stops_the_payout(
    sent: PayoutAttempt, clock: Any, run_worker: Run
) -> None:
    apply_outcome(PayoutAttempt, sent.id, Refused(Reason.WALLET_FULL), now=clock.now())

    apply_outcome(
        PayoutAttempt,
        sent.id,
        Succeeded(receipt="LATE1", amount=kes(1)),
        now=clock.now(),
    )
    run_until_idle(clock.now() + timedelta(hours=1))

    assert (Payout.objects.get().status, Payout.objects.get().due_at) == ("held", None)
    assert PayoutAttempt.objects.count() == 1
