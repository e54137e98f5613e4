"""The page of a payment link: what is offered, and the order that the buyer's phone makes of it."""

import re
from typing import Any

import pytest

from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from tests.pages.conftest import Person, page_of, words
from tests.story import last_code, simulate_payment
from zemi.common import clock as product_clock
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.identity.parties import find_or_create_parties
from zemi.identity.sessions import open_session
from zemi.links.create import create_link, disable_link
from zemi.links.models import Agreement, PaymentLink
from zemi.links.queries import Owner
from zemi.links.tokens import token_of
from zemi.orders.models import Order


@pytest.fixture
def link(stage: None) -> PaymentLink:
    now = product_clock.now()
    with unit_of_work():
        seller = find_or_create_parties({BARAKA}, now=now)[BARAKA]
    return create_link(
        amount=kes(1_500),
        product_description="Kitenge, six yards",
        signed_in=seller,
        now=now,
    )


@pytest.fixture
def path(link: PaymentLink) -> str:
    return f"/l/{token_of(link)}"


def test_the_buyer_sees_the_offer_and_makes_the_order_of_it(
    amina: Person, link: PaymentLink, path: str
) -> None:
    offered = words(amina.open(path))
    assert "Buy for KES 1,500" in offered
    assert f"Kitenge, six yards Seller ****{BARAKA.last4}" in offered

    made = amina.press(path, phone=AMINA.msisdn, terms_hash=link.terms_hash)

    order = Order.objects.get()
    assert (order.payment_link_id, order.buyer.phone) == (link.id, AMINA)
    assert Agreement.objects.get().terms_hash == link.terms_hash
    assert "Kitenge, six yards" in words(made)
    assert "Nothing more is sold by this link" in words(amina.open(path))


def test_an_offer_that_is_taken_twice_by_one_form_is_one_order(amina: Person, stage: None) -> None:
    with unit_of_work():
        seller = find_or_create_parties({BARAKA}, now=product_clock.now())[BARAKA]
    link = create_link(
        amount=kes(1_500),
        product_description="Kitenge",
        signed_in=seller,
        stock=2,
        now=product_clock.now(),
    )
    path = f"/l/{token_of(link)}"
    found = re.search(r'name="once" value="([^"]+)"', amina.open(path).content.decode())
    assert found is not None
    form = {"terms_hash": link.terms_hash, "once": found[1]}

    first, second = (amina.press(path, phone=AMINA.msisdn, **form) for _ in range(2))

    assert first.redirect_chain == second.redirect_chain  # type: ignore[attr-defined]  # of an answer that was followed
    assert Order.objects.count() == Agreement.objects.count() == 1
    link.refresh_from_db()
    assert (link.sold, link.status) == (1, "active")
    # Another number is another order; and when nothing is left, the first is still led to its own.
    amina.press(path, phone=OTIENO.msisdn, **form)
    again = amina.press(path, phone=AMINA.msisdn, **form)
    assert again.redirect_chain == first.redirect_chain  # type: ignore[attr-defined]  # of an answer that was followed
    assert Order.objects.count() == 2
    # Who comes too late is told so by any form.
    late = amina.press(path, phone=CHEBET.msisdn, **form)
    assert (late.status_code, "Nothing more is sold by this link" in words(late)) == (200, True)
    assert Order.objects.count() == 2


def test_what_is_written_wrongly_or_is_the_sellers_own_makes_no_order(
    amina: Person, link: PaymentLink, path: str
) -> None:
    assert amina.press(path, phone="12", terms_hash=link.terms_hash).status_code == 400
    assert "seller's own number" in words(amina.press(path, phone=BARAKA.msisdn, terms_hash=link.terms_hash))
    assert "not the terms" in words(amina.press(path, phone=AMINA.msisdn, terms_hash="0" * 64))
    assert not Order.objects.exists()


def test_where_buyers_are_proved_a_code_to_the_phone_comes_between(
    amina: Person, link: PaymentLink, path: str, settings: Any
) -> None:
    settings.VERIFIED_PHONE = True
    asked = {"phone": AMINA.msisdn, "terms_hash": link.terms_hash}

    assert "One-time code" in words(amina.press(path, **asked))
    assert not Order.objects.exists()
    wrong = "000000" if last_code() != "000000" else "111111"
    amina.press(path, **asked, otp=wrong)
    assert not Order.objects.exists()
    amina.press(path, **asked, again="1")
    amina.press(path, **asked, otp=last_code())

    order = Order.objects.get()
    assert order.buyer.phone == AMINA
    # Who has proved the phone needs no second code: neither for the order's page, nor to buy again.
    simulate_payment(order.order_reference)
    assert "One-time code" not in words(amina.press(f"{page_of(order.order_reference)}/code"))
    assert "Your delivery code" in words(amina.press(f"{page_of(order.order_reference)}/code"))


def test_a_code_that_is_spent_on_a_refusal_is_not_asked_for_again(
    amina: Person, link: PaymentLink, path: str, settings: Any
) -> None:
    settings.VERIFIED_PHONE = True
    amina.press(path, phone=AMINA.msisdn, terms_hash=link.terms_hash)
    refused = amina.press(path, phone=AMINA.msisdn, terms_hash="0" * 64, otp=last_code())
    assert "not the terms" in words(refused)
    assert "One-time code" not in words(refused)

    amina.press(path, phone=AMINA.msisdn, terms_hash=link.terms_hash)

    assert Order.objects.get().buyer.phone == AMINA


def test_who_is_signed_in_with_another_phone_proves_the_one_that_buys(
    amina: Person, link: PaymentLink, path: str, settings: Any, clock: Any
) -> None:
    settings.VERIFIED_PHONE = True
    _, amina.client.cookies["party"] = open_session(phone=BARAKA, now=clock.now())

    assert "One-time code" in words(amina.press(path, phone=AMINA.msisdn, terms_hash=link.terms_hash))
    assert not Order.objects.exists()


def test_a_link_that_was_stopped_sells_nothing(amina: Person, link: PaymentLink, path: str) -> None:
    disable_link(link.id, owner=Owner(party_id=link.seller_id), now=product_clock.now())

    amina.press(path, phone=AMINA.msisdn, terms_hash=link.terms_hash)

    assert "Nothing more is sold by this link" in words(amina.open(path))
    assert not Order.objects.exists()


def test_a_token_that_opens_nothing_is_not_found(amina: Person) -> None:
    assert amina.open("/l/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
