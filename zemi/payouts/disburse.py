"""Owe a payout, and have what is due sent."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zemi.common.db import insert, inside_transaction, outside_transaction
from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.change import of_freeze, refuse_in_doubt
from zemi.disbursements.errors import DisbursementNotChangeable
from zemi.disbursements.models import DisbursementStatus, HeldReason
from zemi.disbursements.send import claim, send_claimed, work_on_due
from zemi.events.log import record, transition
from zemi.identity.parties import phone_index
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.orders.queries import get_order
from zemi.payouts import errors
from zemi.payouts.change import frozen_until
from zemi.payouts.models import AttemptStatus, Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.base import PAYOUT_LEAST


@inside_transaction
def create_payout(
    *, order: Order, release_id: UUID, payment_id: UUID | None, amount: Money, now: datetime
) -> Payout:
    """Owe `amount` to the order's seller: reserve it (P10a) and queue it. The order must be locked."""
    payout = Payout(
        order=order,
        payment_id=payment_id,
        release_id=release_id,
        seller_id=order.seller_id,
        provider=registry.mobile_money().name,
        amount_minor=amount.minor,
        currency=amount.currency,
        created_at=now,
        updated_at=now,
    )
    _reserve(payout, actor="release", now=now, data={})
    return payout


@inside_transaction
def replace_payout(old: Payout, *, amount: Money, actor: str, now: datetime) -> Payout:
    """Owe to the same payee anew what the provider took back (Y19), staff called off, or is left of what failed.

    A new payout replaces `old`, which must be locked. `amount` is all of it, or what is left where the seller's balance has
    paid for something else meanwhile. Whatever is heard of the old one later moves that one alone.

    :raises DisbursementNotChangeable: it may still be paid, or failed and can be tried again
    :raises PayoutReplaced: there is a newer one
    :raises TooSoonToRetry: its last try was ever unknown and was sent less than a day ago
    :raises ReplacementAmount: more than that payout was or the balance has, or nothing that M-Pesa pays out
    """
    if not old.may_be_replaced():
        raise DisbursementNotChangeable(kind=old.SUBJECT, status=str(old.status))
    if old.is_replaced:
        raise errors.PayoutReplaced
    refuse_in_doubt(old, now=now)
    most = min(old.amount, lock_balance(old.returns_to))
    if not PAYOUT_LEAST <= amount <= most or not amount.is_whole:
        raise errors.ReplacementAmount(least=PAYOUT_LEAST.shillings, most=str(most))
    if old.status == DisbursementStatus.FAILED:
        _give_up(old, most, actor=actor, now=now)
    frozen = frozen_until(old)
    # Called off in its freeze, the other number was refused: the seller's own is paid.
    is_refused = old.status == DisbursementStatus.CANCELLED and frozen is not None and old.updated_at < frozen
    return owe_anew(old, amount=amount, to_seller=is_refused, actor=actor, now=now)


@inside_transaction
def _give_up(failed: Payout, left: Money, *, actor: str, now: datetime) -> None:
    """Call off what is left of a failed one: it moves no more. By way of queued: what is called off books its return."""
    queued = transition(failed, DisbursementStatus.QUEUED, at=now, actor=actor, updated_at=now)
    post(queued, Line("payout_retried", f"{failed.id}.left", failed.returns_to, failed.in_flight, left))
    off = transition(failed, DisbursementStatus.CANCELLED, at=now, actor=actor, due_at=None, updated_at=now)
    post(off, Line("payout_returned", f"{failed.id}.left", failed.in_flight, failed.returns_to, left))


@inside_transaction
def owe_anew(old: Payout, *, amount: Money, actor: str, now: datetime, to_seller: bool = False) -> Payout:
    """Have `amount` of `old`, which can't be paid any more and is locked, paid by a new one. The balance must have it.

    To the number that the old one went to, in what is left of its freeze, or `to_seller`.
    """
    payout = Payout(
        order_id=old.order_id,
        payment_id=old.payment_id,
        release_id=old.release_id,
        replaces=old,
        seller_id=old.seller_id,
        provider=registry.mobile_money().name,
        amount_minor=amount.minor,
        currency=amount.currency,
        created_at=now,
        updated_at=now,
    )
    frozen = None if to_seller else frozen_until(old)
    if frozen is not None:
        payout.payee_phone_sealed = payout.sealed_payee(old.payee)
    until = frozen if frozen is not None and frozen > now else None
    _reserve(payout, actor=actor, now=now, data={"replaces": str(old.id)}, until=until)
    return payout


@inside_transaction
def _reserve(
    payout: Payout, *, actor: str, now: datetime, data: Mapping[str, str], until: datetime | None = None
) -> None:
    """Set its money apart and queue it, or hold it `until` the freeze of its number ends."""
    insert(payout)
    event = record("payout.created", payout, at=now, actor=actor, data={"amount": str(payout.amount), **data})
    post(event, Line("payout", payout.id, payout.returns_to, payout.in_flight, payout.amount))
    if until is None:
        transition(payout, DisbursementStatus.QUEUED, at=now, actor=actor, due_at=now, updated_at=now)
        return
    transition(
        payout,
        DisbursementStatus.HELD,
        at=now,
        actor=actor,
        held_reason=HeldReason.PAYEE_CHANGED,
        due_at=until,
        updated_at=now,
        data=of_freeze(until),
    )


@outside_transaction
def work_on_due_payouts(*, now: datetime, limit: int = 10) -> int:
    """Send what is queued, and ask about what was sent and has had no result."""
    return work_on_due(Payout, payee=("seller",), now=now, limit=limit)


def request_payout(
    *, order_reference: str, payee_phone: Phone, amount: Money, merchant_id: UUID, now: datetime
) -> PayoutAttempt:
    """Send the payout of an order now, or answer the one that was sent: never a second one.

    Amount and phone only say what the caller believes; they must be what the ledger owes to the pinned seller.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises NothingToPayOut, PayeeMismatch, PayoutAmountMismatch: nothing moved
    :raises PayoutFailed: it was refused for good
    """
    registry.make_ready()
    order = get_order(order_reference=read_reference(order_reference), merchant_id=merchant_id)
    payout = Payout.objects.select_related("seller").filter(order=order).order_by("-created_at").first()
    if payout is None:
        raise errors.NothingToPayOut
    if bytes(payout.seller.phone_hash) != phone_index(payee_phone):
        raise errors.PayeeMismatch
    if amount != payout.amount:
        raise errors.PayoutAmountMismatch(due=str(payout.amount))
    if payout.status == DisbursementStatus.FAILED:
        raise errors.PayoutFailed

    if payout.status == DisbursementStatus.QUEUED and claim(payout, now=now):
        send_claimed(payout, now=now)
    attempt = PayoutAttempt.objects.select_related("payout").filter(payout=payout).order_by("-number").first()
    # Without an attempt the worker has claimed it this very moment: it is on its way.
    return attempt or PayoutAttempt(
        payout=Payout.objects.get(pk=payout.pk), number=0, status=AttemptStatus.INTENT
    )
