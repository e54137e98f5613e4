"""What becomes of a picture that somebody uploads: pixels of our own, or a refusal."""

import io
import resource
import sys
from types import SimpleNamespace

import pytest

from tests import pictures
from zemi.links import photo_reader
from zemi.links.photo_reader import MOST_KEPT_BYTES, MOVES, TOO_LARGE, UNREADABLE, Unusable, shrink

RED, GREEN = (255, 0, 0), (0, 128, 0)


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(seen - meant) < 60 for seen, meant in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("name", pictures.good())
def test_a_photo_becomes_a_small_webp_and_nothing_else(name: str) -> None:
    made = shrink(pictures.good()[name])

    picture = pictures.opened(made)
    picture.load()
    assert (picture.format, picture.mode, set(picture.info) - {"background", "loop", "timestamp", "duration"}) == (
        "WEBP", "RGB", set()
    )  # fmt: skip
    assert len(made) <= MOST_KEPT_BYTES
    assert max(picture.size) <= 800
    assert b"script" not in made


def test_where_it_was_taken_stays_with_the_seller() -> None:
    taken = pictures.with_place()
    assert pictures.PLACE in taken

    made = shrink(taken)

    assert pictures.PLACE not in made
    assert not pictures.opened(made).getexif()


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))],
)
def test_a_phone_that_was_held_upright_gives_an_upright_picture(
    orientation: int, corner: tuple[int, int]
) -> None:
    made = pictures.opened(shrink(pictures.with_place(turned=orientation)))

    assert made.size == ((400, 300) if orientation < 5 else (300, 400))
    for x in (0, 1):
        for y in (0, 1):
            pixel = made.getpixel((10 + x * (made.width - 20), 10 + y * (made.height - 20)))
            assert near(pixel, RED if (x, y) == corner else GREEN)


def test_what_one_sees_through_is_white() -> None:
    clear = pictures.Image.new("RGBA", (40, 40), (255, 0, 0, 0))

    made = pictures.opened(shrink(pictures.written(clear, "PNG")))

    assert near(made.getpixel((20, 20)), (255, 255, 255))


@pytest.mark.parametrize("name", pictures.bad())
def test_what_is_no_picture_or_a_broken_one_is_refused(name: str) -> None:
    with pytest.raises(Unusable) as refused:
        shrink(pictures.bad()[name])

    assert refused.value.status == UNREADABLE


@pytest.mark.parametrize("size", [(60_000, 60_000), (6_001, 4_000), (12_000, 8_000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(Unusable) as refused:
        shrink(pictures.bomb(*size))

    assert refused.value.status == TOO_LARGE


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_moves_is_refused(form: str) -> None:
    with pytest.raises(Unusable) as refused:
        shrink(pictures.moving(form))

    assert refused.value.status == MOVES


def test_what_cannot_be_made_small_enough_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_reader, "MOST_KEPT_BYTES", 100)

    with pytest.raises(Unusable) as refused:
        shrink(pictures.noise())

    assert refused.value.status == UNREADABLE


@pytest.mark.parametrize(("sent", "status"), [(pictures.photo(), 0), (b"no picture", UNREADABLE)])
def test_as_a_process_it_answers_by_its_status(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int
) -> None:
    # The limits are for the process of its own that it is; here they would be for the tests.
    limits: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, _: limits.append(kind))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(sent)))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=written))

    assert photo_reader.main() == status

    assert limits == [resource.RLIMIT_CPU, resource.RLIMIT_AS]
    assert written.getvalue() == (shrink(sent) if status == 0 else b"")
