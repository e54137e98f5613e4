"""Operators are told once per incident, each of them, in their language."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from zemi.common.db import BoundaryError, unit_of_work
from zemi.events.models import Event
from zemi.notifications.alerts import alert_operators
from zemi.notifications.models import Message, OperatorAlert

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KIND = "provider.circuit_closed"


def tell(incident: str = "b2c:1") -> bool:
    with unit_of_work():
        return alert_operators(KIND, incident=incident, now=NOON, operation="b2c")


@pytest.fixture
def two_phones(settings: Any) -> None:
    settings.OPERATOR_PHONES = ("+254722000111", "+254711000222")
    settings.OPERATOR_LANGUAGE = "sw"


@pytest.mark.django_db
@pytest.mark.usefixtures("two_phones")
def test_each_operator_gets_one_message_and_the_event_holds_the_facts():
    assert tell() is True

    messages = list(Message.objects.all())
    assert sorted(message.to.e164 for message in messages) == ["+254711000222", "+254722000111"]
    assert {message.text for message in messages} == {
        "Zemi: maombi ya b2c yanafanya kazi tena. Yaliyosubiri yanatumwa."
    }
    assert {message.due_at for message in messages} == {NOON}
    event = Event.objects.get()
    assert (event.type, event.data) == (KIND, {"incident": "b2c:1", "operation": "b2c"})


@pytest.mark.django_db
@pytest.mark.usefixtures("two_phones")
def test_an_incident_is_told_once_and_another_again():
    assert [tell(), tell(), tell("b2c:2")] == [True, False, True]

    assert (Event.objects.count(), Message.objects.count(), OperatorAlert.objects.count()) == (2, 4, 2)


@pytest.mark.django_db
def test_without_phones_the_event_alone_is_written():
    assert tell() is True

    assert (Event.objects.count(), Message.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_an_alert_outside_a_unit_of_work_is_refused():
    with pytest.raises(BoundaryError):
        alert_operators(KIND, incident="b2c:1", now=NOON, operation="b2c")


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_phones")
def test_of_processes_that_tell_the_same_at_once_exactly_one_does():
    told: list[bool] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            told.append(tell())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [False, False, False, True]
    assert (Event.objects.count(), Message.objects.count()) == (1, 2)
