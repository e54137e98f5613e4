"""The seller: signs in by a code, makes a link, sees where the money is and whose turn it is."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import pictures
from tests.characters import AMINA, BARAKA, OTIENO
from tests.flows.test_staff import do, refund
from tests.pages.conftest import Person, settle, words
from tests.story import confirm, create_order, order_of, simulate_payment
from zemi.common import clock as product_clock
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.events.models import Event
from zemi.identity.models import Session
from zemi.links.create import create_link
from zemi.links.models import PaymentLink, Photo
from zemi.links.tokens import address_of, token_of
from zemi.notifications.models import Message
from zemi.orders.create import create_order as make_order
from zemi.orders.models import Order
from zemi.payouts.models import Payout

Run = Callable[[], int]


def sign_in(person: Person, phone: Any = BARAKA) -> Any:
    assert "We have sent it" in words(person.press("/sell/sign-in", phone=phone.msisdn))
    text = Message.objects.filter(template="one_time_code").latest("id").text
    return person.press("/sell/sign-in", phone=phone.msisdn, otp=text.split("code is ")[1][:6])


@pytest.fixture
def baraka(stage: None) -> Person:
    person = Person()
    sign_in(person)
    return person


def new_link(person: Person, **fields: Any) -> Any:
    return person.press("/sell", **({"item": "Kitenge", "price": "1,500"} | fields))


def buy(person: Person, phone: Any = AMINA) -> Any:
    """Buy what the newest payment link offers, by its page."""
    link = PaymentLink.objects.latest("id")
    return person.press(f"/l/{token_of(link)}", phone=phone.msisdn, terms_hash=link.terms_hash)


def test_a_seller_makes_a_link_and_follows_the_money(
    baraka: Person, amina: Person, clock: Any, run_worker: Run
) -> None:
    assert "No sales yet" in words(baraka.open("/sell"))
    shared = new_link(baraka)
    [share] = [address for address, _ in shared.redirect_chain]
    assert share == f"/sell/{token_of(PaymentLink.objects.get())}"
    address = address_of(PaymentLink.objects.get())
    for ready in (
        "Pay safely: Zemi holds the money until you have the goods.",
        "Lipa kwa usalama: Zemi inashika pesa",
    ):
        assert f"Kitenge: KES 1,500. {ready}" in words(shared)
    assert words(shared).count(address) == 2
    assert "https://wa.me/?text=Kitenge%3A" in shared.content.decode()
    assert "Kitenge KES 1,500 0 of 1 sold Send the link" in words(baraka.open("/sell"))

    assert "Pay KES 1,500" in words(buy(amina))
    order = Order.objects.get()
    assert (order.seller.phone, order.buyer.phone) == (BARAKA, AMINA)
    # The page that the seller waits at asks by itself, and then shows it.
    assert 'data-poll="/sell/poll"' in shared.content.decode()
    sold = baraka.open(share)
    assert sold.redirect_chain == [("/sell", 302)]  # type: ignore[attr-defined]  # of an answer that was followed
    assert "The buyer has not paid yet. Until Tue 24 Nov, 12:00" in words(sold)
    assert "Send the link" not in words(sold)
    simulate_payment(order.order_reference)
    held = words(baraka.open("/sell"))
    assert "Held for you KES 1,500 On its way KES 0" in held
    assert "Held for you until the buyer's code is given. Deliver, and type the code" in held

    text = Message.objects.filter(template="buyer_code")
    run_worker()
    assert not text.exclude(text_sealed=None).exists()
    assert order_of(order.order_reference).status == "paid"


def test_the_list_asks_whether_it_would_look_different(
    baraka: Person, amina: Person, clock: Any, run_worker: Run
) -> None:
    sale = create_order().data
    seen = [polled(baraka)]
    assert polled(baraka) == seen[0]

    simulate_payment(sale["order_reference"])
    seen.append(polled(baraka))
    confirm(sale["order_reference"], sale["delivery_code"])
    seen.append(polled(baraka))
    settle(clock, run_worker)
    seen.append(polled(baraka))
    create_order()
    seen.append(polled(baraka))
    new_link(baraka, stock="3")
    seen.append(polled(baraka))
    buy(amina)
    seen.append(polled(baraka))
    baraka.press(f"/sell/{token_of(PaymentLink.objects.get())}/stop")
    seen.append(polled(baraka))

    assert len(set(seen)) == len(seen)


def polled(person: Person) -> str:
    """The stamp of the list, which is the one that the list itself has."""
    answer = person.open("/sell/poll")
    assert answer.status_code == 200
    assert len(answer.serialize()) <= 400
    stamp = answer.content.decode()
    assert f'data-poll="/sell/poll" data-stamp="{stamp}"' in person.open("/sell").content.decode()
    return stamp


def test_a_page_of_older_sales_asks_for_itself(baraka: Person) -> None:
    create_order()
    newest = create_order()
    before = str(order_of(newest.data["order_reference"]).id)
    stamp = baraka.open("/sell/poll", before=before).content.decode()

    page = baraka.open("/sell", before=before).content.decode()

    assert f'data-poll="/sell/poll?before={before}" data-stamp="{stamp}"' in page
    assert stamp != polled(baraka)
    assert baraka.open("/sell/poll", before="nonsense").content.decode() == polled(baraka)


def test_a_refused_sale_is_not_asked_about(baraka: Person) -> None:
    assert "data-poll" not in new_link(baraka, price="much").content.decode()


def test_strangers_and_those_whose_session_has_ended_are_told_nothing(baraka: Person, amina: Person) -> None:
    """An empty word is another one than that of the open list, so the list gives way to the form to sign in."""
    create_order()
    baraka.press("/sell/sign-out")

    for person in (baraka, amina):
        answer = person.open("/sell/poll")
        assert (answer.status_code, answer.content) == (200, b"")


def test_the_list_is_charged_to_who_is_signed_in(baraka: Person, settings: Any, clock: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"authenticated": 3}
    clock.advance(minutes=2)

    assert [baraka.open("/sell/poll").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_sale_ends_as_paid(baraka: Person, clock: Any, run_worker: Run) -> None:
    sale = create_order().data
    simulate_payment(sale["order_reference"])
    confirm(sale["order_reference"], sale["delivery_code"])
    assert "On its way KES 1,500" in words(baraka.open("/sell"))
    assert "Yours. It is sent to you by M-Pesa in a moment." in words(baraka.open("/sell"))
    settle(clock, run_worker)

    page = words(baraka.open("/sell"))
    assert "Held for you KES 0 On its way KES 0 Paid in 7 days KES 1,500" in page
    assert "You have been paid." in page


def test_money_whose_payout_was_called_off_is_still_the_sellers(baraka: Person, clock: Any) -> None:
    sale = create_order().data
    simulate_payment(sale["order_reference"])
    confirm(sale["order_reference"], sale["delivery_code"])
    do("cancel", clock, kind="payout", id=Payout.objects.get().id)

    page = words(baraka.open("/sell"))
    assert "On its way KES 1,500" in page
    assert "Our people stopped this payout. The money is safe with Zemi" in page


def test_money_that_went_back_to_the_buyer_is_not(baraka: Person, clock: Any, run_worker: Run) -> None:
    sale = create_order().data
    simulate_payment(sale["order_reference"])
    confirm(sale["order_reference"], sale["delivery_code"])
    refund(sale["order_reference"], clock)

    page = words(baraka.open("/sell"))
    assert "On its way KES 0" in page
    assert "the buyer has the money back" in page


def test_a_signed_in_seller_needs_no_signed_in_buyer_and_is_not_told_the_code(
    baraka: Person, settings: Any
) -> None:
    settings.VERIFIED_PHONE = True

    created = make_order(
        buyer_phone=AMINA,
        seller_phone=BARAKA,
        amount=kes(200),
        product_description="Kitenge",
        signed_in=Session.objects.get().party,
        now=product_clock.now(),
    )

    assert created.order.buyer.phone == AMINA
    assert created.delivery_code is None


def test_a_price_that_nobody_could_order_at_makes_no_link(baraka: Person) -> None:
    refused = new_link(baraka, price="5")

    assert refused.status_code == 422
    assert 'value="Kitenge"' in refused.content.decode()
    assert not PaymentLink.objects.exists()


def once_on(page: Any) -> str:
    """The key of the page's form."""
    found = re.search(r'name="once" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_a_form_that_is_pressed_twice_makes_one_link(baraka: Person) -> None:
    once = once_on(baraka.open("/sell"))
    assert once != once_on(baraka.open("/sell"))

    first = new_link(baraka, once=once, photo=upload(pictures.photo()))
    second = new_link(baraka, once=once, photo=upload(pictures.photo()))

    [link] = PaymentLink.objects.all()
    # Both are led to it.
    assert first.redirect_chain == second.redirect_chain == [(f"/sell/{token_of(link)}", 302)]
    assert Photo.objects.count() == 1
    assert Event.objects.filter(type="link.created").count() == 1


def test_a_form_that_was_changed_or_is_another_sellers_makes_its_own_link(baraka: Person) -> None:
    once = once_on(baraka.open("/sell"))
    for fields in ({}, {"price": "1,600"}, {"item": "Leso"}, {"stock": "2"}):
        new_link(baraka, once=once, **fields)
    other = Person()
    sign_in(other, OTIENO)
    new_link(other, once=once)
    # Without a key, or with one that is none, each press makes one.
    new_link(baraka, once="nonsense")

    assert PaymentLink.objects.count() == 6
    assert {link.seller.phone for link in PaymentLink.objects.all()} == {BARAKA, OTIENO}


def test_a_link_that_is_pressed_twice_takes_from_the_budget_once(baraka: Person, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"links_per_phone": 1}
    once = once_on(baraka.open("/sell"))

    assert [new_link(baraka, once=once).status_code for _ in range(3)] == [200, 200, 200]
    assert new_link(baraka, item="Leso").status_code == 429
    assert PaymentLink.objects.count() == 1


def test_a_link_sells_as_many_as_there_are(baraka: Person, amina: Person) -> None:
    shared = new_link(baraka, stock="2")
    [share] = [address for address, _ in shared.redirect_chain]
    assert "0 of 2 sold" in words(shared)

    buy(amina)

    assert "1 of 2 sold" in words(baraka.open(share))
    assert "1 of 2 sold" in words(baraka.open("/sell"))
    buy(amina, OTIENO)
    assert "2 of 2 sold" not in words(baraka.open("/sell"))
    assert "Sold Kitenge KES 1,500" in words(baraka.open("/sell"))


def test_a_link_that_its_seller_stops_sells_nothing_more(baraka: Person, amina: Person) -> None:
    new_link(baraka, stock="2")
    buy(amina)
    [link] = PaymentLink.objects.all()
    stop = f"/sell/{token_of(link)}/stop"
    # To look is not to stop.
    assert "1 of 2 sold" in words(baraka.open(stop))

    stopped = words(baraka.press(stop))

    assert "Send the link" not in stopped
    assert "The buyer has not paid yet." in stopped
    assert "Nothing more is sold by this link" in words(buy(amina, OTIENO))
    assert Order.objects.count() == 1
    # Twice is once.
    assert baraka.press(stop).status_code == 200
    assert PaymentLink.objects.get().status == "disabled"


def test_a_link_whose_time_is_over_is_not_for_sale_and_need_not_be_stopped(
    baraka: Person, clock: Any
) -> None:
    link = create_link(
        amount=kes(200),
        product_description="Kitenge",
        signed_in=Session.objects.get().party,
        expires_at=product_clock.now() + timedelta(minutes=10),
        now=product_clock.now(),
    )
    assert "0 of 1 sold, until Mon 23 Nov, 12:10" in words(baraka.open("/sell"))
    clock.advance(minutes=10)

    assert "Send the link" not in words(baraka.open("/sell"))
    assert baraka.press(f"/sell/{token_of(link)}/stop").status_code == 200
    assert PaymentLink.objects.get().status == "active"


def test_older_links_are_on_pages_of_their_own_and_cost_no_more(baraka: Person) -> None:
    party = Session.objects.get().party

    def offer(count: int) -> None:
        for _ in range(count):
            number = PaymentLink.objects.count()
            create_link(
                amount=kes(200),
                product_description=f"Piece {number}.",
                signed_in=party,
                now=product_clock.now(),
            )

    offer(1)
    with CaptureQueriesContext(connection) as one:
        baraka.open("/sell")
    offer(21)
    with CaptureQueriesContext(connection) as many:
        first = words(baraka.open("/sell"))

    assert len(many) == len(one)
    assert "Piece 21." in first
    assert "Piece 1." not in first
    key = str(PaymentLink.objects.get(product_description="Piece 2.").id)
    second = baraka.open("/sell", links_before=key)
    assert "Piece 1." in words(second)
    assert "Older links" not in words(second)
    stamp = baraka.open("/sell/poll", links_before=key).content.decode()
    assert f'data-poll="/sell/poll?links_before={key}" data-stamp="{stamp}"' in second.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("price", "much", "Write the amount as plain digits"),
        ("stock", "0", "1 to 1000 orders can be made."),
        ("stock", "1001", "1 to 1000 orders can be made."),
        ("stock", "many", "1 to 1000 orders can be made."),
        ("item", " ", "Say what you sell."),
    ],
)
def test_what_is_written_wrongly_is_said_beside_it(baraka: Person, field: str, value: str, said: str) -> None:
    refused = new_link(baraka, **{field: value})

    assert refused.status_code == 400
    assert said in words(refused)
    assert 'value="Kitenge"' in refused.content.decode() or field == "item"
    assert not PaymentLink.objects.exists()


