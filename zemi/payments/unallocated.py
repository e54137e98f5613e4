"""Money that goes back because a rule says so, without anybody asking (DOMAIN 5.8 rows 2, 3, 5, 6, 7, 11)."""

from datetime import datetime

from zemi.common.db import inside_transaction, outside_transaction, unit_of_work
from zemi.common.money import Money
from zemi.common.work import due_keys
from zemi.events.log import transition
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.payments.locks import lock_receipt
from zemi.payments.models import HELD, Receipt, ReceiptStatus
from zemi.payments.reverse import unforgive
from zemi.providers.base import PAYOUT_LEAST
from zemi.refunds.models import Refund, RefundReason
from zemi.refunds.owe import owe_refund


@inside_transaction
def return_orphan(
    receipt: Receipt, order: Order | None, *, reason: RefundReason, actor: str, now: datetime
) -> None:
    """Owe all of an orphan to whoever paid it (P7c). The order, if it has one, must be locked.

    What can't be paid out because it is too little becomes the payer's credit.
    """
    owe_refund(
        order=order,
        receipt_id=receipt.id,
        amount=receipt.amount,
        source=receipt.lies_in,
        payee_phone=receipt.payer_phone,
        pay_in=receipt.transaction_id,
        received=receipt.amount,
        received_at=receipt.received_at,
        reason=reason,
        actor=actor,
        now=now,
    )
    transition(
        receipt,
        ReceiptStatus.REFUNDED,
        at=now,
        actor=actor,
        data={"amount": str(receipt.amount), "reason": reason},
        refund_at=None,
    )


@inside_transaction
def return_excess(
    receipt: Receipt, order: Order, excess: Money, *, source: AccountRef, now: datetime
) -> None:
    """Owe what came too much to its payer; less than KES 10 stays as credit (5.8 row 7). The order must be locked."""
    if excess < PAYOUT_LEAST:
        return
    owe_refund(
        order=order,
        receipt_id=receipt.id,
        amount=excess,
        source=source,
        payee_phone=receipt.payer_phone,
        pay_in=receipt.transaction_id,
        received=receipt.amount,
        received_at=receipt.received_at,
        reason=RefundReason.EXCESS,
        actor="rule",
        now=now,
    )


@inside_transaction
def return_parts(
    order: Order, cause: Event, *, reason: RefundReason, actor: str, now: datetime
) -> list[Refund]:
    """Owe every part of the price that is held to whoever paid it (P6a): it was never paid in full, or is no longer.

    A shilling that was forgiven is no longer, because of `cause`: it was never the payer's. The order must be locked.
    """
    parts = Receipt.objects.filter(order=order, status__in=HELD).select_related("payment")
    refunds = []
    for receipt in parts.order_by("id"):
        held = unforgive(receipt, cause)
        refund = owe_refund(
            order=order,
            receipt_id=receipt.id,
            amount=held,
            source=chart.escrow(order.id),
            payee_phone=receipt.payer_phone,
            pay_in=receipt.transaction_id,
            received=receipt.amount,
            received_at=receipt.received_at,
            reason=reason,
            actor=actor,
            now=now,
        )
        transition(
            receipt,
            ReceiptStatus.REFUNDED,
            at=now,
            actor=actor,
            data={"amount": str(held), "reason": reason},
        )
        refund.receipt = receipt
        refunds.append(refund)
    return refunds


@outside_transaction
def return_unclaimed(*, now: datetime, limit: int = 20) -> int:
    """Give back what nobody has claimed in time, to the number that paid; each in a transaction of its own.

    Money of an unknown payer is set apart as unclaimed (P14): who paid may still claim it.
    """
    keys = due_keys(Receipt, "refund_at", now=now, limit=limit, statuses=[ReceiptStatus.ORPHAN])
    for key in keys:
        with unit_of_work():
            receipt = lock_receipt(key)
            if receipt.status != ReceiptStatus.ORPHAN:
                continue
            if receipt.payer_phone is not None:
                return_orphan(receipt, None, reason=RefundReason.UNKNOWN_REFERENCE, actor="rule", now=now)
            else:
                _set_apart(receipt, now=now)
    return len(keys)


def _set_apart(receipt: Receipt, *, now: datetime) -> None:
    was_in = receipt.lies_in
    event = transition(
        receipt,
        ReceiptStatus.WRITTEN_TO_UNCLAIMED,
        at=now,
        actor="rule",
        data={"amount": str(receipt.amount)},
        refund_at=None,
    )
    post(event, Line("receipt_unclaimed", receipt.id, was_in, receipt.lies_in, receipt.amount))
