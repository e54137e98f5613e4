"""Write down what staff do, with who and why; each in the transaction that does it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from zemi.common.db import insert, inside_transaction
from zemi.common.ids import new_key
from zemi.common.phone import holds_phone
from zemi.staff.errors import ActAlreadyDone, BadRequestOfStaff
from zemi.staff.models import ActOutcome, StaffAct

# Of what an action takes, what it is done to.
_ABOUT = ("id", "order", "reference", "receipt", "name", "kind")


def check_who_and_why(*, actor: str, reason: str) -> None:
    """Refuse an act without a name or a reason, or with a number in it: it is kept for ever, and read by all staff.

    :raises BadRequestOfStaff: one of them
    """
    if not reason.strip() or not actor.strip():
        raise BadRequestOfStaff(problem="say who you are and why")
    if holds_phone(reason):
        raise BadRequestOfStaff(problem="a phone number stands in the reason, which is kept for ever")


@inside_transaction
def write_act(
    action: str,
    payload: Mapping[str, str],
    *,
    actor: str,
    reason: str,
    now: datetime,
    outcome: ActOutcome = ActOutcome.DONE,
    approval_id: UUID | None = None,
    key: UUID | None = None,
) -> StaffAct:
    """Write down what `actor` does in this unit of work. `key` is that of the form, if it was one.

    :raises ActAlreadyDone: the form was sent before: nothing is done again
    :raises BadRequestOfStaff: without a name or a reason
    """
    check_who_and_why(actor=actor, reason=reason)
    act = StaffAct(
        id=key or new_key(),
        at=now,
        actor=actor[:60],
        action=action,
        payload=dict(payload),
        about=next((payload[name] for name in _ABOUT if name in payload), "")[:64],
        reason=reason.strip()[:200],
        outcome=outcome,
        approval_id=approval_id,
    )
    # Now, not at the end: of two at once the second waits here, and then knows.
    if not insert(act, ignore_conflicts=True):
        raise ActAlreadyDone
    return act
