"""Call a sale off: alone where one side may, else together: one asks, the other accepts or declines (DOMAIN O13, O14)."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from zemi.common.db import conclude, inside_transaction, outside_transaction, unit_of_work
from zemi.common.errors import missing
from zemi.common.ids import read_reference
from zemi.common.phone import Phone
from zemi.common.work import due_keys
from zemi.events.log import record
from zemi.identity.otp import Purpose, use_otp
from zemi.identity.parties import find_or_create_parties
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order, lock_order_by_key
from zemi.orders.models import Order, OrderStatus, Side
from zemi.orders.parties import Asker
from zemi.orders.progress import end_cancel_request, mark_cancel_asked, mark_cancelled
from zemi.payments.close import cancel_order
from zemi.payments.errors import NoCancelRequest, OrderNotCancellable
from zemi.payments.unallocated import return_parts
from zemi.providers import registry
from zemi.refunds.models import RefundReason
from zemi.trust.limits import charge, charge_or_refuse, named, too_many


class Act(StrEnum):
    """What a side can do about calling a sale off."""

    CANCEL = "cancel"
    ASK = "ask"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


def acts_of(order: Order, side: Side) -> tuple[Act, ...]:
    """What `side` can do about calling `order` off as it is now; nothing once it is over."""
    if order.status == OrderStatus.AWAITING_PAYMENT:
        return (Act.CANCEL,)
    if order.status != OrderStatus.PAID:
        return ()
    alone = (Act.CANCEL,) if side is Side.SELLER else ()
    if order.cancel_asked_by == side.other:
        return (Act.ACCEPT, Act.DECLINE)
    return (*alone, Act.WITHDRAW if order.cancel_asked_by else Act.ASK)


def cancel_order_for(
    *,
    asker: Asker,
    order_reference: str,
    phone: Phone | None = None,
    otp: str | None = None,
    caller: str,
    now: datetime,
) -> Order:
    """Call an order off for whoever may: its merchant by key; buyer or seller by a one-time code or as signed in.

    What may be called off, and what goes back, is as `cancel_order` says. Opens transactions of its own.

    :raises InvalidInput: a stranger gives no phone, or no one-time code
    :raises TooManyAttempts, OneTimeCodeWrong, OrderNotFound, OrderNotCancellable: nothing was changed
    """
    if asker.merchant_id is not None:
        return cancel_order(
            order_reference=order_reference, actor="merchant", merchant_id=asker.merchant_id, now=now
        )
    party_id = _prove_party(asker, phone=phone, otp=otp, caller=caller, now=now)
    return cancel_order(order_reference=order_reference, actor="party", party_id=party_id, now=now)


def negotiate_cancel(
    *,
    act: Act,
    asker: Asker,
    order_reference: str,
    phone: Phone | None = None,
    otp: str | None = None,
    caller: str,
    now: datetime,
) -> Order:
    """Ask the other side to call a paid order off, answer that, or take it back; the order as it is then.

    Accepted, it is off and all of its money goes back (O13); so it is when one asks who has been asked. To ask twice is
    to ask once. Buyer and seller prove who they are as for `cancel_order_for`. Opens transactions of its own.

    :raises InvalidInput: a stranger gives no phone, or no one-time code
    :raises OrderNotFound: there is none, or it is not theirs: the answer is the same
    :raises OrderNotCancellable: it is not paid, or over
    :raises NoCancelRequest: nothing is asked that this side could accept, decline or withdraw
    :raises TooManyAttempts, OneTimeCodeWrong: nothing was changed
    """
    party_id = _prove_party(asker, phone=phone, otp=otp, caller=caller, now=now)
    registry.make_ready()
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        sides = [
            side
            for side, owner in ((Side.BUYER, order.buyer_id), (Side.SELLER, order.seller_id))
            if owner == party_id
        ]
        if not sides:
            raise OrderNotFound
        if order.status != OrderStatus.PAID:
            raise OrderNotCancellable(status=str(order.status))
        _do(order, act, sides, now=now)
        return conclude(order)


@outside_transaction
def lapse_cancel_requests(*, now: datetime, limit: int = 20) -> int:
    """End requests that nobody has answered in time; their orders go on as before. Each in a transaction of its own."""
    keys = due_keys(Order, "cancel_asked_until", now=now, limit=limit)
    for key in keys:
        with unit_of_work():
            order = lock_order_by_key(key)
            if order.cancel_asked_until is not None and order.cancel_asked_until <= now:
                asked = end_cancel_request(order)
                record("order.cancel_lapsed", order, at=now, actor="worker", data=asked)
    return len(keys)


@inside_transaction
def _do(order: Order, act: Act, sides: list[Side], *, now: datetime) -> None:
    # In the sandbox one person may be both: then the question is put by the buyer, and answered by the seller.
    asked = next((side.value for side in sides if order.cancel_asked_by == side.other), None)
    if act is Act.ASK and asked is None:
        if not order.cancel_asked_by:
            _ask(order, sides[0], now=now)
    elif act is Act.WITHDRAW:
        if order.cancel_asked_by not in sides:
            raise NoCancelRequest
        data = end_cancel_request(order)
        record("order.cancel_withdrawn", order, at=now, actor=data["asked_by"], data=data)
    elif asked is None:
        raise NoCancelRequest
    elif act is Act.DECLINE:
        record("order.cancel_declined", order, at=now, actor=asked, data=end_cancel_request(order))
    else:
        record("order.cancel_accepted", order, at=now, actor=asked, data=end_cancel_request(order))
        off = mark_cancelled(order, now=now, actor=asked)
        return_parts(order, off, reason=RefundReason.CANCELLED, actor=asked, now=now)


def _ask(order: Order, side: Side, *, now: datetime) -> None:
    allowance = named("cancel_requests", str(order.id))
    if not charge(allowance, now=now):
        raise too_many(allowance, now=now)
    mark_cancel_asked(order, side, until=now + timedelta(hours=settings.CANCEL_ANSWER_H), now=now)


def _prove_party(asker: Asker, *, phone: Phone | None, otp: str | None, caller: str, now: datetime) -> UUID:
    if phone is not None and otp is not None:
        registry.make_ready()
        charge_or_refuse(named("cancels", caller), now=now)
        use_otp(phone=phone, purpose=Purpose.CANCEL_ORDER, code=otp, now=now)
        with unit_of_work():
            return find_or_create_parties({phone}, now=now)[phone].id
    if asker.merchant_id is not None:
        # A merchant is neither side.
        raise OrderNotFound
    if asker.party_id is None:
        raise missing(phone_number=phone, otp=otp)
    return asker.party_id
