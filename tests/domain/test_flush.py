"""The tests' own footing: after a transactional test append-only tables are empty, and still append-only."""

import pytest
from django.db import DatabaseError, IntegrityError

from tests.conftest import START
from zemi.common.ids import new_key
from zemi.events.models import Event

# Whichever order they run in, each finds nothing of the other.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("turn", ["first", "second"])]


def _happen() -> Event:
    return Event.objects.create(
        type="order.created", subject_type="order", subject_id=new_key(), actor="test", at=START, data={}
    )


def test_each_transactional_test_starts_without_the_others_events(turn) -> None:
    assert not Event.objects.exists()

    _happen()

    assert Event.objects.count() == 1


def test_events_stay_append_only_from_test_to_test(turn) -> None:
    event = _happen()

    for forbidden in (event.delete, lambda: Event.objects.update(actor="other"), Event.objects.all().delete):
        with pytest.raises((IntegrityError, DatabaseError), match="append-only"):
            forbidden()
    assert Event.objects.get().actor == "test"
