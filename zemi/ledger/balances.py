"""What stands on an account: kept balances are read, all others are summed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from zemi.common.money import Money
from zemi.ledger.chart import BY_CODE, AccountRef, Chart
from zemi.ledger.models import Account, Transfer


def balance_of(ref: AccountRef) -> Money:
    """The balance of one account, on the side on which it grows."""
    account = Account.objects.filter(pk=ref.key).first()
    if account is None:
        return Money(0, ref.currency)
    return Money(account.balance_minor if account.keeps_balance else _summed(account), ref.currency)


def kept_balances(refs: Collection[AccountRef]) -> dict[AccountRef, Money]:
    """The balances of accounts that keep theirs, in one statement; zero where nothing was ever booked."""
    keys = [ref.key for ref in refs]
    # Of an empty list Django asks nothing.
    found = dict(Account.objects.filter(pk__in=keys).values_list("id", "balance_minor"))
    return {ref: Money(found.get(ref.key, 0), ref.currency) for ref in refs}


def kept_totals() -> list[tuple[int, Money]]:
    """What stands on all accounts that keep their balance, by code of the chart: client money and what is under way."""
    rows = Account.objects.filter(keeps_balance=True, balance_minor__gt=0).values_list("code")
    return [
        (code, Money(total)) for code, total in rows.annotate(total=Sum("balance_minor")).order_by("code")
    ]


def idle_accounts(lines: Sequence[Chart], *, before: datetime, limit: int) -> list[AccountRef]:
    """Accounts of `lines` that hold something, and that no transfer has touched since `before`."""
    moved = Transfer.objects.filter(at__gte=before)
    found = Account.objects.filter(code__in=[line.code for line in lines], balance_minor__gt=0)
    idle = found.exclude(pk__in=moved.values("debit")).exclude(pk__in=moved.values("credit"))
    return [AccountRef(BY_CODE[row.code], row.of, row.currency) for row in idle.order_by("id")[:limit]]


def holders_of(line: Chart, *, least: Money, limit: int) -> list[str]:
    """For whom accounts of `line` hold `least` or more, `limit` of them at most."""
    found = Account.objects.filter(code=line.code, currency=least.currency, balance_minor__gte=least.minor)
    return list(found.order_by("id").values_list("of", flat=True)[:limit])


def is_idle(ref: AccountRef, *, before: datetime) -> bool:
    """Whether no transfer has touched the account since `before`."""
    touching = Q(debit_id=ref.key) | Q(credit_id=ref.key)
    return not Transfer.objects.filter(touching, at__gte=before).exists()


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One line of the chart with what stands on all of its accounts."""

    code: int
    name: str
    balance: Money


def trial_balance() -> list[TrialRow]:
    """Every used line of the chart, summed from the transfers alone, by code."""
    debited = dict(_by_code("debit__code"))
    credited = dict(_by_code("credit__code"))
    rows = []
    for code in sorted({*debited, *credited}):
        line = BY_CODE[code]
        net = debited.get(code, 0) - credited.get(code, 0)
        rows.append(TrialRow(code, line.name, Money(net if line.side == "debit" else -net)))
    return rows


def _by_code(column: str) -> list[tuple[int, int]]:
    rows = Transfer.objects.values_list(column).annotate(total=Sum("amount_minor")).order_by(column)
    return [(code, total) for code, total in rows]


def _summed(account: Account) -> int:
    debited, credited = (
        Transfer.objects.filter(**{side: account}).aggregate(total=Coalesce(Sum("amount_minor"), 0))["total"]
        for side in ("debit", "credit")
    )
    return int(credited - debited if account.credit_side else debited - credited)


def transfers_of(order_id: UUID) -> list[str]:
    """Every transfer of an order in words, oldest first: what, from where to where, how much."""
    rows = Transfer.objects.filter(order_id=order_id).select_related("debit", "credit").order_by("id")
    return [
        f"{row.kind}: debit {BY_CODE[row.debit.code].name}, credit {BY_CODE[row.credit.code].name}, "
        f"{row.currency} {Money(row.amount_minor, row.currency)}"
        for row in rows
    ]
