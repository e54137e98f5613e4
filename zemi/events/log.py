"""The only door to a status, and the only way to write an event."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, cast
from uuid import UUID

from django.db import models

from zemi.common.db import append, inside_transaction, write_if
from zemi.common.keyed import current_key_hash
from zemi.common.logs import current_request_id
from zemi.events.errors import InvalidTransition
from zemi.events.listeners import listening
from zemi.events.models import Event, EventDelivery
from zemi.events.public import TOLD
from zemi.events.subscriptions import MERCHANTS, SUBSCRIPTIONS

Moves = Mapping[tuple[str, str], str]


class Subject(Protocol):
    """What an event can be about."""

    SUBJECT: ClassVar[str]

    @property
    def id(self) -> UUID: ...
    @property
    def timeline_id(self) -> UUID | None: ...


def merchant_of(row: Subject) -> UUID | None:
    """The merchant whose sale `row` is or belongs to; None: nobody's, or not known to it."""
    if hasattr(row, "merchant_id"):
        return cast("UUID | None", row.merchant_id)
    order = getattr(row, "order", None)
    return cast("UUID | None", order.merchant_id) if order is not None else None


class Stateful(models.Model):
    """A row with a status. `TRANSITIONS` lists the allowed moves, each with the type of the event that it is."""

    TRANSITIONS: ClassVar[Moves] = {}
    SUBJECT: ClassVar[str] = ""

    status: Any
    id: Any

    class Meta:
        abstract = True

    @property
    def timeline_id(self) -> UUID | None:
        """The order on whose timeline this row's events stand."""
        return getattr(self, "order_id", None)


@inside_transaction
def transition(
    row: Stateful,
    to: str,
    *,
    at: datetime,
    actor: str,
    data: Mapping[str, Any] | None = None,
    still: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Event:
    """Move `row` to status `to`, set `changes` with it, and record the event that it is.

    `still` are fields that must have these values besides: a worker names the fence of its claim.

    :raises InvalidTransition: not a listed move, or another process moved the row first
    """
    moved = row.status
    event_type = row.TRANSITIONS.get((moved, to))
    if event_type is None:
        raise InvalidTransition(subject=row.SUBJECT, status=str(moved), wanted=str(to))
    if not write_if(row, {"status": to, **changes}, status=moved, **(still or {})):
        raise InvalidTransition(subject=row.SUBJECT, status=str(moved), wanted=str(to))
    row.status = to
    for name, value in changes.items():
        setattr(row, name, value)
    return record(
        event_type, row, at=at, actor=actor, data={"from": str(moved), "to": str(to), **(data or {})}
    )


@inside_transaction
def record(
    event_type: str, row: Subject, *, at: datetime, actor: str, data: Mapping[str, Any] | None = None
) -> Event:
    """Write an event about `row`, and for each of its subscribers the row that it now owes."""
    event = Event(
        type=event_type,
        subject_type=row.SUBJECT,
        subject_id=row.id,
        order_id=row.timeline_id,
        actor=actor,
        at=at,
        data=dict(data or {}),
        request_id=current_request_id(),
        key_hash=current_key_hash(),
    )
    append(event)
    subscribers = SUBSCRIPTIONS.get(event_type, ())
    if _is_listened_to(event_type, row):
        subscribers = (*subscribers, MERCHANTS)
    append(*(EventDelivery(event=event, subscriber=name, due_at=at) for name in subscribers))
    return event


def _is_listened_to(event_type: str, row: Subject) -> bool:
    if event_type not in TOLD:
        return False
    # Where nobody listens, nothing is looked up.
    merchants = listening()
    return bool(merchants) and merchant_of(row) in merchants


def history_without_order(subjects: Collection[UUID], *, most: int = 1000) -> list[Event]:
    """List the events about things that belong to no order, oldest first, at most `most`."""
    rows = Event.objects.filter(order_id__isnull=True, subject_id__in=subjects)
    return list(rows.order_by("id")[:most])


def history_of(order_id: UUID, *, most: int = 1000) -> list[Event]:
    """List the events of an order and of what belongs to it, oldest first, at most `most`."""
    return list(Event.objects.filter(order_id=order_id).order_by("id")[:most])
