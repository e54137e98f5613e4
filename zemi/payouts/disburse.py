"""Send payouts: commit the intent, call once, record what was heard. An unknown outcome is asked about, never repeated."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects

from zemi.common.db import append, insert, inside_transaction, outside_transaction, unit_of_work
from zemi.common.faults import fault_point
from zemi.common.ids import new_key, read_reference
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.work import LEASE, claim_due, handle_each
from zemi.events.errors import InvalidTransition
from zemi.events.log import record, transition
from zemi.identity.parties import phone_index
from zemi.ledger import chart
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.orders.queries import get_order
from zemi.payouts import errors
from zemi.payouts.models import AttemptStatus, Payout, PayoutAttempt, PayoutStatus
from zemi.payouts.settle import FIRST_QUERY, apply_outcome, ask_about, record_accepted, requeue_held
from zemi.providers import registry
from zemi.providers.base import Accepted, DisburseOutcome, DisburseRequest
from zemi.webhooks.tokens import CallbackKind, mint


@inside_transaction
def create_payout(
    *, order: Order, release_id: UUID, payment_id: UUID, amount: Money, now: datetime
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
    insert(payout)
    event = record("payout.created", payout, at=now, actor="release", data={"amount": str(amount)})
    post(
        event,
        Line(
            "payout",
            payout.id,
            chart.seller_payable(order.seller_id),
            chart.payout_in_flight(payout.id),
            amount,
        ),
    )
    transition(payout, PayoutStatus.QUEUED, at=now, actor="release", due_at=now, updated_at=now)
    return payout


@outside_transaction
def work_on_due_payouts(*, now: datetime, limit: int = 10) -> int:
    """Send what is queued, and ask about what was sent and has had no result."""
    payouts = claim_due(Payout, now=now, limit=limit)
    # Whom to pay and for what, read once for all of them.
    prefetch_related_objects(payouts, "seller", "order")
    handle_each(payouts, _work_on, now=now)
    return len(payouts)


def _work_on(payout: Payout, now: datetime) -> None:
    if payout.status == PayoutStatus.HELD:
        requeue_held(payout, now=now)
    elif payout.status == PayoutStatus.QUEUED:
        _send_claimed(payout, now=now)
    else:
        ask_about(payout, now=now)


def request_payout(
    *, order_reference: str, payee_phone: Phone, amount: Money, merchant_id: UUID, now: datetime
) -> PayoutAttempt:
    """Send the payout of an order now, or answer the one that was sent: never a second one.

    Amount and phone only say what the caller believes; they must be what the ledger owes to the pinned seller.

    :raises OrderNotFound: there is none, or it is another merchant's
    :raises NothingToPayOut, PayeeMismatch, PayoutAmountMismatch: nothing moved
    :raises PayoutFailed: it was refused for good
    """
    registry.mobile_money()
    order = get_order(order_reference=read_reference(order_reference), merchant_id=merchant_id)
    payout = Payout.objects.select_related("seller").filter(order=order).order_by("-created_at").first()
    if payout is None:
        raise errors.NothingToPayOut
    if bytes(payout.seller.phone_hash) != phone_index(payee_phone):
        raise errors.PayeeMismatch
    if amount != payout.amount:
        raise errors.PayoutAmountMismatch(due=str(payout.amount))
    if payout.status == PayoutStatus.FAILED:
        raise errors.PayoutFailed

    if payout.status == PayoutStatus.QUEUED and _claim(payout, now=now):
        _send_claimed(payout, now=now)
    attempt = PayoutAttempt.objects.select_related("payout").filter(payout=payout).order_by("-number").first()
    # Without an attempt the worker has claimed it this very moment: it is on its way.
    return attempt or PayoutAttempt(
        payout=Payout.objects.get(pk=payout.pk), number=0, status=AttemptStatus.INTENT
    )


def _claim(payout: Payout, *, now: datetime) -> bool:
    """Claim one queued payout out of turn, on the same columns as the sweep: one of the two gets it."""
    claimed = Payout.objects.filter(
        pk=payout.pk, fence=payout.fence, due_at__isnull=False, lease_until=payout.lease_until
    ).exclude(lease_until__gt=now)
    if claimed.update(lease_until=now + LEASE, fence=payout.fence + 1, tries=payout.tries + 1) != 1:
        return False
    payout.fence += 1
    payout.tries += 1
    return True


def _send_claimed(payout: Payout, *, now: datetime) -> None:
    attempt = _commit_intent(payout, now=now)
    if attempt is None:
        return
    fault_point("before_disburse")
    outcome = _call(attempt)
    fault_point("after_disburse")
    if isinstance(outcome, Accepted):
        record_accepted(attempt, outcome, now=now)
    else:
        apply_outcome(attempt.id, outcome, now=now)


def _commit_intent(payout: Payout, *, now: datetime) -> PayoutAttempt | None:
    """Write the attempt before the call. None when somebody else moved the payout on."""
    try:
        with unit_of_work():
            transition(
                payout,
                PayoutStatus.SUBMITTING,
                at=now,
                actor="worker",
                updated_at=now,
                # If this process dies now, the payout is asked about: it may have been sent.
                due_at=now + FIRST_QUERY,
                lease_until=None,
            )
            # The first claim of a payout can't find an attempt.
            last = (
                PayoutAttempt.objects.filter(payout=payout).order_by("-number").first()
                if payout.tries > 1
                else None
            )
            if last is not None and last.is_open:
                # It is queued again because this attempt provably never left: same attempt, same id.
                last.payout = payout
                return last
            key = new_key()
            attempt = PayoutAttempt(
                id=key,
                payout=payout,
                number=last.number + 1 if last else 1,
                originator_conversation_id=f"zemi-{key.hex}",
                amount_minor=payout.amount_minor,
                currency=payout.currency,
                created_at=now,
                updated_at=now,
            )
            append(attempt)
        return attempt
    except InvalidTransition:
        return None


@outside_transaction
def _call(attempt: PayoutAttempt) -> DisburseOutcome:
    payout = attempt.payout
    return registry.mobile_money().disburse(
        DisburseRequest(
            originator_id=attempt.originator_conversation_id,
            amount=attempt.amount,
            payee=payout.seller.phone,
            reference=payout.order.order_reference,
            result_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.B2C_RESULT, attempt.id)}",
            timeout_url=f"{settings.CALLBACK_ORIGIN}/hooks/{mint(CallbackKind.B2C_TIMEOUT, attempt.id)}",
        )
    )
