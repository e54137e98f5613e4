"""The page of one thing that waits: what is known of it, its safe buttons, and what comes of pressing them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.characters import AMINA, BARAKA, CHEBET
from tests.flows.test_redirected_refunds import redirect, state
from tests.pages.conftest import settle, words
from tests.pages.staff import Employee
from tests.story import FLOAT, confirm, create_order, ledger, order_of, push, simulate_payment
from zemi.approvals.models import Approval
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.common.work import PARKED_UNTIL
from zemi.disbursements.models import Dispatcher, SuspenseCase
from zemi.events.models import EventDelivery
from zemi.identity.models import Party
from zemi.payments.c2b import settle_c2b
from zemi.payments.models import Payment, Receipt
from zemi.payouts.models import Payout
from zemi.providers.base import C2BReceipt
from zemi.reconciliation.models import ReconciliationItem
from zemi.refunds.models import Refund
from zemi.staff.models import StaffAct
from zemi.staff.request import decline, request_action
from zemi.topups.models import TopUp
from zemi.unclaimed.models import UnclaimedBalance

pytestmark = pytest.mark.usefixtures("stage")
Run = Callable[[], int]


@pytest.fixture
def chebet(capsys: Any) -> Employee:
    employee = Employee("chebet", capsys)
    employee.join()
    return employee


@pytest.fixture
def kamau(capsys: Any) -> Employee:
    employee = Employee("kamau", capsys)
    employee.join()
    return employee


@pytest.fixture
def paid() -> str:
    """A paid order of KES 1,500."""
    reference = str(create_order().data["order_reference"])
    simulate_payment(reference)
    return reference


@pytest.fixture
def failed(simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout that M-Pesa refused for good."""
    simulator.fault("b2c_unregistered", count=1)
    return _sold(clock, run_worker)


@pytest.fixture
def unknown(simulator: Any, clock: Any, run_worker: Run) -> Payout:
    """A payout that has been unknown for more than a day."""
    payout = _sold(clock, run_worker, but=lambda: _break(simulator))
    for _ in range(26):
        clock.advance(hours=1)
        run_worker()
    payout.refresh_from_db()
    return payout


def _break(simulator: Any) -> None:
    """M-Pesa pays the next payout, and nobody hears of it."""
    simulator.fault("http_timeout_after", count=1, api="b2c")
    simulator.fault("callback_lost", api="any")


def _sold(clock: Any, run_worker: Run, but: Callable[[], object] = lambda: None) -> Payout:
    """The payout of a completed sale, after it was sent."""
    sale = create_order().data
    push(sale["order_reference"])
    settle(clock, run_worker)
    confirm(sale["order_reference"], sale["delivery_code"])
    but()
    settle(clock, run_worker)
    return Payout.objects.get()


def act(who: Employee, path: str, action: str, once: str = "", **fields: str) -> Any:
    """Press a button of a page: its form carries the page's own key."""
    page = who.open(path).content.decode()
    found, seen = (re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("once", "seen"))
    key = once or (found[1] if found else str(new_key()))
    shown = {"seen": seen[1] if seen else "", "reason": "seen in the statement"}
    return who.press(path, action=action, once=key, **(shown | fields))


def test_a_failed_payout_is_read_and_sent_again(
    failed: Payout, chebet: Employee, clock: Any, run_worker: Run
) -> None:
    assert failed.status == "failed"
    listed = chebet.open("/console/payouts-failed").content.decode()
    path = f"/console/payout/{failed.id}"
    assert f'href="{path}"' in listed

    page = chebet.open(path)
    read = words(page)
    assert "M-Pesa refused it for good. The money is back where it is owed from." in read
    assert "Owed to sellers KES 1,500" in read
    assert f"****{BARAKA.last4}" in read
    attempt = failed.attempts.get()
    assert f"{attempt.result_code} {attempt.result_text}" in read
    assert attempt.originator_conversation_id in read
    assert "payout.failed" in read
    assert "payout_returned" in read
    for phone in (AMINA, BARAKA):
        assert phone.msisdn not in page.content.decode()

    done = act(chebet, path, "retry", reason="the seller has registered")

    assert done.redirect_chain[-1][0].startswith(f"{path}?done=")
    assert "Done." in words(done)
    assert "It is set apart for its payee and waits to be sent. Nothing has left yet." in words(done)
    assert "Send it again" in words(done)
    assert "the seller has registered" in words(done)
    assert ledger()[2300] == kes(1_500)
    settle(clock, run_worker)
    assert Payout.objects.get().status == "succeeded"
    assert "It is paid: the payee has it" in words(chebet.open(path))
    assert "There is nothing" not in words(chebet.open(path))


