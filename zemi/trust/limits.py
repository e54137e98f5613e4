"""Budgets that can't be raced: one conditional statement charges, and tells whether there was room (SAFETY 3.9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from zemi.common import crypto
from zemi.common.db import aware, inside_transaction, outside_transaction
from zemi.common.limits import LIMITS
from zemi.trust.errors import TooManyAttempts
from zemi.trust.models import Budget

# A window that has passed starts anew; a full one that has not matches no row, and so nothing is counted.
_CHARGE = """
    INSERT INTO trust_budget (id, ends_at, used, most) VALUES {rows}
    ON CONFLICT (id) DO UPDATE SET
        used = CASE WHEN trust_budget.ends_at <= %s THEN excluded.used ELSE trust_budget.used + excluded.used END,
        ends_at = CASE WHEN trust_budget.ends_at <= %s THEN excluded.ends_at ELSE trust_budget.ends_at END,
        most = excluded.most
    WHERE trust_budget.ends_at <= %s OR trust_budget.used + excluded.used <= excluded.most
    RETURNING id, used, ends_at"""

_USED_UP = "SELECT 1 FROM trust_budget WHERE id = %s AND used >= %s AND ends_at > %s"
_GIVE_BACK = "UPDATE trust_budget SET used = used - %s WHERE id = %s AND used >= %s"


# Said twice: on PostgreSQL a row that begins anew while this waits for it is looked at again, by the outer condition alone.
_FORGET = """
    DELETE FROM trust_budget WHERE ends_at < %s AND id IN (
        SELECT id FROM trust_budget WHERE ends_at < %s ORDER BY ends_at LIMIT %s)"""
_KEPT_FOR = timedelta(days=1)
_MOST_DELETED = 1000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`most` in a `window` for one `subject` and `purpose`, of which the act takes `cost`. The subject is kept as a hash."""

    purpose: str
    subject: str
    most: int
    window: timedelta
    cost: int = 1

    @property
    def key(self) -> bytes:
        """The budget's key."""
        return crypto.blind_index(f"budget:{self.purpose}", self.subject)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a budget has left after it was charged, and when its window ends."""

    left: int
    resets_at: datetime


def named(limit: str, subject: str, *, cost: int = 1, window: timedelta | None = None) -> Allowance:
    """The budget of `subject` under a limit of `zemi.common.limits`, as it is set here."""
    return Allowance(limit, subject, settings.LIMITS[limit], window or LIMITS[limit].window, cost)


@inside_transaction
def charge(*allowances: Allowance, now: datetime) -> bool:
    """Charge each budget in one statement; False when one of them had not enough left.

    Then the caller must undo its unit, since the others were charged. Locks the budgets till the end of the unit.
    """
    return try_charge(*allowances, now=now) is None


@inside_transaction
def try_charge(*allowances: Allowance, now: datetime) -> Allowance | None:
    """Charge each budget as `charge` does; the first that had not enough left, or None when all had.

    What the statement itself says: whoever read the budgets after it would count this charge twice.
    """
    charged = {bytes(key) for key, _, _ in _charge(*allowances, now=now)}
    return next((allowance for allowance in allowances if allowance.key not in charged), None)


def _charge(*allowances: Allowance, now: datetime) -> list[tuple[Any, ...]]:
    adapt = connection.ops.adapt_datetimefield_value
    rows = sorted((a.key, adapt(now + a.window), a.cost, a.most) for a in allowances if a.cost <= a.most)
    if not rows:
        return []
    statement = _CHARGE.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(rows)))
    moment = adapt(now)
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row] + [moment] * 3)
        return list(cursor.fetchall())


@outside_transaction
def charge_or_refuse(allowance: Allowance, *, now: datetime) -> Spent:
    """Take from a budget, and commit that before anything else happens.

    :raises TooManyAttempts: not enough is left
    """
    charged = _charge(allowance, now=now)
    if not charged:
        raise too_many(allowance, now=now)
    [(_, used, ends_at)] = charged
    return Spent(left=allowance.most - used, resets_at=aware(ends_at))


def too_many(allowance: Allowance, *, now: datetime) -> TooManyAttempts:
    """The refusal of a budget that has too little left: it names the limit, and says when to come back."""
    ends_at = Budget.objects.filter(pk=allowance.key).values_list("ends_at", flat=True).first()
    wait = (ends_at - now if ends_at is not None else allowance.window).total_seconds()
    return TooManyAttempts(retry_after_s=max(1, int(-(-wait // 1))), limit=allowance.purpose)


def room_at(*allowances: Allowance, now: datetime) -> datetime:
    """When each of these has room again for what it costs, by what was spent until now; `now` if they have it."""
    spent = {bytes(row.pk): row for row in Budget.objects.filter(pk__in=[a.key for a in allowances])}
    full = [
        spent[a.key].ends_at for a in allowances if a.key in spent and spent[a.key].used + a.cost > a.most
    ]
    return max([now, *full])


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
        raise too_many(allowance, now=now)


@inside_transaction
def give_back(*allowances: Allowance) -> None:
    """Return what turned out to cost nothing."""
    with connection.cursor() as cursor:
        for key, cost in sorted((a.key, a.cost) for a in allowances):
            cursor.execute(_GIVE_BACK, [cost, key, cost])


@outside_transaction
def forget_ended_budgets(*, now: datetime) -> int:
    """Delete budgets whose window ended a day ago, some at a time; how many. One that is charged again begins anew."""
    before = connection.ops.adapt_datetimefield_value(now - _KEPT_FOR)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [before, before, _MOST_DELETED])
        return int(cursor.rowcount)
