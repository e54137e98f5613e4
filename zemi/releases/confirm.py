"""Confirm a delivery with the buyer's code."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from zemi.common.db import conclude, unit_of_work
from zemi.common.ids import read_reference
from zemi.orders.codes import burn_comparison
from zemi.orders.errors import DeliveryCodeWrong, OrderNotFound
from zemi.orders.locks import lock_order
from zemi.orders.models import Order, OrderStatus
from zemi.orders.progress import check_delivery_code
from zemi.providers import registry
from zemi.releases.errors import OrderNotPaid
from zemi.releases.release import release_instantly
from zemi.trust.limits import Allowance, charge_or_refuse, give_back

CALLER_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The completed order, and whether its payout is on the way."""

    order: Order
    payout_initiated: bool


def confirm_delivery(*, order_reference: str, delivery_code: str, caller: str, now: datetime) -> Confirmation:
    """Release the money of a paid order to its seller, by the code that only the buyer has.

    `caller` names whose budget of wrong codes is charged, before the order is touched. A wrong code is counted and the
    count is committed before it is refused. Unknown order and wrong code are answered alike.

    :raises TooManyAttempts: the caller's budget is used up; the order was not touched
    :raises DeliveryCodeWrong: wrong code or no such order
    :raises CodeLocked: three wrong codes in 15 minutes, or ten in all
    :raises OrderNotPaid: nothing is held for the order
    """
    registry.make_ready()
    budget = Allowance("delivery-code", caller, settings.CODE_BUDGET, CALLER_WINDOW)
    charge_or_refuse(budget, now=now)

    with unit_of_work():
        try:
            order = lock_order(order_reference=read_reference(order_reference))
        except OrderNotFound:
            burn_comparison(delivery_code)
            right = False
        else:
            right = check_delivery_code(order, delivery_code, caller=caller, now=now)
        if right:
            if order.status != OrderStatus.PAID:
                raise OrderNotPaid(status=str(order.status))
            release_instantly(order, now=now, actor="buyer_code")
            give_back(budget)
            conclude(Confirmation(order, payout_initiated=True))
    # The count is committed; only now may the refusal be raised (SAFETY 3.2).
    if not right:
        raise DeliveryCodeWrong
    return Confirmation(order, payout_initiated=True)
