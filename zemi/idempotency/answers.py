"""One key, one effect, one answer: an insert decides who acts, never a look before it (DOMAIN 4.1, SAFETY 4.3).

The answer is kept in the transaction of the effect. So an open row means that nothing was done, or that it is still
being done; after a while it may be taken over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from zemi.common import crypto
from zemi.common.db import insert, inside_transaction, outside_transaction, write_if
from zemi.idempotency.errors import AnswerGone, InProgress, KeyReused
from zemi.idempotency.models import KeptAnswer

LIFE = timedelta(hours=24)
# Calls that move money: clients may come back with them after a long week-end.
MONEY_LIFE = timedelta(days=30)
# Longer than any request lives: what is open then has died.
TAKEN_OVER_AFTER = timedelta(seconds=90)
_RETRY_AFTER_S = 2
_MOST_DELETED = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act for one key. `begun_at`: when somebody first began before, who died without an answer."""

    row: KeptAnswer
    key: str
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered to the first request with this key, which came at `asked_at`."""

    status: int
    body: str
    request_id: str
    asked_at: datetime


@outside_transaction
def begin(
    *, account: str, key: str, fingerprint: bytes, request_id: str, life: timedelta, now: datetime
) -> Claim | Kept:
    """Claim `key` for `account`, or find what was answered to it. One short statement, committed before anything else.

    :raises KeyReused: it was used for a request with another fingerprint
    :raises InProgress: that request is running still
    :raises AnswerGone: its answer held a secret that is over
    """
    row = KeptAnswer(
        id=crypto.blind_index("idempotency-key", f"{account}|{key}"),
        fingerprint=fingerprint,
        started_at=now,
        request_id=request_id,
        expires_at=now + life,
    )
    if insert(row, ignore_conflicts=True):
        return Claim(row, key)
    found = KeptAnswer.objects.filter(pk=row.pk).first()
    if found is not None and found.expires_at <= now:
        return _take_over(found, row, key, begun_at=None)
    if found is None:
        # Taken back between the two statements: whoever had it did nothing.
        raise InProgress(retry_after_s=_RETRY_AFTER_S)
    if not crypto.same(bytes(found.fingerprint), fingerprint):
        raise KeyReused
    if found.status is not None:
        return _kept(found, key)
    if found.started_at > now - TAKEN_OVER_AFTER:
        raise InProgress(retry_after_s=_RETRY_AFTER_S)
    # The first request's end of life: also the third one asks for what the first began.
    row.expires_at = found.expires_at
    return _take_over(found, row, key, begun_at=found.expires_at - life)


def keep(claim: Claim, *, status: int, body: str, secret_of: UUID | None = None) -> bool:
    """Keep the answer to a claimed key, sealed under that key. False when another request took the claim over."""
    row = claim.row
    sealed = crypto.seal_under(claim.key, body, context=_context(row))
    answer = {"status": status, "body_sealed": sealed, "secret_of": secret_of}
    return write_if(row, answer, status=None, started_at=row.started_at)


@inside_transaction
def keep_with_effect(claim: Claim, *, status: int, body: str, secret_of: UUID | None = None) -> None:
    """Keep the answer in the transaction of its effect.

    :raises InProgress: another request took the claim over: the effect must be undone
    """
    if not keep(claim, status=status, body=body, secret_of=secret_of):
        raise InProgress(retry_after_s=_RETRY_AFTER_S)


def give_up(claim: Claim) -> None:
    """Free a claimed key: nothing was done, and a retry may try again."""
    row = claim.row
    KeptAnswer.objects.filter(pk=row.pk, status=None, started_at=row.started_at).delete()


def forget_secrets(order_id: UUID) -> None:
    """Destroy the answers that hold a delivery code of this order: it is used or replaced."""
    KeptAnswer.objects.filter(secret_of=order_id).update(body_sealed=None)


@outside_transaction
def forget_old_answers(*, now: datetime) -> int:
    """Delete what is past its time, some at a time; how many."""
    adapt = connection.ops.adapt_datetimefield_value
    statement = """
        DELETE FROM idempotency_keptanswer WHERE id IN (
            SELECT id FROM idempotency_keptanswer WHERE expires_at <= %s ORDER BY expires_at LIMIT %s)"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(now), _MOST_DELETED])
        return int(cursor.rowcount)


def _take_over(found: KeptAnswer, row: KeptAnswer, key: str, *, begun_at: datetime | None) -> Claim:
    anew = {
        "fingerprint": row.fingerprint,
        "started_at": row.started_at,
        "request_id": row.request_id,
        "status": None,
        "body_sealed": None,
        "secret_of": None,
        "expires_at": row.expires_at,
    }
    if not write_if(found, anew, started_at=found.started_at, status=found.status):
        raise InProgress(retry_after_s=_RETRY_AFTER_S)
    return Claim(row, key, begun_at=begun_at)


def _kept(found: KeptAnswer, key: str) -> Kept:
    if found.body_sealed is None:
        raise AnswerGone
    body = crypto.unseal_under(key, found.body_sealed, context=_context(found))
    return Kept(int(found.status or 0), body, found.request_id, found.started_at)


def _context(row: KeptAnswer) -> str:
    return f"idempotency|body|{bytes(row.pk).hex()}"
