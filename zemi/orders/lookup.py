"""References are not tried in bulk: a caller who misses too often is refused, also what exists (SAFETY 2.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings

from zemi.orders.errors import OrderNotFound
from zemi.trust.limits import Allowance, charge_or_refuse, refuse_if_used_up

WINDOW = timedelta(minutes=15)


@contextmanager
def charged_lookup(caller: str, *, now: datetime) -> Iterator[None]:
    """Charge `caller` if what runs inside finds no order. Opens transactions of its own, before and after.

    :raises TooManyAttempts: the caller has missed too often
    """
    allowance = Allowance("order-lookup", caller, settings.LOOKUP_BUDGET, WINDOW)
    refuse_if_used_up(allowance, now=now)
    try:
        yield
    except OrderNotFound:
        charge_or_refuse(allowance, now=now)
        raise
