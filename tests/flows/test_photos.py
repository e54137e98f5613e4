"""The photo of what a payment link sells: read in a process of its own, kept once, never changed."""

import time
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.utils import DatabaseError

from tests import pictures
from tests.characters import BARAKA
from zemi.common import clock as product_clock
from zemi.common.db import unit_of_work
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.identity.models import Party
from zemi.identity.parties import find_or_create_parties
from zemi.links import photo_reader, photos
from zemi.links.create import create_link
from zemi.links.errors import LinkNotFound, PhotoMoves, PhotoTooLarge, PhotoUnreadable
from zemi.links.models import Photo
from zemi.links.photos import has_photo, picture_of, read_photo
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
