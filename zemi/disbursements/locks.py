"""Lock an attempt: its order first, then what it is a try of, then itself, in one statement (DESIGN 4)."""

from typing import TypeVar, cast
from uuid import UUID

from zemi.common.db import columns, fetch, inside_transaction, locking
from zemi.disbursements.errors import DisbursementNotFound
from zemi.disbursements.models import Attempt, Disbursement, Dispatcher, SuspenseCase
from zemi.orders.locks import lock_order_by_key
from zemi.orders.models import Order

A = TypeVar("A", bound=Attempt)
D = TypeVar("D", bound=Disbursement)


@inside_transaction
def lock_attempt(model: type[A], attempt_id: UUID) -> A:
    """Lock order, payout or refund, and attempt, and read all three afresh.

    :raises Attempt.DoesNotExist: no attempt of this kind has that id
    """
    owner = model.OWNER
    if not model.order_may_be_missing():
        return _lock_three(model, attempt_id)
    # An outer join can't be locked: first the order, if there is one. Which one it is never changes.
    order_id = model._default_manager.values_list(f"{owner}__order_id", flat=True).get(pk=attempt_id)
    if order_id is not None:
        lock_order_by_key(order_id)
    attempts = model._default_manager.select_related(f"{owner}__order")
    return attempts.select_for_update(of=(owner, "self")).get(pk=attempt_id)


def _lock_three(model: type[A], attempt_id: UUID) -> A:
    owed = model.owner_model()
    # PostgreSQL locks in the order of the list.
    statement = f"""
        SELECT {columns(model, "a")}, {columns(owed, "d")}, {columns(Order, "o")}
        FROM {model._meta.db_table} a
        JOIN {owed._meta.db_table} d ON d.id = a.{model.OWNER}_id JOIN orders_order o ON o.id = d.order_id
        WHERE a.id = %s {locking("o", "d", "a")}"""  # noqa: S608 (own names)
    for attempt, row, order in fetch(statement, [attempt_id], model, owed, Order):
        setattr(attempt, model.OWNER, row)
        row.order = order
        return cast("A", attempt)
    raise model.DoesNotExist


@inside_transaction
def lock_case(case_id: UUID) -> SuspenseCase:
    """Lock an open or ended case.

    :raises SuspenseCase.DoesNotExist: there is none
    """
    return SuspenseCase.objects.select_for_update().get(pk=case_id)


@inside_transaction
def lock_case_of(owed: Disbursement) -> SuspenseCase | None:
    """Lock the case of something that was paid after its money had been given back (Y20); None when there is none."""
    cases = SuspenseCase.objects.select_for_update()
    return cases.filter(subject_type=owed.SUBJECT, subject_id=owed.id, was_given_back=True).first()


@inside_transaction
def lock_switch(name: str) -> Dispatcher:
    """Lock the switch of one kind; made, and on, where it has no row yet."""
    Dispatcher.objects.bulk_create([Dispatcher.of(name)], ignore_conflicts=True)
    return Dispatcher.objects.select_for_update().get(name=name)


@inside_transaction
def lock_disbursement(model: type[D], disbursement_id: UUID) -> D:
    """Lock the order of a payout or refund, then itself, and read it afresh.

    :raises DisbursementNotFound: there is none
    """
    order_id = model._default_manager.values_list("order_id", flat=True).filter(pk=disbursement_id).first()
    if order_id is not None:
        lock_order_by_key(order_id)
    row = model._default_manager.select_for_update().filter(pk=disbursement_id).first()
    if row is None:
        raise DisbursementNotFound(kind=model.SUBJECT)
    return row
