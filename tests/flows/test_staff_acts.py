"""Everything that staff do is written down with who and why: once, for ever, and in no event."""

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.transaction import atomic  # noqa: TID251 (to see what the database itself refuses)

from tests import story
from tests.characters import AMINA
from tests.story import FLOAT, ledger
from zemi.__main__ import main
from zemi.approvals.models import Approval
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.events.models import Event
from zemi.staff.dispatch import start_sending, stop_sending
from zemi.staff.errors import ActAlreadyDone, BadRequestOfStaff
from zemi.staff.models import StaffAct
from zemi.staff.request import approve, decline, request_action

CORRECTION = {"debit": "5200:x", "credit": f"2400:{new_key()}", "amount": "10"}


def acts() -> list[tuple[str, str, str, str, str]]:
    rows = StaffAct.objects.order_by("id")
    return [(row.actor, row.action, row.about, row.reason, row.outcome) for row in rows]


@pytest.fixture
def paid(simulator: Any) -> str:
    reference = str(story.create_order().data["order_reference"])
    story.simulate_payment(reference)
    return reference


def test_what_one_person_does_keeps_who_and_why(paid: str, clock: Any) -> None:
    payload = {"order": paid, "amount": "1500", "bearer": "seller"}

    assert request_action("refund", payload, maker="wanjiku", reason="never came", now=clock.now()) is None

    assert acts() == [("wanjiku", "refund", paid, "never came", "done")]
    assert ledger() == {1100: kes(1_500), 1110: FLOAT, 3100: FLOAT, 2310: kes(1_500)}
    assert "never came" not in str(list(Event.objects.values()))


def test_of_two_people_each_says_why(simulator: Any, clock: Any) -> None:
    asked = [
        request_action("adjust", CORRECTION, maker="wanjiku", reason=f"found {n}", now=clock.now())
        for n in (1, 2)
    ]
    assert asked[0] is not None
    assert asked[1] is not None
    with pytest.raises(BadRequestOfStaff):
        decline(asked[0].id, checker="kamau", reason=" ", now=clock.now())
    with pytest.raises(BadRequestOfStaff):
        approve(asked[0].id, checker="kamau", reason="", now=clock.now())
    assert ledger() == {1110: FLOAT, 3100: FLOAT}

    decline(asked[0].id, checker="kamau", reason="no such loss", now=clock.now())
    approve(asked[1].id, checker="kamau", reason="seen it", now=clock.now())

    assert acts() == [
        ("wanjiku", "adjust", "", "found 1", "asked"),
        ("wanjiku", "adjust", "", "found 2", "asked"),
        ("kamau", "adjust", "", "no such loss", "declined"),
        ("kamau", "adjust", "", "seen it", "approved"),
    ]
    assert [row.approval_id for row in StaffAct.objects.order_by("id")] == [
        asked[0].id,
        asked[1].id,
        asked[0].id,
        asked[1].id,
    ]
    assert ledger() == {1110: FLOAT, 3100: FLOAT, 5200: kes(10), 2400: kes(10)}


def test_a_form_that_comes_twice_is_done_once(simulator: Any, clock: Any) -> None:
    key = new_key()
    request_action("adjust", CORRECTION, maker="wanjiku", reason="found", now=clock.now(), key=key)

    with pytest.raises(ActAlreadyDone):
        request_action("adjust", CORRECTION, maker="wanjiku", reason="found", now=clock.now(), key=key)

    assert Approval.objects.count() == 1
    assert [row.id for row in StaffAct.objects.all()] == [key]


def test_what_is_refused_is_no_act(simulator: Any, clock: Any) -> None:
    payload = {"order": "ZEM-00000000", "amount": "20", "bearer": "seller"}
    words = [f"{name}={value}" for name, value in payload.items()]
    assert main(["staff", "do", "refund", *words, "--by", "wanjiku", "--reason", "asked"]) == 1
    assert acts() == []


def test_a_reason_is_kept_for_ever_and_holds_no_number(simulator: Any, clock: Any) -> None:
    for reason in (f"call {AMINA.e164}", "", " "):
        with pytest.raises(BadRequestOfStaff):
            request_action("adjust", CORRECTION, maker="wanjiku", reason=reason, now=clock.now())
        with pytest.raises(BadRequestOfStaff):
            stop_sending(kinds=("payout",), by="wanjiku", reason=reason, now=clock.now())
    stop_sending(kinds=("payout", "refund"), by="wanjiku", reason="a break-in", now=clock.now())
    stop_sending(kinds=("payout",), by="wanjiku", reason="again", now=clock.now())
    start_sending(kinds=("payout", "refund"), by="kamau", reason="it is over", now=clock.now())
    assert acts() == [
        ("wanjiku", "stop", "payout", "a break-in", "done"),
        ("wanjiku", "stop", "refund", "a break-in", "done"),
        ("kamau", "start", "payout", "it is over", "done"),
        ("kamau", "start", "refund", "it is over", "done"),
    ]

    for statement in ("UPDATE staff_staffact SET reason = 'x'", "DELETE FROM staff_staffact"):
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            connection.cursor().execute(statement)


def test_who_may_use_the_console_is_an_act_too(simulator: Any, capsys: Any) -> None:
    who = ["--by", "wanjiku", "--reason", "hired"]
    for verb in ("add", "reset", "off"):
        assert main(["staff-user", verb, "chebet", *who]) == 0
    assert main(["staff-user", "add", "chebet", *who]) == 1
    assert main(["staff-user", "off", "nobody", *who]) == 1
    assert main(["staff-user", "off", "chebet", "--by", "wanjiku", "--reason", " "]) == 1

    assert [(action, about) for _, action, about, _, _ in acts()] == [
        ("staff-add", "chebet"),
        ("staff-reset", "chebet"),
        ("staff-off", "chebet"),
    ]
