"""Have released money of an order again: from the seller's reserve, the balance, and as a debt (DOMAIN R6, P13, P15b)."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.disbursements.change import call_off_unsent
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.locks import lock_balance
from zemi.orders.models import Order
from zemi.payouts.disburse import owe_anew
from zemi.payouts.models import Payout
from zemi.providers.base import PAYOUT_LEAST


@inside_transaction
def take_from_seller(order: Order, amount: Money, *, actor: str, now: datetime) -> dict[AccountRef, Money]:
    """Say from which accounts of the seller `amount` is had; nothing is booked yet. The order must be locked.

    What is on its way to the seller and was not sent is called off first (DOMAIN 5.8 row 19), and what is left of it is
    owed by a new payout.
    """
    found: dict[AccountRef, Money] = {}
    # The debt first, as a release does.
    lock_balance(chart.seller_debt(order.seller_id))
    rest = amount - take(found, chart.seller_reserve(order.seller_id), amount)
    payable = chart.seller_payable(order.seller_id)
    # What is called off here is on the balance only when this unit ends: it is counted by hand.
    called_off = call_off_unsent(Payout.objects.filter(order=order), actor=actor, now=now)
    coming = Money(sum(payout.amount_minor for payout in called_off), order.currency)
    there = lock_balance(payable) + coming
    taken = min(there, rest)
    if taken.minor:
        found[payable] = taken
    if taken < rest:
        found[chart.seller_debt(order.seller_id)] = rest - taken
    _pay_the_rest(called_off, min(coming, there - taken), actor=actor, now=now)
    return found


@inside_transaction
def take(
    found: dict[AccountRef, Money], account: AccountRef, wanted: Money, *, coming: Money | None = None
) -> Money:
    """Put what `account` has of `wanted` into `found`, `coming` included, which is booked in this unit; answer how much."""
    there = lock_balance(account)
    taken = min(there + coming if coming else there, wanted)
    if taken.minor:
        found[account] = taken
    return taken


def _pay_the_rest(called_off: list[Payout], left: Money, *, actor: str, now: datetime) -> None:
    """Owe `left` of what was called off anew, where M-Pesa pays out so little.

    Cents stay on the balance: M-Pesa moves whole shillings (DARAJA 0.12).
    """
    for payout in called_off:
        amount = min(payout.amount, left).rounded_down()
        if amount >= PAYOUT_LEAST:
            owe_anew(payout, amount=amount, actor=actor, now=now)
            left -= amount
