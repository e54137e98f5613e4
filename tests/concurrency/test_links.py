"""Fifty buyers and one place: one order, one agreement, and forty-nine who are told that it is gone."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA
from zemi.common.db import unit_of_work
from zemi.common.ids import new_key
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.identity.models import Merchant
from zemi.identity.parties import find_or_create_parties
from zemi.links.complete import complete_link
from zemi.links.create import create_link, disable_link
from zemi.links.errors import LinkNotActive
from zemi.links.models import Agreement, LinkStatus, PaymentLink
from zemi.links.queries import Owner
from zemi.links.tokens import token_of
from zemi.orders.models import Order
from zemi.webhooks.endpoints import create_endpoint
from zemi.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.usefixtures("stage")
Race = Callable[..., list[Any]]


def offer(clock: Any, *, stock: int) -> PaymentLink:
    merchant, _ = Merchant.objects.get_or_create(name="Duka", defaults={"created_at": clock.now()})
    return create_link(
        amount=kes(1_500),
        product_description="Kitenge",
        seller_phone=BARAKA,
        merchant_id=merchant.id,
        stock=stock,
        now=clock.now(),
    )


def accept(link: PaymentLink, number: int) -> story.Answer:
    return story.post(
        f"/api/v1/links/{token_of(link)}/accept",
        {"buyer_phone": f"2547120{number:05d}", "terms_hash": link.terms_hash},
    )


@pytest.mark.parametrize("stock", [1, 3])
def test_as_many_of_fifty_buyers_get_an_order_as_there_are_places(
    at_once: Race, crowd: int, settings: Any, clock: Any, stock: int
) -> None:
    settings.LIMITS = read_limits("anonymous_writes=1000")
    link = offer(clock, stock=stock)

    answers = at_once(crowd, lambda index: accept(link, index))

    assert Counter(answer.status for answer in answers) == {201: stock, 409: crowd - stock}
    assert {answer.code for answer in answers if answer.status == 409} == {"link_not_active"}
    assert Order.objects.count() == Agreement.objects.count() == stock
    link.refresh_from_db()
    assert (link.status, link.sold) == (LinkStatus.USED_UP, stock)
    story.assert_books_agree(with_provider=False)


def test_one_buyer_who_presses_fifty_times_gets_the_one_order(
    at_once: Race, crowd: int, settings: Any, clock: Any
) -> None:
    settings.LIMITS = read_limits("anonymous_writes=1000,orders_per_phone=1000")
    link = offer(clock, stock=1)

    answers = at_once(crowd, lambda _: accept(link, 1))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: crowd - 1}
    assert Order.objects.count() == 1


def test_who_stops_a_link_while_it_is_bought_gets_one_or_the_other(
    at_once: Race, crowd: int, settings: Any, clock: Any
) -> None:
    settings.LIMITS = read_limits("anonymous_writes=1000")
    link = offer(clock, stock=2)
    owner = Owner(merchant_id=link.merchant_id)

    def act(index: int) -> Any:
        if index % 2:
            return accept(link, index).status
        try:
            return disable_link(link.id, owner=owner, now=clock.now()).status
        except LinkNotActive:
            return "over"

    told = Counter(str(answer) for answer in at_once(crowd, act))

    link.refresh_from_db()
    assert link.status == LinkStatus.DISABLED
    assert told["disabled"] == crowd // 2
    assert told["201"] == Order.objects.count() == link.sold <= 2


def test_two_phones_that_buy_from_two_links_of_each_other_do_not_wait_for_ever(
    at_once: Race, crowd: int, settings: Any, clock: Any
) -> None:
    settings.LIMITS = read_limits("anonymous_writes=1000,orders_per_phone=1000,kes_per_phone=10000000")
    amina, baraka = Phone("+254712000001"), BARAKA
    links = [
        create_link(
            amount=kes(100),
            product_description="Kitenge",
            seller_phone=phone,
            stock=1_000,
            now=clock.now(),
        )
        for phone in (amina, baraka)
    ]

    def act(index: int) -> int:
        buyer = (baraka, amina)[index % 2]
        body = {"buyer_phone": buyer.msisdn, "terms_hash": links[index % 2].terms_hash}
        return story.post(f"/api/v1/links/{token_of(links[index % 2])}/accept", body).status

    assert Counter(at_once(crowd, act)) == {201: crowd}


def test_of_one_form_that_is_sent_many_times_at_once_one_link_comes(
    at_once: Race, crowd: int, clock: Any
) -> None:
    once = new_key()
    with unit_of_work():
        seller = find_or_create_parties({BARAKA}, now=clock.now())[BARAKA]

    links = at_once(
        crowd,
        lambda _: create_link(
            amount=kes(1_500), product_description="Kitenge", signed_in=seller, once=once, now=clock.now()
        ),
    )

    assert {link.id for link in links} == {PaymentLink.objects.get().id}


def test_of_one_form_that_is_sent_many_times_at_once_one_order_comes(
    at_once: Race, crowd: int, clock: Any
) -> None:
    link, once = offer(clock, stock=100), new_key()

    made = at_once(
        crowd,
        lambda _: complete_link(
            token=token_of(link),
            buyer_phone=AMINA,
            terms_hash=link.terms_hash,
            once=once,
            now=clock.now(),
        ),
    )

    assert {each.order.id for each in made} == {Order.objects.get().id}
    # Its code was told to one of them.
    assert sum(each.delivery_code is not None for each in made) == 1
    link.refresh_from_db()
    assert link.sold == 1


def test_of_one_form_that_is_sent_many_times_at_once_one_endpoint_comes(
    at_once: Race, crowd: int, clock: Any
) -> None:
    merchant = Merchant.objects.create(name="Duka", created_at=clock.now())
    once = new_key()

    made = at_once(
        crowd,
        lambda _: create_endpoint(
            merchant_id=merchant.id, url="https://shop.example/hook", once=once, now=clock.now()
        ),
    )

    endpoint = WebhookEndpoint.objects.get()
    assert {(each.id, secret) for each, secret in made} == {(endpoint.id, endpoint.secret())}
