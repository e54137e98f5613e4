"""Lock an attempt: its order first, then its payout, then itself, in one statement (DESIGN 4)."""

from typing import cast
from uuid import UUID

from zemi.common.db import columns, fetch, inside_transaction, locking
from zemi.orders.models import Order
from zemi.payouts.models import Payout, PayoutAttempt


@inside_transaction
def lock_attempt(attempt_id: UUID) -> PayoutAttempt:
    """Lock order, payout and attempt, and read all three afresh.

    :raises PayoutAttempt.DoesNotExist: there is none
    """
    # PostgreSQL locks in the order of the list.
    statement = f"""
        SELECT {columns(PayoutAttempt, "a")}, {columns(Payout, "p")}, {columns(Order, "o")}
        FROM payouts_payoutattempt a
        JOIN payouts_payout p ON p.id = a.payout_id JOIN orders_order o ON o.id = p.order_id
        WHERE a.id = %s {locking("o", "p", "a")}"""  # noqa: S608 (own names)
    for attempt, payout, order in fetch(statement, [attempt_id], PayoutAttempt, Payout, Order):
        attempt.payout, payout.order = payout, order
        return cast("PayoutAttempt", attempt)
    raise PayoutAttempt.DoesNotExist
