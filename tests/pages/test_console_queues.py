"""The operator's home and its queues, and the admin that each thing in them can be read in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from tests.characters import AMINA, BARAKA
from tests.pages.conftest import settle, words
from tests.pages.staff import Employee
from tests.story import confirm, create_order, simulate_payment
from zemi.common.work import PARKED_UNTIL
from zemi.console.admin import is_shown, make_site
from zemi.console.queues import PAGE, QUEUES
from zemi.events.models import EventDelivery
from zemi.identity.models import Party
from zemi.reconciliation.models import ReconciliationItem
from zemi.staff.dispatch import stop_sending
from zemi.staff.request import request_action

pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture
def chebet(capsys: Any) -> Employee:
    employee = Employee("chebet", capsys)
    employee.join()
    return employee


def test_an_empty_house_says_so_in_every_queue(chebet: Employee) -> None:
    assert "Nothing waits for a person." in words(chebet.open("/console"))
    for name in QUEUES:
        assert "Nothing waits here." in words(chebet.open(f"/console/{name}")), name
    assert chebet.open("/console/nothing-of-the-kind").status_code == 404


def test_what_waits_is_counted_on_the_home_and_listed_in_its_queue(chebet: Employee, clock: Any) -> None:
    sale = create_order().data
    simulate_payment(sale["order_reference"])
    payload = {"debit": "5200:x", "credit": "4900", "amount": "1.00"}
    for reason in ("broken", "late"):
        request_action("adjust", payload, maker="kamau", reason=reason, now=clock.now())
    stop_sending(kinds=("payout",), by="kamau", reason="strange", now=clock.now())

    home = words(chebet.open("/console"))
    assert "2 Requests that need a second person" in home
    assert "Payouts are stopped: no seller is paid." in home
    assert "Held for orders KES 1,500" in home
    listed = words(chebet.open("/console/approvals"))
    assert "kamau Book a correction" in listed


def test_a_long_queue_has_pages(chebet: Employee, clock: Any) -> None:
    for number in range(PAGE + 2):
        ReconciliationItem.objects.create(
            kind="missing", provider="mpesa", receipt=f"QHJ{number:03}", direction="in", line_kind="pay_in",
            theirs_minor=150_000, opened_at=clock.now(),
        )  # fmt: skip
    first = chebet.open("/console/differences")
    assert "KES 1,500 QHJ000 Only M-Pesa has it." in words(first)
    assert "QHJ025" not in words(first)
    after = first.content.decode().partition("?after=")[2].partition('"')[0]
    assert "QHJ024" not in words(chebet.open("/console/differences", after=after))
    assert "QHJ026" in words(chebet.open("/console/differences", after=after))
    assert "QHJ000" in words(chebet.open("/console/differences", after="no key"))


def test_work_that_was_put_aside_is_listed(chebet: Employee, clock: Any) -> None:
    simulate_payment(create_order().data["order_reference"])
    EventDelivery.objects.update(due_at=clock.now(), lease_until=PARKED_UNTIL, parked_at=clock.now())
    count = EventDelivery.objects.count()
    assert count

    assert f"{count} Work that is stuck" in words(chebet.open("/console"))
    assert "event_delivery It broke too often" in words(chebet.open("/console/stuck"))
    EventDelivery.objects.update(lease_until=None, parked_at=None)


def test_every_table_can_be_read_and_none_is_written(
    chebet: Employee, clock: Any, run_worker: Callable[[], int]
) -> None:
    sale = create_order().data
    simulate_payment(sale["order_reference"])
    confirm(sale["order_reference"], sale["delivery_code"])
    settle(clock, run_worker)
    private = {phone.e164.lstrip("+") for phone in (AMINA, BARAKA)} | {sale["delivery_code"] + "<"}

    for model in make_site()._registry:
        path = f"/console/admin/{model._meta.app_label}/{model._meta.model_name}/"
        read = [chebet.open(path)]
        row = model._default_manager.order_by("-pk").first()
        if row is not None:
            read.append(chebet.open(f"{path}{row.pk}/change/"))
            assert chebet.press(f"{path}{row.pk}/delete/", post="yes").status_code == 403
            assert chebet.press(f"{path}{row.pk}/change/").status_code == 403
        assert chebet.press(f"{path}add/").status_code == 403
        for page in read:
            text = page.content.decode()
            assert page.status_code == 200, path
            assert not [secret for secret in private if secret in text], path
            assert not [f.name for f in model._meta.fields if not is_shown(f) and f"field-{f.name}" in text]


def test_the_admin_has_the_tables_of_the_product_and_no_sessions() -> None:
    found = {model.__name__ for model in make_site()._registry}

    assert {"Order", "Receipt", "Payout", "Transfer", "Event", "User"} <= found
    assert not found & {"Authenticator", "EmailAddress", "LogEntry", "KeptAnswer"}
    assert apps.get_model("sessions", "Session") not in make_site()._registry
    assert Party in make_site()._registry


def test_the_admin_speaks_swahili(capsys: Any) -> None:
    juma = Employee("juma", capsys, "sw")
    juma.join()

    page = juma.open("/console/admin/").content.decode()

    assert '<html lang="sw"' in page
    assert "Kwenye foleni zote" in page
