"""What people do by hand: refunds before and after the release, two pairs of eyes, the payout stop, what is unknown."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, CHEBET
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from tests.flows.test_stray_money import by_hand
from tests.story import FLOAT, ledger
from zemi.__main__ import main
from zemi.approvals.errors import ApprovalNotFound, ApprovalNotPending, PayloadChanged, SecondPersonNeeded
from zemi.approvals.models import Approval
from zemi.common.errors import ZemiError
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.disbursements.errors import (
    DisbursementNotChangeable,
    DisbursementNotFound,
    TooSoonToDecide,
    TooSoonToRetry,
)
from zemi.disbursements.models import Dispatcher, SuspenseCase
from zemi.disbursements.settle import apply_outcome
from zemi.events.models import Event
from zemi.identity.models import Party
from zemi.orders.models import Order
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import LineKind, ProviderLine, Reason, Refused, Succeeded, Unknown
from zemi.reconciliation.statements import import_lines
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt, RefundTooSmall
from zemi.refunds.models import Refund, RefundAttempt, RefundedReceipt
from zemi.staff.dispatch import put_back_to_work, start_sending, stop_sending
from zemi.staff.errors import BadRequestOfStaff, RefundNotWhole
from zemi.staff.models import StaffAct
from zemi.staff.queue import waiting_for_people
from zemi.staff.request import approve, request_action

Run = Callable[[], int]
differs = pytest.mark.provider_differs


@pytest.fixture
def paid(simulator: Any, clock: Any, run_worker: Run) -> str:
    """A paid order of KES 1,500; Amina paid by a prompt."""
    reference = str(story.create_order().data["order_reference"])
    assert story.push(reference).status == 200
    clock.advance(seconds=5)
    run_worker()
    assert story.order_of(reference).status == "paid"
    return reference


@pytest.fixture
def completed(simulator: Any, clock: Any, run_worker: Run) -> str:
    """A completed order of KES 1,500 whose seller has been paid."""
    order = story.create_order().data
    assert story.push(order["order_reference"]).status == 200
    clock.advance(seconds=5)
    run_worker()
    assert story.confirm(order["order_reference"], order["delivery_code"]).status == 200
    return str(order["order_reference"])


def settle(clock: Any, run_worker: Run, *, minutes: float = 0) -> None:
    clock.advance(seconds=5, minutes=minutes)
    run_worker()
    clock.advance(seconds=5)
    run_worker()


def refund(reference: str, clock: Any, *, amount: str = "1500.00", bearer: str = "seller") -> Any:
    payload = {"order": reference, "amount": amount, "bearer": bearer}
    return request_action("refund", payload, maker="Wanjiku", reason="goods were broken", now=clock.now())


def do(action: str, clock: Any, **payload: Any) -> None:
    """One person asks, another allows."""
    text = {name: str(value) for name, value in payload.items()}
    asked = request_action(action, text, maker="Wanjiku", reason="seen in the statement", now=clock.now())
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())


# Refunds


def test_all_of_a_paid_order_goes_back_to_the_payer_and_the_order_is_refunded(
    paid: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    before = simulator.books()[f"wallet:{AMINA.msisdn}"]

    assert refund(paid, clock) is None
    assert story.order_of(paid).status == "cancelled"
    assert ledger()[2310] == kes(1_500)

    settle(clock, run_worker)

    assert Refund.objects.get().status == "succeeded"
    assert story.order_of(paid).status == "refunded"
    assert simulator.books()[f"wallet:{AMINA.msisdn}"] == before + 150_000
    assert 2310 not in ledger()
    assert "sent back to you" in simulator.messages(AMINA.msisdn)[-1]["text"]


def test_of_a_paid_order_no_part_goes_back(paid: str, clock: Any) -> None:
    with pytest.raises(RefundNotWhole):
        refund(paid, clock, amount="500")

    assert not Refund.objects.exists()
    assert story.order_of(paid).status == "paid"


def test_less_than_can_be_paid_out_is_not_refunded_by_hand(completed: str, clock: Any) -> None:
    with pytest.raises(RefundTooSmall):
        refund(completed, clock, amount="9", bearer="zemi")

    assert 2400 not in ledger()


def test_more_than_was_paid_never_goes_back(completed: str, clock: Any) -> None:
    with pytest.raises(RefundExceedsReceipt):
        refund(completed, clock, amount="1501")

    refund(completed, clock, amount="1000", bearer="zemi")
    with pytest.raises(RefundExceedsReceipt):
        refund(completed, clock, amount="501", bearer="zemi")

    assert RefundedReceipt.objects.get().refunded_minor == 100_000
    assert ledger()[5200] == kes(1_000)


def test_an_order_that_was_never_paid_has_nothing_to_refund(clock: Any) -> None:
    reference = story.create_order().data["order_reference"]

    with pytest.raises(NothingToRefund):
        refund(reference, clock)


def test_a_payout_that_was_not_sent_is_called_off_for_a_refund_that_the_seller_bears(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    refund(completed, clock)

    assert Payout.objects.get().status == "cancelled"
    assert ledger()[2310] == kes(1_500)
    assert 1300 not in ledger()
    settle(clock, run_worker)
    assert Refund.objects.get().status == "succeeded"


def test_a_seller_who_has_been_paid_owes_the_refund_and_repays_half_of_each_later_sale(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    settle(clock, run_worker)
    assert Payout.objects.get().status == "succeeded"

    refund(completed, clock)
    settle(clock, run_worker)
    assert ledger()[1300] == kes(1_500)

    order = story.create_order(buyer=CHEBET, amount="1001").data
    story.simulate_payment(order["order_reference"], "LATER1", "1001")
    story.confirm(order["order_reference"], order["delivery_code"])

    assert ledger()[1300] == kes(1_000)
    assert Payout.objects.order_by("-created_at")[0].amount == kes(501)


def test_what_zemi_bears_is_a_loss(completed: str, clock: Any, run_worker: Run, simulator: Any) -> None:
    settle(clock, run_worker)

    refund(completed, clock, amount="300", bearer="zemi")
    settle(clock, run_worker)

    assert ledger()[5200] == kes(300)
    assert Refund.objects.get().status == "succeeded"


def test_a_refund_whose_answer_is_lost_is_asked_about_and_never_sent_again(
    paid: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    before = simulator.books()[f"wallet:{AMINA.msisdn}"]
    refund(paid, clock)
    Refund.objects.update(reverses="")
    simulator.fault("http_timeout_after", count=1, api="b2c")

    settle(clock, run_worker)
    for _ in range(4):
        settle(clock, run_worker, minutes=10)

    assert Refund.objects.get().status == "succeeded"
    assert RefundAttempt.objects.count() == 1
    assert simulator.books()[f"wallet:{AMINA.msisdn}"] == before + 150_000


def test_a_refund_that_is_refused_for_good_waits_as_the_payers_credit_and_can_be_tried_again(
    paid: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    refund(paid, clock)
    Refund.objects.update(reverses="")
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    assert Refund.objects.get().status == "failed"
    assert ledger()[2400] == kes(1_500)
    assert RefundedReceipt.objects.get().refunded_minor == 0
    assert story.order_of(paid).status == "cancelled"

    key = Refund.objects.get().id
    request_action(
        "retry", {"kind": "refund", "id": str(key)}, maker="Wanjiku", reason="registered", now=clock.now()
    )
    settle(clock, run_worker)

    assert Refund.objects.get().status == "succeeded"
    assert RefundedReceipt.objects.get().refunded_minor == 150_000
    assert 2400 not in ledger()


# Two people


def test_above_the_limit_somebody_else_must_allow_it(
    simulator: Any, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.FOUR_EYES_KES = 1_000
    reference = str(story.create_order().data["order_reference"])
    story.simulate_payment(reference)

    asked = refund(reference, clock)

    assert asked.status == "pending"
    assert not Refund.objects.exists()
    with pytest.raises(SecondPersonNeeded):
        approve(asked.id, checker="Wanjiku", reason="checked", now=clock.now())
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    assert Refund.objects.get().amount == kes(1_500)
    assert Event.objects.get(type="refund.created").actor == "Wanjiku+Kamau"
    with pytest.raises(ApprovalNotPending):
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    assert Refund.objects.count() == 1


def test_a_request_is_good_for_a_day(clock: Any, run_worker: Run, simulator: Any) -> None:
    payload = {"debit": "5200:x", "credit": "2400:y", "amount": "10"}
    asked = request_action("adjust", payload, maker="Wanjiku", reason="found", now=clock.now())
    assert asked is not None
    clock.advance(hours=24)

    with pytest.raises(ApprovalNotPending):
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    run_worker()

    assert Approval.objects.get().status == "expired"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_what_was_changed_in_the_database_is_not_done(clock: Any, simulator: Any) -> None:
    payload = {"debit": "5200:x", "credit": "2400:y", "amount": "10"}
    asked = request_action("adjust", payload, maker="Wanjiku", reason="found", now=clock.now())
    assert asked is not None
    Approval.objects.update(payload=payload | {"amount": "99999"})

    with pytest.raises(PayloadChanged):
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())

    assert Approval.objects.get().status == "pending"


def test_a_rejected_request_is_never_done(clock: Any, simulator: Any, capsys: Any) -> None:
    payload = {"debit": "5200:x", "credit": "2400:y", "amount": "10"}
    asked = request_action("adjust", payload, maker="Wanjiku", reason="found", now=clock.now())
    assert asked is not None

    assert main(["staff", "reject", str(asked.id), "--by", "Wanjiku", "--reason", "checked"]) == 1
    assert main(["staff", "reject", str(asked.id), "--by", "Kamau", "--reason", "checked"]) == 0
    assert main(["staff", "approve", str(asked.id), "--by", "Kamau", "--reason", "checked"]) == 1
    assert main(["staff", "reject", str(asked.id), "--by", "Kamau", "--reason", "checked"]) == 1

    assert "can't be decided any more" in capsys.readouterr().out
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_two_people_book_a_correction(clock: Any, simulator: Any) -> None:
    party = new_key()

    do("adjust", clock, debit="5200:case-1", credit=f"2400:{party}", amount="10")

    assert ledger() == {1110: FLOAT, 3100: FLOAT, 5200: kes(10), 2400: kes(10)}
    with pytest.raises(BadRequestOfStaff):
        do("adjust", clock, debit="5200:case-1", credit="2400:somebody", amount="10")


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("dance", {}),
        ("refund", {"order": "ZEM-00000000"}),
        ("refund", {"order": "ZEM-00000000", "amount": "1e2", "bearer": "seller"}),
        ("retry", {"kind": "payout", "id": "no id"}),
        ("retry", {"kind": "loan", "id": str(new_key())}),
    ],
)
def test_what_staff_write_wrongly_is_refused(
    action: str, payload: dict[str, str], clock: Any, simulator: Any
) -> None:
    with pytest.raises(ZemiError):
        request_action(action, payload, maker="Wanjiku", reason="why not", now=clock.now())
    with pytest.raises(BadRequestOfStaff):
        request_action(
            "adjust", {"debit": "", "credit": "", "amount": ""}, maker="W", reason=" ", now=clock.now()
        )


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("cancel", {"kind": "loan", "id": str(new_key())}),
        ("cancel", {"kind": "payout", "id": "no id"}),
        ("cancel", {"kind": "payout", "id": str(new_key())}),
        ("change-payee", {"id": str(new_key()), "party": str(new_key())}),
        ("redirect-refund", {"id": str(new_key()), "party": str(new_key())}),
        ("end-case", {"id": str(new_key()), "outcome": "lost"}),
        ("adjust", {"debit": "2200", "credit": "9999:x", "amount": "1"}),
        ("adjust", {"debit": "4100", "credit": "no:x", "amount": "1"}),
    ],
)
def test_what_can_not_be_done_is_refused_when_it_is_allowed_and_nothing_changes(
    action: str, payload: dict[str, str], clock: Any, simulator: Any
) -> None:
    asked = request_action(action, payload, maker="Wanjiku", reason="why not", now=clock.now())
    assert asked is not None

    with pytest.raises(ZemiError):
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())

    assert Approval.objects.get().status == "pending"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}


def test_a_request_that_is_not_there_is_not_found(clock: Any, simulator: Any) -> None:
    with pytest.raises(ApprovalNotFound):
        approve(new_key(), checker="Kamau", reason="checked", now=clock.now())
    with pytest.raises(DisbursementNotFound):
        request_action(
            "retry", {"kind": "payout", "id": str(new_key())}, maker="W", reason="x", now=clock.now()
        )


# The switch


def test_while_payouts_are_stopped_nothing_is_sent_and_afterwards_all_of_it(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert main(["staff", "stop", "payout", "--by", "Wanjiku", "--reason", "a break-in"]) == 0
    assert stop_sending(kinds=("payout",), by="Kamau", reason="again", now=clock.now()) == []

    settle(clock, run_worker, minutes=30)

    assert Payout.objects.get().status == "queued"
    assert not PayoutAttempt.objects.exists()
    assert [row.what for row in waiting_for_people(now=clock.now())] == ["switch"]
    assert main(["staff", "start", "--by", "Wanjiku", "--reason", "over"]) == 0
    assert start_sending(kinds=("payout",), by="Wanjiku", reason="over", now=clock.now()) == []
    settle(clock, run_worker)
    assert Payout.objects.get().status == "succeeded"
    assert set(Event.objects.filter(subject_type="dispatcher").values_list("type", flat=True)) == {
        "dispatcher.stopped",
        "dispatcher.started",
    }


def test_a_switch_without_a_row_is_on(completed: str, simulator: Any, clock: Any, run_worker: Run) -> None:
    Dispatcher.objects.all().delete()

    settle(clock, run_worker)

    assert Payout.objects.get().status == "succeeded"


def test_refused_credentials_stop_everything_that_goes_out(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    run_worker()
    attempt = PayoutAttempt.objects.get()
    simulator.hold_callbacks = True
    apply_outcome(PayoutAttempt, attempt.id, Refused(Reason.CREDENTIALS, "8006", "locked"), now=clock.now())

    assert Payout.objects.get().held_reason == "credentials"
    assert {row.name for row in Dispatcher.objects.filter(stopped_at__isnull=False)} == {"payout", "refund"}
    assert set(Dispatcher.objects.values_list("stop_reason", flat=True)) == {"8006 locked"}
    assert Event.objects.filter(type="alert.dispatcher_stopped").count() == 1


def test_with_too_little_float_payouts_wait_and_refunds_go_first(
    simulator: Any, clock: Any, run_worker: Run, settings: Any
) -> None:
    first = story.create_order().data
    story.simulate_payment(first["order_reference"])
    story.confirm(first["order_reference"], first["delivery_code"])
    run_worker()
    attempt = PayoutAttempt.objects.get()
    apply_outcome(PayoutAttempt, attempt.id, Refused(Reason.FLOAT_LOW, "1"), now=clock.now())
    second = story.create_order(buyer=CHEBET, seller=AMINA).data
    story.simulate_payment(second["order_reference"], "SECOND1")
    story.confirm(second["order_reference"], second["delivery_code"])
    run_worker()
    assert sorted(Payout.objects.values_list("status", flat=True)) == ["held", "queued"]
    assert Dispatcher.objects.get(name="payout").waits_until is not None


# What is unknown, late or double


@pytest.fixture
def unknown(completed: str, simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout that has been unknown for more than a day."""
    simulator.fault("http_timeout_after", count=1, api="b2c")
    simulator.fault("callback_lost", api="any")
    run_worker()
    for _ in range(2):
        clock.advance(hours=13)
        run_worker()
    payout = Payout.objects.get()
    assert payout.status == "needs_attention"
    return payout


