"""The end of a run: faults stop, some days pass, and everything must have come to its end (SAFETY 5a, liveness)."""

from collections.abc import Callable
from typing import Any

from tests.machine.invariants import unreachable
from tests.machine.stage import LIVENESS, Stage
from zemi.disbursements.models import DisbursementStatus
from zemi.events.models import EventDelivery
from zemi.notifications.models import Message
from zemi.orders.models import Order, OrderStatus
from zemi.payments.models import Payment, PaymentStatus, Receipt, reference_index
from zemi.payouts.models import Payout
from zemi.providers import registry
from zemi.reconciliation.audit import audit_books
from zemi.webhooks.models import WebhookLog


def live_on(stage: Stage, work: Callable[[], int], check: Callable[[], None], *, delivers: bool) -> None:
    """Let it all come to its end, with `check` along the way; held callbacks come now, or never."""
    simulator = stage.simulator
    stage.wire.is_down = False
    simulator.clear_faults()
    simulator.hold_callbacks = False
    while simulator.held:
        simulator.deliver(drop=not delivers)
    stage.settle(work)
    for period in LIVENESS:
        stage.pass_time(period.total_seconds())
        stage.settle(work)
        check()

    _nothing_is_overdue(stage)
    lost = unreachable(simulator)
    _money_has_arrived(simulator.transactions(), lost)
    _payouts_have_ended(stage)
    _books_agree(lost)


def _nothing_is_overdue(stage: Stage) -> None:
    for model in (WebhookLog, Payment, Payout, EventDelivery, Message):
        late = model._default_manager.filter(due_at__lte=stage.clock.now()).count()
        assert late == 0, f"liveness: {late} rows of {model.__name__} are overdue"


def _money_has_arrived(moves: list[dict[str, Any]], lost: dict[str, int]) -> None:
    came = [move for move in moves if move["kind"] not in {"b2c", "reversal"} and move["receipt"] not in lost]
    booked = sum(Receipt.objects.values_list("amount_minor", flat=True))
    assert sum(move["amount"] for move in came) == booked, "liveness: money came and was never booked"
    paid = {move["checkout_request_id"] for move in came} - {None}
    for payment in Payment.objects.filter(
        provider_reference_hash__in=[reference_index(checkout) for checkout in paid]
    ):
        assert payment.status == PaymentStatus.COMPLETED, f"liveness: a paid payment is {payment.status}"
    for order in Order.objects.filter(status=OrderStatus.AWAITING_PAYMENT):
        waiting = [move for move in came if move["account_reference"] == order.order_reference]
        assert not waiting, f"liveness: money came for {order}, and it still awaits its payment"


def _payouts_have_ended(stage: Stage) -> None:
    arrived = stage.payouts_that_arrived()
    for payout in Payout.objects.prefetch_related("attempts"):
        if payout.status in {DisbursementStatus.UNKNOWN, DisbursementStatus.NEEDS_ATTENTION}:
            # Without a statement nobody can prove that it never arrived: it waits for a person (Y13, Y14).
            sent = {
                attempt.originator_conversation_id for attempt in payout.attempts.all() if attempt.is_open
            }
            assert not sent & arrived, "liveness: a payout that M-Pesa settled is still unknown"
        elif payout.status == DisbursementStatus.HELD:
            assert payout.failure_reason, "liveness: a payout is held without a reason"
        else:
            assert payout.status in {DisbursementStatus.SUCCEEDED, DisbursementStatus.FAILED}, (
                f"liveness: a payout is {payout.status}"
            )


def _books_agree(lost: dict[str, int]) -> None:
    registry.mobile_money()
    problems = [problem for check in audit_books() for problem in check.problems]
    # Money of which nothing tells but the statement: the audit must say so, in one line, and nothing else.
    assert len(problems) == bool(lost), f"liveness: {lost} is out of reach, the audit says {problems}"
    assert all("1100" in problem for problem in problems), f"liveness: the audit says {problems}"
