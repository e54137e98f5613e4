"""What the ledger can prove by itself: balance, kept balances against the transfers, one currency, no overdraft."""

from collections import defaultdict
from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Sum

from zemi.ledger.chart import BY_CODE
from zemi.ledger.models import Account, Transfer


def unsound_transfers() -> Iterator[str]:
    """Transfers that no constraint should ever have let in: their keys."""
    broken = Transfer.objects.filter(
        Q(amount_minor__lte=0)
        | Q(debit=F("credit"))
        | ~Q(currency=F("debit__currency"))
        | ~Q(currency=F("credit__currency"))
    )
    yield from broken.order_by("id").values_list("key", flat=True)[:1000]


def totals() -> dict[str, tuple[int, int]]:
    """Per currency, what all accounts were debited and credited with, summed account by account (minor units)."""
    found: dict[str, tuple[int, int]] = {}
    for side, index in (("debit", 0), ("credit", 1)):
        rows = (
            Transfer.objects.values_list(f"{side}__currency").annotate(total=Sum("amount_minor")).order_by()
        )
        for currency, total in rows:
            pair = list(found.get(currency, (0, 0)))
            pair[index] = total
            found[currency] = (pair[0], pair[1])
    return found


def wrong_balances() -> Iterator[tuple[str, int, int]]:
    """Accounts whose kept balance is not what their transfers sum to: name, kept, summed (minor units)."""
    summed = "CASE WHEN a.credit_side THEN 1 ELSE -1 END * COALESCE(m.net, 0)"
    with connection.cursor() as cursor:
        # Each transfer is looked at once, from both sides; only what is wrong leaves the database.
        cursor.execute(
            f"""SELECT a.code, a."of", a.balance_minor, {summed} FROM ledger_account a
                LEFT JOIN (
                    SELECT id, SUM(minor) AS net FROM (
                        SELECT debit_id AS id, -amount_minor AS minor FROM ledger_transfer
                        UNION ALL SELECT credit_id, amount_minor FROM ledger_transfer) AS sides
                    GROUP BY id) AS m ON m.id = a.id
                WHERE a.keeps_balance AND (a.balance_minor <> {summed} OR {summed} < 0)
                ORDER BY a.code, a."of" LIMIT 1000"""  # noqa: S608 (own names)
        )
        for code, of, kept, moved in cursor.fetchall():
            yield f"{code}[{of}]", int(kept), int(moved)


def overdrawn_accounts() -> Iterator[tuple[str, int]]:
    """Asset accounts without a kept balance that have gone below zero: name, balance (minor units)."""
    assets = [
        code for code, line in BY_CODE.items() if line.side == "debit" and line.dimension == "shortcode"
    ]
    debited, credited = (
        dict(
            Transfer.objects.filter(**{f"{side}__code__in": assets})
            .values_list(side)
            .annotate(Sum("amount_minor"))
            .order_by()
        )
        for side in ("debit", "credit")
    )
    for account in Account.objects.filter(code__in=assets):
        balance = debited.get(account.pk, 0) - credited.get(account.pk, 0)
        if balance < 0:
            yield f"{account.code}[{account.of}]", balance


def kept_balances() -> defaultdict[int, dict[str, int]]:
    """The kept balances that are not zero, by line of the chart and by what each account is for (minor units)."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    kept = Account.objects.exclude(balance_minor=0)
    for code, of, minor in kept.values_list("code", "of", "balance_minor").iterator():
        found[code][of] = minor
    return found


def adjusted() -> defaultdict[int, dict[str, int]]:
    """What two people booked by hand, as a credit, by line of the chart and by what each account is for (minor units)."""
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    rows = Transfer.objects.filter(kind="adjustment")
    for side, sign in (("credit", 1), ("debit", -1)):
        for code, of, minor in rows.values_list(f"{side}__code", f"{side}__of", "amount_minor").iterator():
            found[code][of] = found[code].get(of, 0) + sign * minor
    return found


def transfers_without_cause() -> Iterator[str]:
    """Transfers whose event is not there: their keys."""
    events = apps.get_model("events", "Event")._default_manager
    orphans = Transfer.objects.filter(~Exists(events.filter(pk=OuterRef("event_id"))))
    yield from orphans.values_list("key", flat=True)[:1000]


def events_without_transfers(types: list[str]) -> Iterator[str]:
    """Events of `types` that booked nothing: their keys. Asked of the transfers' side of the relation."""
    events = apps.get_model("events", "Event")._default_manager
    rows = events.filter(type__in=types, transfers__isnull=True).order_by("id").values_list("type", "id")
    yield from (f"{kind} {key}" for kind, key in rows[:1000])
