"""The transition tables: every pair of statuses is walked, on both the allowed and the refused side."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import story
from zemi.common.db import BoundaryError, unit_of_work
from zemi.disbursements.models import DisbursementStatus
from zemi.events.errors import InvalidTransition
from zemi.events.log import Stateful, history_of, transition
from zemi.links.models import LinkStatus, PaymentLink
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import Payment, PaymentStatus
from zemi.payouts.models import AttemptStatus, Payout, PayoutAttempt
from zemi.releases.models import Release, ReleaseStatus

TABLES: list[tuple[type[Stateful], Any]] = [
    (Order, OrderStatus),
    (PaymentLink, LinkStatus),
    (Payment, PaymentStatus),
    (Payout, DisbursementStatus),
    (PayoutAttempt, AttemptStatus),
    (Release, ReleaseStatus),
]


def test_the_tables_name_known_statuses_and_events_of_their_subject() -> None:
    for model, statuses in TABLES:
        for (source, target), event_type in model.TRANSITIONS.items():
            assert source in statuses.values
            assert target in statuses.values
            assert event_type.startswith(f"{model.SUBJECT}.")


def test_a_transition_is_a_step() -> None:
    with pytest.raises(BoundaryError):
        transition(Order(), OrderStatus.PAID, at=datetime.now(UTC), actor="test")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "source", "target"),
    [
        pytest.param(model, source, target, id=f"{model.SUBJECT}-{source}-{target}")
        for model, statuses in TABLES
        for source, target in itertools.product(statuses.values, repeat=2)
        if (source, target) not in model.TRANSITIONS
    ],
)
def test_a_move_that_is_not_listed_is_refused(model: type[Stateful], source: str, target: str) -> None:
    row = model(status=source)  # type: ignore[misc]

    with pytest.raises(InvalidTransition), unit_of_work():
        transition(row, target, at=datetime.now(UTC), actor="test")

    assert row.status == source


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "source", "target"),
    [
        pytest.param(model, source, target, id=f"{model.SUBJECT}-{source}-{target}")
        for model, _ in TABLES
        for source, target in model.TRANSITIONS
    ],
)
def test_a_listed_move_of_a_row_that_is_elsewhere_by_now_is_refused(
    model: type[Stateful], source: str, target: str
) -> None:
    # The row was never saved: to the database it is not in status `source`.
    row = model(status=source)  # type: ignore[misc]

    with pytest.raises(InvalidTransition), unit_of_work():
        transition(row, target, at=datetime.now(UTC), actor="test")


@pytest.mark.django_db
def test_of_two_who_have_read_a_row_the_second_does_not_move_it(clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    mine, theirs = story.order_of(reference), story.order_of(reference)
    with unit_of_work():
        transition(theirs, OrderStatus.EXPIRED, at=clock.now(), actor="test", updated_at=clock.now())

    with pytest.raises(InvalidTransition), unit_of_work():
        transition(mine, OrderStatus.CANCELLED, at=clock.now(), actor="test", updated_at=clock.now())

    assert story.order_of(reference).status == OrderStatus.EXPIRED
    assert [event.type for event in history_of(mine.id)] == ["order.created", "order.expired"]
