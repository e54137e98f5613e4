"""One order at its link: pay, wait, held, delivered, ended; and the proof that the money is there."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.characters import AMINA, BARAKA, OTIENO
from tests.conftest import START
from tests.flows.test_staff import do, refund
from tests.flows.test_stray_money import by_hand
from tests.pages.conftest import Person, page_of, settle, words
from tests.story import confirm, create_order, order_of, push, simulate_payment, wrong
from zemi.common.clock import NAIROBI
from zemi.common.limits import read_limits
from zemi.identity.otp import Purpose, send_otp
from zemi.identity.sessions import open_session
from zemi.notifications.models import Message
from zemi.payments.contradicted import flag_contradicted
from zemi.payments.models import Payment
from zemi.payments.settle import fail_charge
from zemi.payouts.models import Payout
from zemi.providers.base import Reason, Refused, Succeeded
from zemi.refunds.models import Refund
from zemi.releases.errors import OrderNotPaid
from zemi.releases.new_code import issue_new_code, request_new_code

Run = Callable[[], int]


@pytest.fixture
def order() -> dict[str, Any]:
    return create_order().data


@pytest.fixture
def path(order: dict[str, Any]) -> str:
    return page_of(order["order_reference"])


def test_a_whole_sale_on_pages(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    asked = words(amina.open(path))
    assert "Pay KES 1,500" in asked
    assert f"Seller ****{BARAKA.last4}" in asked

    waiting = words(amina.press(f"{path}/pay"))
    assert "Look at your phone KES 1,500" in waiting
    assert f"M-Pesa asks ****{AMINA.last4} for KES 1,500" in waiting
    assert "Seconds left 60" in waiting
    assert "Business number 174379" in waiting
    assert order["order_reference"] in waiting

    simulator.set_phone(AMINA.msisdn, prompt="pay")
    clock.advance(seconds=5)
    run_worker()
    held = words(amina.open(path))
    assert "KES 1,500 is held safely" in held
    assert order["delivery_code"] not in held
    # Whoever of the two looks.
    assert "Goods handed over? Enter the buyer's 6-digit code." in held
    assert not re.search(r"\b(I|me|my|you|your)\b", held)

    done = words(amina.press(f"{path}/confirm", code=order["delivery_code"]))
    assert "KES 1,500 is on its way to the seller" in done
    assert "data-poll" in amina.open(path).content.decode()
    assert "To the seller" not in words(amina.open(f"{path}/receipt"))
    settle(clock, run_worker)
    end = amina.open(path)
    assert "KES 1,500 has been sent to the seller by M-Pesa" in words(end)
    # Nothing more will change.
    assert "data-poll" not in end.content.decode()
    receipt = words(amina.open(f"{path}/receipt"))
    assert "Paid in all KES 1,500" in receipt
    assert receipt.count("M-Pesa number") == 2
    assert "To the seller" in receipt


def test_a_button_that_is_pressed_twice_sends_one_prompt(amina: Person, path: str, simulator: Any) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")

    pages = [amina.press(f"{path}/pay") for _ in range(2)]

    assert ["Look at your phone" in words(page) for page in pages] == [True, True]
    assert len(simulator.phone(AMINA.msisdn)["prompts"]) == 1
    assert Payment.objects.count() == 1


def test_another_number_can_pay(amina: Person, path: str, simulator: Any) -> None:
    simulator.set_phone(OTIENO.msisdn, next="wait")
    refused = amina.press(f"{path}/pay", phone="12345", other="1")
    assert refused.status_code == 400
    assert "Give a Kenyan mobile number" in words(refused)
    assert 'value="12345"' in refused.content.decode()
    assert amina.press(f"{path}/pay", phone="", other="1").status_code == 400

    assert f"****{OTIENO.last4}" in words(amina.press(f"{path}/pay", phone=OTIENO.msisdn, other="1"))
    assert simulator.phone(AMINA.msisdn)["prompts"] == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("cancel", "You cancelled the request. No money moved."),
        ("no_balance", "your M-Pesa balance is too low"),
        ("wrong_pin", "the M-Pesa PIN was wrong"),
        ("unreachable", "your phone did not answer"),
    ],
)
def test_why_a_payment_failed_is_said_beside_the_next_try(
    amina: Person, path: str, simulator: Any, clock: Any, run_worker: Run, outcome: str, said: str
) -> None:
    simulator.set_phone(AMINA.msisdn, next=outcome)
    amina.press(f"{path}/pay")
    clock.advance(seconds=65)
    run_worker()

    page = words(amina.open(path))
    assert "Not paid yet." in page
    assert said in page
    assert "Send prompt to" in page

    again = amina.press(f"{path}/pay")
    assert again.status_code in {200, 429}


def test_a_prompt_that_is_refused_says_what_to_do(
    amina: Person, path: str, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    other = create_order(amount="700.00").data["order_reference"]
    push(other, amount="700.00")

    refused = amina.press(f"{path}/pay")

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert caplog.records[-1].msg["error"] == "prompt_too_soon"  # type: ignore[index]  # structlog's own
    assert "asked to pay a moment ago" in words(refused)
    shown = f"{(clock.now() + timedelta(minutes=1)).astimezone(NAIROBI):%H:%M:%S}"
    assert f"Wait 60 seconds, then try again: from {shown} in Nairobi." in words(refused)
    in_swahili = words(amina.press(f"{path}/pay?lang=sw"))
    assert f"Subiri sekunde 60, kisha jaribu tena: kuanzia {shown} saa za Nairobi." in in_swahili
    assert "Pay KES 1,500" in words(refused)


def test_an_answer_that_does_not_come_is_asked_for_and_not_called_failed(
    amina: Person, path: str, simulator: Any, clock: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, next="pay", delay_s=75)
    amina.press(f"{path}/pay")
    clock.advance(seconds=61)

    page = words(amina.open(path))
    assert "We are asking M-Pesa" in page
    assert "do not pay again" in page


def test_answers_that_differ_are_called_so_and_never_unpaid(
    amina: Person, path: str, simulator: Any, clock: Any
) -> None:
    simulator.set_phone(AMINA.msisdn, next="wait")
    amina.press(f"{path}/pay")
    payment = Payment.objects.get()
    flag_contradicted(payment.id, Succeeded(receipt="TKN1ABCDEF"), code="1032", now=clock.now())
    # Not even in the minute of the prompt: it was answered.
    page = words(amina.open(path))
    assert "M-Pesa's answers differ" in page
    assert "Enter your PIN" not in page
    clock.advance(minutes=6)

    page = words(amina.open(path))
    assert "M-Pesa's answers differ: one says that you paid, one that you did not." in page
    assert "do not pay again" in page
    assert "Majibu ya M-Pesa yanatofautiana" in words(amina.open(f"{path}?lang=sw"))
    amina.open(f"{path}?lang=en")

    # Nor is it unpaid since a later prompt has failed.
    simulator.set_phone(AMINA.msisdn, next="wait")
    amina.press(f"{path}/pay")
    later = Payment.objects.latest("id")
    assert later.pk != payment.pk
    fail_charge(later.id, Refused(Reason.CANCELLED), now=clock.now())
    page = words(amina.open(path))
    assert "M-Pesa's answers differ" in page
    assert "No money moved" not in page


def test_a_part_is_shown_and_the_rest_is_asked_for(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock, amount=500, reference=order["order_reference"])

    page = words(amina.open(path))
    assert "Pay KES 1,000" in page
    assert "KES 500 of KES 1,500 has come" in page
    assert "A part is held, of KES 1,500" in words(amina.open(f"{path}/held"))


def test_a_wrong_code_is_refused_and_three_lock(amina: Person, order: dict[str, Any], path: str) -> None:
    simulate_payment(order["order_reference"])
    assert amina.press(f"{path}/confirm", code="12x").status_code == 400

    pages = [amina.press(f"{path}/confirm", code=wrong(order["delivery_code"])) for _ in range(4)]

    assert [page.status_code for page in pages] == [422, 422, 422, 423]
    assert "Wait 60 minutes, or have the buyer ask for a new code" in words(pages[-1])
    assert "KES 1,500 is held safely" in words(pages[-1])


def test_a_code_may_be_written_with_a_space(amina: Person, order: dict[str, Any], path: str) -> None:
    simulate_payment(order["order_reference"])
    code = order["delivery_code"]

    assert "Delivered" in words(amina.press(f"{path}/confirm", code=f"{code[:3]} {code[3:]}"))


def test_a_code_that_is_given_again_leads_to_what_the_first_press_did(
    amina: Person, order: dict[str, Any], path: str
) -> None:
    simulate_payment(order["order_reference"])
    pages = [amina.press(f"{path}/confirm", code=order["delivery_code"]) for _ in range(2)]

    assert [page.redirect_chain for page in pages] == [[(path, 302)]] * 2  # type: ignore[attr-defined]  # of an answer that was followed
    assert all("Delivered" in words(page) and "only a paid order" not in words(page) for page in pages)
    assert Payout.objects.count() == 1


def test_an_order_that_ended_is_not_to_be_paid(
    amina: Person, order: dict[str, Any], path: str, clock: Any, run_worker: Run
) -> None:
    clock.advance(hours=25)
    run_worker()

    page = words(amina.open(path))
    assert "This order has ended" in page
    assert "Zemi holds no money for it" in page
    assert "Send prompt" not in page


def test_what_goes_back_is_shown(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock, amount=500, reference=order["order_reference"])
    clock.advance(hours=30)
    settle(clock, run_worker)

    page = words(amina.open(path))
    assert "KES 500 was sent back by M-Pesa" in page
    assert "Money back with the buyer" in page


def test_what_could_not_go_back_is_not_called_on_its_way(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, clock: Any, run_worker: Run
) -> None:
    by_hand(simulator, clock, amount=500, reference=order["order_reference"])
    simulator.fault("b2c_unregistered", count=9)
    clock.advance(hours=30)
    settle(clock, run_worker)
    assert Refund.objects.get().status == "failed"

    page = words(amina.open(path))
    assert f"KES 500 could not be sent to ****{AMINA.last4}. It is safe with Zemi" in page
    assert "Money back with the buyer awaited" in page


def test_a_payout_that_was_called_off_is_not_called_paid(
    amina: Person, order: dict[str, Any], path: str, clock: Any, run_worker: Run
) -> None:
    simulate_payment(order["order_reference"])
    confirm(order["order_reference"], order["delivery_code"])
    do("cancel", clock, kind="payout", id=Payout.objects.get().id)

    page = words(amina.open(path))
    assert "The seller's KES 1,500 has not arrived yet." in page
    assert "Seller paid awaited" in page


def test_a_seller_whose_payout_was_called_off_for_a_refund_is_not_called_paid(
    amina: Person, order: dict[str, Any], path: str, clock: Any, run_worker: Run
) -> None:
    simulate_payment(order["order_reference"])
    confirm(order["order_reference"], order["delivery_code"])
    refund(order["order_reference"], clock)

    page = words(amina.open(path))
    assert "The seller was not paid for it" in page
    assert "KES 1,500 is on its way back" in page
    assert "Seller paid" not in page


def test_the_proof_says_what_the_ledger_says(
    amina: Person, juma: Person, order: dict[str, Any], path: str, clock: Any
) -> None:
    assert "No, nothing is held" in words(amina.open(f"{path}/held"))
    simulate_payment(order["order_reference"])

    page = amina.open(f"{path}/held")
    assert "Yes, all of it is held KES 1,500" in words(page)
    assert "Server time 12:00:00" in words(page)
    for phone in (AMINA, BARAKA):
        assert phone.last4 not in page.content.decode()
    confirm(order["order_reference"], order["delivery_code"])
    assert "It was held, and was released" in words(juma.open(f"{path}/held", lang="en"))


def test_the_words_of_the_minute_are_the_same_for_all_and_change(
    path: str, order: dict[str, Any], clock: Any
) -> None:
    from zemi.checkout.orders import phrase_of

    one = order_of(order["order_reference"])
    seen = []
    for _ in range(30):
        now = phrase_of(one, "en", now=clock.now())
        clock.advance(seconds=59)
        assert phrase_of(one, "en", now=clock.now()) == now
        clock.advance(seconds=1)
        seen.append(now)
    assert all(left != right for left, right in pairwise(seen))
    assert len(set(seen)) > 25


def test_the_poll_is_small_and_changes_when_the_page_would(
    amina: Person, order: dict[str, Any], path: str
) -> None:
    before = amina.open(f"{path}/poll")
    assert len(before.content) <= 400
    assert amina.open(f"{path}/poll").content == before.content
    assert before.content.decode() in amina.open(path).content.decode()
    assert amina.open("/o/AAAAAAAAAAAAAAAAAAAAAA/poll").status_code == 404

    simulate_payment(order["order_reference"])
    assert amina.open(f"{path}/poll").content != before.content


@pytest.mark.parametrize("where", ["", "/held", "/receipt"])
def test_what_a_stranger_wrote_is_text(amina: Person, where: str) -> None:
    order = create_order(product_description='<img src=x onerror="alert(1)">{{ 7*7 }}').data

    page = amina.open(page_of(order["order_reference"]) + where).content.decode()

    assert "<img" not in page
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;{{ 7*7 }}" in page


def one_time_code() -> str:
    """Read the newest one off its text message before it goes out."""
    return Message.objects.filter(template="one_time_code").latest("id").text.split("code is ")[1][:6]


def test_a_lost_code_is_replaced_after_the_phone_is_proved(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, run_worker: Run
) -> None:
    simulate_payment(order["order_reference"])
    run_worker()
    for _ in range(3):
        amina.press(f"{path}/confirm", code=wrong(order["delivery_code"]))
    assert amina.press(f"{path}/confirm", code=order["delivery_code"]).status_code == 423

    assert f"to the buyer's phone, ****{AMINA.last4}" in words(amina.open(f"{path}/code"))
    assert f"Sent to ****{AMINA.last4}" in words(amina.press(f"{path}/code"))
    assert f"Sent to ****{AMINA.last4}" in words(amina.press(f"{path}/code", otp="", again="1"))
    otp = one_time_code()
    refused = amina.press(f"{path}/code", otp=wrong(otp))
    assert refused.status_code == 422
    assert "Sent to" not in words(refused)
    shown = amina.press(f"{path}/code", otp=otp)
    [code] = re.findall(r'<p class="digits" translate="no">(\d{6})</p>', shown.content.decode())
    # Drawn to fill its place, not in the size of a stamp.
    assert re.search(r"<svg [^>]*viewBox=", shown.content.decode())
    assert amina.press(f"{path}/code", otp=otp).status_code == 422

    run_worker()
    texts = [str(message["text"]) for message in simulator.messages(AMINA.msisdn)]
    assert f"New delivery code for {order['order_reference']}: {code}." in texts[-1]
    assert order_of(order["order_reference"]).delivery_code_sealed is None
    assert amina.press(f"{path}/confirm", code=order["delivery_code"]).status_code == 422
    assert "Delivered" in words(amina.press(f"{path}/confirm", code=code))


def test_a_signed_in_buyer_needs_no_second_proof_and_nobody_else_is_shown_a_code(
    amina: Person, order: dict[str, Any], path: str, clock: Any, run_worker: Run, settings: Any
) -> None:
    settings.LIMITS = read_limits("")
    paid = amina.press(f"{path}/pay")
    assert paid.status_code == 200
    clock.advance(seconds=5)
    run_worker()
    # The browser that paid is not the buyer by that: whoever holds the link may press the button.
    held = words(amina.open(path))
    assert f"The delivery code was texted to the buyer's phone, ****{AMINA.last4}." in held
    assert not re.search(r"\b\d{6}\b", held)
    _, amina.client.cookies["party"] = open_session(phone=BARAKA, now=clock.now())
    assert "We text a one-time code" in words(amina.open(f"{path}/code"))
    assert "Sent to" in words(amina.press(f"{path}/code"))

    _, amina.client.cookies["party"] = open_session(phone=AMINA, now=clock.now())
    assert "You are signed in with the phone of this order." in words(amina.open(f"{path}/code"))
    shown = words(amina.press(f"{path}/code"))
    [code] = re.findall(r"\b\d{6}\b", shown)
    assert "Give it only when the goods are in your hand." in shown
    assert amina.press(f"{path}/confirm", code=order["delivery_code"]).status_code == 422
    # Each is texted, and counts as a code that is.
    assert amina.press(f"{path}/code").status_code == 200
    spent = amina.press(f"{path}/code")
    assert spent.status_code == 429
    assert "One-time code" not in words(spent)
    assert amina.press(f"{path}/confirm", code=code).status_code == 422
    assert order_of(order["order_reference"]).status == "paid"


def test_there_is_no_new_code_where_nothing_is_held(amina: Person, order: dict[str, Any], path: str) -> None:
    response: Any = amina.press(f"{path}/code")
    assert response.redirect_chain == [(path, 302)]
    with pytest.raises(OrderNotPaid):
        request_new_code(order_reference=order["order_reference"], caller="test", now=START)
    send_otp(phone=AMINA, purpose=Purpose.NEW_CODE, now=START)
    with pytest.raises(OrderNotPaid):
        issue_new_code(order_reference=order["order_reference"], otp=one_time_code(), now=START)


def test_of_two_new_codes_only_the_last_is_texted(
    amina: Person, order: dict[str, Any], path: str, simulator: Any, run_worker: Run
) -> None:
    simulate_payment(order["order_reference"])
    run_worker()
    for _ in range(2):
        amina.press(f"{path}/code")
        amina.press(f"{path}/code", otp=one_time_code())
    run_worker()

    texts = [str(message["text"]) for message in simulator.messages(AMINA.msisdn)]
    [told] = [text for text in texts if "New delivery code" in text]
    code = told.partition(f"{order['order_reference']}: ")[2][:6]
    assert "Delivered" in words(amina.press(f"{path}/confirm", code=code))
