"""Why a part of a sale's money is not with its seller yet, and what happens when. Pure rules; pages say each in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zemi.snapshots.next_action import NextAction


class Because(StrEnum):
    """Why it is not paid yet. The first eight are turns, in the words of `Verb`; after them come reasons of a payout."""

    PAY = "pay"
    PAY_REST = "pay_rest"
    APPROVE_PROMPT = "approve_prompt"
    CONFIRM_PAYMENT = "confirm_payment"
    DELIVER = "deliver"
    ANSWER_CANCEL_REQUEST = "answer_cancel_request"
    REFUND_BUYER = "refund_buyer"
    CORRECT_REFUND = "correct_refund"

    NOT_DUE = "not_due"
    SENDING = "sending"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    FLOAT_LOW = "float_low"
    PROVIDER_AWAY = "provider_away"
    LIMIT = "limit"
    WALLET_FULL = "wallet_full"
    CREDENTIALS = "credentials"
    PAYEE_CHANGED = "payee_changed"
    NO_PAYEE = "no_payee"
    SENT = "sent"
    UNKNOWN = "unknown"
    NEEDS_ATTENTION = "needs_attention"
    FAILED = "failed"
    REVERSED = "reversed"
    CALLED_OFF = "called_off"


class Then(StrEnum):
    """What the moment is that is told with a reason."""

    # The reason is over, at the latest.
    UNTIL = "until"
    TRIED_AGAIN = "tried_again"
    ASKED_AGAIN = "asked_again"
    SENT_ON = "sent_on"


@dataclass(frozen=True, slots=True)
class Unpaid:
    """One reason; `at` is when `then` happens, None where time alone changes nothing."""

    because: Because
    then: Then = Then.UNTIL
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """What stands before all payouts to one seller: stopped by people, money of ours with the seller, or too low a float."""

    is_stopped: bool = False
    is_suspended: bool = False
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What the rules look at: one release, with its newest payout. `went_back`: the buyer has the money, or will."""

    release: str
    due_at: datetime | None = None
    payout: str = ""
    held_reason: str = ""
    # When the payout is looked at again.
    looked_at: datetime | None = None
    went_back: bool = False


# Held until its cause goes away: M-Pesa's refusal, by our word for it. Reversals are refunds' alone.
_HELD: Mapping[str, tuple[Because, Then]] = {
    "float_low": (Because.FLOAT_LOW, Then.TRIED_AGAIN),
    "limit": (Because.LIMIT, Then.TRIED_AGAIN),
    "wallet_full": (Because.WALLET_FULL, Then.TRIED_AGAIN),
    "credentials": (Because.CREDENTIALS, Then.TRIED_AGAIN),
    "payee_changed": (Because.PAYEE_CHANGED, Then.SENT_ON),
    "no_payee": (Because.NO_PAYEE, Then.UNTIL),
    "reversal_refused": (Because.SENDING, Then.TRIED_AGAIN),
    # On its way back into the queue.
    "": (Because.SENDING, Then.TRIED_AGAIN),
}
# Released, it has its payout in the same transaction: one without is for a person.
_UNRELEASED: Mapping[str, Because] = {"scheduled": Because.NOT_DUE, "released": Because.CALLED_OFF}
# Nothing happens by itself: a person looks.
_STUCK: Mapping[str, Because] = {
    "needs_attention": Because.NEEDS_ATTENTION,
    "failed": Because.FAILED,
    "reversed": Because.REVERSED,
    "cancelled": Because.CALLED_OFF,
}


def why_not_begun(turn: NextAction | None) -> Unpaid | None:
    """Why nothing of a sale that is not delivered is paid: whose turn it is. None: it has ended, and nothing will be."""
    return Unpaid(Because(turn.verb.value), at=turn.deadline_at) if turn is not None else None


def why_unpaid(part: Part, way: Way, *, now: datetime) -> Unpaid | None:
    """Why one release is not paid. None: it is, or the buyer has the money.

    A moment that is over is not told: it is being done.

    :raises KeyError: a status that these rules don't know
    """
    found = _why(part, way, now=now)
    if found is not None and found.at is not None and found.at <= now:
        return Unpaid(found.because, found.then)
    return found


def _why(part: Part, way: Way, *, now: datetime) -> Unpaid | None:
    match part.payout:
        case "":
            found = Unpaid(_UNRELEASED[part.release], at=part.due_at)
        case "created" | "queued":
            found = _queued(part, way, now=now)
        case "held":
            found = Unpaid(*_HELD[part.held_reason], part.looked_at)
        case "submitting" | "submitted":
            found = Unpaid(Because.SENT, Then.ASKED_AGAIN, part.looked_at)
        case "unknown":
            found = Unpaid(Because.UNKNOWN, Then.ASKED_AGAIN, part.looked_at)
        case _ if part.payout == "succeeded" or (part.payout == "cancelled" and part.went_back):
            return None
        case _:
            found = Unpaid(_STUCK[part.payout])
    return found


def _queued(part: Part, way: Way, *, now: datetime) -> Unpaid:
    """The order of `zemi.disbursements.switch.gate`."""
    if way.is_stopped:
        return Unpaid(Because.STOPPED)
    if way.is_suspended:
        return Unpaid(Because.SUSPENDED)
    if way.waits_until is not None and way.waits_until > now:
        return Unpaid(Because.FLOAT_LOW, Then.TRIED_AGAIN, way.waits_until)
    if part.looked_at is not None and part.looked_at > now:
        # It was not taken, or M-Pesa is known to be away: it is sent later, under the same id.
        return Unpaid(Because.PROVIDER_AWAY, Then.TRIED_AGAIN, part.looked_at)
    return Unpaid(Because.SENDING)
