"""Give money of an order back by hand: out of what is held, or, once it is released, where it can be had (DOMAIN R5, R6)."""

from dataclasses import dataclass, replace
from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import CENTS, Money, kes
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.ledger.chart import AccountRef
from zemi.orders.errors import AmountNotWholeShilling
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled
from zemi.payments.models import Receipt
from zemi.payments.queries import left_of, refundable_receipts
from zemi.payments.unallocated import return_parts
from zemi.providers.base import PAYOUT_LEAST
from zemi.refunds.errors import NothingToRefund, RefundExceedsReceipt, RefundTooSmall
from zemi.refunds.models import Refund, RefundReason
from zemi.refunds.owe import owe_refund_from
from zemi.refunds.parts import split
from zemi.releases.take_back import take_from_seller
from zemi.staff.errors import BadRequestOfStaff, RefundNotWhole

SELLER, ZEMI = "seller", "zemi"


@dataclass(frozen=True, slots=True)
class Part:
    """What goes back of one receipt, to whoever paid it. `refund` is None as long as it is not owed yet."""

    receipt: Receipt
    amount: Money
    refund: Refund | None = None


@inside_transaction
def check_refund(order: Order, amount: Money) -> list[Part]:
    """Refuse what can't be refunded by hand; answer its parts: nobody gets back more than they paid.

    Of released money the latest receipt goes back first. The order must be locked. Whoever promises a refund asks this
    first.

    :raises NothingToRefund: the order neither holds money nor has released any
    :raises RefundNotWhole: of an order that is not delivered all goes back
    :raises RefundExceedsReceipt: of released money, more than is left of what came
    :raises RefundTooSmall: less than M-Pesa pays out
    :raises AmountNotWholeShilling: M-Pesa moves no cents
    """
    receipts = refundable_receipts(order)
    if not receipts or order.status not in {OrderStatus.PAID, OrderStatus.COMPLETED}:
        raise NothingToRefund
    if order.status == OrderStatus.PAID:
        held = balance_of(chart.escrow(order.id))
        if amount != held:
            raise RefundNotWhole(held=str(held))
        return [Part(receipt, left_of(receipt)) for receipt in receipts]
    most = [left_of(receipt).minor // CENTS for receipt in receipts]
    if amount > kes(sum(most)):
        raise RefundExceedsReceipt
    if amount < PAYOUT_LEAST:
        # All of it would be credit, which nobody asks for.
        raise RefundTooSmall(least=PAYOUT_LEAST.shillings)
    if not amount.is_whole:
        raise AmountNotWholeShilling
    parts = split(amount.shillings, most, least=PAYOUT_LEAST.shillings)
    return [Part(receipt, kes(part)) for receipt, part in zip(receipts, parts, strict=True) if part]


@inside_transaction
def refund_order(order: Order, *, amount: Money, bearer: str, actor: str, now: datetime) -> list[Part]:
    """Give `amount` back to whoever paid a locked order; answer what each of them gets.

    An order that holds it is off then, and each part of it goes back to its payer. Of released money the seller bears
    it out of reserve, balance and debt, in that order (P13a to P13c); with the bearer "zemi" it is the operator's loss
    (P13d).

    :raises BadRequestOfStaff: bearer is neither
    :raises NothingToRefund, RefundNotWhole, RefundTooSmall, RefundExceedsReceipt, AmountNotWholeShilling: see
        `check_refund`
    """
    if bearer not in {SELLER, ZEMI}:
        raise BadRequestOfStaff(problem="bearer is seller or zemi")
    parts = check_refund(order, amount)
    if order.status == OrderStatus.PAID:
        off = mark_cancelled(order, now=now, actor=actor)
        made = return_parts(order, off, reason=RefundReason.MANUAL, actor=actor, now=now)
        return [Part(refund.receipt, refund.amount, refund) for refund in reversed(made)]
    sources = _sources(order, amount, bearer=bearer, actor=actor, now=now)
    return [replace(part, refund=_owe(order, part, sources, actor=actor, now=now)) for part in parts]


def _owe(order: Order, part: Part, sources: dict[AccountRef, Money], *, actor: str, now: datetime) -> Refund:
    return owe_refund_from(
        _draw(sources, part.amount),
        order=order,
        receipt_id=part.receipt.id,
        payee_phone=part.receipt.payer_phone,
        # Its money has left the paybill: a reversal can't undo it.
        pay_in=None,
        received=part.receipt.amount,
        received_at=part.receipt.received_at,
        reason=RefundReason.MANUAL,
        actor=actor,
        now=now,
    )


def _draw(sources: dict[AccountRef, Money], wanted: Money) -> dict[AccountRef, Money]:
    """Take `wanted` out of `sources`, the first ones first; what is taken of each."""
    drawn = {}
    for account, there in sources.items():
        drawn[account] = min(there, wanted)
        sources[account] -= drawn[account]
        wanted -= drawn[account]
    return drawn


def _sources(
    order: Order, amount: Money, *, bearer: str, actor: str, now: datetime
) -> dict[AccountRef, Money]:
    if bearer == ZEMI:
        return {chart.losses(order.id): amount}
    return dict(take_from_seller(order, amount, actor=actor, now=now))
