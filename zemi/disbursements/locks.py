"""Lock an attempt: its order first, then what it is a try of, then itself, in one statement (DESIGN 4)."""

from typing import TypeVar
from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.disbursements.models import Attempt, SuspenseCase
from zemi.orders.locks import lock_order_by_key

A = TypeVar("A", bound=Attempt)


@inside_transaction
def lock_attempt(model: type[A], attempt_id: UUID) -> A:
    """Lock order, payout or refund, and attempt, and read all three afresh.

    :raises Attempt.DoesNotExist: no attempt of this kind has that id
    """
    owner = model.OWNER
    attempts = model._default_manager.select_related(f"{owner}__order")
    if not model.order_may_be_missing():
        # PostgreSQL locks in the order of the list.
        return attempts.select_for_update(of=(f"{owner}__order", owner, "self")).get(pk=attempt_id)
    # An outer join can't be locked: first the order, if there is one. Which one it is never changes.
    order_id = model._default_manager.values_list(f"{owner}__order_id", flat=True).get(pk=attempt_id)
    if order_id is not None:
        lock_order_by_key(order_id)
    return attempts.select_for_update(of=(owner, "self")).get(pk=attempt_id)


@inside_transaction
def lock_case(case_id: UUID) -> SuspenseCase:
    """Lock an open or ended case.

    :raises SuspenseCase.DoesNotExist: there is none
    """
    return SuspenseCase.objects.select_for_update().get(pk=case_id)
