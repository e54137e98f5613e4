"""Ask for a staff action: done at once below the limit, by a second person above it (SAFETY 3.7)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings

from zemi.approvals.decide import allow, ask_for, reject
from zemi.approvals.models import Approval
from zemi.common.db import unit_of_work
from zemi.common.money import Money, kes
from zemi.disbursements.errors import DisbursementNotFound
from zemi.payouts.models import Payout
from zemi.providers import registry
from zemi.refunds.models import Refund
from zemi.staff.actions import ACTIONS, amount_in, run
from zemi.staff.acts import check_who_and_why, write_act
from zemi.staff.errors import BadRequestOfStaff
from zemi.staff.models import ActOutcome


def request_action(
    action: str,
    payload: Mapping[str, str],
    *,
    maker: str,
    reason: str,
    now: datetime,
    key: UUID | None = None,
) -> Approval | None:
    """Do `action` now, or write down that a second person must allow it; None when it was done. One unit of work.

    Either is an act that is kept with its reason. `key` is the form's that asked: sent twice, it is done once.

    :raises BadRequestOfStaff: no such action, names missing or too many, no reason
    :raises ActAlreadyDone: `key` was used before
    """
    registry.make_ready()
    known = ACTIONS.get(action)
    if known is None:
        raise BadRequestOfStaff(problem=f"no action {action!r}; there are {', '.join(ACTIONS)}")
    if set(payload) != set(known.names):
        raise BadRequestOfStaff(problem=f"{action} takes {', '.join(known.names)}")
    check_who_and_why(actor=maker, reason=reason)
    needs_two = known.always_two or _amount(payload) > kes(settings.FOUR_EYES_KES)
    with unit_of_work():
        asked = None
        if needs_two:
            asked = ask_for(action, payload, maker=maker, reason=reason, now=now)
        write_act(
            action,
            payload,
            actor=maker,
            reason=reason,
            now=now,
            outcome=ActOutcome.ASKED if asked else ActOutcome.DONE,
            approval_id=asked.id if asked else None,
            key=key,
        )
        if asked is None:
            run(action, payload, actor=maker[:60], now=now)
    return asked


def approve(
    approval_id: UUID, *, checker: str, reason: str, now: datetime, key: UUID | None = None
) -> Approval:
    """Allow what somebody else asked for, and do it, in one unit of work: either both happen or neither.

    :raises ApprovalNotFound, ApprovalNotPending, SecondPersonNeeded, PayloadChanged: nothing was done
    :raises BadRequestOfStaff: no reason
    """
    registry.make_ready()
    with unit_of_work():
        approval = allow(approval_id, checker=checker, now=now)
        _write_verdict(approval, ActOutcome.APPROVED, checker=checker, reason=reason, now=now, key=key)
        run(approval.action, approval.payload, actor=f"{approval.maker}+{checker}"[:60], now=now)
    return approval


def decline(
    approval_id: UUID, *, checker: str, reason: str, now: datetime, key: UUID | None = None
) -> Approval:
    """Reject what somebody else asked for: nothing of it is done. Opens its own transaction.

    :raises ApprovalNotFound, ApprovalNotPending, SecondPersonNeeded: there is nothing to reject
    :raises BadRequestOfStaff: no reason
    """
    with unit_of_work():
        approval = reject(approval_id, checker=checker, now=now)
        _write_verdict(approval, ActOutcome.DECLINED, checker=checker, reason=reason, now=now, key=key)
    return approval


def _write_verdict(
    approval: Approval, outcome: ActOutcome, *, checker: str, reason: str, now: datetime, key: UUID | None
) -> None:
    write_act(
        approval.action,
        approval.payload,
        actor=checker,
        reason=reason,
        now=now,
        outcome=outcome,
        approval_id=approval.id,
        key=key,
    )


def _amount(payload: Mapping[str, str]) -> Money:
    if "amount" in payload:
        return amount_in(payload)
    model = {"payout": Payout, "refund": Refund}.get(payload["kind"])
    try:
        row = model.objects.filter(pk=UUID(payload["id"])).first() if model else None  # type: ignore[attr-defined]
    except ValueError as error:
        raise BadRequestOfStaff(problem="id is no id") from error
    if row is None:
        raise DisbursementNotFound(kind=payload["kind"])
    amount: Money = row.amount
    return amount
