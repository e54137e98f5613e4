"""Have released money of an order again: from the seller's reserve, the balance, and as a debt (DOMAIN R6, P13, P15b)."""

from datetime import datetime

from zemi.common.db import inside_transaction
from zemi.common.money import Money
from zemi.disbursements.change import call_off_unsent
from zemi.ledger import chart
from zemi.ledger.chart import AccountRef
from zemi.ledger.locks import lock_balance
from zemi.orders.models import Order
from zemi.payouts.models import Payout


@inside_transaction
def take_from_seller(order: Order, amount: Money, *, actor: str, now: datetime) -> dict[AccountRef, Money]:
    """Say from which accounts of the seller `amount` is had; nothing is booked yet. The order must be locked.

    What is on its way to the seller and was not sent is called off first (DOMAIN 5.8 row 19).
    """
    found: dict[AccountRef, Money] = {}
    rest = amount - take(found, chart.seller_reserve(order.seller_id), amount)
    # What is called off here is on the balance only when this unit ends: it is counted by hand.
    coming = _call_off_payouts(order, actor=actor, now=now)
    rest -= take(found, chart.seller_payable(order.seller_id), rest, coming=coming)
    if rest.minor:
        found[chart.seller_debt(order.seller_id)] = rest
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


def _call_off_payouts(order: Order, *, actor: str, now: datetime) -> Money:
    """Call off what was not sent; answers how much comes back."""
    called_off = call_off_unsent(Payout.objects.filter(order=order), actor=actor, now=now)
    return Money(sum(payout.amount_minor for payout in called_off), order.currency)
