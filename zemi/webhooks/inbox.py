"""Take callbacks in: store, commit, answer. What they mean is found out later, from the stored row."""

from datetime import datetime
from uuid import UUID

from zemi.common.db import insert, inside_transaction, outside_transaction, write_if
from zemi.webhooks.models import WebhookLog


@outside_transaction
def receive(
    *,
    webhook_type: str,
    provider: str,
    body: bytes,
    content_type: str,
    user_agent: str,
    source_address: str,
    subject_id: UUID | None,
    now: datetime,
    due_at: datetime | None = None,
) -> WebhookLog:
    """Store a callback raw, due at once or at `due_at`.

    Every delivery is stored: duplicates are harmless, their effects are unique.
    Call it with no transaction open: what it stores is committed when it returns.
    """
    row = WebhookLog(
        webhook_type=webhook_type,
        provider=provider,
        subject_id=subject_id,
        headers={"content-type": content_type[:100], "user-agent": user_agent[:200]},
        source_address=source_address[:64],
        received_at=now,
        due_at=due_at or now,
    )
    row.set_body(body)
    # One statement is a transaction of its own.
    insert(row)
    return row


class ClaimLost(Exception):
    """Another worker took the inbox row over: what this one did in the same transaction is undone."""


@inside_transaction
def mark_handled(row: WebhookLog, *, now: datetime, error: str = "", **facts: str) -> None:
    """Close a claimed row, in the transaction of its effect. `facts` are the fields that may be kept in the clear.

    :raises ClaimLost: the row was taken over or handled meanwhile
    """
    closed = {
        "handled_at": now,
        "due_at": None,
        "lease_until": None,
        "processing_error": error[:200],
        "payload": facts,
    }
    if not write_if(row, closed, fence=row.fence, handled_at=None):
        raise ClaimLost