def test_a_refund_goes_to_a_number_that_was_proved_when_two_of_the_staff_say_so(
    failed_refund: Refund, chebet: Employee, kamau: Employee, clock: Any
) -> None:
    path = f"/console/refund/{failed_refund.id}"
    assert "Send a refund to another number" not in words(chebet.open(path))
    proved = redirect(payer=None)
    assert proved.data["status"] == "needs_approval"

    listed = chebet.open("/console/refunds-numbers")
    assert "Its owner proved another number by a code" in words(listed)
    assert f'href="{path}"' in listed.content.decode()
    page = words(chebet.open(path))
    assert "Other numbers that were proved for it" in page
    assert f"****{CHEBET.last4}" in page
    payee = str(Party.objects.get(phone_last4=CHEBET.last4).id)
    asked = act(chebet, path, "redirect-refund", party=payee, reason="came to the shop with the papers")
    assert "Nothing has moved yet: somebody else has 24 hours to allow it." in words(asked)
    assert state(failed_refund) == ("failed", "", AMINA)

    request = f"/console/approval/{Approval.objects.get().id}"
    assert f'href="{path}"' in kamau.open(request).content.decode()
    act(kamau, request, "approve", reason="known to the shop")

    assert state(failed_refund) == ("held", "payee_changed", CHEBET)
    assert ledger()[2310] == kes(1_500)
    assert "Send a refund to another number" not in words(chebet.open(path)).partition("What staff did")[0]
    assert str(failed_refund.id) not in chebet.open("/console/refunds-numbers").content.decode()


def test_a_button_that_is_pressed_twice_does_it_once(failed: Payout, chebet: Employee) -> None:
    path = f"/console/payout/{failed.id}"
    page = chebet.open(path).content.decode()
    once = re.findall(r'name="once" value="([^"]+)"', page)[0]

    answers = [act(chebet, path, "retry", once) for _ in range(2)]

    assert [words(answer).count("Done.") for answer in answers] == [1, 1]
    assert StaffAct.objects.filter(action="retry").count() == 1
    # A page that was left open since offers what can't be had any more.
    late = act(chebet, path, "retry")
    assert late.status_code == 409
    assert "This can't be done to it any more. Nothing was done" in words(late)
    assert StaffAct.objects.filter(action="retry").count() == 1


def test_who_acts_has_just_shown_the_second_factor(failed: Payout, chebet: Employee, clock: Any) -> None:
    path = f"/console/payout/{failed.id}"
    once = re.findall(r'name="once" value="([^"]+)"', chebet.open(path).content.decode())[0]
    clock.advance(minutes=6)
    assert 'name="reason"' not in chebet.open(path).content.decode()
    assert f'href="/console/second-factor?next={path}"' in chebet.open(path).content.decode()

    refused = act(chebet, path, "retry", once)
    assert refused.status_code == 403
    assert "Nothing was done, no money was moved." in words(refused)
    assert Payout.objects.get().status == "failed"
    assert not StaffAct.objects.filter(action="retry").exists()

    chebet.app_at = 30
    back: Any = chebet.press("/console/second-factor", code=chebet.code(), next=path)
    assert back.redirect_chain[-1][0] == path
    assert "Done." in words(act(chebet, path, "retry", once))


def test_an_act_needs_a_reason_and_the_form_of_the_page(failed: Payout, chebet: Employee) -> None:
    path = f"/console/payout/{failed.id}"
    for reason in ("", f"call {AMINA.e164}"):
        refused = act(chebet, path, "retry", reason=reason)
        assert refused.status_code == 400
        assert "Nothing was changed" in words(refused)
    assert chebet.press(path, action="retry", reason="x").status_code == 404
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = chebet.client.cookies
    assert forged.post(path, {"action": "retry", "once": str(new_key()), "reason": "x"}).status_code == 403
    assert Payout.objects.get().status == "failed"


