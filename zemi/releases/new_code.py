"""A new delivery code for a buyer who has lost the old one: only its hash is kept, so it can't be told again."""

from datetime import datetime, timedelta

from zemi.common.db import unit_of_work
from zemi.identity.errors import OneTimeCodeWrong
from zemi.identity.otp import Purpose, use_otp
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order
from zemi.orders.lookup import charged_lookup
from zemi.orders.models import Order, OrderStatus
from zemi.orders.parties import Asker, Role, find_order_of
from zemi.orders.progress import replace_delivery_code
from zemi.orders.queries import get_order
from zemi.releases.errors import OrderNotPaid
from zemi.trust.otp import charge_code_to, request_otp


def request_new_code(*, order_reference: str, caller: str, now: datetime) -> timedelta:
    """Have a one-time code texted to the buyer of a paid order; how long it is good. Opens transactions of its own.

    :raises OrderNotFound: there is none
    :raises OrderNotPaid: nothing is held, so that there is nothing to release
    :raises TooManyAttempts: this phone was sent, or `caller` has asked for, too many
    """
    with charged_lookup(caller, now=now):
        order = get_order(order_reference=order_reference)
    _check_paid(order)
    return request_otp(phone=order.buyer.phone, purpose=Purpose.NEW_CODE, caller=caller, now=now)


def issue_new_code(*, order_reference: str, otp: str, now: datetime) -> str:
    """Exchange the buyer's one-time code for a new delivery code; the old one, and its lock, end. Texted too.

    Opens transactions of its own.

    :raises OneTimeCodeWrong: the buyer's phone is not proved, or there is no such order: the answer is the same
    :raises OrderNotPaid: nothing is held
    """
    try:
        order = get_order(order_reference=order_reference)
    except OrderNotFound as error:
        raise OneTimeCodeWrong from error
    use_otp(phone=order.buyer.phone, purpose=Purpose.NEW_CODE, code=otp, now=now)
    return _replace(order, now=now)


def issue_new_code_to_buyer(*, asker: Asker, order_reference: str, caller: str, now: datetime) -> str:
    """Give the buyer who is signed in a new delivery code; the old one, and its lock, end. Texted too.

    A session is a phone that was proved by a one-time code (SAFETY 3.2), so no second one is asked for. The order's link
    alone is no proof, whoever paid through it: the seller has it too (ADR 0013). Opens transactions of its own.

    :raises OrderNotFound: there is none, or `asker` is not its buyer: the answer is the same
    :raises OrderNotPaid: nothing is held
    :raises TooManyAttempts: the buyer's phone was sent too many codes, or `caller` has missed too often
    """
    order, _ = find_order_of(
        asker, order_reference=order_reference, roles=(Role.BUYER,), caller=caller, now=now
    )
    _check_paid(order)
    charge_code_to(order.buyer.phone, now=now)
    return _replace(order, now=now)


def _replace(order: Order, *, now: datetime) -> str:
    with unit_of_work():
        order = lock_order(order_reference=order.order_reference)
        _check_paid(order)
        return replace_delivery_code(order, now=now)


def _check_paid(order: Order) -> None:
    if order.status != OrderStatus.PAID:
        raise OrderNotPaid(status=str(order.status))
