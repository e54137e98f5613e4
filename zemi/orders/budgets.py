"""What one buyer's phone may order: so many an hour, so much a day (the seed's limits)."""

from datetime import date, datetime, time, timedelta

from zemi.common.clock import NAIROBI
from zemi.common.db import inside_transaction
from zemi.orders.errors import DailyLimitReached
from zemi.orders.models import Order
from zemi.trust.limits import Allowance, give_back, named, too_many, try_charge


@inside_transaction
def charge_buyer(order: Order, *, now: datetime) -> None:
    """Charge an order that is about to be written to its buyer's phone, in one statement.

    :raises TooManyAttempts: too many orders
    :raises DailyLimitReached: too much in this Nairobi day
    """
    budgets = (named("orders_per_phone", str(order.buyer_id)), _amount_of_the_day(order, now=now))
    exhausted = try_charge(*budgets, now=now)
    if exhausted is None:
        return
    if exhausted.purpose == "kes_per_phone":
        raise DailyLimitReached(limit=exhausted.purpose, most=f"{exhausted.most:,}")
    raise too_many(exhausted, now=now)


@inside_transaction
def give_back_amount(order: Order, *, now: datetime) -> None:
    """Give a cancelled order's price back to its day, if that is still going on."""
    if _day_of(order.created_at) == _day_of(now):
        give_back(_amount_of_the_day(order, now=now))


def _amount_of_the_day(order: Order, *, now: datetime) -> Allowance:
    midnight = datetime.combine(_day_of(now) + timedelta(days=1), time(), tzinfo=NAIROBI)
    return named(
        "kes_per_phone", str(order.buyer_id), cost=-(-order.amount_minor // 100), window=midnight - now
    )


def _day_of(at: datetime) -> date:
    return at.astimezone(NAIROBI).date()