@pytest.mark.parametrize("verdict", ["approve", "decline"])
def test_what_needs_two_people_is_asked_for_and_decided_by_another(
    verdict: str, unknown: Payout, chebet: Employee, kamau: Employee, simulator: Any
) -> None:
    [move] = [move for move in simulator.transactions() if move["kind"] == "b2c"]
    path = f"/console/payout/{unknown.id}"
    assert "Nobody" in words(chebet.open(path)) or "has not said in a day" in words(chebet.open(path))
    assert "Nothing moves until somebody else allows it." in words(chebet.open(path))

    asked = act(chebet, path, "paid", receipt=move["receipt"], reason="line 7 of the statement")

    assert "Nothing has moved yet: somebody else has 24 hours to allow it." in words(asked)
    assert Payout.objects.get().status == "needs_attention"
    request = Approval.objects.get()
    of_request = f"/console/approval/{request.id}"
    assert f'href="{of_request}"' in asked.content.decode()
    mine = words(chebet.open(of_request))
    assert "You asked for this. Somebody else has to decide it." in mine
    assert act(chebet, of_request, "approve").status_code == 409

    assert "1 Requests that need a second person" in words(kamau.open("/console"))
    seen = kamau.open(of_request)
    assert f'href="{path}"' in seen.content.decode()
    for fact in ("chebet", "line 7 of the statement", str(move["receipt"]), "It was paid, by the statement"):
        assert fact in words(seen)
    decided = act(kamau, of_request, verdict, reason="I see it too")

    if verdict == "approve":
        assert "Allowed and done, in one step." in words(decided)
        assert "It is paid: the payee has it, by M-Pesa's word." in words(kamau.open(path))
    else:
        assert "Declined. Nothing of it was done." in words(decided)
        assert Payout.objects.get().status == "needs_attention"
        # What the provider did is for these books to hear.
        again = act(kamau, path, "paid", receipt=move["receipt"])
        act(chebet, f"/console/approval/{Approval.objects.latest('id').id}", "approve")
        assert again.status_code == 200
    assert Payout.objects.get().status == "succeeded"
    assert 2300 not in ledger()
    assert StaffAct.objects.filter(approval_id=request.id).count() == 2


def test_held_money_goes_back_from_the_page_of_its_order(
    paid: str, chebet: Employee, clock: Any, run_worker: Run
) -> None:
    path = f"/console/orders/{paid}"
    found: Any = chebet.press("/console/find", number=f" {paid.lower()} ")
    assert found.redirect_chain[-1][0] == path
    assert "Held for orders KES 1,500" in words(found)
    assert "It is done at once." in words(found)

    # What was read on the page is what is done, or nothing.
    stale = act(chebet, path, "refund", seen="1400.00")
    assert stale.status_code == 409
    assert ledger()[2100] == kes(1_500)
    done = act(chebet, path, "refund", reason="never came")

    assert "Done." in words(done)
    assert "Refunds under way KES 1,500" in words(done)
    assert ledger() == {1100: kes(1_500), 1110: FLOAT, 3100: FLOAT, 2310: kes(1_500)}
    assert Refund.objects.get().status == "queued"
    settle(clock, run_worker)
    assert (
        f"/console/orders/{paid}"
        in chebet.open(f"/console/refund/{Refund.objects.get().id}").content.decode()
    )


