"""Read payments."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.events.models import Event
from zemi.ledger.balances import balance_of
from zemi.orders.models import Order
from zemi.payments.models import HELD, Payment, Receipt, payer_index
from zemi.payments.reverse import credited_of, refunded_of

# M-Pesa's clock and ours may differ by so much. What fits an attempt only then is not picked by its time, and while there
# is such, nothing else is.
CLOCKS_APART = timedelta(minutes=10)
# The clocks of our own machines differ by less.
_OUR_CLOCKS = timedelta(seconds=10)


def payment_of(order: Order) -> UUID | None:
    """The attempt that paid a paid order, the last one of several; None when it was paid by hand."""
    return (
        Receipt.objects.filter(order=order, status__in=HELD, allocated_minor__gt=0)
        .order_by("-id")
        .values_list("payment_id", flat=True)[0]
    )


def payment_begun_since(moment: datetime, *, order_reference: str, payer_phone: Phone) -> Payment | None:
    """The latest attempt of this payer for an order that was begun at `moment` or later; None when there is none."""
    begun = Payment.objects.filter(payer_phone_hash=payer_index(payer_phone), created_at__gte=moment)
    return begun.filter(order__order_reference=read_reference(order_reference)).order_by("-id").first()


def refundable_receipts(order: Order) -> list[Receipt]:
    """The receipts whose money paid an order, the latest first."""
    rows = Receipt.objects.filter(order=order, status__in=HELD, allocated_minor__gt=0)
    return list(rows.select_related("payment").order_by("-received_at", "-id"))


def booked_at(receipt: Receipt) -> datetime:
    """When we wrote down that this money came, by our own clock: M-Pesa may tell of it days later."""
    return Event.objects.filter(subject_id=receipt.id).earliest("at").at


def left_of(receipt: Receipt) -> Money:
    """What of a receipt's share in the price of its order may still go back to whoever paid it.

    Not what went back or is on its way there, what is the payer's credit, nor what came too much. Its order must be locked.
    """
    gone = refunded_of(receipt) + credited_of(receipt) + balance_of(receipt.lies_in)
    return min(receipt.allocated, receipt.amount - gone)


def receipt_told_by_hand(payment: Payment, amount: Money) -> Receipt | None:
    """The receipt that M-Pesa told of outside the prompt, and that may be this attempt's money (M13).

    One of two that another attempt has may be it too: the news of both have crossed, and one was given the other's.
    What had been told before the attempt was made is other money. By our clock: M-Pesa's may be slow, and its times are
    cut to the second. In doubt it is the same money: what is taken for another's is found by the next list of M-Pesa's,
    what is booked twice is sent back out of nothing.
    """
    alike = _alike(payment, amount)
    of_order = Receipt.objects.filter(order_id=payment.order_id)
    crossed = of_order.values("payment").annotate(count=Count("id")).filter(count__gt=1).values("payment")
    fitting = alike.filter(
        Q(_by_its_payer(payment), payment__isnull=True) | Q(payment__in=crossed.order_by()),
        order_id=payment.order_id,
    )
    # The earliest: then each of several attempts finds its own, whichever was told of first.
    found = fitting.order_by("received_at", "id").first()
    if found is not None:
        return found
    # Proved by its status alone, which doesn't say what for: nobody's, or what its payer has claimed it for since. What was
    # typed is no prompt's: a prompt types the order's reference.
    untyped = alike.filter(
        _in_its_life(payment), payment__isnull=True, payer_phone_hash=payment.payer_phone_hash
    )
    return next((one for one in untyped.order_by("received_at", "id") if not one.typed_reference), None)


def receipt_in_doubt(payment: Payment) -> Receipt | None:
    """The order's earliest receipt that was booked as paid by hand, and by payer, amount and time may be this attempt's."""
    by_hand = _alike(payment, payment.amount).filter(_by_its_payer(payment), _in_its_life(payment))
    return (
        by_hand.filter(order_id=payment.order_id, payment__isnull=True).order_by("received_at", "id").first()
    )


def _alike(payment: Payment, amount: Money) -> "QuerySet[Receipt]":
    """Receipts of this amount that we had not heard of before the attempt was made."""
    told_before = Event.objects.filter(
        Q(order_id=payment.order_id) | Q(order_id__isnull=True),
        subject_id=OuterRef("pk"),
        at__lt=payment.created_at - _OUR_CLOCKS,
    )
    return Receipt.objects.filter(amount_minor=amount.minor).exclude(Exists(told_before))


def _by_its_payer(payment: Payment) -> Q:
    return Q(payer_phone_hash=payment.payer_phone_hash) | Q(payer_phone_hash__isnull=True)


def _in_its_life(payment: Payment) -> Q:
    """What came while the prompt was open, if M-Pesa's clock is not further away than CLOCKS_APART."""
    return Q(
        received_at__gt=payment.created_at - CLOCKS_APART, received_at__lt=payment.live_until + CLOCKS_APART
    )
