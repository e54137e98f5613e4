"""The two phones: a whole sale by their buttons, and every mishap that can be chosen."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.pages.conftest import Person, settle, words
from zemi.common import http_client
from zemi.links.models import PaymentLink
from zemi.orders.models import Order

Run = Callable[[], int]


def start(person: Person, **fields: str) -> str:
    """Begin a sale; the path of its phones."""
    offer = offer_of(person, **fields)
    number = re.search(r'name="phone"[^>]* value="([^"]+)"', person.open(offer).content.decode())
    assert number is not None
    return str(person.press(offer, phone=number[1]).redirect_chain[-1][0])  # type: ignore[attr-defined]  # of an answer that was followed


def offer_of(person: Person, **fields: str) -> str:
    """Have Baraka make his link; the path of Amina's phone, which has got it."""
    response: Any = person.press("/sandbox/phone", **({"item": "Kitenge", "amount": "1500"} | fields))
    path = str(response.redirect_chain[-1][0])
    assert path.startswith("/sandbox/phone/link/")
    return path


def test_amina_gets_the_link_and_orders_by_it(amina: Person, settings: Any) -> None:
    # Nobody is texted a code to prove a phone that is made up.
    settings.VERIFIED_PHONE = True
    offer = offer_of(amina)
    said = words(amina.open(offer))
    assert "Kitenge: KES 1,500. Pay safely" in said
    assert "/l/" in said
    assert amina.open(f"{offer}/poll").content == b"0"
    assert words(amina.open(offer)) == said
    assert "Give a Kenyan mobile number" in words(amina.press(offer, phone="12"))
    seller = PaymentLink.objects.get().seller
    assert "seller's own number" in words(amina.press(offer, phone=seller.phone.msisdn))
    assert not Order.objects.exists()

    phones = amina.press(offer, phone="0712345678").redirect_chain[-1][0]  # type: ignore[attr-defined]  # of an answer that was followed

    assert Order.objects.get().buyer.phone.e164 == "+254712345678"
    assert "Send the prompt for KES 1,500" in words(amina.open(phones))
    # Whoever comes back to the link is led on to the sale.
    assert amina.open(f"{offer}/poll").content == b"1"
    assert amina.open(offer).redirect_chain == [(phones, 302)]  # type: ignore[attr-defined]  # of an answer that was followed


def test_a_whole_sale_with_two_phones(amina: Person, clock: Any, run_worker: Run) -> None:
    assert 'href="/sandbox/phone"' in amina.open("/").content.decode()
    phones = start(amina)
    assert "Send the prompt for KES 1,500" in words(amina.open(phones))

    prompt = words(amina.press(f"{phones}/pay", plan="wait"))
    assert "Do you want to pay KES 1,500 to Zemi Account no. ZEM-" in prompt
    assert "Enter M-PESA PIN" in prompt
    assert "A PIN has four digits." in words(amina.press(f"{phones}/decide", pin="12"))
    amina.press(f"{phones}/decide", pin="1234")
    run_worker()

    held = words(amina.open(phones))
    assert "The money is held" in held
    [code] = re.findall(r"Delivery code: (\d{6})", held)
    assert "Delivered" in words(amina.press(f"{phones}/confirm", code=code))
    settle(clock, run_worker)

    done = words(amina.open(phones))
    assert "Done: Baraka has his money." in done
    assert "M-Pesa balance KES 301,500" in done
    assert 'href="/sandbox/phone"' in amina.open(phones).content.decode()


@pytest.mark.parametrize(
    ("button", "said"),
    [({"cancel": "1"}, "You cancelled the request."), ({"pin": "0000"}, "the M-Pesa PIN was wrong")],
)
def test_amina_cancels_or_mistypes(amina: Person, run_worker: Run, button: dict[str, str], said: str) -> None:
    phones = start(amina)
    amina.press(f"{phones}/pay", plan="wait")

    amina.press(f"{phones}/decide", **button)
    run_worker()

    assert said in words(amina.open(phones))
    # There is nothing to decide any more.
    assert amina.press(f"{phones}/decide", **button).status_code == 200


@pytest.mark.parametrize(
    ("plan", "said"),
    [("no_balance", "your M-Pesa balance is too low"), ("unreachable", "your phone did not answer")],
)
def test_a_phone_without_signal_or_money(
    amina: Person, clock: Any, run_worker: Run, plan: str, said: str
) -> None:
    phones = start(amina)
    amina.press(f"{phones}/pay", plan=plan)
    clock.advance(seconds=10)
    run_worker()

    assert said in words(amina.open(phones))