def test_money_that_was_released_goes_back_in_part_and_somebody_bears_it(
    chebet: Employee, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.FOUR_EYES_KES = 200
    payout = _sold(clock, run_worker)
    path = f"/console/orders/{payout.order.order_reference}"
    assert "Done at once up to KES 200; above, somebody else has to allow it." in words(chebet.open(path))

    done = act(chebet, path, "refund", amount="100", bearer="zemi")
    asked = act(chebet, path, "refund", amount="300", bearer="seller")

    assert "Done." in words(done)
    assert "Nothing has moved yet" in words(asked)
    assert ledger()[5200] == kes(100)
    wrong = act(chebet, path, "refund", amount="all of it", bearer="seller")
    assert wrong.status_code in {400, 422}
    decline(Approval.objects.get().id, checker="kamau", reason="no", now=clock.now())
    settle(clock, run_worker)


def test_everything_that_can_wait_has_its_page(
    chebet: Employee, clock: Any, paid: str, simulator: Any
) -> None:
    now, party = clock.now(), Party.objects.order_by("id")[0]
    sent = simulator.book_payment(
        msisdn=AMINA.msisdn, amount="1500.00", shortcode="174379", receipt="ORPHAN1"
    )
    settle_c2b(C2BReceipt(sent["receipt"], kes(1_500), now, "iphone", AMINA, "174379"), now=now)
    order = order_of(paid)
    rows: list[tuple[Any, str]] = [
        (Receipt.objects.get(transaction_id="ORPHAN1"), "M-Pesa gave it back to its payer"),
        (
            SuspenseCase.objects.create(
                order_id=order.id, subject_type="payout", subject_id=new_key(), party_id=party.id,
                amount_minor=100, currency="KES", was_given_back=False, opened_at=now,
            ),
            "It was paid twice.",
        ),
        (
            TopUp.objects.create(
                reference="TUP1", amount_minor=100, currency="KES", status="unknown", result_text="no answer",
                created_at=now, updated_at=now,
            ),
            "no answer",
        ),
        (
            UnclaimedBalance.objects.create(
                account_code=2200, party_id=party.id, amount_minor=100, currency="KES", set_apart_at=now
            ),
            "Its owner is there again",
        ),
        (
            ReconciliationItem.objects.create(
                kind="missing", provider="mpesa", receipt="ORPHAN1", direction="in", line_kind="pay_in",
                theirs_minor=150_000, opened_at=now,
            ),
            "Only M-Pesa has it.",
        ),
    ]  # fmt: skip
    for row, said in rows:
        page = chebet.open(f"/console/{row.SUBJECT}/{row.pk}")
        assert page.status_code == 200, row
        assert said in words(page), row
        assert AMINA.msisdn not in page.content.decode()
    # The command lists the same, but for differences, which the next statement closes.
    listed = chebet.command("staff", "queue")
    for said in (
        "receipt        ORPHAN1  KES 1500.00, claimed by nobody yet",
        "KES 1.00, payout ",
        "top-up         TUP1  KES 1.00: no answer",
        f"KES 1.00 of {party.id}, since {now:%Y-%m-%d}",
    ):
        assert said in listed
    assert AMINA.msisdn not in listed
    for row, _ in rows[1:]:
        row.delete()


def test_work_that_was_put_aside_goes_on(chebet: Employee, clock: Any, run_worker: Run, paid: str) -> None:
    EventDelivery.objects.update(due_at=clock.now(), lease_until=PARKED_UNTIL, parked_at=clock.now())
    row = EventDelivery.objects.order_by("id")[0]
    path = f"/console/stuck/{row.id}"
    assert f'href="{path}"' in chebet.open("/console/stuck").content.decode()
    once = re.findall(r'name="once" value="([^"]+)"', chebet.open(path).content.decode())[0]

    gone = act(chebet, path, "resume", once, reason="the bug is mended")

    row.refresh_from_db()
    assert row.parked_at is None
    assert "Done." in words(gone)
    assert "It is not put aside any more" in words(gone)
    assert act(chebet, path, "resume").status_code == 409
    for other in EventDelivery.objects.filter(lease_until=PARKED_UNTIL):
        act(chebet, f"/console/stuck/{other.id}", "resume")
    assert not EventDelivery.objects.filter(lease_until=PARKED_UNTIL).exists()


def test_everything_that_goes_out_is_stopped_and_started_with_a_reason(chebet: Employee, clock: Any) -> None:
    page = words(chebet.open("/console/sending"))
    assert page.count("They are sent.") == 2

    fields = {"kind": "payout", "action": "stop"}
    assert chebet.press("/console/sending", **fields, reason="").status_code == 400
    stopped = chebet.press("/console/sending", **fields, reason="strange payouts")
    assert "Stopped by chebet: strange payouts" in words(stopped)
    assert Dispatcher.objects.get(name="payout").stopped_at == clock.now()
    assert chebet.press("/console/sending", kind="x", action="stop", reason="y").status_code == 200

    clock.advance(minutes=6)
    late = chebet.press("/console/sending", kind="payout", action="start", reason="over")
    assert late.status_code == 403
    assert Dispatcher.objects.get(name="payout").stopped_at is not None
    chebet.app_at = 30
    chebet.press("/console/second-factor", code=chebet.code())
    started = chebet.press("/console/sending", kind="payout", action="start", reason="it was a drill")
    assert words(started).count("They are sent.") == 2

    kept = words(chebet.open("/console/acts"))
    for said in (
        "Stop sending payout done chebet strange payouts",
        "Send again payout done chebet it was a drill",
    ):
        assert said in kept


def test_numbers_lead_to_their_pages_and_what_is_not_there_is_not_found(chebet: Employee, paid: str) -> None:
    receipt = Receipt.objects.get()
    found: Any = chebet.press("/console/find", number=str(receipt.transaction_id))
    assert found.redirect_chain[-1][0] == f"/console/receipt/{receipt.id}"
    assert chebet.open("/console/find").status_code == 200

    for number in ("", "ZEM-NOTHING", AMINA.e164):
        assert chebet.press("/console/find", number=number).status_code == 404
    for path in (
        f"/console/payout/{new_key()}",
        f"/console/stuck/{new_key()}",
        f"/console/loan/{new_key()}",
        "/console/orders/ZEM-00000000",
    ):
        assert chebet.open(path).status_code == 404, path


def test_a_request_that_names_what_is_not_there_leads_nowhere(chebet: Employee, clock: Any) -> None:
    for action, payload in (
        ("cancel", {"kind": "payout", "id": str(new_key())}),
        ("end-case", {"id": "no id", "outcome": "lost"}),
        ("adjust", {"debit": "5200:x", "credit": "4900", "amount": "1.00"}),
    ):
        asked = request_action(action, payload, maker="kamau", reason="tried", now=clock.now())
        assert asked is not None
        page = chebet.open(f"/console/approval/{asked.id}")
        assert page.status_code == 200
        assert "See what it is about" not in words(page)
        refused = act(chebet, f"/console/approval/{asked.id}", "approve")
        assert (refused.status_code == 200) is (action == "adjust")
    for left in Approval.objects.filter(status="pending"):
        decline(left.id, checker="kimani", reason="no such thing", now=clock.now())


def test_the_pages_speak_swahili(capsys: Any, failed: Payout) -> None:
    juma = Employee("juma", capsys, "sw")
    juma.join()

    page = words(juma.open(f"/console/payout/{failed.id}"))

    assert "M-Pesa imeikataa kabisa. Pesa imerudi mahali inapodaiwa." in page
    assert "Itume tena" in page
    assert "Malipo" in words(juma.open("/console/sending"))


def test_a_contradicted_payment_is_read_and_decided_by_two(
    chebet: Employee, kamau: Employee, simulator: Any, clock: Any, run_worker: Run
) -> None:
    reference = str(create_order().data["order_reference"])
    simulator.fault("query_contradicts", count=500, body="1032")
    push(reference)
    settle(clock, run_worker)
    payment = Payment.objects.get()
    number = str(simulator.transactions()[-1]["receipt"])
    path = f"/console/payment/{payment.id}"
    listed = chebet.open("/console/payments-contradicted")
    assert f'href="{path}"' in listed.content.decode()
    assert "says, asked back, that it was not" in words(listed)

    page = chebet.open(path)
    assert number in words(page)
    assert f"****{AMINA.last4}" in words(page)
    assert AMINA.msisdn not in page.content.decode()
    act(chebet, path, "paid", receipt=number)
    approval = Approval.objects.get()
    asked = kamau.open(f"/console/approval/{approval.id}").content.decode()
    assert f'href="{path}"' in asked
    act(kamau, f"/console/approval/{approval.id}", "approve")

    assert order_of(reference).status == "paid"
    assert "There is nothing to do here by hand." in words(chebet.open(path))
    assert "Nothing waits here." in words(chebet.open("/console/payments-contradicted"))
