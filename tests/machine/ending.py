"""The end of a run: faults stop, some days pass, and everything must have come to its end (SAFETY 5a, liveness)."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from simulator import Simulator
from tests import story
from tests.machine.going_out import paid_though_denied
from tests.machine.invariants import unreachable
from tests.machine.sql import moves
from tests.machine.stage import LIVENESS, Stage
from zemi.disbursements.models import Attempt, AttemptStatus, DisbursementStatus, Method, SuspenseCase
from zemi.disbursements.switch import KINDS
from zemi.events.models import EventDelivery
from zemi.notifications.models import Message
from zemi.payments.models import PayInReversal, Payment, PaymentStatus, Receipt, reference_index
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.reconciliation.audit import audit_books
from zemi.reconciliation.match import reconcile
from zemi.reconciliation.models import ReconciliationItem
from zemi.reconciliation.statements import import_statement
from zemi.refunds.models import Refund, RefundAttempt
from zemi.staff.dispatch import start_sending
from zemi.topups.models import OPEN, TopUp
from zemi.webhooks.models import WebhookLog
from zemi.worker.sweeps import SWEEPS


def live_on(
    stage: Stage,
    work: Callable[[], int],
    check: Callable[[], None],
    *,
    delivers: bool,
    given_back: set[str],
) -> None:
    """Let it all come to its end, with `check` along the way; held callbacks come now, or never.

    `given_back` are receipts whose money the provider has taken out of the paybill by itself.
    """
    simulator = stage.simulator
    stage.wire.is_down = False
    simulator.clear_faults()
    simulator.hold_callbacks = False
    # For another 90 days, and unlocked.
    simulator.set_initiator_password()
    while simulator.held:
        simulator.deliver(drop=not delivers)
    stage.settle(work)
    for period in LIVENESS:
        stage.pass_time(period.total_seconds())
        stage.settle(work)
        # What credentials of yesterday had stopped, staff starts again.
        if start_sending(kinds=KINDS, by="Wanjiku", reason="over", now=stage.clock.now()):
            stage.settle(work)
        check()

    # Beside the audit it does what is done once an hour.
    SWEEPS["audit"](stage.clock.now())
    _nothing_is_overdue(stage)
    lost = unreachable(simulator)
    untold = lost | {number: -minor for number, minor in _untold(simulator, given_back).items()}
    _money_has_arrived(simulator.transactions(), lost)
    _what_went_out_has_ended(stage)
    denied = paid_though_denied(simulator)
    _books_agree(untold, denied=denied)
    _statement_ends_the_rest(stage, work)
    check()
    _what_went_out_has_ended(stage, has_statement=True)
    _money_has_arrived(simulator.transactions(), {})
    assert not _untold(simulator, given_back), "liveness: a statement proves it"
    _books_agree(untold, denied=denied, has_statement=True)
    # The statement doesn't say for which of our ids it was sent: it is an item that a person looks at, but where a question
    # had told that it was paid.
    items = ReconciliationItem.objects.filter(closed_at__isnull=True)
    told = set(items.values_list("receipt", flat=True))
    for booked in (SuspenseCase.objects, Payout.objects, Refund.objects):
        told.update(booked.values_list("transaction_id", flat=True))
    assert denied <= told, f"liveness: nobody is told of {denied - told}"


def _nothing_is_overdue(stage: Stage) -> None:
    for model in (WebhookLog, Payment, Payout, Refund, EventDelivery, Message):
        late = model._default_manager.filter(due_at__lte=stage.clock.now()).count()
        assert late == 0, f"liveness: {late} rows of {model.__name__} are overdue"


def _money_has_arrived(moves: list[dict[str, Any]], lost: dict[str, int]) -> None:
    came = [
        move for move in moves if move["kind"] in {"stk", "c2b", "manual"} and move["receipt"] not in lost
    ]
    booked = sum(Receipt.objects.values_list("amount_minor", flat=True))
    numbers = set(Receipt.objects.values_list("transaction_id", flat=True))
    assert sum(move["amount"] for move in came) == booked, (
        f"liveness: {booked} is booked, of what came without {[m for m in came if m['receipt'] not in numbers]}"
    )
    paid = {move["checkout_request_id"] for move in came} - {None}
    for payment in Payment.objects.filter(
        provider_reference_hash__in=[reference_index(checkout) for checkout in paid]
    ):
        assert payment.status in {PaymentStatus.COMPLETED, PaymentStatus.REVERSED}, (
            f"liveness: a paid payment is {payment.status}"
        )


def _what_went_out_has_ended(stage: Stage, *, has_statement: bool = False) -> None:
    answered = stage.payouts_that_arrived()
    listed = _told_by_a_statement(stage) if has_statement else set()
    for owed in [*Payout.objects.all(), *Refund.objects.all()]:
        if owed.status in {_S.UNKNOWN, _S.NEEDS_ATTENTION}:
            # Without a statement nobody can prove that it never arrived: it waits for a person (Y13, Y14).
            sent = {attempt.originator_conversation_id for attempt in owed.tries_made() if attempt.is_open}
            # After a week without an answer nothing asks any more. Then the statement proves what was paid; of
            # what M-Pesa refused it says nothing.
            told = (answered if owed.due_at is not None else set()) | listed
            assert not sent & told, f"liveness: a {owed.SUBJECT} that M-Pesa settled is still unknown"
            undoes = {owed.pay_in for attempt in owed.tries_made() if attempt.is_open and attempt.is_reversal}
            assert not (has_statement and undoes & _undone(stage)), "liveness: a statement proves it"
        elif owed.status == _S.HELD:
            assert owed.failure_reason or owed.held_reason, (
                f"liveness: a {owed.SUBJECT} is held without a reason"
            )
        elif owed.status == _S.QUEUED:
            assert owed.last_error in {"suspense", "float_low"}, f"liveness: a {owed.SUBJECT} is queued"
        else:
            assert owed.status in _ENDED, f"liveness: a {owed.SUBJECT} is {owed.status}"


def _told_by_a_statement(stage: Stage) -> set[str]:
    """What moved by tries that a statement can tell apart: of those alike all must have moved, and none have failed."""
    moved = {str(move["originator_conversation_id"]) for move in stage.simulator.transactions()}
    alike: defaultdict[tuple[str, int], list[Attempt]] = defaultdict(list)
    for attempt in [*PayoutAttempt.objects.all(), *RefundAttempt.objects.all()]:
        if attempt.is_reversal or not attempt.owed.has_payee:
            continue
        if attempt.status != AttemptStatus.SUCCEEDED:
            alike[attempt.paid_to.msisdn, attempt.amount_minor].append(attempt)
    told = set()
    for tries in alike.values():
        names = {attempt.originator_conversation_id for attempt in tries}
        are_equal = all(attempt.is_open and type(attempt) is type(tries[0]) for attempt in tries)
        if len(tries) == 1 or (are_equal and names <= moved):
            told |= names
    return told & moved


def _undone(stage: Stage) -> set[str]:
    return {str(move["original_receipt"]) for move in moves(stage.simulator, "reversal")}


def _untold(simulator: Simulator, given_back: set[str]) -> dict[str, int]:
    """What the provider gave back by itself and our books don't know. Receipt -> cents."""
    numbers = PayInReversal.objects.values_list("receipt__transaction_id", flat=True)
    # Where a reversal of ours was under way, nobody can tell the two apart: its money is back.
    ours = RefundAttempt.objects.filter(method=Method.REVERSAL).exclude(status=AttemptStatus.FAILED)
    known = {*numbers, *ours.values_list("refund__reverses", flat=True)}
    return {
        str(move["original_receipt"]): move["amount"]
        for move in moves(simulator, "reversal")
        if move["original_receipt"] in given_back - known
    }


