"""Steps by which higher packages move an order on; each is one move of its transition table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from zemi.common import crypto
from zemi.common.db import inside_transaction
from zemi.common.ids import new_code
from zemi.common.money import Money
from zemi.events.log import record, transition
from zemi.events.models import Event
from zemi.idempotency.answers import forget_secrets
from zemi.orders.budgets import give_back_amount
from zemi.orders.codes import is_code_of, set_code
from zemi.orders.errors import CodeLocked
from zemi.orders.models import DeliveryAttempt, Order, OrderStatus, Side

# A part that came gives so much more time, once (O3).
PART_EXTENDS = timedelta(hours=2)
CODE_WINDOW = timedelta(minutes=15)
CODE_TRIES = 3
CODE_LOCK = timedelta(hours=1)
CODE_TRIES_IN_ITS_LIFE = 10
# Whoever moves a paid order on answers a question that was open.
_NOTHING_ASKED: Mapping[str, Any] = {"cancel_asked_by": "", "cancel_asked_until": None}


@inside_transaction
def mark_paid(order: Order, *, now: datetime, actor: str) -> Event:
    """All of the price has come in. The order must be locked. An expired one is revived, and its event says so (O6)."""
    late = {"late_payment": True} if order.status == OrderStatus.EXPIRED else {}
    return transition(
        order,
        OrderStatus.PAID,
        at=now,
        actor=actor,
        data=late,
        received_minor=order.amount_minor,
        paid_at=now,
        updated_at=now,
    )


@inside_transaction
def count_part(order: Order, part: Money, *, now: datetime, actor: str) -> Event:
    """Less than the price has come (O3): count it, and once give the buyer two hours more. The order must be locked."""
    order.received_minor += part.minor
    if not order.expiry_extended and order.expires_at is not None:
        order.expires_at, order.expiry_extended = order.expires_at + PART_EXTENDS, True
    order.save(update_fields=["received_minor", "expires_at", "expiry_extended"])
    return record(
        "order.part_paid", order, at=now, actor=actor, data={"part": str(part), "due": str(order.due)}
    )


@inside_transaction
def uncount_part(order: Order, part: Money, *, now: datetime, actor: str) -> Event:
    """A part that had come was taken back by the provider: it is due again. The order must be locked."""
    order.received_minor -= part.minor
    order.save(update_fields=["received_minor"])
    return record(
        "order.part_reversed", order, at=now, actor=actor, data={"part": str(part), "due": str(order.due)}
    )


@inside_transaction
def mark_clawed_back(order: Order, *, now: datetime, actor: str) -> Event:
    """The provider took back what was released already: completed it stays (O27). The order must be locked."""
    order.clawed_back_at = now
    order.save(update_fields=["clawed_back_at"])
    return record("order.clawed_back", order, at=now, actor=actor)


@inside_transaction
def mark_expired(order: Order, *, now: datetime, actor: str) -> Event:
    """It was not paid in time (O5); parts must go back in the same unit. The order must be locked."""
    return transition(order, OrderStatus.EXPIRED, at=now, actor=actor, received_minor=0, updated_at=now)


@inside_transaction
def mark_cancelled(order: Order, *, now: datetime, actor: str) -> Event:
    """The sale is off (O8, O14); what is held must go back in the same unit. The order must be locked."""
    give_back_amount(order, now=now)
    return transition(
        order,
        OrderStatus.CANCELLED,
        at=now,
        actor=actor,
        received_minor=0,
        updated_at=now,
        **_NOTHING_ASKED,
    )


@inside_transaction
def mark_completed(order: Order, *, now: datetime, actor: str) -> Event:
    """All of the money has been released to the seller. The order must be locked."""
    return transition(
        order, OrderStatus.COMPLETED, at=now, actor=actor, completed_at=now, updated_at=now, **_NOTHING_ASKED
    )


@inside_transaction
def mark_refunded(order: Order, *, now: datetime, actor: str) -> Event:
    """All that came for a cancelled order has gone back to whoever paid it. The order must be locked."""
    return transition(order, OrderStatus.REFUNDED, at=now, actor=actor, updated_at=now)


@inside_transaction
def mark_cancel_asked(order: Order, side: Side, *, until: datetime, now: datetime) -> Event:
    """One side asks the other to call a paid order off, who can answer `until` then (O13). The order must be locked."""
    _save(order, cancel_asked_by=side, cancel_asked_until=until)
    return record("order.cancel_requested", order, at=now, actor=side.value)


@inside_transaction
def end_cancel_request(order: Order) -> dict[str, str]:
    """End the open question whether to call an order off; whose it was, for the event. The order must be locked."""
    asked_by = order.cancel_asked_by
    _save(order, **_NOTHING_ASKED)
    return {"asked_by": asked_by}


@inside_transaction
def check_delivery_code(order: Order, code: str, *, caller: str, now: datetime) -> bool:
    """Compare `code`, and count it if it is wrong. The order must be locked; 50 parallel guesses stand in line here.

    Three wrong codes in 15 minutes lock the order for an hour; ten in the life of a code lock it for good. On False the
    caller must commit before it refuses: a count that is rolled back never was (SAFETY 3.2).

    :raises CodeLocked: the order is locked; the code was not even compared
    """
    if order.code_failures >= CODE_TRIES_IN_ITS_LIFE:
        raise CodeLocked
    if order.code_locked_until is not None and order.code_locked_until > now:
        raise CodeLocked(retry_after_s=ceil((order.code_locked_until - now).total_seconds()))
    if is_code_of(order, code):
        _forget_answer(order)
        return True

    DeliveryAttempt.objects.create(
        order=order,
        generation=order.code_generation,
        attempted_at=now,
        caller_hash=crypto.blind_index("code-caller", caller),
    )
    # Wrong codes before the last lock have had their punishment: the hour is longer than the window.
    tries = DeliveryAttempt.objects.filter(order=order, generation=order.code_generation)
    recent = tries.filter(attempted_at__gt=now - CODE_WINDOW).count()
    locked = recent >= CODE_TRIES
    order.code_failures += 1
    order.code_locked_until = now + CODE_LOCK if locked else order.code_locked_until
    order.save(update_fields=["code_failures", "code_locked_until"])
    record(
        "order.code_refused",
        order,
        at=now,
        actor="caller",
        data={"failures": order.code_failures, "locked": locked},
    )
    return False


@inside_transaction
def replace_delivery_code(order: Order, *, now: datetime) -> str:
    """Give a locked order a new delivery code and tell it; the old one, its wrong tries and its lock end."""
    code = new_code()
    _forget_answer(order)
    order.code_generation += 1
    set_code(order, code)
    order.code_failures, order.code_locked_until = 0, None
    order.save(
        update_fields=[
            "code_generation",
            "delivery_code_hash",
            "delivery_code_sealed",
            "code_failures",
            "code_locked_until",
        ]
    )
    record("order.code_replaced", order, at=now, actor="buyer", data={"generation": order.code_generation})
    return code


def _save(order: Order, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=list(changes))


def _forget_answer(order: Order) -> None:
    # The code is over: so is every copy of it.
    if order.answer_kept:
        forget_secrets(order.id)
