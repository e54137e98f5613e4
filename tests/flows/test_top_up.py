"""Move what buyers paid to the account that sellers are paid from (DOMAIN P17, 5.8 row 31)."""

from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError

from tests import story
from tests.characters import AMINA
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from tests.story import FLOAT, ledger
from zemi.cli import float as command
from zemi.common import faults
from zemi.common.db import unit_of_work
from zemi.common.money import kes
from zemi.notifications.models import Message
from zemi.providers.base import Accepted, Reason, Refused, Succeeded, Unknown
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.statements import import_statement
from zemi.staff.actions import run as run_action
from zemi.staff.errors import BadRequestOfStaff
from zemi.staff.queue import waiting_for_people
from zemi.topups import move
from zemi.topups.errors import FloatNotThere, TopUpUnderWay
from zemi.topups.models import BalanceReading, TopUp
from zemi.topups.move import settle_top_up, top_up

Run = Callable[[], int]


@pytest.fixture(autouse=True)
def collected(stage: None, simulator: Any, clock: Any, run_worker: Run) -> None:
    reference = story.create_order().data["order_reference"]
    story.push(reference, phone=AMINA)
    clock.advance(seconds=5)
    run_worker()
    assert ledger()[1100] == kes(1_500)


class _Died(BaseException):
    """The process ended."""


def _die(_: str) -> None:
    raise _Died


def do(**options: Any) -> int:
    given = {"collection": 0, "disbursement": 0, "top_up": None, "ask": False, "show": False}
    return command.run(Namespace(**given | options))


def settle(clock: Any, run_worker: Run) -> None:
    run_worker()
    clock.advance(seconds=10)
    run_worker()


