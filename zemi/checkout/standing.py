"""Where a sale stands, as its pages show it: one scene, and the facts that it needs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zemi.common import crypto
from zemi.common.money import Money
from zemi.common.texts import Text
from zemi.disbursements.models import DisbursementStatus, HeldReason
from zemi.ledger import chart
from zemi.ledger.balances import balance_of
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import Payment, PaymentStatus
from zemi.payments.reasons import reason_text
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund
from zemi.refunds.payers import is_unreachable
from zemi.snapshots.next_action import NextAction, refund_turn
from zemi.snapshots.objects import turn_of

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
    """One order as it is now: `held` by the ledger's word; `failure`: why the last attempt failed; `turn`: what is left."""

    order: Order
    scene: Scene
    held: Money
    payment: Payment | None
    failure: Text | None
    seconds_left: int
    payouts: tuple[Payout, ...]
    # Without those that were called off.
    refunds: tuple[Refund, ...]
    turn: NextAction | None
    # M-Pesa has said of an attempt that it was paid and that it was not.
    is_contradicted: bool = False

    @property
    def stamp(self) -> str:
        """Changes when the page would look different; says nothing else."""
        statuses = (self.payment, *self.payouts, *self.refunds)
        order = self.order
        seen = [self.scene, order.status, order.cancel_asked_by, str(self.held), str(self.is_contradicted)]
        seen += [row.status for row in statuses if row]
        seen += [f"{refund.held_reason}{refund.redirected_to_id}" for refund in self.refunds]
        return crypto.blind_index("page-stamp", "|".join(seen)).hex()[:12]

    @property
    def paid_at(self) -> datetime | None:
        """When the seller got the last of the money, if nothing of it is left to be paid."""
        paid = [p.updated_at for p in self.payouts if p.status == DisbursementStatus.SUCCEEDED]
        return max(paid, default=None) if self.turn is None else None

    @property
    def is_moving(self) -> bool:
        """Whether the page may still look different by itself."""
        return self.turn is not None or any(text != "back_done" for _, text in self.refunds_told)

    @property
    def seller_text(self) -> str:
        """The text that says how far the seller's money is."""
        if self.turn is not None:
            return f"done_{self.turn.verb}"
        return "done_paid" if self.paid_at else "done_unpaid"

    @property
    def refunds_told(self) -> list[tuple[Refund, str]]:
        """Each refund, with the text that says how far it is."""
        return [(refund, _told_of(refund)) for refund in self.refunds]


def read_standing(order: Order, *, now: datetime) -> Standing:
    """Read what the pages show of an order. Writes nothing."""
    payments = list(Payment.objects.filter(order=order).order_by("-id")[:20])
    payment = payments[0] if payments else None
    is_contradicted = any(each.is_contradicted for each in payments)
    scene, failure = _scene(order, payment, is_contradicted=is_contradicted, now=now)
    left = payment.created_at + PROMPT_ON_PHONE - now if payment and scene is Scene.WAIT else timedelta()
    payouts = tuple(Payout.objects.filter(order=order).order_by("id")[:20])
    back = Refund.objects.filter(order=order).exclude(status=DisbursementStatus.CANCELLED)
    refunds = tuple(back.select_related("payer", "redirected_to").order_by("id")[:20])
    return Standing(
        order=order,
        scene=scene,
        held=balance_of(chart.escrow(order.id)),
        payment=payment,
        failure=failure,
        seconds_left=int(left.total_seconds()),
        payouts=payouts,
        refunds=refunds,
        turn=turn_of(order, payments=payments, payouts=payouts, refunds=refunds),
        is_contradicted=is_contradicted,
    )


def _told_of(refund: Refund) -> str:
    if refund.held_reason == HeldReason.PAYEE_CHANGED:
        return "back_redirected"
    if is_unreachable(refund):
        return "back_unreachable"
    turn = refund_turn([refund.status])
    return f"back_{turn.verb}" if turn else "back_done"


def _scene(
    order: Order, payment: Payment | None, *, is_contradicted: bool, now: datetime
) -> tuple[Scene, Text | None]:
    match order.status:
        case OrderStatus.AWAITING_PAYMENT:
            scene, failure = _unpaid_scene(payment, now=now)
            # Nobody knows whether he has paid: the page does not say that he has not, whatever became of a later attempt,
            # and does not send him to his phone for a prompt of which it was said that he has answered it.
            is_answered = payment is not None and payment.is_contradicted
            if is_contradicted and (scene is Scene.PAY or is_answered):
                return Scene.ASKING, None
            return scene, failure
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
    order = standing.order
    made = Step("step_made", "past", order.created_at)
    paid = Step("step_paid", "past" if order.paid_at else "now", order.paid_at)
    if standing.scene is Scene.ENDED:
        steps = [made, *([paid] if order.paid_at else []), Step("step_ended", "past", order.updated_at)]
        return steps + _steps_back(standing)
    if order.completed_at is None:
        delivered = Step("step_delivered", "now" if order.paid_at else "later")
    else:
        delivered = Step("step_delivered", "past", order.completed_at)
    steps = [made, paid, delivered]
    if standing.paid_at is not None:
        steps.append(Step("step_seller", "past", standing.paid_at))
    elif standing.turn is not None:
        steps.append(Step("step_seller", "now" if order.completed_at else "later"))
    return steps + _steps_back(standing)


def _steps_back(standing: Standing) -> list[Step]:
    if not standing.refunds:
        return []
    if any(text != "back_done" for _, text in standing.refunds_told):
        return [Step("step_back", "now")]
    return [Step("step_back", "past", max(refund.updated_at for refund in standing.refunds))]