def test_after_a_day_a_person_says_by_the_statement_that_it_was_paid(
    unknown: Payout, simulator: Any, clock: Any
) -> None:
    [move] = [move for move in simulator.transactions() if move["kind"] == "b2c"]

    do("paid", clock, kind="payout", id=unknown.id, receipt=move["receipt"])

    assert Payout.objects.get().status == "succeeded"
    with pytest.raises(DisbursementNotChangeable):
        do("paid", clock, kind="payout", id=unknown.id, receipt="X")


@differs
def test_what_a_person_says_was_not_paid_is_on_the_balance_and_owed_again_after_a_day(
    unknown: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    do("unpaid", clock, kind="payout", id=unknown.id)
    assert ledger()[2200] == kes(1_500)

    do_retry = {"kind": "payout", "id": str(unknown.id)}
    request_action("retry", do_retry, maker="Wanjiku", reason="not in it", now=clock.now())

    assert Payout.objects.get().status == "queued"
    assert ledger()[2300] == kes(1_500)


@differs
def test_nobody_says_within_a_day_that_what_is_unknown_was_not_paid(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    """Found by the machine: two people looked too early, and what was paid a second later was on nobody's list."""
    simulator.fault("http_timeout_after", count=1, api="b2c")
    simulator.fault("callback_lost", api="any")
    run_worker()
    clock.advance(hours=23)
    run_worker()
    unknown = Payout.objects.get()
    assert unknown.status == "unknown"

    with pytest.raises(TooSoonToDecide):
        do("unpaid", clock, kind="payout", id=unknown.id)

    unknown.refresh_from_db()
    assert unknown.status == "unknown"
    assert ledger()[2300] == kes(1_500)


@differs
def test_a_day_is_counted_from_when_it_was_sent_not_from_when_it_was_first_to_be(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    """What provably did not leave goes out later as the same try: two people could say at once that it was not paid."""
    simulator.fault("http_error_before", count=1, api="b2c")
    run_worker()
    stop_sending(kinds=("payout",), by="Wanjiku", reason="a break-in", now=clock.now())
    clock.advance(hours=25)
    run_worker()
    simulator.fault("http_timeout_after", count=1, api="b2c")
    simulator.fault("callback_lost", api="any")
    start_sending(kinds=("payout",), by="Wanjiku", reason="over", now=clock.now())
    run_worker()
    clock.advance(minutes=3)
    run_worker()
    unknown = Payout.objects.get()
    assert (unknown.status, PayoutAttempt.objects.count()) == ("unknown", 1)

    with pytest.raises(TooSoonToDecide):
        do("unpaid", clock, kind="payout", id=unknown.id)

    unknown.refresh_from_db()
    assert unknown.status == "unknown"


@differs
def test_it_is_not_asked_about_for_ever(unknown: Payout, clock: Any, run_worker: Run) -> None:
    for _ in range(9):
        clock.advance(hours=24)
        run_worker()

    unknown.refresh_from_db()
    assert (unknown.status, unknown.due_at) == ("needs_attention", None)


def test_what_was_sent_before_an_outage_of_more_than_a_week_is_asked_about_again(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("callback_lost", api="any")
    run_worker()
    clock.advance(hours=9 * 24)
    run_worker()
    settle(clock, run_worker)
    assert Payout.objects.get().status == "needs_attention"

    simulator.clear_faults()
    clock.advance(hours=24)
    settle(clock, run_worker)

    payout = Payout.objects.get()
    assert (payout.status, payout.due_at) == ("succeeded", None)


@pytest.fixture
def failed(completed: str, simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout to a seller who is no customer."""
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    payout = Payout.objects.get()
    assert payout.status == "failed"
    return payout


def test_a_failed_payout_goes_to_another_number_after_three_days(
    failed: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    story.create_order(buyer=CHEBET)
    other = Party.objects.get(phone_last4=CHEBET.last4)

    do("change-payee", clock, id=failed.id, party=other.id)
    settle(clock, run_worker)
    assert (Payout.objects.get().status, Payout.objects.get().held_reason) == ("held", "payee_changed")
    with pytest.raises(DisbursementNotChangeable):
        do("change-payee", clock, id=failed.id, party=other.id)
    before = simulator.books().get(f"wallet:{CHEBET.msisdn}", 30_000_000)
    clock.advance(hours=72)
    settle(clock, run_worker)

    assert Payout.objects.get().status == "succeeded"
    assert simulator.books()[f"wallet:{CHEBET.msisdn}"] == before + 150_000


def test_a_payout_is_tried_three_times_at_most(
    failed: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    def again() -> None:
        request_action(
            "retry", {"kind": "payout", "id": str(failed.id)}, maker="Wanjiku", reason="x", now=clock.now()
        )

    for _ in range(2):
        simulator.fault("b2c_unregistered", count=1)
        again()
        settle(clock, run_worker)
        assert Payout.objects.get().status == "failed"
    with pytest.raises(TooSoonToRetry):
        again()


def test_money_that_is_spent_is_not_sent_again(failed: Payout, clock: Any, completed: str) -> None:
    refund(completed, clock)
    assert 2200 not in ledger()

    with pytest.raises(DisbursementNotChangeable):
        request_action(
            "retry", {"kind": "payout", "id": str(failed.id)}, maker="Wanjiku", reason="x", now=clock.now()
        )


def test_a_queued_payout_is_called_off_and_a_sent_one_is_not(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    payout = Payout.objects.get()

    do("cancel", clock, kind="payout", id=payout.id)

    assert Payout.objects.get().status == "cancelled"
    assert ledger()[2200] == kes(1_500)
    with pytest.raises(DisbursementNotChangeable):
        do("cancel", clock, kind="payout", id=payout.id)


@differs
def test_a_payment_that_the_provider_took_back_is_owed_again(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    payout = Payout.objects.get()
    with pytest.raises(DisbursementNotChangeable):
        do("reversed", clock, kind="payout", id=payout.id, receipt="REV1")
    settle(clock, run_worker)

    do("reversed", clock, kind="payout", id=payout.id, receipt="REV1")

    assert Payout.objects.get().status == "reversed"
    assert ledger()[2200] == kes(1_500)


@differs
def test_the_number_that_staff_give_must_be_of_this_payment(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    settle(clock, run_worker)
    taken = Payout.objects.get().transaction_id
    simulator.fault("http_garbage_after", api="b2c", count=1)
    simulator.hold_callbacks = True
    order = story.create_order(buyer=CHEBET).data
    story.simulate_payment(order["order_reference"], "NEXT1")
    story.confirm(order["order_reference"], order["delivery_code"])
    run_worker()
    payout = Payout.objects.latest("id")
    assert payout.status == "unknown"
    lines = [
        (LineKind.REVERSAL, "REVERSED01", 1_500),
        (LineKind.PAYMENT, "ANOTHERSUM", 1_400),
        (LineKind.PAYMENT, "THISSUM001", 1_500),
    ]
    told = [
        ProviderLine(number, clock.now(), None, kes(amount), kind, "a word") for kind, number, amount in lines
    ]
    import_lines(told, source="file", now=clock.now())
    before = ledger()

    for wrong in (taken, "REVERSED01", "anothersum "):
        with pytest.raises(BadRequestOfStaff):
            do("paid", clock, kind="payout", id=payout.id, receipt=wrong)
    assert ledger() == before

    do("paid", clock, kind="payout", id=payout.id, receipt=" thissum001")

    payout.refresh_from_db()
    assert (payout.status, payout.transaction_id) == ("succeeded", "THISSUM001")


def late(failed: Payout, clock: Any) -> SuspenseCase:
    attempt = PayoutAttempt.objects.get(payout=failed)
    apply_outcome(PayoutAttempt, attempt.id, Succeeded(receipt="LATE1"), now=clock.now())
    return SuspenseCase.objects.get()


@differs
@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        # The seller has had it, and has it again on the balance; or has it there still.
        ("charged", {2200: kes(1_500)}),
        ("lost", {2200: kes(1_500)}),
        ("", {2200: kes(1_500)}),
    ],
)
def test_what_was_paid_late_and_taken_back_is_owed_once(
    failed: Payout, simulator: Any, clock: Any, outcome: str, lines: dict[int, Any]
) -> None:
    case = late(failed, clock)
    if outcome:
        do("end-case", clock, id=case.id, outcome=outcome)

    do("reversed", clock, kind="payout", id=failed.id, receipt="REV1")

    books = ledger()
    assert {code: books[code] for code in (1310, 2200, 5200) if code in books} == lines
    assert (Payout.objects.get().status, SuspenseCase.objects.get().status) == (
        "reversed",
        outcome or "recovered",
    )


@differs
def test_what_came_back_in_another_way_is_not_taken_back_a_second_time(failed: Payout, clock: Any) -> None:
    do("end-case", clock, id=late(failed, clock).id, outcome="recovered")

    with pytest.raises(DisbursementNotChangeable):
        do("reversed", clock, kind="payout", id=failed.id, receipt="REV1")


@differs
@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        ("charged", {}),
        ("lost", {2200: kes(1_500), 5200: kes(1_500)}),
        ("recovered", {2200: kes(1_500)}),
    ],
)
def test_a_late_success_is_a_claim_until_a_person_ends_it(
    failed: Payout, clock: Any, outcome: str, lines: dict[int, Any]
) -> None:
    case = late(failed, clock)
    assert ledger()[1310] == ledger()[2200] == kes(1_500)
    assert f"KES 1500.00, payout {failed.id}" in [one.facts for one in waiting_for_people(now=clock.now())]
    with undone():
        with triggers_off():
            SuspenseCase.objects.update(status="lost")
        assert f"case {case.id} is lost and claims 1500.00, not 0.00" in story.problems()

    do("end-case", clock, id=case.id, outcome=outcome)

    found = ledger()
    assert 1310 not in found
    assert {code: found.get(code) for code in lines} == lines
    assert SuspenseCase.objects.get().status == outcome
    with pytest.raises(ZemiError):
        do("end-case", clock, id=case.id, outcome=outcome)


@differs
def test_a_late_success_of_which_the_balance_is_gone_is_a_debt(
    failed: Payout, completed: str, clock: Any, run_worker: Run
) -> None:
    refund(completed, clock)
    case = late(failed, clock)

    do("end-case", clock, id=case.id, outcome="charged")

    assert ledger()[1300] == kes(1_500)


@differs
@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        ("charged", {}),
        ("recovered", {2500: kes(20)}),
        ("lost", {2500: kes(20), 5200: kes(20)}),
        ("", {1310: kes(20), 2500: kes(20)}),
    ],
)
def test_a_late_refund_of_a_payer_whom_nobody_knows_is_charged_to_what_lies_there_for_him(
    paid: str, simulator: Any, clock: Any, run_worker: Run, outcome: str, lines: dict[int, Any]
) -> None:
    """The reversal was said to have failed, and the refund was called off: its money was nobody's again."""
    by_hand(simulator, clock, amount=20, reference=paid, payer=None)
    simulator.hold_callbacks = True
    run_worker()
    attempt = RefundAttempt.objects.get()
    assert (attempt.is_reversal, attempt.refund.payer) == (True, None)
    apply_outcome(RefundAttempt, attempt.id, Refused(Reason.OTHER), now=clock.now())
    settle(clock, run_worker)
    assert Refund.objects.get().held_reason == "no_payee"
    do("cancel", clock, kind="refund", id=attempt.refund_id)
    assert ledger()[2500] == kes(20)
    story.assert_books_agree(with_provider=False)

    apply_outcome(RefundAttempt, attempt.id, Succeeded(receipt="LATE1"), now=clock.now())
    story.assert_books_agree(with_provider=False)
    if outcome:
        do("end-case", clock, id=SuspenseCase.objects.get().id, outcome=outcome)

    books = ledger()
    assert {code: books[code] for code in (1310, 2400, 2500, 5200, 1300) if code in books} == lines


@differs
@pytest.mark.parametrize("has_switches", [True, False])
def test_a_payee_with_an_open_case_is_sent_nothing_more(
    failed: Payout, simulator: Any, clock: Any, run_worker: Run, has_switches: bool
) -> None:
    if not has_switches:
        Dispatcher.objects.all().delete()
    case = late(failed, clock)
    order = story.create_order(buyer=CHEBET).data
    story.simulate_payment(order["order_reference"], "NEXT1")
    story.confirm(order["order_reference"], order["delivery_code"])
    settle(clock, run_worker, minutes=10)
    newest = Payout.objects.order_by("-created_at")[0]
    assert (newest.status, newest.last_error) == ("queued", "suspense")

    with pytest.raises(ZemiError):
        do("end-case", clock, id=case.id, outcome="forgotten")
    do("end-case", clock, id=case.id, outcome="lost")
    settle(clock, run_worker, minutes=61)

    newest.refresh_from_db()
    assert newest.status == "succeeded"


@differs
def test_two_attempts_that_both_paid_are_an_incident(
    completed: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    run_worker()
    first = PayoutAttempt.objects.get()
    simulator.hold_callbacks = True
    apply_outcome(PayoutAttempt, first.id, Refused(Reason.WALLET_FULL, "8"), now=clock.now())
    clock.advance(hours=1)
    run_worker()
    second = PayoutAttempt.objects.get(number=2)
    apply_outcome(PayoutAttempt, first.id, Succeeded(receipt="FIRST1"), now=clock.now())
    apply_outcome(PayoutAttempt, second.id, Succeeded(receipt="SECOND1"), now=clock.now())

    case = SuspenseCase.objects.get()
    assert (case.was_given_back, case.amount) == (False, kes(1_500))
    assert Payout.objects.get().transaction_id == "SECOND1"
    assert ledger()[1310] == kes(1_500)


def test_the_queue_names_what_waits(unknown: Payout, clock: Any, capsys: Any) -> None:
    request_action(
        "paid",
        {"kind": "payout", "id": str(unknown.id), "receipt": "X"},
        maker="Wanjiku",
        reason="statement",
        now=clock.now(),
    )

    assert main(["staff", "queue"]) == 0

    out = capsys.readouterr().out
    assert f"{unknown.id}  needs_attention, KES 1500.00" in out
    assert "asked by Wanjiku: statement" in out
    Approval.objects.all().delete()


def test_a_refund_that_nobody_bears_is_refused(paid: str, clock: Any) -> None:
    before = ledger()

    with pytest.raises(BadRequestOfStaff) as refused:
        request_action(
            "refund",
            {"order": paid, "amount": "1500.00", "bearer": "amina"},
            maker="Wanjiku",
            reason="asked",
            now=clock.now(),
        )

    assert refused.value.facts == {"problem": "bearer is seller or zemi"}
    assert ledger() == before
    assert not Refund.objects.exists()


def test_work_that_is_not_put_aside_is_not_put_back(clock: Any) -> None:
    assert put_back_to_work(new_key(), by="Kamau", reason="a drill", now=clock.now()) is None

    assert not StaffAct.objects.exists()


def test_the_command_refuses_what_it_can_not_read(clock: Any, simulator: Any, capsys: Any) -> None:
    assert main(["staff", "queue"]) == 0
    assert main(["staff", "stop", "--by", "Wanjiku"]) == 1
    assert main(["staff", "stop", "loan", "--by", "Wanjiku", "--reason", "x"]) == 1
    assert main(["staff", "approve", "--by", "Kamau", "--reason", "x"]) == 1
    assert main(["staff", "approve", "no", "--by", "Kamau", "--reason", "x"]) == 1
    assert main(["staff", "do", "--by", "Kamau", "--reason", "x"]) == 1
    assert (
        main(["staff", "do", "refund", "order=ZEM-00000000", "amount=20", "bearer=zemi", "--reason", "x"])
        == 1
    )
    out = capsys.readouterr().out
    assert out.startswith("Nothing waits for a person.")
    assert "Say who you are" in out
    assert not Refund.objects.exists()


def test_the_command_asks_and_another_person_allows(
    paid: str, clock: Any, simulator: Any, settings: Any, capsys: Any
) -> None:
    settings.FOUR_EYES_KES = 100

    words = ["staff", "do", "refund", f"order={paid}", "amount=1500", "bearer=seller"]
    assert main([*words, "--by", "Wanjiku", "--reason", "never delivered"]) == 0
    key = Approval.objects.get().id
    assert main(["staff", "approve", str(key), "--by", "Kamau", "--reason", "checked"]) == 0

    assert Order.objects.get().status == "cancelled"
    assert f"Asked for as {key}" in capsys.readouterr().out


def test_an_unknown_attempt_is_nobodys(clock: Any, simulator: Any) -> None:
    with pytest.raises(PayoutAttempt.DoesNotExist):
        apply_outcome(PayoutAttempt, new_key(), Unknown(), now=clock.now())
