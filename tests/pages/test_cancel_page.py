"""Calling a sale off on its page: each side proves who it is, and sees what it can do."""

from collections.abc import Callable

import pytest

from tests.characters import AMINA, BARAKA
from tests.pages.conftest import Person, page_of, words
from tests.pages.test_seller_pages import sign_in
from tests.story import create_order, escrow_of, last_code, order_of, simulate_payment
from zemi.common.money import kes
from zemi.notifications.models import Message

Run = Callable[[], int]


@pytest.fixture
def reference() -> str:
    made: str = create_order().data["order_reference"]
    return made


@pytest.fixture
def path(reference: str) -> str:
    return page_of(reference)


@pytest.fixture
def baraka(stage: None) -> Person:
    person = Person()
    sign_in(person)
    return person


def test_buyer_and_seller_call_a_paid_order_off_together(
    amina: Person, baraka: Person, reference: str, path: str
) -> None:
    simulate_payment(reference)
    assert f'href="{path}/cancel"' in amina.open(path).content.decode()
    asked = words(amina.open(f"{path}/cancel"))
    assert "KES 1,500 is held for it." in asked
    assert f"The buyer, ****{AMINA.last4} The seller, ****{BARAKA.last4}" in asked

    choice = words(amina.press(f"{path}/cancel", side="buyer"))
    assert "Ask the seller to cancel" in choice
    assert "Cancel the order" not in choice
    assert Message.objects.filter(template="one_time_code").latest("id").to == AMINA
    held = words(amina.press(f"{path}/cancel", side="buyer", otp=last_code(), act="ask"))
    assert (
        "The buyer asks the seller to cancel this order. It can be answered until Tue 24 Nov, 12:00" in held
    )

    assert "One of the two asks to cancel" in words(baraka.open("/sell"))
    answer = words(baraka.open(f"{path}/cancel"))
    assert "Yes, cancel: the money goes back No, the order goes on" in answer
    assert "One-time code" not in answer
    ended = words(baraka.press(f"{path}/cancel", act="accept"))
    assert "This order was cancelled" in ended
    assert (order_of(reference).status, escrow_of(reference)) == ("cancelled", kes(0))
    # Nothing is left to be done there.
    assert "This order was cancelled" in words(amina.open(f"{path}/cancel"))


def test_the_seller_declines_or_cancels_alone(
    amina: Person, baraka: Person, reference: str, path: str
) -> None:
    simulate_payment(reference)
    stamp = amina.open(f"{path}/poll").content
    amina.press(f"{path}/cancel", side="buyer")
    amina.press(f"{path}/cancel", side="buyer", otp=last_code(), act="ask")
    assert amina.open(f"{path}/poll").content != stamp

    assert "is held safely" in words(baraka.press(f"{path}/cancel", act="decline"))
    assert order_of(reference).cancel_asked_by == ""
    assert "Cancel the order Ask the buyer first" in words(baraka.open(f"{path}/cancel"))
    assert "This order was cancelled" in words(baraka.press(f"{path}/cancel", act="cancel"))


def test_a_request_is_taken_back_and_a_wrong_code_does_nothing(
    juma: Person, reference: str, path: str
) -> None:
    simulate_payment(reference)
    juma.press(f"{path}/cancel", side="buyer")
    wrong = juma.press(f"{path}/cancel", side="buyer", otp="12", act="ask")
    assert wrong.status_code == 422
    assert "Mwombe muuzaji aghairi" in words(wrong)
    juma.press(f"{path}/cancel", side="buyer", otp=last_code(), act="ask")
    assert order_of(reference).cancel_asked_by == "buyer"

    assert "Ondoa ombi" in words(juma.press(f"{path}/cancel", side="buyer", again="1"))
    juma.press(f"{path}/cancel", side="buyer", otp=last_code(), act="withdraw")
    assert order_of(reference).cancel_asked_by == ""


def test_an_unpaid_order_is_called_off_by_either_side(amina: Person, reference: str, path: str) -> None:
    assert "It is not paid." in words(amina.open(f"{path}/cancel"))
    assert "Cancel the order" in words(amina.press(f"{path}/cancel", side="seller"))

    assert "This order was cancelled" in words(
        amina.press(f"{path}/cancel", side="seller", otp=last_code(), act="cancel")
    )
    assert order_of(reference).status == "cancelled"


def test_words_that_are_none_do_nothing(amina: Person, baraka: Person, reference: str, path: str) -> None:
    simulate_payment(reference)

    assert "Who cancels?" in words(amina.press(f"{path}/cancel", side="rider", act="accept"))
    assert "Cancel the order" in words(baraka.press(f"{path}/cancel", act="explode"))
    assert "no request to cancel" in words(baraka.press(f"{path}/cancel", act="accept"))
    assert order_of(reference).status == "paid"
