"""Rows that broke too often: put aside with an event, listed, and put back to work by a person."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.apps import apps

from zemi.common.db import NOT_NULL, inside_transaction, unit_of_work, write_if
from zemi.common.work import PARKED_UNTIL, WorkRow
from zemi.events.log import record

_MOST_LISTED = 500


def park(row: WorkRow, now: datetime, error: str) -> None:
    """Put a claimed row aside: no sweep takes it any more until `retry_parked`. Opens its own transaction.

    Whatever else moves the row on (a result that comes in, say) ends that too. Nothing happens when the claim was
    lost meanwhile.
    """
    parked = {
        "lease_until": PARKED_UNTIL,
        "parked_at": now,
        "failures": row.failures,
        "last_error": error[:200],
    }
    with unit_of_work():
        if write_if(row, parked, fence=row.fence, due_at=NOT_NULL):
            record(
                "work.parked",
                row,
                at=now,
                actor="worker",
                data={"error": error[:200], "failures": row.failures},
            )


def list_parked() -> list[WorkRow]:
    """List the rows that wait for a person, of every table, the longest parked first."""
    found = [
        row
        for model in work_models()
        for row in model._default_manager.filter(lease_until=PARKED_UNTIL, due_at__isnull=False).order_by(
            "parked_at"
        )[:_MOST_LISTED]
    ]
    return sorted(found, key=lambda row: str(row.parked_at))


def find_work(key: UUID) -> WorkRow | None:
    """Find the row of any table that sweeps work on, put aside or not."""
    found = (model._default_manager.filter(pk=key).first() for model in work_models())
    return next((row for row in found if row is not None), None)


@inside_transaction
def retry_parked(key: UUID, *, actor: str, now: datetime) -> WorkRow | None:
    """Make a parked row due at once, with all its tries before it.

    None when no parked row has this key, or it was moved on meanwhile: then nothing is done.
    """
    anew = {"lease_until": None, "parked_at": None, "failures": 0, "due_at": now}
    for model in work_models():
        row = model._default_manager.filter(pk=key, due_at__isnull=False).first()
        if row is None:
            continue
        if not write_if(row, anew, lease_until=PARKED_UNTIL, due_at=NOT_NULL):
            return None
        record("work.retried", row, at=now, actor=actor)
        return row
    return None


def work_models() -> Iterator[type[WorkRow]]:
    """Every table that sweeps work on."""
    return (model for model in apps.get_models() if issubclass(model, WorkRow))
