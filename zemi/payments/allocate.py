"""Whom money that came belongs to: the order, the payer's credit, or nobody yet (DOMAIN 5.1 O2-O9, 5.8 rows 1-8, 14)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from zemi.common.db import append, insert, inside_transaction
from zemi.common.money import Money, kes
from zemi.common.phone import Phone
from zemi.events.log import record, transition
from zemi.events.models import Event
from zemi.identity.parties import find_or_create_parties
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Cause, Line, post
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import count_part, mark_paid
from zemi.payments.models import Receipt, ReceiptStatus
from zemi.payments.unallocated import return_excess, return_orphan
from zemi.providers import registry
from zemi.refunds.models import RefundReason

# Money that comes so long after an order has expired still pays it (O6).
REVIVES = timedelta(hours=2)
# Short by so much is accepted (5.8 row 8).
FORGIVEN = kes(1)
# Nobody claimed it for so long: it goes back to the number that paid (5.8 row 11).
UNCLAIMED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Shares:
    """How one receipt is divided. `held` goes to the order, `forgiven` is added to it, `excess` is the payer's."""

    held: Money
    forgiven: Money
    excess: Money
    pays: bool


def is_open(order: Order, *, now: datetime) -> bool:
    """Whether money can still pay the order: it awaits it, or expired at most two hours ago (O6)."""
    if order.status == OrderStatus.EXPIRED:
        return now <= order.updated_at + REVIVES
    return bool(order.status == OrderStatus.AWAITING_PAYMENT)


def shares_of(order: Order, amount: Money, *, now: datetime) -> Shares | None:
    """Divide `amount` for a locked order; None when the order can't take it."""
    if not is_open(order, now=now):
        return None
    nothing, due = Money(0, amount.currency), order.due
    if amount >= due:
        return Shares(due, nothing, amount - due, pays=True)
    if due - amount <= FORGIVEN:
        return Shares(amount, due - amount, nothing, pays=True)
    if order.status == OrderStatus.EXPIRED:
        # A part can't revive it.
        return None
    return Shares(amount, nothing, nothing, pays=False)


@inside_transaction
def take_in(
    receipt: Receipt, order: Order | None, *, actor: str, now: datetime, second: bool = False
) -> Shares | None:
    """Write a new receipt down, book it by the rules (P1, P2, P7a, P19) and let the order follow.

    The order must be locked. None for an orphan: real money is never refused and never dropped. One that can never be
    its order's goes back at once; a `second` receipt of one attempt always does (M12).
    """
    shares = shares_of(order, receipt.amount, now=now) if order is not None and not second else None
    if shares is None:
        receipt.status = ReceiptStatus.ORPHAN
        receipt.refund_at = now + UNCLAIMED_FOR if order is None else None
    else:
        receipt.status = ReceiptStatus.PART_ALLOCATED if shares.excess.minor else ReceiptStatus.ALLOCATED
        _write_shares(receipt, shares)
    # In the database at once where the same unit moves it on, else together with everything else.
    (insert if shares is None else append)(receipt)
    event = _born(receipt, actor=actor, now=now)
    cash = chart.collection(registry.mobile_money().collection_account)
    if shares is not None and order is not None:
        _post_shares(receipt, order, shares, event, cash=cash, actor=actor, now=now)
        return shares
    post(event, Line("unallocated", receipt.id, cash, chart.unallocated(receipt.id), receipt.amount))
    if order is not None:
        return_orphan(receipt, order, reason=reason_of_return(order), actor="rule", now=now)
    return None


@inside_transaction
def give_number(unnumbered: "QuerySet[Receipt]", number: str) -> bool:
    """Give M-Pesa's `number` to the oldest of `unnumbered`, which were proved without one (M9). False: none is left.

    Of two who would give to the same one at once the second gives to the next.

    :raises IntegrityError: another receipt has that number
    """
    left = unnumbered.filter(transaction_id__isnull=True).order_by("id").values_list("id", flat=True)
    # By the row's own columns: what PostgreSQL reads of other tables or in a subquery it does not read again after a wait.
    rows = (Receipt.objects.filter(pk=key, transaction_id__isnull=True) for key in left)
    return any(row.update(transaction_id=number) for row in rows)


@inside_transaction
def claim_orphan(receipt: Receipt, order: Order, *, actor: str, now: datetime) -> bool:
    """Move an orphan's money to the order that it was paid for (P7b); False when the order can't take it.

    Both must be locked, the order first.
    """
    shares = shares_of(order, receipt.amount, now=now)
    if shares is None:
        return False
    cash = receipt.lies_in
    _write_shares(receipt, shares)
    # First, so that its event stands on the order's timeline.
    Receipt.objects.filter(pk=receipt.pk).update(order=order)
    receipt.order = order
    event = transition(
        receipt,
        ReceiptStatus.CLAIMED,
        at=now,
        actor=actor,
        data={"amount": str(receipt.amount), "receipt": receipt.transaction_id},
        allocated_minor=receipt.allocated_minor,
        credited_minor=receipt.credited_minor,
        refund_at=None,
    )
    _post_shares(receipt, order, shares, event, cash=cash, actor=actor, now=now)
    return True


def _born(receipt: Receipt, *, actor: str, now: datetime) -> Event:
    # It is written in the status into which it goes at once: the event tells the move all the same.
    data = {
        "from": str(ReceiptStatus.RECEIVED),
        "to": str(receipt.status),
        "amount": str(receipt.amount),
        "receipt": receipt.transaction_id,
    }
    if receipt.status == ReceiptStatus.ALLOCATED:
        return record("receipt.allocated", receipt, at=now, actor=actor, data=data)
    if receipt.status == ReceiptStatus.PART_ALLOCATED:
        return record("receipt.part_allocated", receipt, at=now, actor=actor, data=data)
    return record("receipt.orphaned", receipt, at=now, actor=actor, data=data)


def _write_shares(receipt: Receipt, shares: Shares) -> None:
    receipt.allocated_minor = (shares.held + shares.forgiven).minor
    if shares.excess.minor and receipt.payer_phone is not None:
        receipt.credited_minor = shares.excess.minor


def _post_shares(
    receipt: Receipt,
    order: Order,
    shares: Shares,
    cause: Cause,
    *,
    cash: AccountRef,
    actor: str,
    now: datetime,
) -> None:
    escrow, excess_to = chart.escrow(order.id), chart.unallocated(receipt.id)
    payer: Phone | None = receipt.payer_phone if shares.excess.minor else None
    if payer is not None:
        excess_to = chart.buyer_credit(find_or_create_parties({payer}, now=now)[payer].id)
    lines = [
        Line("receipt", receipt.id, cash, escrow, shares.held),
        Line("rounding", receipt.id, chart.rounding(), escrow, shares.forgiven),
    ]
    if excess_to != cash:
        lines.append(Line("excess", receipt.id, cash, excess_to, shares.excess))
    post(cause, *lines)
    if shares.pays:
        mark_paid(order, now=now, actor=actor)
    else:
        count_part(order, shares.held, now=now, actor=actor)
    return_excess(receipt, order, shares.excess, source=excess_to, now=now)


def reason_of_return(order: Order) -> RefundReason:
    """Why an order can't take money any more."""
    if order.status == OrderStatus.EXPIRED:
        return RefundReason.LATE
    return RefundReason.CANCELLED if order.status == OrderStatus.CANCELLED else RefundReason.DUPLICATE
