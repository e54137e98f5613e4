"""The provider takes a pay-in back: out of the hold, or, once released, where it can be had (DOMAIN 5.8 rows 16, 17)."""

from datetime import datetime

from zemi.common.db import inside_transaction, unit_of_work
from zemi.common.money import Money
from zemi.identity.models import Party
from zemi.identity.parties import phone_index
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.notifications.alerts import alert_operators
from zemi.orders.locks import lock_order_by_key
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import mark_cancelled, mark_clawed_back, uncount_part
from zemi.payments.locks import lock_receipt
from zemi.payments.models import HELD, PayInReversal, Receipt, ReceiptStatus
from zemi.payments.reverse import (
    book_reversal,
    call_off_refunds,
    credited_of,
    mark_reversed,
    refunded_of,
    unforgive,
)
from zemi.payments.unallocated import return_parts
from zemi.providers import registry
from zemi.refunds.models import Refund, RefundReason
from zemi.releases.errors import PayInNotReversible
from zemi.releases.take_back import take, take_from_seller


def record_pay_in_reversal(
    *, receipt_number: str, reversal_number: str, amount: Money, actor: str, now: datetime
) -> Receipt:
    """As `reverse_pay_in`, in a transaction of its own."""
    registry.make_ready()
    with unit_of_work():
        return reverse_pay_in(
            receipt_number=receipt_number,
            reversal_number=reversal_number,
            amount=amount,
            actor=actor,
            now=now,
        )


@inside_transaction
def reverse_pay_in(
    *, receipt_number: str, reversal_number: str, amount: Money, actor: str, now: datetime
) -> Receipt:
    """Book that the provider gave a receipt's money back to whoever paid, under a number of its own; tell everybody.

    An order that still holds it is cancelled, and its other parts go back (P15a). Of a released one the seller gives it
    back: reserve, balance, debt; what was refunded besides is the operator's loss (P15b). A refund of ours by
    reversal is no such case: it has an attempt.

    :raises PayInNotReversible: no such receipt, another amount, reversed before, or by a number that is another's: a
        person looks
    """
    receipt, order = _locked(receipt_number, amount)
    if PayInReversal.objects.filter(provider=receipt.provider, transaction_id=reversal_number).exists():
        raise PayInNotReversible(problem=f"{reversal_number} took another receipt back")
    # Not one that went back as a duplicate, say: its order was never its own.
    paid_for = order if receipt.status in HELD else None
    lies_in = receipt.lies_in
    event = mark_reversed(
        receipt, reversal_number=reversal_number, now=now, actor=actor, order_status=_becomes(paid_for)
    )
    if paid_for is not None and paid_for.status == OrderStatus.PAID:
        unforgive(receipt, event)
    sources = _sources(receipt, order, lies_in=lies_in, is_held=paid_for is not None, actor=actor, now=now)
    lost = sources.get(chart.losses(receipt.id), Money(0, receipt.currency))
    book_reversal(receipt, order, event, sources, reversal_number=reversal_number, now=now)
    if paid_for is not None:
        _follow(paid_for, sources, actor=actor, now=now)
    alert_operators(
        "alert.pay_in_reversed",
        incident=f"reversed.{receipt.id}",
        now=now,
        amount=f"{receipt.amount.shillings:,}",
        receipt=receipt_number,
        lost=f"{lost.shillings:,}",
    )
    return receipt


def _becomes(order: Order | None) -> str:
    if order is None:
        return ""
    return str(OrderStatus.CANCELLED if order.status == OrderStatus.PAID else order.status)


def _locked(number: str, amount: Money) -> tuple[Receipt, Order | None]:
    found = Receipt.objects.filter(provider=registry.mobile_money().name, transaction_id=number)
    key, order_id = found.values_list("id", "order_id").first() or (None, None)
    if key is None:
        raise PayInNotReversible(problem="there is no receipt with that number")
    order = lock_order_by_key(order_id) if order_id is not None else None
    receipt = lock_receipt(key)
    if receipt.order_id != order_id:
        raise PayInNotReversible(problem="it was given to an order this very moment")
    if receipt.status == ReceiptStatus.REVERSED:
        raise PayInNotReversible(problem="it was reversed before")
    if receipt.amount != amount:
        raise PayInNotReversible(problem=f"KES {receipt.amount} came")
    return receipt, order


def _sources(
    receipt: Receipt, order: Order | None, *, lies_in: AccountRef, is_held: bool, actor: str, now: datetime
) -> dict[AccountRef, Money]:
    """From which accounts the money is had: where it lies, then the seller's, then the operator's own."""
    found: dict[AccountRef, Money] = {}
    rest = receipt.amount
    coming = call_off_refunds(receipt, actor=actor, now=now)
    rest -= take(found, lies_in, rest, coming=coming.get(lies_in))
    credit = _credit_of(receipt)
    if credit is not None:
        # No more of the payer's credit than is of this receipt: the rest is of others.
        share = min(rest, credited_of(receipt))
        rest -= take(found, credit, share, coming=coming.get(credit))
    if order is not None and receipt.allocated_minor:
        # What had gone back is not in the escrow, which other money may have filled since (O6).
        if is_held:
            rest -= take(found, chart.escrow(order.id), min(rest, receipt.allocated))
        sent = refunded_of(receipt)
        if order.status == OrderStatus.COMPLETED and rest > sent:
            found |= take_from_seller(order, rest - sent, actor=actor, now=now)
            rest = sent
    if rest.minor:
        found[chart.losses(receipt.id)] = rest
    return found


def _credit_of(receipt: Receipt) -> AccountRef | None:
    """2400 of whoever paid, as told with the receipt or by what was owed back of it; None as long as nobody knows."""
    phone = receipt.payer_phone
    payer = Party.objects.filter(phone_hash=phone_index(phone)).first() if phone is not None else None
    if payer is not None:
        return chart.buyer_credit(payer.id)
    owed = Refund.objects.filter(receipt=receipt, payer__isnull=False).first()
    return chart.buyer_credit(owed.payee_id) if owed is not None else None


def _follow(order: Order, sources: dict[AccountRef, Money], *, actor: str, now: datetime) -> None:
    """Move the order on: off when it held the money, marked when the money was released, a part less when it waits."""
    if order.status == OrderStatus.PAID:
        off = mark_cancelled(order, now=now, actor=actor)
        return_parts(order, off, reason=RefundReason.CANCELLED, actor=actor, now=now)
    elif order.status == OrderStatus.COMPLETED:
        mark_clawed_back(order, now=now, actor=actor)
    # What an order had that ended unpaid went back at its end, and is held no more.
    elif order.status == OrderStatus.AWAITING_PAYMENT:  # pragma: no branch
        # All that has come of it lies in its hold.
        uncount_part(order, sources[chart.escrow(order.id)], now=now, actor=actor)
