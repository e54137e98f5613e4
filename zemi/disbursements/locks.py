"""Lock an attempt: its order first, then what it is a try of, then itself, in one statement (DESIGN 4)."""

from typing import TypeVar
from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.disbursements.models import Attempt, SuspenseCase

A = TypeVar("A", bound=Attempt)


@inside_transaction
def lock_attempt(model: type[A], attempt_id: UUID) -> A:
    """Lock order, payout or refund, and attempt, and read all three afresh.

    :raises Attempt.DoesNotExist: no attempt of this kind has that id
    """
    # PostgreSQL locks in the order of the list.
    return (
        model._default_manager.select_related(f"{model.OWNER}__order")
        .select_for_update(of=(f"{model.OWNER}__order", model.OWNER, "self"))
        .get(pk=attempt_id)
    )


@inside_transaction
def lock_case(case_id: UUID) -> SuspenseCase:
    """Lock an open or ended case.

    :raises SuspenseCase.DoesNotExist: there is none
    """
    return SuspenseCase.objects.select_for_update().get(pk=case_id)
