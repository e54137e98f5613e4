"""Ask for something, and have somebody else allow or reject it."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from zemi.approvals import errors
from zemi.approvals.locks import lock_approval
from zemi.approvals.models import Approval, ApprovalStatus
from zemi.common.db import append, inside_transaction, unit_of_work
from zemi.common.work import due_keys
from zemi.events.errors import InvalidTransition
from zemi.events.log import record, transition

LIFE = timedelta(hours=24)


@inside_transaction
def ask_for(action: str, payload: Mapping[str, str], *, maker: str, reason: str, now: datetime) -> Approval:
    """Write down what `maker` wants; somebody else has 24 hours to allow it."""
    approval = Approval(
        action=action,
        payload=dict(payload),
        payload_hash=_hash(action, payload),
        reason=reason[:200],
        maker=maker[:60],
        created_at=now,
        expires_at=now + LIFE,
    )
    append(approval)
    # Not the reason: what people write may name somebody, and events are never forgotten.
    record("approval.asked", approval, at=now, actor=maker[:60], data={"action": action})
    return approval


@inside_transaction
def allow(approval_id: UUID, *, checker: str, now: datetime) -> Approval:
    """Allow a request; the caller does what it says, in this same unit of work.

    :raises ApprovalNotFound, ApprovalNotPending: there is nothing to allow
    :raises SecondPersonNeeded: `checker` is who asked
    :raises PayloadChanged: what is stored is not what was asked for
    """
    approval = lock_approval(approval_id)
    if approval.status != ApprovalStatus.PENDING or approval.expires_at <= now:
        raise errors.ApprovalNotPending(status=_word(approval, now=now))
    if approval.maker == checker[:60]:
        raise errors.SecondPersonNeeded(maker=approval.maker)
    if bytes(approval.payload_hash) != _hash(approval.action, approval.payload):
        raise errors.PayloadChanged
    transition(
        approval, ApprovalStatus.EXECUTED, at=now, actor=checker[:60], checker=checker[:60], decided_at=now
    )
    return approval


@inside_transaction
def reject(approval_id: UUID, *, checker: str, now: datetime) -> Approval:
    """Reject a request: nothing of it is done.

    :raises ApprovalNotFound, ApprovalNotPending: there is nothing to reject
    :raises SecondPersonNeeded: `checker` is who asked
    """
    approval = lock_approval(approval_id)
    if approval.status != ApprovalStatus.PENDING:
        raise errors.ApprovalNotPending(status=_word(approval, now=now))
    if approval.maker == checker[:60]:
        raise errors.SecondPersonNeeded(maker=approval.maker)
    transition(
        approval, ApprovalStatus.REJECTED, at=now, actor=checker[:60], checker=checker[:60], decided_at=now
    )
    return approval


def expire_old_requests(*, now: datetime, limit: int = 100) -> int:
    """Close requests that nobody decided in time."""
    keys = due_keys(Approval, "expires_at", now=now, limit=limit, statuses=[ApprovalStatus.PENDING])
    for key in keys:
        # Somebody may decide it in this very moment: then there is no such move any more.
        with suppress(InvalidTransition), unit_of_work():
            transition(lock_approval(key), ApprovalStatus.EXPIRED, at=now, actor="worker", decided_at=now)
    return len(keys)


def pending(*, now: datetime) -> "QuerySet[Approval]":
    """The requests that can be decided now, in no order."""
    return Approval.objects.filter(status=ApprovalStatus.PENDING, expires_at__gt=now)


def _word(approval: Approval, *, now: datetime) -> str:
    late = approval.status == ApprovalStatus.PENDING and approval.expires_at <= now
    return str(ApprovalStatus.EXPIRED if late else approval.status)


def _hash(action: str, payload: Mapping[str, str]) -> bytes:
    return hashlib.sha256(json.dumps([action, dict(payload)], sort_keys=True).encode()).digest()
