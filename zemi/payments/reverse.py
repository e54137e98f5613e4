"""Write down that the provider took money back that had come in (DOMAIN M14, 5.8 rows 16, 17)."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from zemi.common.db import append, inside_transaction
from zemi.common.money import Money
from zemi.disbursements.change import call_off_unsent
from zemi.disbursements.models import GIVEN_BACK
from zemi.events.log import transition
from zemi.events.models import Event
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.payments.models import PayInReversal, PaymentStatus, Receipt, ReceiptStatus
from zemi.providers import registry
from zemi.refunds.models import Refund


@inside_transaction
def call_off_refunds(receipt: Receipt, *, actor: str, now: datetime) -> dict[AccountRef, Money]:
    """Call off what is owed back of a locked receipt and was not sent: where it returns to when the unit ends, how much."""
    coming: dict[AccountRef, Money] = {}
    for refund in call_off_unsent(Refund.objects.filter(receipt=receipt), actor=actor, now=now):
        home = refund.returns_to
        coming[home] = coming.get(home, Money(0, receipt.currency)) + refund.amount
    return coming


def refunded_of(receipt: Receipt) -> Money:
    """What of a receipt was sent back, or may have been."""
    gone = Refund.objects.filter(receipt=receipt).exclude(status__in=GIVEN_BACK)
    return Money(sum(gone.values_list("amount_minor", flat=True)), receipt.currency)


def credited_of(receipt: Receipt) -> Money:
    """What of a receipt is its payer's credit: what came too much and refunds that came back, less what was taken of it."""
    mine = Refund.objects.filter(receipt=receipt)
    back = sum(mine.filter(payer__isnull=False, status__in=GIVEN_BACK).values_list("amount_minor", flat=True))
    taken = sum(refund.sources.get(str(chart.BUYER_CREDIT.code), 0) for refund in mine)
    return Money(receipt.credited_minor + back - taken, receipt.currency)


@inside_transaction
def unforgive(receipt: Receipt, event: Event) -> Money:
    """Undo the shilling that was forgiven for a sale that is off now (P19); what of the receipt is left as allocated."""
    forgiven = receipt.allocated_minor + receipt.credited_minor - receipt.amount_minor
    if forgiven > 0:
        order_id = cast("UUID", receipt.order_id)
        receipt.allocated_minor -= forgiven
        receipt.save(update_fields=["allocated_minor"])
        back = Money(forgiven, receipt.currency)
        post(event, Line("rounding_undone", receipt.id, chart.escrow(order_id), chart.rounding(), back))
    return receipt.allocated


@inside_transaction
def book_reversal(
    receipt: Receipt,
    order: Order | None,
    event: Event,
    sources: Mapping[AccountRef, Money],
    *,
    reversal_number: str,
    now: datetime,
) -> None:
    """Book that a receipt's money left the paybill again, out of `sources`, which sum to it (P15a, P15b)."""
    append(
        PayInReversal(
            receipt=receipt,
            order=order,
            provider=receipt.provider,
            transaction_id=reversal_number,
            amount_minor=receipt.amount_minor,
            sources={str(ref.line.code): part.minor for ref, part in sources.items() if part.minor},
            recorded_at=now,
        )
    )
    cash = chart.collection(registry.mobile_money().collection_account)
    post(
        event,
        *(
            Line("pay_in_reversed", f"{receipt.id}.{ref.line.code}", ref, cash, part)
            for ref, part in sources.items()
        ),
    )


@inside_transaction
def mark_reversed(
    receipt: Receipt, *, reversal_number: str, now: datetime, actor: str, order_status: str
) -> Event:
    """A locked receipt is reversed, and so is the attempt that brought it, if it was what paid the order (M14)."""
    payment = receipt.payment
    if payment is not None and payment.status == PaymentStatus.COMPLETED and receipt.allocated_minor:
        transition(payment, PaymentStatus.REVERSED, at=now, actor=actor, updated_at=now)
    return transition(
        receipt,
        ReceiptStatus.REVERSED,
        at=now,
        actor=actor,
        data={"amount": str(receipt.amount), "reversal": reversal_number, "order_status": order_status},
        refund_at=None,
    )
