"""Budgets that can't be raced: one conditional statement charges, and tells whether there was room (SAFETY 3.9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from zemi.common import crypto
from zemi.common.db import inside_transaction, outside_transaction
from zemi.trust.errors import TooManyAttempts

# A window that has passed starts anew; a full one that has not matches no row, and so nothing is counted.
_CHARGE = """
    INSERT INTO trust_budget (id, ends_at, used, most) VALUES {rows}
    ON CONFLICT (id) DO UPDATE SET
        used = CASE WHEN trust_budget.ends_at <= %s THEN 1 ELSE trust_budget.used + 1 END,
        ends_at = CASE WHEN trust_budget.ends_at <= %s THEN excluded.ends_at ELSE trust_budget.ends_at END,
        most = excluded.most
    WHERE trust_budget.ends_at <= %s OR trust_budget.used < excluded.most"""

_USED_UP = "SELECT 1 FROM trust_budget WHERE id = %s AND used >= %s AND ends_at > %s"


@dataclass(frozen=True, slots=True)
class Allowance:
    """`most` times per `window` for one `subject` and `purpose`. The subject is kept as a hash only."""

    purpose: str
    subject: str
    most: int
    window: timedelta

    @property
    def key(self) -> bytes:
        """The budget's key."""
        return crypto.blind_index(f"budget:{self.purpose}", self.subject)


@inside_transaction
def charge(*allowances: Allowance, now: datetime) -> bool:
    """Take one from each budget in one statement; False when one of them had nothing left.

    Then the caller must undo its unit, since the others were charged. Locks the budgets till the end of the unit.
    """
    return _charge(*allowances, now=now)


def _charge(*allowances: Allowance, now: datetime) -> bool:
    adapt = connection.ops.adapt_datetimefield_value
    rows = sorted((a.key, adapt(now + a.window), 1, a.most) for a in allowances)
    statement = _CHARGE.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(rows)))
    moment = adapt(now)
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row] + [moment] * 3)
        return bool(cursor.rowcount == len(rows))


@outside_transaction
def charge_or_refuse(allowance: Allowance, *, now: datetime) -> None:
    """Take one from a budget, and commit that before anything else happens.

    :raises TooManyAttempts: nothing is left
    """
    if not _charge(allowance, now=now):
        raise TooManyAttempts(retry_after_s=int(allowance.window.total_seconds()))


def refuse_if_used_up(allowance: Allowance, *, now: datetime) -> None:
    """Refuse a caller whose budget has nothing left, without charging it: for what costs only when it fails.

    :raises TooManyAttempts: nothing is left
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _USED_UP, [allowance.key, allowance.most, connection.ops.adapt_datetimefield_value(now)]
        )
        used_up = cursor.fetchone() is not None
    if used_up:
        raise TooManyAttempts(retry_after_s=int(allowance.window.total_seconds()))


@inside_transaction
def give_back(*allowances: Allowance) -> None:
    """Return what turned out to cost nothing."""
    with connection.cursor() as cursor:
        for key in sorted(a.key for a in allowances):
            cursor.execute("UPDATE trust_budget SET used = used - 1 WHERE id = %s AND used > 0", [key])