@pytest.mark.parametrize("plan", ["lost", "twice"])
def test_a_callback_that_is_lost_or_doubled_pays_once(
    amina: Person, clock: Any, run_worker: Run, plan: str
) -> None:
    phones = start(amina)
    amina.press(f"{phones}/pay", plan=plan)
    amina.press(f"{phones}/decide", pin="1234")
    clock.advance(seconds=40)
    run_worker()

    page = words(amina.open(phones))
    assert "The money is held" in page
    assert "M-Pesa balance KES 298,500" in page


def test_an_answer_that_comes_late_still_counts(amina: Person, clock: Any, run_worker: Run) -> None:
    phones = start(amina)
    amina.press(f"{phones}/pay", plan="late")
    clock.advance(seconds=62)
    run_worker()
    assert "Zemi keeps asking" in words(amina.open(phones))

    clock.advance(minutes=5)
    run_worker()
    assert "The money is held" in words(amina.open(phones))


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("five", "Write the amount as plain digits"),
        ("1", "The amount must be from"),
        ("10.50", "whole shillings"),
    ],
)
def test_a_price_that_can_not_be(amina: Person, amount: str, said: str) -> None:
    response = amina.press("/sandbox/phone", item="Kitenge", amount=amount)

    assert response.status_code in {400, 422}
    assert said in words(response)
    assert f'value="{amount}"' in response.content.decode()


def test_a_wrong_code_or_a_second_prompt_is_refused_on_the_page(amina: Person, run_worker: Run) -> None:
    phones = start(amina)
    amina.press(f"{phones}/pay", plan="wait")
    assert "asks for her PIN" in words(amina.press(f"{phones}/pay", plan="wait"))
    amina.press(f"{phones}/decide", cancel="1")
    run_worker()
    assert "asked to pay a moment ago" in words(amina.press(f"{phones}/pay", plan="wait"))
    refused = amina.press(f"{phones}/confirm", code="000000")
    assert refused.status_code in {409, 422}


def test_the_poll_changes_with_the_phones_and_survives_a_simulator_that_is_gone(
    amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = start(amina)
    before = amina.open(f"{phones}/poll")
    assert len(before.content) <= 400
    amina.press(f"{phones}/pay", plan="wait")
    assert amina.open(f"{phones}/poll").content != before.content

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody listens", request=request)

    with monkeypatch.context() as without:
        without.setattr(http_client, "_transport", httpx2.MockTransport(refuse))
        gone = amina.open(phones)
        assert "The simulator does not answer" in words(gone)
        assert amina.open(f"{phones}/poll").status_code == 200
        assert amina.press(f"{phones}/decide", pin="1234").status_code == 200


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("*334#", "Connection problem or invalid MMI code."),
        ("*#06#", "Connection problem or invalid MMI code."),
        ("* 483 * 1 #", "Connection problem or invalid MMI code."),
        ("0712 345 678", "The number you have dialled is not in service."),
        ("*334", "The number you have dialled is not in service."),
        ("334#", "The number you have dialled is not in service."),
        ('"><b>', "The number you have dialled is not in service."),
        ("1" * 500, "The number you have dialled is not in service."),
    ],
)
def test_the_network_answers_what_is_dialled(amina: Person, number: str, said: str) -> None:
    phones = start(amina)

    answer = amina.press(f"{phones}/dial", owner="sim_baraka", number=number)

    assert answer.status_code == 200
    hers, his = answer.content.decode().split('<details id="sim_baraka"')
    assert said in his
    assert said not in hers
    assert "<b>" not in his
    # Nothing is kept of it, and the page's own address shows the phones as before.
    assert said not in words(amina.open(f"{phones}/dial"))


def test_nothing_is_dialled_without_a_number(amina: Person) -> None:
    phones = start(amina)

    answer = amina.press(f"{phones}/dial", number="  ")

    assert answer.status_code == 400
    assert "Write a number first." in words(answer).partition("Baraka, who sells")[0]


def test_a_dialled_code_is_answered_in_swahili(juma: Person) -> None:
    answer = juma.press(f"{start(juma)}/dial", owner="sim_amina", number="*334#")

    assert "Tatizo la muunganisho au msimbo batili wa MMI." in words(answer)
