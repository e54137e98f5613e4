"""Payment links: the seller begins, the buyer's phone completes, and both have agreed to the same frozen terms."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from tests import story
from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from zemi.common.db import unit_of_work, write_if
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.events.models import Event
from zemi.identity.models import Party
from zemi.identity.sessions import open_session
from zemi.links import complete
from zemi.links.complete import complete_link, count_again
from zemi.links.create import create_link, disable_link, expire_due_links
from zemi.links.errors import (
    BuyerIsSeller,
    LinkNotActive,
    LinkNotFound,
    LinkStockInvalid,
    LinkTimeInvalid,
    PayeeNotProved,
    TermsMismatch,
)
from zemi.links.models import MOST_STOCK, Agreement, LinkStatus, PaymentLink
from zemi.links.queries import Owner, find_link
from zemi.links.terms import hash_of
from zemi.links.tokens import address_of, token_of
from zemi.orders.errors import AmountOutOfRange, DailyLimitReached, PhoneNotVerified, SellerPhoneRequired
from zemi.orders.models import Order
from zemi.payments.c2b import settle_c2b
from zemi.payments.close import cancel_order
from zemi.providers.base import C2BReceipt
from zemi.trust.errors import TooManyAttempts

Run = Callable[[], int]


@pytest.fixture
def baraka(clock: Any) -> Party:
    return open_session(phone=BARAKA, now=clock.now())[0].party


@pytest.fixture
def offer(baraka: Party, clock: Any) -> Callable[..., PaymentLink]:
    """A link of Baraka's for a kitenge of KES 1,500."""

    def make(**how: Any) -> PaymentLink:
        wanted: dict[str, Any] = {"amount": kes(1_500), "product_description": "Kitenge", "signed_in": baraka}
        return create_link(**wanted | how, now=clock.now())

    return make


@pytest.fixture
def buy(clock: Any) -> Callable[..., Any]:
    def make(link: PaymentLink, buyer: Phone = AMINA, **how: Any) -> Any:
        wanted = {"token": token_of(link), "buyer_phone": buyer, "terms_hash": link.terms_hash}
        return complete_link(**wanted | how, now=clock.now())

    return make


def events_of(link: PaymentLink) -> list[str]:
    return list(Event.objects.filter(subject_id=link.id).order_by("id").values_list("type", flat=True))


def again(link: PaymentLink) -> PaymentLink:
    return PaymentLink.objects.get(pk=link.pk)


def pay_late(order: Order, *, simulator: Any, clock: Any) -> None:
    """The buyer types the payment by hand, after the order's time: M-Pesa has the money, and tells of it."""
    typed = simulator.pay_bill(msisdn=AMINA.msisdn, amount="1500", account_reference=order.order_reference)
    told = C2BReceipt(typed["receipt"], order.amount, clock.now(), order.order_reference, AMINA, "174379")
    settle_c2b(told, now=clock.now())
    assert story.order_of(order.order_reference).status == "paid"


