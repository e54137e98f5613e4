"""A payout that M-Pesa took back is paid again by a new one that replaces it: by people, once, and never beside another."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET
from tests.conftest import triggers_off
from tests.story import FLOAT, ledger, payable_to
from zemi.__main__ import main
from zemi.approvals.models import Approval
from zemi.checkout.selling import read_till
from zemi.common.db import unit_of_work
from zemi.common.ids import new_key, public_id
from zemi.common.money import kes
from zemi.console.evidence import read_evidence
from zemi.console.offers import offers_for
from zemi.disbursements.errors import DisbursementNotChangeable, DisbursementNotFound
from zemi.disbursements.models import SuspenseCase
from zemi.disbursements.settle import apply_outcome
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.identity.models import Party
from zemi.payouts.change import FREEZE
from zemi.payouts.errors import ReplacementAmount
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers.base import Reason, Refused, Succeeded
from zemi.staff.errors import BadRequestOfStaff
from zemi.staff.queue import QUEUES
from zemi.staff.request import approve, request_action

Run = Callable[[], int]


@pytest.fixture
def key() -> str:
    return story.key_with(Scope.ORDERS, Scope.READ, Scope.PAYOUTS)


@pytest.fixture
def reference(key: str, simulator: Any, clock: Any, run_worker: Run) -> str:
    """A completed order of KES 1,500 whose seller has been paid."""
    made = str(story.create_order(key=key).data["order_reference"])
    assert story.push(made).status == 200
    settle(clock, run_worker)
    assert story.confirm(made, story.code_sent_to(simulator, AMINA, made)).status == 200
    settle(clock, run_worker)
    return made


@pytest.fixture
def reversed_one(reference: str, simulator: Any, clock: Any) -> Payout:
    """Its payout, which M-Pesa has taken back."""
    payout = Payout.objects.get()
    assert payout.status == "succeeded"
    take_back(payout, simulator, clock)
    return Payout.objects.get()


def take_back(payout: Payout, simulator: Any, clock: Any) -> None:
    """The provider takes it back, and two people book that: the simulator has no such case, so money is put in."""
    asked = request_action(
        "reversed",
        {"kind": "payout", "id": str(payout.id), "receipt": "REV1"},
        maker="Wanjiku",
        reason="seen in the statement",
        now=clock.now(),
    )
    assert asked is not None
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    simulator.change_float(top_up=payout.amount.shillings)


def settle(clock: Any, run_worker: Run) -> None:
    for _ in range(3):
        run_worker()
        clock.advance(seconds=10)


def pay_again(old: Payout, clock: Any, amount: str = "1500.00") -> Approval | None:
    payload = {"id": str(old.id), "amount": amount}
    return request_action(
        "pay-again", payload, maker="Wanjiku", reason="the number is right", now=clock.now()
    )


def states() -> list[str]:
    return [row.status for row in Payout.objects.order_by("id")]


def test_what_was_taken_back_is_paid_again_by_a_payout_of_its_own(
    reference: str, reversed_one: Payout, key: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    wallet = simulator.books()[f"wallet:{BARAKA.msisdn}"]
    assert payable_to(reversed_one.seller_id) == kes(1_500)
    assert story.read_order(reference)["next_action"]["verb"] == "correct_payout"
    assert [row.id for row in QUEUES["payouts-reversed"].rows(clock.now())] == [reversed_one.id]
    story.assert_books_agree()

    assert pay_again(reversed_one, clock) is None

    newer = Payout.objects.get(replaces=reversed_one)
    assert states() == ["reversed", "queued"]
    assert (newer.amount, newer.release_id, newer.payment_id, newer.seller_id) == (
        kes(1_500), reversed_one.release_id, reversed_one.payment_id, reversed_one.seller_id
    )  # fmt: skip
    assert ledger()[2300] == kes(1_500)
    assert 2200 not in ledger()
    made = Event.objects.get(type="payout.created", subject_id=newer.id)
    assert (made.actor, made.data["replaces"]) == ("Wanjiku", str(reversed_one.id))
    assert story.read_order(reference)["next_action"]["verb"] == "pay_seller"
    assert story.read_order(reference)["payout_status"] == "pending"
    assert not QUEUES["payouts-reversed"].rows(clock.now()).exists()
    assert read_till(reversed_one.seller_id, now=clock.now()).coming == kes(1_500)
    story.assert_books_agree()

    settle(clock, run_worker)

    assert states() == ["reversed", "succeeded"]
    assert simulator.books()[f"wallet:{BARAKA.msisdn}"] == wallet + 150_000
    assert not {2200, 2300} & set(ledger())
    assert story.read_order(reference)["next_action"] is None
    assert story.read_order(reference)["payout_status"] == "completed"
    assert read_till(reversed_one.seller_id, now=clock.now()).coming == kes(0)
    # Who asks for the payout is answered with the newest one.
    asked = story.ask_payout(reference, key=key)
    [attempt] = newer.tries_made()
    assert asked.data["originator_conversation_id"] == attempt.originator_conversation_id


def test_the_lists_show_the_chain(
    reference: str, reversed_one: Payout, key: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    assert pay_again(reversed_one, clock) is None
    settle(clock, run_worker)
    second = Payout.objects.get(replaces=reversed_one)
    take_back(second, simulator, clock)
    assert pay_again(second, clock) is None
    settle(clock, run_worker)

    shown = story.get(f"/api/v1/payouts?order={reference}", key=key).body["data"]

    first_id, second_id, third_id = (public_id("po", row.id) for row in Payout.objects.order_by("id"))
    assert [(row["id"], row["replaces"], row["replaced_by"], row["status"]) for row in shown] == [
        (third_id, second_id, None, "succeeded"),
        (second_id, first_id, third_id, "reversed"),
        (first_id, None, second_id, "reversed"),
    ]
    whole = story.get(f"/api/v1/payouts/{second_id}?expand=replaces,replaced_by", key=key).data
    assert (whole["replaces"]["id"], whole["replaced_by"]["id"]) == (first_id, third_id)
    assert ledger()[1110] + ledger()[5110] == FLOAT - kes(1_500)


def test_above_the_limit_two_people_pay_it_again(
    reversed_one: Payout, clock: Any, settings: Any, simulator: Any
) -> None:
    settings.FOUR_EYES_KES = 1_000

    asked = pay_again(reversed_one, clock)

    assert asked is not None
    assert states() == ["reversed"]
    approve(asked.id, checker="Kamau", reason="checked", now=clock.now())
    assert states() == ["reversed", "queued"]
    assert Event.objects.filter(type="payout.created").latest("at").actor == "Wanjiku+Kamau"


def test_the_command_pays_it_again_and_lists_what_waits(
    reversed_one: Payout, clock: Any, simulator: Any, capsys: Any
) -> None:
    assert main(["staff", "queue"]) == 0
    assert f"{reversed_one.id}  reversed, KES 1500.00: the provider took it back" in capsys.readouterr().out
    words = ["staff", "do", "pay-again", f"id={reversed_one.id}", "--by", "Wanjiku", "--reason", "he lost it"]

    assert main([*words[:4], "amount=1500.01", *words[4:]]) == 1
    assert "KES 10 to KES 1500.00" in capsys.readouterr().out
    assert main([*words[:4], "amount=1500", *words[4:]]) == 0
    assert main([*words[:4], "amount=1500", *words[4:]]) == 1
    assert "A newer payout replaces this one already" in capsys.readouterr().out

    assert states() == ["reversed", "queued"]


def test_what_was_not_taken_back_is_not_paid_again(reference: str, clock: Any, simulator: Any) -> None:
    payout, before = Payout.objects.get(), ledger()

    with pytest.raises(DisbursementNotChangeable):
        pay_again(payout, clock)
    payout.id = new_key()
    with pytest.raises(DisbursementNotFound):
        pay_again(payout, clock)
    with pytest.raises(BadRequestOfStaff):
        request_action("pay-again", {"id": "x", "amount": "10"}, maker="a", reason="b", now=clock.now())
    with pytest.raises(BadRequestOfStaff):
        pay_again(payout, clock, "ten")

    assert states() == ["succeeded"]
    assert ledger() == before


@pytest.mark.parametrize("amount", ["1501", "9", "10.50", "0"])
def test_no_more_than_was_taken_back_and_nothing_that_can_not_be_sent(
    reversed_one: Payout, clock: Any, simulator: Any, amount: str
) -> None:
    with pytest.raises(ReplacementAmount):
        pay_again(reversed_one, clock, amount)

    assert states() == ["reversed"]
    assert payable_to(reversed_one.seller_id) == kes(1_500)


def test_of_what_has_paid_for_something_else_meanwhile_the_rest_is_paid_again(
    reference: str, reversed_one: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    payload = {"order": reference, "amount": "300", "bearer": "seller"}
    request_action("refund", payload, maker="Wanjiku", reason="a part is broken", now=clock.now())
    settle(clock, run_worker)
    assert payable_to(reversed_one.seller_id) == kes(1_200)

    with pytest.raises(ReplacementAmount):
        pay_again(reversed_one, clock)
    assert pay_again(reversed_one, clock, "1200") is None
    settle(clock, run_worker)

    assert states() == ["reversed", "succeeded"]
    assert payable_to(reversed_one.seller_id) == kes(0)


def test_the_new_one_is_called_off_like_any_other_for_a_refund_that_the_seller_bears(
    reference: str, reversed_one: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    pay_again(reversed_one, clock)
    payload = {"order": reference, "amount": "1500", "bearer": "seller"}

    request_action("refund", payload, maker="Wanjiku", reason="it is broken", now=clock.now())

    assert states() == ["reversed", "cancelled"]
    assert 1300 not in ledger()
    settle(clock, run_worker)


@pytest.fixture
def waiting(simulator: Any, clock: Any) -> str:
    """A completed order of KES 1,500 whose payout waits to be sent."""
    made = story.create_order().data
    story.simulate_payment(made["order_reference"])
    story.confirm(made["order_reference"], made["delivery_code"])
    assert states() == ["queued"]
    return str(made["order_reference"])


def ask(action: str, clock: Any, **payload: str) -> None:
    asked = request_action(action, payload, maker="Wanjiku", reason="seen by two", now=clock.now())
    if asked is not None:
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())


def test_what_staff_called_off_is_paid_by_a_new_one(
    waiting: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    old = Payout.objects.get()
    ask("cancel", clock, kind="payout", id=str(old.id))
    old.refresh_from_db()
    assert (old.status, payable_to(old.seller_id)) == ("cancelled", kes(1_500))
    assert [offer.action for offer in offers_for(read_evidence("payout", old.id), who="Wanjiku")] == [
        "pay-again"
    ]
    story.assert_books_agree()

    pay_again(old, clock)
    settle(clock, run_worker)

    assert states() == ["cancelled", "succeeded"]
    assert simulator.transactions()[-1]["amount"] == 150_000
    assert story.read_order(waiting)["next_action"] is None


@pytest.fixture
def tried(waiting: str, simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """The payout after a try that failed; it waits to be sent again."""
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    ask("retry", clock, kind="payout", id=str(Payout.objects.get().id))
    payout = Payout.objects.get()
    assert (payout.status, payout.tries_made().count()) == ("queued", 1)
    return payout


def called_off(clock: Any) -> list[Any]:
    return [row.id for row in QUEUES["payouts-called-off"].rows(clock.now())]


def test_what_was_called_off_after_a_try_is_paid_by_a_new_one_too(
    tried: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    ask("cancel", clock, kind="payout", id=str(tried.id))
    assert payable_to(tried.seller_id) == kes(1_500)
    assert (tried.is_replaced, called_off(clock)) == (False, [tried.id])

    pay_again(Payout.objects.get(), clock)
    assert (tried.is_replaced, called_off(clock)) == (True, [])
    settle(clock, run_worker)

    assert states() == ["cancelled", "succeeded"]
    assert simulator.transactions()[-1]["amount"] == 150_000
    story.assert_books_agree()


def test_what_the_seller_has_no_money_for_is_not_listed(waiting: str, clock: Any, run_worker: Run) -> None:
    ask("refund", clock, order=waiting, amount="1500", bearer="seller")

    assert states() == ["cancelled"]
    assert called_off(clock) == []
    settle(clock, run_worker)


@pytest.mark.provider_differs
def test_a_late_success_of_what_was_called_off_and_paid_anew_is_money_paid_twice(
    tried: Payout, clock: Any, run_worker: Run
) -> None:
    ask("cancel", clock, kind="payout", id=str(tried.id))
    pay_again(Payout.objects.get(), clock)

    first = PayoutAttempt.objects.get()
    apply_outcome(PayoutAttempt, first.id, Succeeded(receipt="LATE1"), now=clock.now())
    settle(clock, run_worker)

    # The new one is not sent: the seller has the money.
    assert states() == ["cancelled", "queued"]
    case = SuspenseCase.objects.get()
    assert (case.was_given_back, case.amount, ledger()[1310]) == (False, kes(1_500), kes(1_500))
    assert Payout.objects.get(replaces=tried).last_error == "suspense"

    with pytest.raises(BadRequestOfStaff):
        ask("end-case", clock, id=str(case.id), outcome="charged")

    # So whoever looks calls it off, and charges the balance: paid once.
    ask("cancel", clock, kind="payout", id=str(Payout.objects.get(replaces=tried).id))
    ask("end-case", clock, id=str(case.id), outcome="charged")
    settle(clock, run_worker)

    assert states() == ["cancelled", "cancelled"]
    assert {1310, 2200, 2300, 1300}.isdisjoint(ledger())
    assert called_off(clock) == []


def test_cents_of_the_balance_stay_there_since_they_can_not_be_sent(
    waiting: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    seller = Payout.objects.get().seller_id
    ask("adjust", clock, debit="5200:x", credit=f"2200:{seller}", amount="0.50")

    ask("refund", clock, order=waiting, amount="300", bearer="seller")

    assert Payout.objects.get(status="queued").amount == kes(1_200)
    assert payable_to(seller).minor == 50
    settle(clock, run_worker)
    assert states() == ["cancelled", "succeeded"]


def test_so_is_the_rest_of_it_after_a_part_went_back(
    waiting: str, tried: Payout, clock: Any, run_worker: Run
) -> None:
    ask("refund", clock, order=waiting, amount="300", bearer="seller")

    assert states() == ["cancelled", "queued"]
    assert Payout.objects.get(replaces=tried).amount == kes(1_200)
    settle(clock, run_worker)
    assert states() == ["cancelled", "succeeded"]


def test_after_a_part_went_back_to_the_buyer_the_seller_is_paid_the_rest(
    waiting: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    ask("refund", clock, order=waiting, amount="300", bearer="seller")

    old, newer = Payout.objects.order_by("id")
    assert (old.status, newer.status, newer.replaces) == ("cancelled", "queued", old)
    assert newer.amount == kes(1_200)
    assert ledger()[2300] == kes(1_200)
    assert 2200 not in ledger()
    story.assert_books_agree()
    settle(clock, run_worker)

    assert states() == ["cancelled", "succeeded"]
    assert [move["amount"] for move in simulator.transactions() if move["kind"] == "b2c"] == [30_000, 120_000]


@pytest.mark.parametrize("stays", [0, 5])
def test_what_is_too_little_to_be_sent_stays_on_the_balance(
    waiting: str, clock: Any, simulator: Any, run_worker: Run, stays: int
) -> None:
    ask("refund", clock, order=waiting, amount=str(1_500 - stays), bearer="seller")

    assert states() == ["cancelled"]
    assert payable_to(Payout.objects.get().seller_id) == kes(stays)
    assert 1300 not in ledger()
    settle(clock, run_worker)


def test_what_lay_on_the_balance_before_pays_for_the_refund_first(
    waiting: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    ask("cancel", clock, kind="payout", id=str(Payout.objects.get().id))
    another = story.create_order().data
    story.simulate_payment(another["order_reference"], transaction_id="QHC7654321")
    story.confirm(another["order_reference"], another["delivery_code"])

    ask("refund", clock, order=another["order_reference"], amount="500", bearer="seller")

    assert [(row.status, row.amount) for row in Payout.objects.order_by("id")] == [
        ("cancelled", kes(1_500)),
        ("cancelled", kes(1_500)),
        ("queued", kes(1_500)),
    ]
    assert payable_to(Payout.objects.first().seller_id) == kes(1_000)
    settle(clock, run_worker)


def test_it_goes_to_the_number_that_the_old_one_was_changed_to(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    changed_payee(simulator, clock, run_worker)
    clock.advance(hours=72)
    settle(clock, run_worker)
    old = Payout.objects.get()
    assert (old.status, old.payee) == ("succeeded", CHEBET)
    take_back(old, simulator, clock)

    assert pay_again(Payout.objects.get(), clock) is None

    # Its freeze is over.
    again = Payout.objects.get(replaces=old)
    assert (again.status, again.payee) == ("queued", CHEBET)
    settle(clock, run_worker)
    assert states() == ["reversed", "succeeded"]
    assert simulator.transactions()[-1]["credit"] == f"wallet:{CHEBET.msisdn}"


def test_the_console_offers_it_once(reversed_one: Payout, clock: Any, simulator: Any) -> None:
    def offered(payout: Payout) -> list[str]:
        return [offer.action for offer in offers_for(read_evidence("payout", payout.id), who="Wanjiku")]

    assert offered(reversed_one) == ["pay-again"]

    pay_again(reversed_one, clock)

    assert offered(reversed_one) == []
    assert offered(Payout.objects.get(replaces=reversed_one)) == ["cancel"]


def test_late_news_of_the_old_one_does_not_touch_the_new_one(
    reversed_one: Payout, simulator: Any, clock: Any, run_worker: Run
) -> None:
    pay_again(reversed_one, clock)
    newer, books = Payout.objects.get(replaces=reversed_one), ledger()
    old = PayoutAttempt.objects.get()

    for outcome in (
        Succeeded(receipt=reversed_one.transaction_id),
        Succeeded(receipt="OTHER1"),
        Refused(Reason.OTHER, "17", "no"),
    ):
        apply_outcome(PayoutAttempt, old.id, outcome, now=clock.now())

    assert states() == ["reversed", "queued"]
    assert (ledger(), newer.tries_made().count()) == (books, 0)
    with pytest.raises(DisbursementNotChangeable):
        take_back(reversed_one, simulator, clock)
    settle(clock, run_worker)
    assert states() == ["reversed", "succeeded"]


@pytest.mark.provider_differs
def test_a_late_success_of_an_older_try_holds_the_new_one_back_until_a_person_has_looked(
    reference: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    payout = Payout.objects.get()
    # A first try that is said to have failed stands before the one that was taken back.
    PayoutAttempt.objects.create(
        payout=payout, number=9, status="failed", is_open=False, originator_conversation_id="zemi-first",
        amount_minor=150_000, currency="KES", created_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    Event.objects.create(
        type="payout_attempt.failed", subject_type="payout_attempt",
        subject_id=PayoutAttempt.objects.get(number=9).id, order_id=payout.order_id, at=clock.now(), actor="x",
        data={"from": "intent", "to": "failed"},
    )  # fmt: skip
    take_back(payout, simulator, clock)
    pay_again(Payout.objects.get(), clock)

    first = PayoutAttempt.objects.get(number=9)
    apply_outcome(PayoutAttempt, first.id, Succeeded(receipt="LATE1"), now=clock.now())
    settle(clock, run_worker)

    # The seller has the money once; the claim on it is open, and nothing more is sent meanwhile.
    assert states() == ["reversed", "queued"]
    assert SuspenseCase.objects.get().was_given_back is False
    newer = Payout.objects.get(replaces=payout)
    assert (newer.last_error, ledger()[2300], ledger()[1310]) == ("suspense", kes(1_500), kes(1_500))


def copy_of(payout: Payout, **changes: Any) -> Payout:
    values = {
        field.attname: getattr(payout, field.attname)
        for field in Payout._meta.concrete_fields
        if field.attname not in {"id", "transaction_id"}
    }
    return Payout(**values | changes)


@pytest.mark.parametrize("status", ["queued", "succeeded", "failed"])
def test_the_database_refuses_a_second_payout_that_counts(
    reversed_one: Payout, clock: Any, status: str
) -> None:
    pay_again(reversed_one, clock)

    names = r"payouts_one_live_per_release|payouts_payout\.release_id"
    with pytest.raises(IntegrityError, match=names), unit_of_work():
        copy_of(reversed_one, status=status, replaces_id=None).save(force_insert=True)


def test_the_database_refuses_a_second_one_in_the_place_of_the_same(reversed_one: Payout, clock: Any) -> None:
    pay_again(reversed_one, clock)

    with pytest.raises(IntegrityError, match="replaces_id"), unit_of_work():
        copy_of(reversed_one, replaces_id=reversed_one.id).save(force_insert=True)


def test_the_database_refuses_one_that_replaces_itself(reversed_one: Payout) -> None:
    with pytest.raises(IntegrityError, match="payouts_replaces_another"), unit_of_work():
        Payout.objects.filter(pk=reversed_one.pk).update(replaces=reversed_one)


def test_what_a_refund_left_of_a_failed_payout_is_paid_by_a_new_one(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    """It could not be tried again, for not all of it was there, nor be called off: the rest was stuck for ever."""
    order = story.create_order().data
    story.push(order["order_reference"])
    clock.advance(seconds=5)
    run_worker()
    story.confirm(order["order_reference"], order["delivery_code"])
    simulator.fault("b2c_unregistered", count=1)
    for _ in range(2):
        run_worker()
        clock.advance(seconds=5)
    failed = Payout.objects.get()
    again = {"id": str(failed.id), "amount": "1200"}

    def do(action: str, **payload: str) -> None:
        request_action(action, payload, maker="Wanjiku", reason="registered now", now=clock.now())

    # All of it is there: it is tried again, not replaced.
    with pytest.raises(DisbursementNotChangeable):
        do("pay-again", **again)
    do("refund", order=order["order_reference"], amount="300", bearer="seller")
    with pytest.raises(DisbursementNotChangeable):
        do("retry", kind="payout", id=str(failed.id))
    with pytest.raises(ReplacementAmount):
        do("pay-again", **again | {"amount": "1201"})

    do("pay-again", **again)
    for _ in range(2):
        run_worker()
        clock.advance(seconds=5)

    paid = Payout.objects.get(replaces=failed)
    assert (paid.status, paid.amount) == ("succeeded", kes(1_200))
    failed.refresh_from_db()
    assert (failed.status, failed.due_at) == ("cancelled", None)
    assert 2200 not in ledger()
    story.assert_books_agree()


def changed_payee(simulator: Any, clock: Any, run_worker: Run) -> tuple[str, Payout]:
    made = story.create_order().data
    story.create_order(buyer=CHEBET)
    story.simulate_payment(made["order_reference"])
    story.confirm(made["order_reference"], made["delivery_code"])
    simulator.fault("b2c_unregistered", count=1)
    settle(clock, run_worker)
    other = Party.objects.get(phone_last4=CHEBET.last4)
    two("change-payee", clock, id=str(Payout.objects.get().id), party=str(other.id))
    settle(clock, run_worker)
    payout = Payout.objects.get()
    assert (payout.status, payout.held_reason) == ("held", "payee_changed")
    return made["order_reference"], payout


def two(action: str, clock: Any, **payload: str) -> None:
    asked = request_action(action, payload, maker="Wanjiku", reason="because", now=clock.now())
    if asked is not None:
        approve(asked.id, checker="Kamau", reason="checked", now=clock.now())


def test_what_a_refund_leaves_of_a_payout_keeps_the_freeze_of_its_number(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, _ = changed_payee(simulator, clock, run_worker)
    two("refund", clock, order=reference, amount="10.00", bearer="seller")
    settle(clock, run_worker)
    assert not [t for t in simulator.transactions() if t["credit"] == f"wallet:{CHEBET.msisdn}"]

    clock.advance(hours=72)
    settle(clock, run_worker)
    assert [t["amount"] for t in simulator.transactions() if t["credit"] == f"wallet:{CHEBET.msisdn}"] == [
        149_000
    ]


def test_what_was_called_off_in_its_freeze_is_paid_to_the_sellers_own_number(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    _, payout = changed_payee(simulator, clock, run_worker)
    two("cancel", clock, kind="payout", id=str(payout.id))
    two("pay-again", clock, id=str(payout.id), amount="1500.00")
    settle(clock, run_worker)
    assert not [t for t in simulator.transactions() if t["credit"] == f"wallet:{CHEBET.msisdn}"]
    assert [t["credit"] for t in simulator.transactions() if t["kind"] == "b2c"] == [
        f"wallet:{payout.seller.phone.msisdn}"
    ]


def test_the_freeze_of_what_replaces_a_payout_is_that_ones(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    changed_payee(simulator, clock, run_worker)
    clock.advance(hours=72)
    settle(clock, run_worker)
    for _ in range(2):
        take_back(Payout.objects.latest("created_at"), simulator, clock)
        assert pay_again(Payout.objects.latest("created_at"), clock) is None
        settle(clock, run_worker)

    assert states() == ["reversed", "reversed", "succeeded"]
    assert Payout.objects.latest("created_at").payee == CHEBET


def test_a_number_that_an_older_version_changed_has_its_freeze_from_the_last_change(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference, _ = changed_payee(simulator, clock, run_worker)
    with triggers_off():
        Event.objects.filter(type="payout.held").update(data={"from": "failed", "to": "held"})

    two("refund", clock, order=reference, amount="10.00", bearer="seller")

    rest = Payout.objects.latest("created_at")
    assert (rest.status, rest.due_at) == ("held", clock.now() + FREEZE)
