"""Have what is due of the refunds sent, before any payout: they go first when the float is low (DOMAIN 5.8 row 31)."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from zemi.common.db import inside_transaction, outside_transaction
from zemi.disbursements.models import GIVEN_BACK, IN_FLIGHT, DisbursementStatus
from zemi.disbursements.send import work_on_due
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.locks import lock_order_by_key
from zemi.orders.models import OrderStatus
from zemi.orders.progress import mark_refunded
from zemi.refunds.models import TOO_SMALL, Refund


@outside_transaction
def work_on_due_refunds(*, now: datetime, limit: int = 10) -> int:
    """Send the refunds that are queued, and ask about those that were sent and have had no result."""
    return work_on_due(Refund, payee=("payer", "redirected_to"), now=now, limit=limit)


@inside_transaction
def finish_refunded_order(order_id: UUID, *, now: datetime) -> bool:
    """A cancelled order of which everything went back is refunded (DOMAIN O25). A step; False when it isn't one."""
    order = lock_order_by_key(order_id)
    refunds = Refund.objects.filter(order=order)
    if (
        order.status != OrderStatus.CANCELLED
        # Stray money for an order that never was paid went back: it is cancelled, not refunded (O9).
        or order.paid_at is None
        or refunds.filter(status__in=IN_FLIGHT).exists()
        or _of_its_price_that_came_back(refunds).exists()
        or not refunds.filter(status=DisbursementStatus.SUCCEEDED).exists()
        or balance_of(chart.escrow(order_id)).minor
    ):
        return False
    mark_refunded(order, now=now, actor="refund")
    return True


def _of_its_price_that_came_back(refunds: "QuerySet[Refund]") -> "QuerySet[Refund]":
    """Those that could not be sent, or were called off: not what was too little, nor what the provider gave back itself."""
    of_price = refunds.filter(status__in=GIVEN_BACK, sources__has_key=str(chart.ESCROW.code))
    return of_price.exclude(failure_reason=TOO_SMALL).exclude(receipt__status="reversed")
