"""Release held money to the seller: out of escrow, commission off, payout made, order completed."""

from datetime import datetime

from zemi.common.db import insert, inside_transaction
from zemi.events.log import transition
from zemi.ledger import chart
from zemi.ledger.locks import lock_balance
from zemi.ledger.posting import Line, post
from zemi.orders.models import Order
from zemi.orders.progress import mark_completed
from zemi.payments.queries import payment_of
from zemi.payouts.disburse import create_payout
from zemi.payouts.models import Payout
from zemi.releases.models import Release, ReleaseStatus
from zemi.releases.rules import repayment, schedule


@inside_transaction
def release_instantly(order: Order, *, now: datetime, actor: str) -> Payout:
    """Release all that is held for a locked, paid order, and complete it (P3, P4, P13e, P10a)."""
    [part] = schedule(
        policy=order.release_policy, amount=order.amount, fee_bps=order.fee_bps, delivered_at=now
    )
    net = part.amount - part.fee
    seller, debt = chart.seller_payable(order.seller_id), chart.seller_debt(order.seller_id)
    repaid = repayment(net=net, debt=lock_balance(debt))
    release = Release(
        order=order,
        number=part.number,
        amount_minor=part.amount.minor,
        fee_minor=part.fee.minor,
        repaid_minor=repaid.minor,
        currency=order.currency,
        due_at=part.due_at,
    )
    insert(release)
    event = transition(release, ReleaseStatus.RELEASED, at=now, actor=actor, released_at=now)
    post(
        event,
        Line("release", release.id, chart.escrow(order.id), seller, part.amount),
        Line("commission", release.id, seller, chart.commission(), part.fee),
        Line("debt_repaid", release.id, seller, debt, repaid),
    )
    payout = create_payout(
        order=order,
        release_id=release.id,
        payment_id=payment_of(order),
        amount=net - repaid,
        now=now,
    )
    mark_completed(order, now=now, actor=actor)
    return payout