def test_a_sale_by_a_link_from_offer_to_paid_seller(
    offer: Any, buy: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    link = offer()
    assert address_of(link).endswith(f"/l/{token_of(link)}")

    made = buy(link)
    order = made.order
    assert story.simulate_payment(order.order_reference).status == 200
    assert story.confirm(order.order_reference, made.delivery_code).status == 200
    run_worker()
    clock.advance(seconds=5)
    run_worker()

    assert simulator.books()[f"wallet:{BARAKA.msisdn}"] == 30_150_000
    assert (again(link).status, again(link).sold) == (LinkStatus.USED_UP, 1)
    assert events_of(link) == ["link.created", "link.used", "link.used_up"]
    assert story.code_sent_to(simulator, AMINA, order.order_reference) == made.delivery_code


def test_the_order_has_the_frozen_terms_whatever_the_price_list_says_now(
    offer: Any, buy: Any, settings: Any, clock: Any
) -> None:
    settings.FEE_BPS, settings.ORDER_EXPIRY_H = 250, 24
    link = offer()
    settings.FEE_BPS, settings.ORDER_EXPIRY_H = 400, 1
    settings.ORDER_MAX_KES = 1_000

    order = buy(link).order

    assert (order.amount, order.fee_bps, order.release_policy) == (kes(1_500), 250, "instant")
    assert order.expires_at == clock.now() + timedelta(hours=24)
    assert order.remind_at == clock.now() + timedelta(hours=12)
    assert order.seller.phone == BARAKA
    assert order.product_description == "Kitenge"


def test_a_place_that_somebody_takes_beside_the_lock_is_not_sold_twice(
    offer: Any, buy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, real = offer(stock=3), complete.append

    def beside(*rows: Any) -> None:
        real(*rows)
        # What no path of ours does: it writes without the lock.
        PaymentLink.objects.update(sold=2)

    monkeypatch.setattr(complete, "append", beside)
    with pytest.raises(LinkNotActive):
        buy(link)

    assert not Order.objects.exists()
    assert (again(link).sold, events_of(link)) == (0, ["link.created"])


def test_both_sides_have_agreed_to_one_text(offer: Any, buy: Any, clock: Any) -> None:
    link = offer()
    offered_at = clock.now()
    clock.advance(minutes=5)

    order = buy(link).order

    agreed = Agreement.objects.get(order=order)
    assert agreed.terms_hash == link.terms_hash == hashlib.sha256(link.terms.encode()).hexdigest()
    assert (agreed.offered_by, agreed.seller.phone, agreed.offered_at) == ("seller", BARAKA, offered_at)
    assert (agreed.buyer.phone, agreed.accepted_at) == (AMINA, clock.now())
    assert json.loads(link.terms) == {
        "version": 2,
        "product_description": "Kitenge",
        "amount": "1500.00",
        "currency": "KES",
        "fee_bps": 0,
        "release_policy": "instant",
        "pay_within_h": 24,
        "payee": f"pty_{link.seller_id.hex}",
        "photo_sha256": None,
    }
    created = Event.objects.get(type="order.created", subject_id=order.id)
    assert created.data["terms_hash"] == link.terms_hash
    assert created.actor == "buyer"


def test_neither_the_terms_of_a_link_nor_an_agreement_can_be_changed(offer: Any, buy: Any) -> None:
    link = offer(stock=2)
    order = buy(link).order

    for change in ({"amount_minor": 1}, {"terms": "{}"}, {"stock": 9}, {"fee_bps": 5_000}):
        with pytest.raises(IntegrityError), unit_of_work():
            write_if(link, change)
    for statement in ("UPDATE links_agreement SET terms_hash = ''", "DELETE FROM links_agreement"):
        with pytest.raises(IntegrityError), unit_of_work(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert hash_of(again(link).terms) == link.terms_hash
    assert Agreement.objects.get().order_id == order.id


def test_a_link_for_one_sells_once(offer: Any, buy: Any) -> None:
    link = offer()
    buy(link)

    with pytest.raises(LinkNotActive) as refused:
        buy(link, OTIENO)

    assert refused.value.facts == {"status": "used_up"}
    assert Order.objects.count() == 1


def test_a_link_for_three_sells_three_times(offer: Any, buy: Any) -> None:
    link = offer(stock=3)

    for number in range(3):
        assert (again(link).status, again(link).sold) == (LinkStatus.ACTIVE, number)
        buy(link, Phone(f"+25471200000{number}"))

    with pytest.raises(LinkNotActive):
        buy(link, OTIENO)
    assert events_of(link) == ["link.created", *["link.used"] * 3, "link.used_up"]


def test_an_order_that_ends_unpaid_frees_its_place(offer: Any, buy: Any, clock: Any, run_worker: Run) -> None:
    link = offer()
    buy(link)
    clock.advance(hours=25)
    run_worker()

    assert (again(link).status, again(link).sold) == (LinkStatus.ACTIVE, 0)
    assert events_of(link)[-1] == "link.reopened"
    assert buy(link, OTIENO).order.status == "awaiting_payment"


def test_an_order_that_is_called_off_frees_its_place_among_many(
    offer: Any, buy: Any, clock: Any, run_worker: Run
) -> None:
    link = offer(stock=2)
    order = buy(link).order
    cancel_order(
        order_reference=order.order_reference, actor="buyer", party_id=order.buyer_id, now=clock.now()
    )
    run_worker()

    assert (again(link).status, again(link).sold) == (LinkStatus.ACTIVE, 0)


def test_late_money_takes_its_place_back_before_it_is_sold_anew(
    offer: Any, buy: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    link = offer()
    order = buy(link).order
    clock.advance(hours=24, minutes=30)
    run_worker()
    assert again(link).status == LinkStatus.ACTIVE
    pay_late(order, simulator=simulator, clock=clock)

    with pytest.raises(LinkNotActive) as refused:
        buy(link, OTIENO)

    # What the try found out is kept.
    assert refused.value.facts == {"status": "used_up"}
    assert (again(link).status, again(link).sold) == (LinkStatus.USED_UP, 1)


def test_late_money_for_a_place_that_was_sold_anew_sells_one_more_and_no_third(
    offer: Any, buy: Any, simulator: Any, clock: Any, run_worker: Run
) -> None:
    link = offer()
    order = buy(link).order
    clock.advance(hours=24, minutes=30)
    run_worker()
    buy(link, OTIENO)
    pay_late(order, simulator=simulator, clock=clock)

    with unit_of_work():
        count_again(link.id, now=clock.now())

    assert (again(link).status, again(link).sold) == (LinkStatus.USED_UP, 1)
    with pytest.raises(LinkNotActive):
        buy(link, CHEBET)


def test_a_stopped_link_makes_no_order_and_stays_stopped(
    offer: Any, buy: Any, baraka: Party, clock: Any, run_worker: Run
) -> None:
    link, own = offer(stock=2), Owner(party_id=baraka.id)
    order = buy(link).order

    assert disable_link(link.id, owner=own, now=clock.now()).status == LinkStatus.DISABLED
    assert disable_link(link.id, owner=own, now=clock.now()).status == LinkStatus.DISABLED

    with pytest.raises(LinkNotActive):
        buy(link, OTIENO)
    assert events_of(link).count("link.disabled") == 1
    # What was made goes on; and what ends does not open it again.
    assert story.simulate_payment(order.order_reference).status == 200
    cancel_order(
        order_reference=order.order_reference, actor="seller", party_id=order.seller_id, now=clock.now()
    )
    run_worker()
    assert (again(link).status, again(link).sold) == (LinkStatus.DISABLED, 0)


def test_nobody_else_stops_a_link(offer: Any, clock: Any) -> None:
    link = offer()
    otieno = open_session(phone=OTIENO, now=clock.now())[0].party

    for key in (link.id, None):
        with pytest.raises(LinkNotFound):
            disable_link(key, owner=Owner(party_id=otieno.id), now=clock.now())
    assert again(link).status == LinkStatus.ACTIVE


def test_a_link_ends_when_its_time_is_over(
    offer: Any, buy: Any, baraka: Party, clock: Any, run_worker: Run
) -> None:
    link = offer(expires_at=clock.now() + timedelta(hours=1))
    clock.advance(hours=1)

    # Before any sweep.
    with pytest.raises(LinkNotActive) as refused:
        buy(link)
    assert refused.value.facts == {"status": "expired"}
    assert expire_due_links(now=clock.now()) == 1
    assert expire_due_links(now=clock.now()) == 0

    assert again(link).status == LinkStatus.EXPIRED
    with pytest.raises(LinkNotActive):
        disable_link(link.id, owner=Owner(party_id=baraka.id), now=clock.now())


def test_a_link_sells_one_to_a_thousand(offer: Any) -> None:
    for stock in (0, -1, MOST_STOCK + 1):
        with pytest.raises(LinkStockInvalid) as refused:
            offer(stock=stock)
        assert refused.value.facts == {"most": 1_000}
    assert not PaymentLink.objects.exists()

    assert [offer(stock=stock).stock for stock in (1, MOST_STOCK)] == [1, 1_000]


def test_a_link_ends_in_the_future_and_within_a_year(offer: Any, clock: Any) -> None:
    for span in (timedelta(0), timedelta(days=367)):
        with pytest.raises(LinkTimeInvalid):
            offer(expires_at=clock.now() + span)
    assert not PaymentLink.objects.exists()


def test_nobody_buys_from_themselves(offer: Any, buy: Any) -> None:
    with pytest.raises(BuyerIsSeller):
        buy(offer(), BARAKA)
    assert not Order.objects.exists()


def test_the_buyer_agrees_to_the_terms_of_this_link_or_to_none(offer: Any, buy: Any) -> None:
    with pytest.raises(TermsMismatch):
        buy(offer(), terms_hash=offer(amount=kes(1_600)).terms_hash)
    assert not Order.objects.exists()


def test_where_phones_are_verified_the_buyer_proves_the_own_one(offer: Any, buy: Any, settings: Any) -> None:
    settings.VERIFIED_PHONE = True
    link = offer()

    for proved in (None, OTIENO, BARAKA):
        with pytest.raises(PhoneNotVerified):
            buy(link, proved=proved)

    assert buy(link, proved=AMINA).order.buyer.phone == AMINA


def test_what_the_buyer_may_not_order_takes_no_place(offer: Any, buy: Any, settings: Any) -> None:
    settings.LIMITS = read_limits("kes_per_phone=1000,orders_per_phone=1")
    link = offer()

    with pytest.raises(DailyLimitReached):
        buy(link)

    assert (again(link).status, again(link).sold) == (LinkStatus.ACTIVE, 0)
    assert events_of(link) == ["link.created"]
    small = offer(amount=kes(100), stock=2)
    buy(small)
    with pytest.raises(TooManyAttempts):
        buy(small)
    assert again(small).sold == 1


def test_a_person_sells_for_the_phone_that_is_proved(offer: Any, clock: Any) -> None:
    assert offer(seller_phone=BARAKA).seller.phone == BARAKA
    with pytest.raises(PayeeNotProved):
        offer(seller_phone=OTIENO)
    with pytest.raises(SellerPhoneRequired):
        create_link(amount=kes(100), product_description="Kitenge", now=clock.now())


def test_nobody_offers_what_nobody_could_order(offer: Any) -> None:
    with pytest.raises(AmountOutOfRange):
        offer(amount=kes(9))


def test_links_for_one_phone_are_limited(offer: Any, settings: Any) -> None:
    settings.LIMITS = read_limits("links_per_phone=2")
    offer()
    offer()

    with pytest.raises(TooManyAttempts) as refused:
        offer()

    assert refused.value.facts == {"limit": "links_per_phone"}
    assert PaymentLink.objects.count() == 2


def test_a_token_opens_its_link_alone_and_the_row_tells_none(offer: Any) -> None:
    link = offer()
    token = token_of(link)

    assert find_link(token).id == link.id
    assert token.encode() not in bytes(link.token_hash) + bytes(link.token_sealed)
    for stranger in ("", token[:-1], token + "A", token.swapcase(), str(link.id), "é" * 22):
        with pytest.raises(LinkNotFound):
            find_link(stranger)