def upload(data: bytes, name: str = "item.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type)


def test_a_photo_is_shown_to_the_buyer_before_and_after_the_order(
    baraka: Person, amina: Person, juma: Person, settings: Any
) -> None:
    new_link(baraka, photo=upload(pictures.with_place(), "../../x.html", "text/html"))
    link = PaymentLink.objects.get()
    offer = f"/l/{token_of(link)}"
    assert (
        f'<img class="photo" src="{offer}/photo" alt="Photo: Kitenge">' in amina.open(offer).content.decode()
    )
    assert 'alt="Picha: Kitenge">' in juma.open(offer).content.decode()

    order_page = buy(amina).redirect_chain[-1][0]

    assert f'src="{order_page}/photo" alt="Photo: Kitenge"' in amina.open(order_page).content.decode()
    for path in (offer, order_page):
        picture = amina.open(f"{path}/photo")
        assert picture.content == bytes(Photo.objects.get().picture)
        assert pictures.opened(picture.content).format == "WEBP"
        assert pictures.PLACE not in picture.content
        # It is shown, never run, whatever it may be.
        assert {
            name: picture[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")
        } == {
            "Content-Type": "image/webp",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        assert picture["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_without_a_photo_there_is_none(baraka: Person, amina: Person) -> None:
    new_link(baraka)
    offer = f"/l/{token_of(PaymentLink.objects.get())}"
    order_page = buy(amina).redirect_chain[-1][0]

    for path in (offer, order_page):
        assert "/photo" not in amina.open(path).content.decode()
        missing = amina.open(f"{path}/photo")
        assert (missing.status_code, missing.content, missing["Cache-Control"]) == (404, b"", "no-store")
    assert amina.open("/l/AAAAAAAAAAAAAAAAAAAAAA/photo").status_code == 404


def test_a_photo_is_charged_to_its_link(baraka: Person, amina: Person, settings: Any, clock: Any) -> None:
    new_link(baraka, photo=upload(pictures.photo()))
    path = f"/l/{token_of(PaymentLink.objects.get())}/photo"
    settings.LIMITS = settings.LIMITS | {"link_reads": 2}
    clock.advance(minutes=2)

    assert [amina.open(path).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("data", "english", "swahili"),
    [
        (b"<html>", "no photo that can be read", "si picha inayosomeka"),
        (pictures.photo()[:500], "no photo that can be read", "si picha inayosomeka"),
        (b"", "no photo that can be read", "si picha inayosomeka"),
        (pictures.bomb(), "too large: 8 MB and 24 megapixels", "kubwa mno"),
        (bytes(9_000_000), "too large: 8 MB and 24 megapixels", "kubwa mno"),
        (pictures.moving("WEBP"), "This picture moves.", "Picha hii inasonga."),
    ],
)
def test_a_bad_photo_is_said_and_loses_nothing_that_was_typed(
    baraka: Person, data: bytes, english: str, swahili: str
) -> None:
    for language, said in (("en", english), ("sw", swahili)):
        baraka.headers = {"accept-language": language}
        refused = new_link(baraka, stock="3", photo=upload(data))

        assert refused.status_code == 400
        assert said in words(refused)
        for written in ("Kitenge", "1,500", "3"):
            assert f'value="{written}"' in refused.content.decode()
    assert not PaymentLink.objects.exists()


def test_a_good_photo_beside_a_wrong_price_is_asked_for_again(baraka: Person) -> None:
    refused = new_link(baraka, price="much", photo=upload(pictures.photo()))

    assert "Choose the photo again" in words(refused)
    assert not PaymentLink.objects.exists()


def test_a_file_that_no_page_has_asked_for_is_dropped(baraka: Person, juma: Person) -> None:
    """Also on the way to the check of the form's token, which reads every form."""
    assert juma.press("/claim", receipt=upload(bytes(9_000_000))).status_code == 400

    made = new_link(
        baraka, other=upload(pictures.photo()), photo=[upload(pictures.photo()), upload(b"no photo")]
    )

    assert made.status_code == 200
    assert PaymentLink.objects.get().product_description == "Kitenge"


def test_strangers_sign_in_first(amina: Person) -> None:
    assert "Sign in to sell" in words(amina.open("/sell"))
    assert "Sign in to sell" in words(new_link(amina))
    assert not PaymentLink.objects.exists()
    assert "Give a Kenyan mobile number" in words(amina.press("/sell/sign-in", phone="12"))
    amina.press("/sell/sign-in", phone=AMINA.msisdn)
    wrong = amina.press("/sell/sign-in", phone=AMINA.msisdn, otp="000000")
    assert wrong.status_code == 422
    assert "Sign in to sell" in words(amina.open("/sell/sign-in"))


def test_who_gets_no_code_asks_for_another(amina: Person, settings: Any) -> None:
    settings.LIMITS = read_limits("")
    amina.press("/sell/sign-in", phone=AMINA.msisdn)
    refused = words(amina.press("/sell/sign-in", phone=AMINA.msisdn, otp="000000"))
    assert "We have sent it" not in refused
    assert "Text me another code" in refused

    assert "We have sent it" in words(amina.press("/sell/sign-in", phone=AMINA.msisdn, otp="", again="1"))
    assert Message.objects.filter(template="one_time_code").count() == 2
    amina.press("/sell/sign-in", phone=AMINA.msisdn, otp="", again="1")
    # The budget of codes to a phone is used up.
    spent = amina.press("/sell/sign-in", phone=AMINA.msisdn, otp="", again="1")
    assert spent.status_code == 429
    assert "Too many attempts. Nothing was changed. Wait 60 minutes" in words(spent)


def test_a_link_is_its_sellers_alone(baraka: Person, amina: Person) -> None:
    share = new_link(baraka).redirect_chain[-1][0]
    assert "Sign in to sell" in words(amina.open(share))
    assert "Sign in to sell" in words(amina.press(f"{share}/stop"))
    sign_in(amina, OTIENO)

    assert amina.open(share).status_code == 404
    assert amina.press(f"{share}/stop").status_code == 404
    assert "Kitenge" not in words(amina.open("/sell"))
    assert PaymentLink.objects.get().status == "active"


def test_who_signs_out_is_out_everywhere(baraka: Person) -> None:
    token = baraka.client.cookies["party"].value
    assert baraka.client.cookies["party"]["httponly"]
    assert "Sign in to sell" in words(baraka.press("/sell/sign-out"))

    baraka.client.cookies["party"] = token
    assert "Sign in to sell" in words(baraka.open("/sell"))
    assert Session.objects.get().ended_at is not None
    assert "Sign in to sell" in words(baraka.press("/sell/sign-out"))


def test_a_session_ends_by_itself(baraka: Person, clock: Any) -> None:
    clock.advance(minutes=61)

    assert "Sign in to sell" in words(baraka.open("/sell"))


def test_older_sales_are_on_pages_of_their_own(baraka: Person) -> None:
    references = [create_order(buyer=OTIENO).data["order_reference"] for _ in range(22)]

    first = baraka.open("/sell")
    assert references[-1] in words(first)
    assert references[0] not in words(first)
    assert "Older sales" in words(first)
    [key] = Order.objects.filter(order_reference=references[2]).values_list("id", flat=True)
    second = words(baraka.open("/sell", before=str(key)))
    assert references[0] in second
    assert "Older sales" not in second
    assert references[-1] in words(baraka.open("/sell", before="nonsense"))


def test_what_is_held_is_what_the_seller_will_get(baraka: Person, settings: Any) -> None:
    settings.FEE_BPS = 300
    simulate_payment(create_order().data["order_reference"])

    page = words(baraka.open("/sell"))
    assert "Held for you KES 1,455" in page
    assert "KES 1,500 KES 1,455 for you" in page
