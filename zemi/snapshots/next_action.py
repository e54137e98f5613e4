"""Who has to do what next with an order, until when, and what happens if nobody does (DOMAIN 2.6). Pure rules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Actor(StrEnum):
    """Whose turn it is. `zemi`: it goes on by itself; `support`: a person of the operator's has to look."""

    BUYER = "buyer"
    SELLER = "seller"
    ZEMI = "zemi"
    SUPPORT = "support"


class Verb(StrEnum):
    """What is to be done."""

    PAY = "pay"
    PAY_REST = "pay_rest"
    APPROVE_PROMPT = "approve_prompt"
    CONFIRM_PAYMENT = "confirm_payment"
    DELIVER = "deliver"
    ANSWER_CANCEL_REQUEST = "answer_cancel_request"
    PAY_SELLER = "pay_seller"
    CORRECT_PAYOUT = "correct_payout"
    REFUND_BUYER = "refund_buyer"
    CORRECT_REFUND = "correct_refund"


class Outcome(StrEnum):
    """What silence will cause."""

    ORDER_EXPIRES = "order_expires"
    PROMPT_ENDS = "prompt_ends"
    REQUEST_LAPSES = "request_lapses"
    # No time ends these: the money stays where it is.
    MONEY_STAYS_HELD = "money_stays_held"
    ASKED_AGAIN = "asked_again"


# What each says of the money, for whoever reads the schema.
MEANING = {
    Outcome.ORDER_EXPIRES: "the order expires; what was paid in part goes back to its payer",
    Outcome.PROMPT_ENDS: "the prompt ends and moves nothing; the order can be paid again",
    Outcome.REQUEST_LAPSES: "the order goes on as before it was asked for; the money stays held",
    Outcome.MONEY_STAYS_HELD: "nothing, however long it takes: the money stays held, and there is no deadline",
    Outcome.ASKED_AGAIN: "Zemi sends what waits and asks M-Pesa about what was sent, by itself, until it has arrived",
}


@dataclass(frozen=True, slots=True)
class NextAction:
    """One turn. `deadline_at` is None where time alone changes nothing for the one whose turn it is."""

    actor: Actor
    verb: Verb
    deadline_at: datetime | None
    if_no_action: Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules look at: the order's own state, and the statuses of what belongs to it."""

    status: str
    part_paid: bool
    expires_at: datetime | None
    # Of the attempt that is live: its status, and until when it keeps others away.
    live_payment: tuple[str, datetime] | None = None
    # The provider has said of an attempt that it was paid and that it was not.
    contradicted: bool = False
    payouts: Collection[str] = ()
    refunds: Collection[str] = ()
    # The provider took the payment back after it had been released.
    taken_back: bool = False
    # Which side has asked the other to cancel, and until when that can be answered.
    cancel_asked: tuple[str, datetime] | None = None


# A person has to look at these; the worker ends all others that are not done.
_STUCK = frozenset({"failed", "needs_attention", "reversed"})
_DONE = frozenset({"succeeded", "cancelled"})


def next_action(of: Standing) -> NextAction | None:
    """Whose turn it is; None when nothing is left to be done."""
    if of.status == "awaiting_payment":
        return _awaiting_payment(of)
    if of.status == "paid":
        if of.cancel_asked is not None:
            asked_by, until = of.cancel_asked
            other = Actor.SELLER if asked_by == "buyer" else Actor.BUYER
            return NextAction(other, Verb.ANSWER_CANCEL_REQUEST, until, Outcome.REQUEST_LAPSES)
        # A delivery has no deadline: released by the code, or given back by the seller, by both together, or by staff.
        return NextAction(Actor.SELLER, Verb.DELIVER, None, Outcome.MONEY_STAYS_HELD)
    if of.status == "completed":
        # Each release has one payout here. What was called off, but not for the buyer's sake, is still owed to the seller.
        went_back = of.taken_back or any(status != "cancelled" for status in of.refunds)
        stuck = _STUCK if went_back else _STUCK | {"cancelled"}
        return _money_on_its_way(of.payouts, Verb.PAY_SELLER, Verb.CORRECT_PAYOUT, stuck=stuck)
    return refund_turn(of.refunds)


def refund_turn(statuses: Collection[str]) -> NextAction | None:
    """Whose turn it is with refunds of these statuses; None when they are at their end."""
    return _money_on_its_way(statuses, Verb.REFUND_BUYER, Verb.CORRECT_REFUND, stuck=_STUCK)


def _awaiting_payment(of: Standing) -> NextAction:
    if of.live_payment is not None:
        status, live_until = of.live_payment
        if status == "unknown":
            return NextAction(Actor.ZEMI, Verb.CONFIRM_PAYMENT, live_until, Outcome.ASKED_AGAIN)
        return NextAction(Actor.BUYER, Verb.APPROVE_PROMPT, live_until, Outcome.PROMPT_ENDS)
    if of.contradicted:
        # The order does not expire meanwhile.
        return NextAction(Actor.SUPPORT, Verb.CONFIRM_PAYMENT, None, Outcome.ASKED_AGAIN)
    verb = Verb.PAY_REST if of.part_paid else Verb.PAY
    return NextAction(Actor.BUYER, verb, of.expires_at, Outcome.ORDER_EXPIRES)


def _money_on_its_way(
    statuses: Collection[str], going: Verb, correct: Verb, *, stuck: Collection[str]
) -> NextAction | None:
    if any(status in stuck for status in statuses):
        return NextAction(Actor.SUPPORT, correct, None, Outcome.MONEY_STAYS_HELD)
    if any(status not in _DONE for status in statuses):
        return NextAction(Actor.ZEMI, going, None, Outcome.ASKED_AGAIN)
    return None