def _statement_ends_the_rest(stage: Stage, work: Callable[[], int]) -> None:
    """What no message told is in the statement: it proves what was sent, and what was paid for one prompt."""
    for shortcode in stage.shortcodes():
        import_statement(stage.simulator.statement(shortcode=shortcode), now=stage.clock.now())
    reconcile(now=stage.clock.now())
    # What it proved may have to go back.
    for seconds in (0, 500, 4_000, 500):
        stage.pass_time(seconds)
        stage.settle(work)


def has_given_away_too_much() -> bool:
    """Whether staff have given away more than what is the operator's own: then the audit must say so."""
    books = story.ledger()
    own = sum(money.minor for code, money in books.items() if 3000 <= code < 5000)
    return own < sum(money.minor for code, money in books.items() if 5000 <= code < 6000)


def is_short_of_what_came(problem: str, lost: dict[str, int]) -> bool:
    """Whether an account has spent what our books don't know that it has: what came, or was moved, without a word."""
    if "overdrawn" not in problem:
        return False
    return TopUp.objects.filter(status__in=OPEN).exists() or (
        "account 1100[" in problem and any(minor > 0 for minor in lost.values())
    )


def _books_agree(lost: dict[str, int], *, denied: set[str], has_statement: bool = False) -> None:
    registry.mobile_money()
    problems = [
        problem
        for check in audit_books()
        for problem in check.problems
        if not (has_given_away_too_much() and check.name == "client money is covered")
        and not is_short_of_what_came(problem, {} if has_statement else lost)
    ]
    # Money of which nothing tells but the statement: the audit must say so, in a line for each account, and nothing else.
    came = [problem for problem in problems if "account 1100[" in problem]
    left = [problem for problem in problems if "account 1110[" in problem]
    differs = sum(lost.values()) != 0
    assert len(came) <= differs, f"liveness: {lost} is out of reach, the audit says {problems}"
    assert has_statement or len(came) == differs, f"liveness: {lost} is out of reach, the audit is content"
    assert len(left) <= bool(denied), f"liveness: the audit says {problems}"
    assert len(came) + len(left) == len(problems), f"liveness: the audit says {problems}"


_S = DisbursementStatus
_ENDED = (_S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.REVERSED)
