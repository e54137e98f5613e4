"""A refund that can't reach the phone that paid: sent to another number of whoever paid, by both phones or by staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic  # noqa: TID251 (to see what the database itself refuses)

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from tests.flows.conftest import settle
from tests.flows.test_stray_money import by_hand
from tests.story import code_for, ledger
from zemi.approvals.errors import SecondPersonNeeded
from zemi.common.ids import new_key
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.common.work import claim_due
from zemi.disbursements.errors import DisbursementNotFound
from zemi.disbursements.send import send_claimed
from zemi.disbursements.settle import apply_outcome, requeue_held
from zemi.events.models import Event
from zemi.identity.models import OtpChallenge, Party
from zemi.identity.parties import phone_index
from zemi.payments.models import Receipt
from zemi.providers.base import Reason, Refused, Succeeded, Unknown
from zemi.refunds.errors import PayeeNotProved, RefundNotRedirectable
from zemi.refunds.models import ProposedPayee, Refund, RefundAttempt, RefundedReceipt
from zemi.staff.queue import waiting_for_people
from zemi.staff.request import approve, request_action
from zemi.unclaimed.apart import set_apart_idle_balances

Run = Callable[[], int]
differs = pytest.mark.provider_differs
PATH = "/api/v1/refunds/redirect"


def number() -> str:
    return str(Receipt.objects.latest("id").transaction_id)


def redirect(
    to: Phone = CHEBET, *, payer: Phone | None = AMINA, receipt: str = "", key: str = "", **body: str
) -> story.Answer:
    """Prove both phones, and have the refund sent to `to`; what stands in `body` is said instead."""
    said = {"receipt_number": receipt or number(), "new_phone_number": to.msisdn}
    said |= {"new_otp": code_for(to, "receive_refund")} if "new_otp" not in body else {}
    if payer is not None:
        said["phone_number"] = payer.msisdn
        said |= {"otp": code_for(payer, "redirect_refund")} if "otp" not in body else {}
    headers = {"idempotency-key": key} if key else {}
    return story.post(PATH, said | body, **headers)


def state(refund: Refund) -> tuple[str, str, Phone]:
    refund = Refund.objects.get(pk=refund.pk)
    return refund.status, refund.held_reason, refund.payee


def wallet(simulator: Any, phone: Phone) -> int:
    return int(simulator.books().get(f"wallet:{phone.msisdn}", 30_000_000))


def texts(simulator: Any, phone: Phone) -> str:
    return "\n".join(str(message["text"]) for message in simulator.messages(phone.msisdn))


def party(phone: Phone) -> Party:
    return Party.objects.get(phone_hash=phone_index(phone))


# By both phones


def test_a_refund_goes_to_another_number_of_the_payer_after_twelve_hours(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    amina, chebet = wallet(simulator, AMINA), wallet(simulator, CHEBET)
    assert "could not send KES 1,500" in texts(simulator, AMINA)

    answer = redirect()

    assert answer.status == 202
    assert (answer.data["status"], answer.data["amount"]) == ("redirected", "1500.00")
    assert answer.data["payee_phone_masked"] == f"****{CHEBET.last4}"
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    assert (ledger()[2310], 2400 in ledger()) == (kes(1_500), False)
    assert RefundedReceipt.objects.get().refunded_minor == 150_000
    run_worker()
    assert f"goes to ****{CHEBET.last4} in 12 hours" in texts(simulator, AMINA)
    assert "KES 1,500" in texts(simulator, CHEBET)
    assert "comes to this phone by M-Pesa in 12 hours" in texts(simulator, CHEBET)

    clock.advance(hours=11, minutes=59)
    settle(clock, run_worker)
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    settle(clock, run_worker, minutes=1)
    settle(clock, run_worker)

    assert state(failed_refund) == ("succeeded", "", CHEBET)
    assert wallet(simulator, CHEBET) == chebet + 150_000
    assert wallet(simulator, AMINA) == amina
    assert 2310 not in ledger()
    assert 2400 not in ledger()
    assert failed_refund.order is not None
    assert story.read_order(failed_refund.order.order_reference)["status"] == "refunded"
    assert "has been sent back to you" in texts(simulator, CHEBET)
    assert "has been sent back to you" not in texts(simulator, AMINA)
    tries = RefundAttempt.objects.order_by("number")
    assert [(one.status, one.paid_to) for one in tries] == [("failed", AMINA), ("succeeded", CHEBET)]
    told = Event.objects.get(type="refund.redirected")
    assert (told.actor, told.data["payee"]) == ("payer", str(party(CHEBET).id))


def test_each_phone_gets_words_in_its_own_language(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    redirect()
    Party.objects.update(language="sw")

    run_worker()

    assert f"itatumwa ****{CHEBET.last4} baada ya saa 12" in texts(simulator, AMINA)
    assert "itakuja kwenye simu hii kwa M-Pesa" in texts(simulator, CHEBET)


def test_a_wrong_code_for_either_phone_changes_nothing_and_spends_no_right_one(failed_refund: Refund) -> None:
    new, old = code_for(CHEBET, "receive_refund"), code_for(AMINA, "redirect_refund")

    assert redirect(new_otp=story.wrong(new), otp=old).code == "one_time_code_wrong"
    assert redirect(new_otp=new, otp=story.wrong(old)).code == "one_time_code_wrong"
    assert state(failed_refund) == ("failed", "", AMINA)
    assert ledger()[2400] == kes(1_500)

    assert redirect(new_otp=new, otp=old).status == 202
    assert redirect(new_otp=new, otp=old).code == "one_time_code_wrong"


def test_five_wrong_tries_end_both_codes(failed_refund: Refund) -> None:
    new, old = code_for(CHEBET, "receive_refund"), code_for(AMINA, "redirect_refund")
    for by in range(1, 6):
        assert redirect(new_otp=new, otp=story.wrong(old, by)).code == "one_time_code_wrong"

    assert redirect(new_otp=new, otp=old).code == "one_time_code_wrong"

    assert OtpChallenge.objects.filter(ended_at=None).count() == 0
    assert state(failed_refund) == ("failed", "", AMINA)


def test_a_code_for_another_purpose_proves_neither_phone(failed_refund: Refund) -> None:
    # Somebody is talked into reading out the code with which money seems to come.
    assert redirect(otp=code_for(AMINA, "receive_refund")).code == "one_time_code_wrong"
    assert redirect(otp=code_for(AMINA, "claim_receipt")).code == "one_time_code_wrong"

    assert state(failed_refund) == ("failed", "", AMINA)


def test_nobody_sends_what_another_phone_paid_to_an_own_number(failed_refund: Refund) -> None:
    assert redirect(OTIENO, payer=OTIENO).code == "refund_not_found"
    assert redirect(OTIENO, payer=BARAKA).code == "refund_not_found"
    assert redirect(receipt="NOSUCHNUM1").code == "refund_not_found"

    assert state(failed_refund) == ("failed", "", AMINA)
    assert not Event.objects.filter(type="refund.redirected").exists()


def test_the_first_phone_without_its_code_is_no_proof(failed_refund: Refund) -> None:
    said = {"receipt_number": number(), "new_phone_number": CHEBET.msisdn, "new_otp": "123456"}

    answer = story.post(PATH, said | {"phone_number": AMINA.msisdn})
    other = story.post(PATH, said | {"otp": "123456"})

    assert [(one.status, one.code) for one in (answer, other)] == [(400, "invalid_input")] * 2
    assert answer.body["details"]["errors"][0]["field"] == "otp"
    assert other.body["details"]["errors"][0]["field"] == "phone_number"


def test_what_is_asked_again_with_its_key_is_answered_again(failed_refund: Refund, clock: Any) -> None:
    key, new, old = new_key().hex, code_for(CHEBET, "receive_refund"), code_for(AMINA, "redirect_refund")
    first = redirect(key=key, new_otp=new, otp=old)
    clock.advance(hours=1)

    again = redirect(key=key, new_otp=new, otp=old)

    assert (first.status, first.body["data"]) == (again.status, again.body["data"])
    assert Event.objects.filter(type="refund.redirected").count() == 1


def test_a_phone_tries_ten_times_an_hour(failed_refund: Refund, settings: Any) -> None:
    settings.LIMITS = read_limits("")
    for _ in range(10):
        assert redirect(new_otp="000000", otp="000000").code == "one_time_code_wrong"

    assert redirect(new_otp="000000", otp="000000").status == 429


def test_all_that_can_not_be_sent_back_of_one_payment_goes_together(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = str(story.create_order().data["order_reference"])
    simulator.fault("b2c_unregistered", count=2)
    by_hand(simulator, clock, amount=1_600, reference=reference, payer=AMINA)
    settle(clock, run_worker)
    clock.advance(hours=25)
    payload = {"order": reference, "amount": "1500.00", "bearer": "seller"}
    request_action("refund", payload, maker="Wanjiku", reason="out of stock", now=clock.now())
    settle(clock, run_worker)
    assert [one.status for one in Refund.objects.all()] == ["failed", "failed"]
    assert ledger()[2400] == kes(1_600)
    before = wallet(simulator, CHEBET)

    assert redirect().data["amount"] == "1600.00"
    assert ledger()[2310] == kes(1_600)
    clock.advance(hours=12)
    for _ in range(3):
        settle(clock, run_worker)

    assert wallet(simulator, CHEBET) == before + 160_000
    assert 2310 not in ledger()


# What was sent, or may have been, stays with whom it was sent to


def test_what_waits_to_be_sent_or_is_on_its_way_goes_nowhere_else(
    owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert redirect().code == "refund_not_redirectable"
    run_worker()
    assert state(owed_refund) == ("submitted", "", AMINA)
    clock.advance(minutes=1)
    assert redirect().code == "refund_not_redirectable"
    settle(clock, run_worker)
    assert state(owed_refund) == ("succeeded", "", AMINA)
    clock.advance(hours=1)

    assert redirect().code == "refund_not_redirectable"

    assert state(owed_refund) == ("succeeded", "", AMINA)
    assert not Event.objects.filter(type="refund.redirected").exists()


def test_what_nobody_knows_the_end_of_goes_nowhere_else_before_it_is_known(
    owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("callback_lost", api="any")
    run_worker()
    settle(clock, run_worker, minutes=6)
    assert state(owed_refund) == ("unknown", "", AMINA)
    assert redirect().code == "refund_not_redirectable"
    clock.advance(hours=24)
    settle(clock, run_worker)
    assert state(owed_refund) == ("needs_attention", "", AMINA)

    assert redirect().code == "refund_not_redirectable"

    assert ledger()[2310] == kes(1_500)
    simulator.clear_faults()
    clock.advance(hours=24)
    settle(clock, run_worker)
    assert state(owed_refund) == ("succeeded", "", AMINA)


def test_what_was_unknown_and_is_said_to_have_failed_waits_a_day(
    owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=1)
    run_worker()
    attempt = RefundAttempt.objects.get()
    apply_outcome(RefundAttempt, attempt.id, Unknown(text="lost"), now=clock.now())
    apply_outcome(RefundAttempt, attempt.id, Refused(Reason.OTHER, "no_evidence", "none"), now=clock.now())

    assert redirect().code == "too_soon_to_retry"
    assert state(owed_refund) == ("failed", "", AMINA)
    clock.advance(hours=24)
    assert redirect().status == 202

    assert state(owed_refund) == ("held", "payee_changed", CHEBET)


def test_what_was_refused_for_a_fault_of_ours_is_not_the_payers_to_mend(
    owed_refund: Refund, clock: Any, simulator: Any, run_worker: Run
) -> None:
    simulator.fault("b2c_unregistered", count=1)
    run_worker()
    outcome = Refused(Reason.INVALID_REQUEST, "2", "below the least amount")
    apply_outcome(RefundAttempt, RefundAttempt.objects.get().id, outcome, now=clock.now())
    run_worker()
    assert "our people look at it" in texts(simulator, AMINA)
    assert "another number" not in texts(simulator, AMINA)

    assert redirect().code == "refund_not_redirectable"

    assert state(owed_refund) == ("failed", "", AMINA)


@differs
def test_a_try_to_the_phone_that_paid_that_was_paid_after_all_is_the_refund(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    redirect()
    late = Succeeded("0", "done", receipt="LATE000001")
    apply_outcome(RefundAttempt, RefundAttempt.objects.get().id, late, now=clock.now())
    before = wallet(simulator, CHEBET)
    clock.advance(hours=13)
    settle(clock, run_worker)

    assert Refund.objects.get().status == "succeeded"
    assert RefundAttempt.objects.count() == 1
    assert wallet(simulator, CHEBET) == before
    # Who has the money is told so: not the number that it was to go to.
    assert "has been sent back to you" in texts(simulator, AMINA)
    assert "has been sent back to you" not in texts(simulator, CHEBET)


# A wallet that takes no more


def test_what_waits_for_a_full_wallet_goes_to_another_number(
    full_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert redirect().status == 202
    assert state(full_refund) == ("held", "payee_changed", CHEBET)
    assert ledger()[2310] == kes(1_500)

    # Its old turn comes, and is none any more.
    settle(clock, run_worker, minutes=65)
    assert state(full_refund) == ("held", "payee_changed", CHEBET)
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)

    assert state(full_refund) == ("succeeded", "", CHEBET)
    assert 2310 not in ledger()


def test_a_worker_that_was_about_to_try_the_full_wallet_again_finds_that_it_must_wait(
    full_refund: Refund, clock: Any
) -> None:
    clock.advance(hours=2)
    [claimed] = claim_due(Refund, now=clock.now(), limit=1)

    assert redirect().status == 202
    requeue_held(claimed, now=clock.now())

    assert state(full_refund) == ("held", "payee_changed", CHEBET)
    assert Refund.objects.get().due_at == clock.now() + timedelta(hours=12)


@differs
def test_what_waits_for_our_own_float_stays_with_whoever_paid(
    owed_refund: Refund, clock: Any, run_worker: Run
) -> None:
    run_worker()
    short = Refused(Reason.FLOAT_LOW, "1", "balance insufficient")
    apply_outcome(RefundAttempt, RefundAttempt.objects.get().id, short, now=clock.now())
    assert state(owed_refund) == ("held", "float_low", AMINA)

    assert redirect().code == "refund_not_redirectable"

    assert state(owed_refund) == ("held", "float_low", AMINA)


def test_a_worker_that_slept_over_all_of_it_sends_nothing_to_the_old_number(
    owed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    [slept] = claim_due(Refund, now=clock.now(), limit=1)
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker, minutes=3)
    assert redirect().status == 202
    clock.advance(hours=12)
    [awake] = claim_due(Refund, now=clock.now(), limit=1)
    requeue_held(awake, now=clock.now())
    before = wallet(simulator, AMINA)

    send_claimed(slept, now=clock.now())

    assert state(owed_refund) == ("queued", "", CHEBET)
    settle(clock, run_worker)
    assert wallet(simulator, AMINA) == before
    assert [one.paid_to for one in RefundAttempt.objects.order_by("number")] == [AMINA, CHEBET]
    assert state(owed_refund) == ("succeeded", "", CHEBET)


# Second thoughts


def test_until_it_is_sent_the_phone_that_paid_may_send_it_elsewhere_or_take_it_back(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    redirect(OTIENO)
    clock.advance(hours=11)
    redirect(CHEBET)
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    clock.advance(hours=11)
    settle(clock, run_worker)
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)

    redirect(AMINA)
    run_worker()
    assert state(failed_refund) == ("held", "payee_changed", AMINA)
    assert Refund.objects.get().redirected_to is None
    before = wallet(simulator, AMINA)
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)

    assert state(failed_refund) == ("succeeded", "", AMINA)
    assert wallet(simulator, AMINA) == before + 150_000
    assert texts(simulator, AMINA).count("goes to ****") == 2


def test_the_other_number_may_be_wrong_too_and_its_tries_count_for_themselves(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    for to in (OTIENO, BARAKA, OTIENO):
        simulator.fault("b2c_unregistered", count=1)
        assert redirect(to).status == 202
        clock.advance(hours=12)
        settle(clock, run_worker)
        settle(clock, run_worker)
        assert state(failed_refund) == ("failed", "", to)
        assert ledger()[2400] == kes(1_500)

    redirect()
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)

    assert state(failed_refund) == ("succeeded", "", CHEBET)
    assert texts(simulator, AMINA).count("could not send") == 4


def test_it_can_be_called_off_before_it_is_sent(failed_refund: Refund, clock: Any, run_worker: Run) -> None:
    redirect()

    asked = request_action(
        "cancel",
        {"kind": "refund", "id": str(failed_refund.id)},
        maker="Wanjiku",
        reason="x",
        now=clock.now(),
    )
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="sure", now=clock.now())
    clock.advance(hours=13)
    run_worker()

    assert Refund.objects.get().status == "cancelled"
    assert ledger()[2400] == kes(1_500)
    clock.advance(hours=1)
    assert redirect().code == "refund_not_redirectable"


def test_what_is_set_apart_or_spent_is_not_sent_elsewhere(
    failed_refund: Refund, clock: Any, settings: Any, run_worker: Run
) -> None:
    clock.advance(hours=24 * (settings.UNCLAIMED_AFTER_DAYS + 1))
    assert set_apart_idle_balances(now=clock.now()) == 1

    assert redirect().code == "disbursement_not_changeable"

    assert ledger()[2800] == kes(1_500)
    assert state(failed_refund) == ("failed", "", AMINA)


# The phone that paid is gone


def by_staff(refund: Refund, to: Phone, clock: Any) -> None:
    payload = {"id": str(refund.id), "party": str(party(to).id)}
    asked = request_action(
        "redirect-refund", payload, maker="Wanjiku", reason="came to the shop", now=clock.now()
    )
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="sure", now=clock.now())


def test_whose_phone_is_gone_proves_the_other_number_and_two_people_decide(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    before = wallet(simulator, CHEBET)

    answer = redirect(payer=None)
    again = redirect(payer=None)

    assert (answer.data["status"], answer.data["sends_at"]) == ("needs_approval", None)
    assert again.data == answer.data
    assert state(failed_refund) == ("failed", "", AMINA)
    assert ledger()[2400] == kes(1_500)
    [waiting] = [one for one in waiting_for_people(now=clock.now()) if one.what == "number for a refund"]
    assert (waiting.id, str(party(CHEBET).id) in waiting.facts) == (str(failed_refund.id), True)

    payload = {"id": str(failed_refund.id), "party": str(party(CHEBET).id)}
    asked = request_action("redirect-refund", payload, maker="Wanjiku", reason="known", now=clock.now())
    assert asked is not None
    with pytest.raises(SecondPersonNeeded):
        approve(asked.id, checker="Wanjiku", reason="sure", now=clock.now())
    assert state(failed_refund) == ("failed", "", AMINA)
    approve(asked.id, checker="Kamau", reason="sure", now=clock.now())
    run_worker()

    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    assert "Not you?" in texts(simulator, AMINA)
    assert not [one for one in waiting_for_people(now=clock.now()) if one.what == "number for a refund"]
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)
    assert state(failed_refund) == ("succeeded", "", CHEBET)
    assert wallet(simulator, CHEBET) == before + 150_000
    assert Event.objects.get(type="refund.redirected").actor == "Wanjiku+Kamau"


def test_staff_send_it_to_no_number_that_was_not_proved_for_it(
    failed_refund: Refund, clock: Any, run_worker: Run
) -> None:
    code_for(CHEBET, "receive_refund")
    with pytest.raises(PayeeNotProved):
        by_staff(failed_refund, CHEBET, clock)
    redirect(payer=None)
    clock.advance(hours=24 * 7)
    with pytest.raises(PayeeNotProved):
        by_staff(failed_refund, CHEBET, clock)
    assert not [one for one in waiting_for_people(now=clock.now()) if one.what == "number for a refund"]
    assert state(failed_refund) == ("failed", "", AMINA)

    # Proved anew.
    redirect(payer=None)
    by_staff(failed_refund, CHEBET, clock)

    assert ProposedPayee.objects.count() == 1
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)


def test_staff_may_say_that_a_number_can_not_be_reached_but_not_of_what_was_sent(
    failed_refund: Refund, clock: Any, run_worker: Run
) -> None:
    redirect(payer=None)
    Refund.objects.update(failure_reason="invalid_request: something of ours")
    by_staff(failed_refund, CHEBET, clock)
    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    redirect(OTIENO, payer=None)
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)
    assert state(failed_refund) == ("succeeded", "", CHEBET)

    with pytest.raises(RefundNotRedirectable):
        by_staff(failed_refund, OTIENO, clock)
    with pytest.raises(DisbursementNotFound):
        by_staff(Refund(id=new_key()), OTIENO, clock)

    assert state(failed_refund) == ("succeeded", "", CHEBET)


def test_who_only_knows_the_number_of_a_payment_learns_nothing_of_its_refund(
    owed_refund: Refund, clock: Any
) -> None:
    assert redirect(OTIENO, payer=None).code == "refund_not_found"
    assert redirect(OTIENO, payer=None, receipt="NOSUCHNUM1").code == "refund_not_found"

    assert not ProposedPayee.objects.exists()
    assert state(owed_refund) == ("queued", "", AMINA)


# Whom it goes to is pinned


def test_the_database_changes_the_payee_of_nothing_that_may_have_been_sent(
    owed_refund: Refund, clock: Any
) -> None:
    code_for(CHEBET, "receive_refund")

    with pytest.raises(IntegrityError), atomic():
        Refund.objects.update(redirected_to=party(CHEBET))
    with pytest.raises(IntegrityError), atomic():
        Refund.objects.update(payer=party(CHEBET))

    assert state(owed_refund) == ("queued", "", AMINA)


def test_another_number_is_another_one(failed_refund: Refund, clock: Any) -> None:
    redirect()

    with pytest.raises(IntegrityError), atomic():
        Refund.objects.update(redirected_to=party(AMINA))


def test_the_audit_names_a_payee_that_nobody_named(
    failed_refund: Refund, simulator: Any, clock: Any, run_worker: Run
) -> None:
    redirect()
    code_for(OTIENO, "receive_refund")
    with undone():
        Refund.objects.update(redirected_to=party(OTIENO))
        assert (
            f"refund {failed_refund.id} goes to {party(OTIENO).id}, and its events don't say so"
            in story.problems()
        )
    clock.advance(hours=12)
    settle(clock, run_worker)
    settle(clock, run_worker)
    assert story.problems() == []

    with undone(), triggers_off():
        Event.objects.filter(type="refund.redirected")._raw_delete("default")
        found = story.problems()

    assert f"refund {failed_refund.id}: try 2 went to {party(CHEBET).id}, who was never named" in found
    assert f"refund {failed_refund.id} goes to {party(CHEBET).id}, and its events don't say so" in found
