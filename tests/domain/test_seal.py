"""Days are sealed when they have ended; a sealed day takes nothing more, and whatever is changed in it is named."""

import argparse
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.transaction import atomic  # noqa: TID251 (to see what the database itself refuses)

from tests.conftest import triggers_off
from tests.domain.test_ledger import book, receipt
from tests.story import problems
from zemi.cli import seal as command
from zemi.common.ids import new_key
from zemi.ledger.models import Seal, Transfer
from zemi.ledger.seal import FIRST, seal_ended_days, seals, wrong_seals

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(books: Any, clock: Any) -> Seal:
    """The books of the first day, sealed; nothing happened on the second."""
    clock.advance(hours=15, minutes=9)
    assert seal_ended_days(now=clock.now()) == 0
    clock.advance(minutes=1)
    assert seal_ended_days(now=clock.now()) == 1
    return Seal.objects.get()


def test_a_day_is_sealed_ten_minutes_after_its_end_and_once(sealed: Seal, clock: Any) -> None:
    assert seal_ended_days(now=clock.now()) == 0

    assert (sealed.day, sealed.transfers) == (date(2026, 11, 23), Transfer.objects.count())
    assert sealed.previous == FIRST
    assert list(wrong_seals()) == problems() == []


def test_days_without_transfers_are_sealed_too_and_every_seal_follows_from_the_last(
    sealed: Seal, clock: Any
) -> None:
    clock.advance(hours=48)

    assert seal_ended_days(now=clock.now()) == 2

    chain = seals()
    assert [seal["day"] for seal in chain] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert [seal["previous"] for seal in chain] == [FIRST, chain[0]["digest"], chain[1]["digest"]]
    assert [seal["transfers"] for seal in chain[1:]] == [0, 0]
    assert problems() == []


def test_a_worker_that_was_away_for_months_seals_every_day_since(sealed: Seal, clock: Any) -> None:
    clock.advance(hours=24 * 100)
    book(receipt(key="late"), at=clock.now())
    clock.advance(hours=24 * 20)

    assert seal_ended_days(now=clock.now()) == 120

    chain = seals()
    assert all(after["previous"] == before["digest"] for before, after in pairwise(chain))
    assert [seal["transfers"] for seal in chain].count(0) == 119
    assert list(wrong_seals()) == []


def test_nothing_is_sealed_while_nothing_was_ever_booked(db: None, clock: Any) -> None:
    assert seal_ended_days(now=clock.advance(hours=100)) == 0


def test_a_sealed_day_takes_no_transfer(sealed: Seal) -> None:
    before = Transfer.objects.count()

    with pytest.raises(DatabaseError, match="day is sealed"):
        book(receipt(key="late"))  # dated on the first day

    assert Transfer.objects.count() == before


def test_a_seal_can_neither_be_changed_nor_taken_away(sealed: Seal) -> None:
    for forbidden in (lambda: Seal.objects.update(transfers=0), lambda: Seal.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            forbidden()


def _change_a_transfer() -> None:
    Transfer.objects.filter(kind="opening_float").update(kind="opening")


def _add_a_transfer() -> None:
    row = Transfer.objects.filter(kind="opening_float").get()
    row.pk, row.key = new_key(), "x"
    row.save(force_insert=True)


def _redate_a_transfer() -> None:
    row = Transfer.objects.filter(kind="opening_float").get()
    Transfer.objects.filter(pk=row.pk).update(at=row.at.replace(day=20))


@pytest.mark.parametrize(
    ("corrupt", "named"),
    [
        (_change_a_transfer, "or another content"),
        (_add_a_transfer, "finds"),
        (_redate_a_transfer, "transfers of 2026-11-20 have none"),
        (lambda: Seal.objects.filter(day=date(2026, 11, 24)).delete(), "the one of 2026-11-24 is not there"),
        (lambda: Seal.objects.filter(day=date(2026, 11, 24)).update(previous="x"), "does not follow"),
        (lambda: Seal.objects.filter(day=date(2026, 11, 24)).update(digest="x"), "or another content"),
    ],
)
def test_whatever_is_changed_behind_a_seal_is_named(
    sealed: Seal, clock: Any, corrupt: Any, named: str
) -> None:
    seal_ended_days(now=clock.advance(hours=48))

    with triggers_off():
        corrupt()

    assert any(named in problem for problem in problems())


def test_the_command_seals_verifies_exports_and_compares(
    sealed: Seal, clock: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(**options: Any) -> int:
        return command.run(argparse.Namespace(**{"verify": False, "against": None, "export": None} | options))

    kept = tmp_path / "seals"
    clock.advance(hours=24)
    assert run(export=kept) == 0
    assert "Days sealed now: 1." in capsys.readouterr().out
    assert len(kept.read_text().splitlines()) == 2
    assert run(verify=True, against=kept) == 0

    # Whoever writes everything anew, seals and all, leaves a chain that is right in itself.
    with triggers_off():
        Transfer.objects.filter(kind="opening_float").update(kind="opening")
        Seal.objects.all().delete()
    seal_ended_days(now=clock.now())
    assert run(verify=True) == 0
    assert run(verify=True, against=kept) == 1
    assert "! seal of 2026-11-23: not the one that was exported" in capsys.readouterr().out
