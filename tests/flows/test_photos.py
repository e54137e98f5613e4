"""The photo of what a payment link sells: read in a process of its own, kept once, never changed."""

import hashlib
import json
import time
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.utils import DatabaseError

from tests import pictures, story
from tests.characters import AMINA, BARAKA
from tests.conftest import triggers_off
from zemi.common import clock as product_clock
from zemi.common.db import unit_of_work
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.identity.models import Party
from zemi.identity.parties import find_or_create_parties
from zemi.links import photo_reader, photos
from zemi.links.complete import complete_link
from zemi.links.create import create_link, disable_link
from zemi.links.errors import LinkNotFound, PhotoMoves, PhotoTooLarge, PhotoUnreadable
from zemi.links.models import Agreement, PaymentLink, Photo
from zemi.links.photos import forget_unneeded_photos, has_photo, picture_of, read_photo
from zemi.links.queries import Owner
from zemi.links.terms import hash_of
from zemi.links.tokens import token_of
from zemi.orders.models import Order
from zemi.trust.errors import TooManyAttempts


@pytest.fixture
def baraka(stage: None) -> Party:
    with unit_of_work():
        return find_or_create_parties({BARAKA}, now=product_clock.now())[BARAKA]


def read(data: bytes, seller: Party) -> bytes:
    return read_photo(data, seller=seller, now=product_clock.now())


def offer(seller: Party, photo: bytes | None) -> Any:
    return create_link(
        amount=kes(1_500),
        product_description="Kitenge",
        signed_in=seller,
        photo=photo,
        now=product_clock.now(),
    )


def test_a_link_keeps_its_photo(baraka: Party) -> None:
    made = read(pictures.photo(), baraka)

    link = offer(baraka, made)

    assert has_photo(link.id)
    assert picture_of(link.id) == made == photo_reader.shrink(pictures.photo())
    # What the buyer has seen is not exchanged.
    with pytest.raises(DatabaseError), unit_of_work():
        Photo.objects.update(picture=b"another")
    with pytest.raises(IntegrityError), unit_of_work():
        Photo.objects.create(link=link, picture=b"a second", created_at=product_clock.now())


def test_a_link_without_one_has_none(baraka: Party) -> None:
    link = offer(baraka, None)

    assert not has_photo(link.id)
    assert not has_photo(None)
    for key in (link.id, None):
        with pytest.raises(LinkNotFound):
            picture_of(key)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", PhotoUnreadable),
        (pictures.photo()[:600], PhotoUnreadable),
        (pictures.photo("GIF"), PhotoUnreadable),
        (pictures.bomb(), PhotoTooLarge),
        (b"\x00" * (8 * 1024 * 1024 + 1), PhotoTooLarge),
        (pictures.moving("WEBP"), PhotoMoves),
    ],
)
def test_a_bad_file_is_refused(baraka: Party, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(data, baraka)

    assert not Photo.objects.exists()


def test_a_reader_that_falls_takes_nothing_with_it(
    baraka: Party, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(photos, "_READER", tmp_path / "killed.py")
    (tmp_path / "killed.py").write_text("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(PhotoUnreadable):
        read(pictures.photo(), baraka)

    monkeypatch.setattr(photos, "_LONGEST_S", 0.2)
    (tmp_path / "killed.py").write_text("import signal; signal.pause()")
    started = time.monotonic()
    with pytest.raises(PhotoUnreadable):
        read(pictures.photo(), baraka)
    assert time.monotonic() - started < 10


def test_a_seller_uploads_so_many_and_no_more(baraka: Party, settings: Any) -> None:
    settings.LIMITS = read_limits("photos_per_phone=1")
    read(pictures.photo(), baraka)

    with pytest.raises(TooManyAttempts) as refused:
        read(pictures.photo(), baraka)

    assert refused.value.facts == {"limit": "photos_per_phone"}


def test_the_photo_is_part_of_what_both_sides_agree_on(baraka: Party) -> None:
    one, other = (
        read(pictures.photo(), baraka),
        read(pictures.photo(exif=pictures.orientation(6)), baraka),
    )

    links = [offer(baraka, photo) for photo in (one, other, None)]

    told = [json.loads(link.terms)["photo_sha256"] for link in links]
    assert told == [hashlib.sha256(one).hexdigest(), hashlib.sha256(other).hexdigest(), None]
    assert len({link.terms_hash for link in links}) == 3
    # Whoever has the terms can tell that the picture shown is the one.
    assert hashlib.sha256(picture_of(links[0].id)).hexdigest() == told[0]


def test_a_link_of_the_first_version_of_the_terms_sells_as_before(baraka: Party) -> None:
    link = offer(baraka, read(pictures.photo(), baraka))
    facts = json.loads(link.terms) | {"version": 1}
    del facts["photo_sha256"]
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    with unit_of_work(), triggers_off():
        PaymentLink.objects.update(terms=text, terms_hash=hash_of(text))

    order = buy(link, hash_of(text))

    assert Agreement.objects.get(order=order).terms_hash == hash_of(text)
    assert has_photo(link.id)


def buy(link: PaymentLink, terms_hash: str) -> Order:
    return complete_link(
        token=token_of(link), buyer_phone=AMINA, terms_hash=terms_hash, now=product_clock.now()
    ).order


def test_a_photo_is_kept_as_long_as_somebody_needs_it(
    baraka: Party, clock: Any, run_worker: Any, settings: Any
) -> None:
    settings.PHOTO_DAYS = 30
    party = Owner(party_id=baraka.id)
    stopped, open_still, sold, unpaid = (offer(baraka, read(pictures.photo(), baraka)) for _ in range(4))
    disable_link(stopped.id, owner=party, now=clock.now())
    bought = buy(sold, sold.terms_hash)
    story.simulate_payment(bought.order_reference)
    buy(unpaid, unpaid.terms_hash)
    run_worker()
    assert forget_unneeded_photos(now=clock.now()) == 0

    clock.advance(hours=30 * 24 - 1)
    run_worker()
    assert Photo.objects.count() == 4
    clock.advance(hours=1)
    run_worker()

    # That order expired, and its place is free again.
    assert not has_photo(stopped.id)
    assert [has_photo(link.id) for link in (open_still, sold, unpaid)] == [True] * 3
    disable_link(unpaid.id, owner=party, now=clock.now())
    clock.advance(hours=60 * 24)
    run_worker()

    # A paid order may wait for years.
    assert [has_photo(link.id) for link in (open_still, sold, unpaid)] == [True, True, False]
    assert hash_of(PaymentLink.objects.get(pk=unpaid.id).terms) == unpaid.terms_hash
    # Nothing is left to look at until the next month.
    assert forget_unneeded_photos(now=clock.now()) == 0