def test_a_top_up_is_in_transit_until_its_result(
    simulator: Any, clock: Any, run_worker: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert do(top_up=1_000) == 0
    assert (ledger()[1100], ledger()[1190]) == (kes(500), kes(1_000))
    story.assert_books_agree()
    with pytest.raises(TopUpUnderWay):
        top_up(amount=kes(100), now=clock.now())

    settle(clock, run_worker)

    row = TopUp.objects.get()
    assert (row.status, ledger().get(1190), ledger()[1110]) == ("succeeded", None, FLOAT + kes(1_000))
    assert do(show=True) == 0
    assert f"top-up {row.reference}" in capsys.readouterr().out
    settle_top_up(row.id, Succeeded(receipt=row.transaction_id), now=clock.now())


def test_more_than_there_is_is_not_moved(clock: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FloatNotThere):
        top_up(amount=kes(1_501), now=clock.now())
    assert (do(top_up=1_501), do(top_up=-1)) == (1, 2)
    assert "holds KES 1500.00" in capsys.readouterr().err
    assert TopUp.objects.count() == 0


def test_a_reference_that_was_drawn_before_moves_nothing(
    simulator: Any, clock: Any, run_worker: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = top_up(amount=kes(100), now=clock.now())
    settle(clock, run_worker)
    monkeypatch.setattr(move, "new_reference", lambda: first.reference)

    with pytest.raises(IntegrityError):
        top_up(amount=kes(100), now=clock.now())

    assert TopUp.objects.count() == 1
    assert ledger()[1100] == kes(1_400)


def test_an_answer_that_comes_after_it_was_given_up_changes_nothing(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    row = top_up(amount=kes(1_000), now=clock.now())
    settle_top_up(row.id, Unknown(text="no result"), now=clock.now())

    settle_top_up(row.id, Accepted(request_reference="1", provider_reference="AG_1"), now=clock.now())

    row.refresh_from_db()
    assert (row.status, ledger()[1190]) == ("unknown", kes(1_000))
    settle(clock, run_worker)
    row.refresh_from_db()
    assert row.status == "succeeded"


def test_a_refused_top_up_leaves_the_money_where_it_was(simulator: Any, clock: Any, run_worker: Run) -> None:
    simulator.fault("result_code", api="topup", code="1", count=1)

    row = top_up(amount=kes(1_000), now=clock.now())
    settle(clock, run_worker)

    row.refresh_from_db()
    assert (row.status, ledger()[1100], ledger().get(1190)) == ("failed", kes(1_500), None)


@pytest.mark.provider_differs
def test_one_that_was_refused_and_moved_all_the_same_is_booked(clock: Any) -> None:
    row = top_up(amount=kes(1_000), now=clock.now())
    settle_top_up(row.id, Refused(Reason.OTHER, "1"), now=clock.now())
    settle_top_up(row.id, Refused(Reason.OTHER, "1"), now=clock.now())
    settle_top_up(row.id, Succeeded(amount=kes(999)), now=clock.now())
    assert TopUp.objects.get().status == "failed"

    settle_top_up(row.id, Succeeded(receipt="TOPUP1"), now=clock.now())

    assert (TopUp.objects.get().status, ledger()[1100], ledger().get(1190)) == ("succeeded", kes(500), None)


@pytest.mark.provider_differs
@pytest.mark.parametrize("dies", ["before the call", "before its result"])
def test_a_silent_one_is_left_to_two_people_and_holds_up_no_other_for_ever(
    clock: Any, simulator: Any, run_worker: Run, settings: Any, dies: str
) -> None:
    settings.OPERATOR_PHONES = ("+254733000222",)
    simulator.fault("callback_lost", api="any")
    if dies == "before the call":
        faults.install(_die)
    try:
        with suppress(_Died):
            top_up(amount=kes(1_000), now=clock.now())
    finally:
        faults.install(None)
    row = TopUp.objects.get()
    assert row.status == ("intent" if dies == "before the call" else "submitted")
    clock.advance(minutes=11)
    run_worker()

    row.refresh_from_db()
    assert row.status == "unknown"
    assert [waits.id for waits in waiting_for_people(now=clock.now())] == [row.reference]
    run_worker()
    assert Message.objects.filter(template="alert.top_up_unknown").count() == 1
    with unit_of_work():
        run_action(
            "end-top-up", {"reference": row.reference, "outcome": "moved"}, actor="a+b", now=clock.now()
        )
    assert top_up(amount=kes(100), now=clock.now()).status == "submitted"


def test_an_unknown_one_is_never_sent_anew_and_told_by_the_statement(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    simulator.fault("http_garbage_after", api="topup", count=1)
    simulator.hold_callbacks = True
    row = top_up(amount=kes(1_000), now=clock.now())
    assert row.status == "unknown"
    settle(clock, run_worker)
    story.assert_books_agree()
    settle_top_up(row.id, Unknown(), now=clock.now())
    settle_top_up(row.id, Succeeded(amount=kes(900)), now=clock.now())

    import_statement(simulator.statement(shortcode="174379"), now=clock.now())
    assert reconcile(now=clock.now()).items == []

    row.refresh_from_db()
    assert (row.status, ledger().get(1190)) == ("succeeded", None)


def test_a_top_up_that_waited_too_long_in_the_queue_is_unknown(
    simulator: Any, clock: Any, run_worker: Run
) -> None:
    row = top_up(amount=kes(1_000), now=clock.now())
    settle_top_up(row.id, Unknown("timeout"), now=clock.now())
    row.refresh_from_db()
    assert row.status == "unknown"

    settle(clock, run_worker)

    row.refresh_from_db()
    assert row.status == "succeeded"


def test_what_the_accounts_hold_is_asked_and_shown(
    simulator: Any, clock: Any, run_worker: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (do(ask=True), do(show=True)) == (0, 0)
    assert "no answer yet" in capsys.readouterr().out
    settle(clock, run_worker)

    do(show=True)

    assert "174379 Utility Account: KES 1500.00 available" in capsys.readouterr().out
    simulator.fault("result_code", api="balance", code="21", count=2)
    clock.advance(minutes=1)
    do(ask=True)
    settle(clock, run_worker)
    assert [one.accounts for one in BalanceReading.objects.order_by("-asked_at")[:2]] == [[], []]


def test_a_question_about_the_accounts_that_gets_no_answer_says_so(
    simulator: Any, clock: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.fault("http_garbage_before", api="balance", count=2)

    do(ask=True)

    assert len({one.problem for one in BalanceReading.objects.all()} - {""}) == 1
    do(show=True)
    assert "KES" not in capsys.readouterr().out


@pytest.mark.provider_differs
def test_what_may_still_be_on_its_way_is_not_said_to_have_stayed(simulator: Any, clock: Any) -> None:
    simulator.hold_callbacks = True
    row = top_up(amount=kes(1_000), now=clock.now())

    def say(outcome: str) -> None:
        with unit_of_work():
            run_action(
                "end-top-up",
                {"reference": row.reference, "outcome": outcome},
                actor="a+b",
                now=clock.now(),
            )

    clock.advance(minutes=9, seconds=59)
    settle_top_up(row.id, Unknown(), now=clock.now())
    with pytest.raises(TopUpUnderWay):
        say("not_moved")
    row.refresh_from_db()
    assert (row.status, ledger()[1190]) == ("unknown", kes(1_000))
    with undone():
        with triggers_off():
            TopUp.objects.update(status="failed")
        assert f"top-up {row.id} is failed and 1000.00 is in transit, not 0.00" in story.problems()
    clock.advance(seconds=1)

    say("not_moved")

    row.refresh_from_db()
    assert row.status == "failed"


def test_two_people_end_what_no_statement_will_show(simulator: Any, clock: Any, run_worker: Run) -> None:
    for outcome, status, left in (("not_moved", "failed", 1_500), ("moved", "succeeded", 500)):
        simulator.fault(
            "http_garbage_after" if outcome == "moved" else "http_garbage_before", api="topup", count=1
        )
        row = top_up(amount=kes(1_000), now=clock.now())
        payload = {"reference": row.reference, "outcome": outcome}
        for wrong in ({"outcome": "lost"}, {"reference": "ZEM-00000000"}):
            with pytest.raises(BadRequestOfStaff), unit_of_work():
                run_action("end-top-up", payload | wrong, actor="a+b", now=clock.now())
        clock.advance(minutes=10)

        with unit_of_work():
            run_action("end-top-up", payload, actor="a+b", now=clock.now())

        row.refresh_from_db()
        assert (row.status, ledger()[1100]) == (status, kes(left))
        # What the two of them read on the statement has happened by then.
        settle(clock, run_worker)
