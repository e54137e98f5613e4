"""Orders that end without being paid: in time's own way, or because somebody calls them off (DOMAIN O5, O8)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from zemi.common.db import conclude, listed, outside_transaction, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.work import due_keys
from zemi.events.log import record
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order, lock_order_by_key
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled, mark_expired
from zemi.payments.errors import OrderNotCancellable
from zemi.payments.models import CONTRADICTED, LIVE, PROVED, UNDECIDED, Payment
from zemi.payments.unallocated import return_parts
from zemi.providers import registry
from zemi.refunds.models import RefundReason

# An attempt that is so young may still bring the money: expiry waits for its end (O5).
YOUNG = timedelta(minutes=15)
_HAS_A_YOUNG_ATTEMPT = f"""EXISTS (SELECT 1 FROM payments_payment p WHERE p.order_id = orders_order.id
    AND p.status IN {listed(LIVE)} AND p.created_at > %s)"""  # noqa: S608 (our own names)
# Its money may have come: nobody is told that it has not, until a proof or a person decides (SAFETY 3.3).
_IS_CONTRADICTED = f"""EXISTS (SELECT 1 FROM payments_payment c WHERE c.order_id = orders_order.id
    AND c.failure_reason = '{CONTRADICTED}' AND c.status NOT IN {listed(PROVED)})"""  # noqa: S608 (our own names)


@outside_transaction
def expire_due_orders(*, now: datetime, limit: int = 20) -> int:
    """End orders that were not paid in time, the oldest first, each in a transaction of its own."""
    keys = due_keys(
        Order,
        "expires_at",
        now=now,
        limit=limit,
        statuses=[OrderStatus.AWAITING_PAYMENT],
        unless=f"{_HAS_A_YOUNG_ATTEMPT} OR {_IS_CONTRADICTED}",
        since=now - YOUNG,
    )
    return sum(_expire(key, now=now) for key in keys)


def cancel_order(
    *,
    order_reference: str,
    actor: str,
    now: datetime,
    merchant_id: UUID | None = None,
    party_id: UUID | None = None,
) -> Order:
    """Call an unpaid order off, for its merchant or for the party who is its buyer or seller; a paid one for its seller.

    All that is held goes back (O8, O14). A prompt that is on a phone ends by itself; if it is paid all the same, that
    money goes back too. Opens its own transaction.

    :raises OrderNotFound: there is none, or it is not theirs: the answer is the same
    :raises OrderNotCancellable: it is over; or it is paid, and the one who asks is not its seller
    """
    registry.make_ready()
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        own = merchant_id is not None and order.merchant_id == merchant_id
        if not own and (party_id is None or party_id not in {order.buyer_id, order.seller_id}):
            raise OrderNotFound
        by_seller = party_id is not None and party_id == order.seller_id
        if order.status != OrderStatus.AWAITING_PAYMENT and not (
            order.status == OrderStatus.PAID and by_seller
        ):
            raise OrderNotCancellable(status=str(order.status))
        off = mark_cancelled(order, now=now, actor=actor)
        return_parts(order, off, reason=RefundReason.CANCELLED, actor=actor, now=now)
        return conclude(order)


@outside_transaction
def remind_due_orders(*, now: datetime, limit: int = 20) -> int:
    """Have the buyers of unpaid orders reminded, once each, half-way to expiry."""
    keys = due_keys(
        Order,
        "remind_at",
        now=now,
        limit=limit,
        statuses=[OrderStatus.AWAITING_PAYMENT],
        unless=_IS_CONTRADICTED,
    )
    for key in keys:
        with unit_of_work():
            order = lock_order_by_key(key)
            reminding = Order.objects.filter(pk=key, status=OrderStatus.AWAITING_PAYMENT, remind_at__lte=now)
            if reminding.update(remind_at=None) == 1:
                record("order.reminded", order, at=now, actor="worker", data={"due": str(order.due)})
    return len(keys)


def _expire(order_id: UUID, *, now: datetime) -> int:
    with unit_of_work():
        order = lock_order_by_key(order_id)
        # Decided on what is true now that nobody else can change it.
        young = Q(status__in=LIVE, created_at__gt=now - YOUNG)
        waited_for = Payment.objects.filter(young | UNDECIDED, order=order)
        unpaid_until = order.expires_at if order.status == OrderStatus.AWAITING_PAYMENT else None
        if unpaid_until is None or unpaid_until > now or waited_for.exists():
            return 0
        off = mark_expired(order, now=now, actor="worker")
        return_parts(order, off, reason=RefundReason.SHORT, actor="worker", now=now)
    return 1
