"""Where a sale stands, as its pages show it: one scene, and the facts that it needs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zemi.common import crypto
from zemi.common.money import Money
from zemi.common.texts import Text
from zemi.disbursements.models import DisbursementStatus
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import Payment, PaymentStatus
from zemi.payments.reasons import reason_text
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund

# For about so long M-Pesa leaves a prompt on a phone (DARAJA 1.2).
PROMPT_ON_PHONE = timedelta(seconds=60)


class Scene(StrEnum):
    """What the order's page is about now; each is one template."""

    PAY = "pay"
    WAIT = "wait"
    ASKING = "asking"
    HELD = "held"
    DONE = "done"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Standing:
    """One order as it is now: `held` by the ledger's word; `failure`: why the last attempt failed, if it did."""

    order: Order
    scene: Scene
    held: Money
    payment: Payment | None
    failure: Text | None
    seconds_left: int
    payout: Payout | None
    refunds: tuple[Refund, ...]

    @property
    def stamp(self) -> str:
        """Changes when the page would look different; says nothing else."""
        statuses = (self.payment, self.payout, *self.refunds)
        seen = [self.scene, self.order.status, str(self.held), *(row.status for row in statuses if row)]
        return crypto.blind_index("page-stamp", "|".join(seen)).hex()[:12]

    @property
    def payout_scene(self) -> str:
        """The text that says how far the seller's money is."""
        match self.payout.status if self.payout else None:
            case DisbursementStatus.SUCCEEDED:
                return "done_paid"
            case DisbursementStatus.UNKNOWN:
                return "done_asking"
            case DisbursementStatus.FAILED | DisbursementStatus.NEEDS_ATTENTION | DisbursementStatus.REVERSED:
                return "done_stuck"
            case _:
                return "done_paying"


def read_standing(order: Order, *, now: datetime) -> Standing:
    """Read what the pages show of an order. Writes nothing."""
    payment = Payment.objects.filter(order=order).order_by("-id").first()
    scene, failure = _scene(order, payment, now=now)
    left = payment.created_at + PROMPT_ON_PHONE - now if payment and scene is Scene.WAIT else timedelta()
    return Standing(
        order=order,
        scene=scene,
        held=balance_of(chart.escrow(order.id)),
        payment=payment,
        failure=failure,
        seconds_left=int(left.total_seconds()),
        payout=Payout.objects.filter(order=order).order_by("-id").first(),
        refunds=tuple(Refund.objects.filter(order=order).order_by("id")[:20]),
    )


def _scene(order: Order, payment: Payment | None, *, now: datetime) -> tuple[Scene, Text | None]:
    match order.status:
        case OrderStatus.AWAITING_PAYMENT:
            return _unpaid_scene(payment, now=now)
        case OrderStatus.PAID:
            return Scene.HELD, None
        case OrderStatus.COMPLETED:
            return Scene.DONE, None
        case _:
            return Scene.ENDED, None


def _unpaid_scene(payment: Payment | None, *, now: datetime) -> tuple[Scene, Text | None]:
    if payment is None:
        return Scene.PAY, None
    match payment.status:
        case PaymentStatus.PENDING if payment.is_live and now < payment.created_at + PROMPT_ON_PHONE:
            return Scene.WAIT, None
        case PaymentStatus.PENDING | PaymentStatus.UNKNOWN:
            return Scene.ASKING, None
        case PaymentStatus.FAILED:
            return Scene.PAY, reason_text(payment.failure_reason)
        case _:
            # Its money has come, and was less than the price.
            return Scene.PAY, None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline: its text, whether it is past, now or later, and when it was."""

    text: str
    state: str
    at: datetime | None = None


def steps_of(standing: Standing) -> list[Step]:
    """The timeline of a sale: what was, what is, and what comes."""
    order, payout = standing.order, standing.payout
    made = Step("step_made", "past", order.created_at)
    paid = Step("step_paid", "past" if order.paid_at else "now", order.paid_at)
    if standing.scene is Scene.ENDED:
        steps = [made, *([paid] if order.paid_at else []), Step("step_ended", "past", order.updated_at)]
        if standing.refunds:
            back = all(refund.status == DisbursementStatus.SUCCEEDED for refund in standing.refunds)
            at = max(refund.updated_at for refund in standing.refunds)
            steps.append(Step("step_back", "past", at) if back else Step("step_back", "now"))
        return steps
    if order.completed_at is None:
        delivered = Step("step_delivered", "now" if order.paid_at else "later")
    else:
        delivered = Step("step_delivered", "past", order.completed_at)
    if payout is not None and payout.status == DisbursementStatus.SUCCEEDED:
        seller = Step("step_seller", "past", payout.updated_at)
    else:
        seller = Step("step_seller", "now" if order.completed_at else "later")
    return [made, paid, delivered, seller]
