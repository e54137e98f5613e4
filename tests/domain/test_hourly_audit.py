"""The books are audited every hour by themselves, and somebody is called when they are wrong."""

from typing import Any

import pytest

from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.models import Account
from zemi.reconciliation.hourly import audit_every_hour
from zemi.reconciliation.models import AuditRun

pytestmark = pytest.mark.django_db


def test_books_are_audited_once_in_an_hour(books: Any, clock: Any) -> None:
    AuditRun.objects.all().delete()

    assert [audit_every_hour(now=clock.now()) for _ in range(2)] == [1, 0]
    clock.advance(hours=1)
    assert audit_every_hour(now=clock.now()) == 1

    assert [(run.problems_found, run.problems) for run in AuditRun.objects.all()] == [(0, []), (0, [])]
    assert not Event.objects.filter(type="audit.failed").exists()


def test_an_audit_whose_process_died_is_begun_anew_by_one(books: Any, clock: Any) -> None:
    AuditRun.objects.all().delete()
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    AuditRun.objects.create(hour=hour, started_at=clock.now())
    clock.advance(minutes=9)
    assert audit_every_hour(now=clock.now()) == 0

    clock.advance(minutes=1)
    assert [audit_every_hour(now=clock.now()) for _ in range(2)] == [1, 0]

    assert AuditRun.objects.get().problems_found == 0


def test_wrong_books_are_kept_told_and_told_again_an_hour_later(books: Any, clock: Any) -> None:
    Account.objects.filter(code=chart.ESCROW.code, balance_minor=150_000).update(balance_minor=149_999)

    for _ in range(2):
        clock.advance(hours=1)
        audit_every_hour(now=clock.now())

    run = AuditRun.objects.order_by("-hour")[0]
    assert run.problems_found == len(run.problems) > 0
    assert any("kept 1499.99, transfers say 1500.00" in problem for problem in run.problems)
    assert [event.data["problems"] for event in Event.objects.filter(type="audit.failed")] == [
        str(run.problems_found)
    ] * 2
