"""Lock an attempt: its order first, then its payout, then itself, in one statement (DESIGN 4)."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.payouts.models import PayoutAttempt


@inside_transaction
def lock_attempt(attempt_id: UUID) -> PayoutAttempt:
    """Lock order, payout and attempt, and read all three afresh."""
    # PostgreSQL locks in the order of the list.
    return (
        PayoutAttempt.objects.select_related("payout__order", "payout__seller")
        .select_for_update(of=("payout__order", "payout", "self"))
        .get(pk=attempt_id)
    )
