"""What the ledger holds for somebody: balances now, and a statement of any period (DOMAIN 6.4 I11).

A merchant's books are the transfers of its orders; a seller's are those on the seller's own accounts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from zemi.common.clock import NAIROBI, stamp
from zemi.common.money import Money
from zemi.ledger import chart
from zemi.ledger.chart import Chart
from zemi.ledger.queries import changes_of
from zemi.orders.models import Order
from zemi.snapshots.errors import PeriodInvalid
from zemi.snapshots.objects import Shown, render, rows_of, show_account

LONGEST_PERIOD = timedelta(days=366)
COLUMNS = (
    "created_at", "transfer", "order", "reference", "kind", "debit", "debit_name", "credit", "credit_name",
    "amount", "currency", "event",
)  # fmt: skip
_SELLERS = (chart.SELLER_PAYABLE, chart.SELLER_RESERVE, chart.SELLER_DEBT)
_CHUNK = 500
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Books:
    """Whose they are: the transfers in them, and the lines of the chart that are theirs."""

    transfers: "QuerySet[Any]"
    lines: tuple[Chart, ...]


def books_of_merchant(merchant_id: UUID) -> Books:
    """The transfers of a merchant's orders, and all client money in them."""
    orders = Order.objects.filter(merchant_id=merchant_id).values("id")
    return Books(rows_of("transfer").filter(order_id__in=orders), chart.CLIENT_MONEY)


def books_of_seller(party_id: UUID) -> Books:
    """The transfers on a seller's own accounts."""
    keys = [
        ref.key
        for ref in (
            chart.seller_payable(party_id),
            chart.seller_reserve(party_id),
            chart.seller_debt(party_id),
        )
    ]
    own = Q(debit_id__in=keys) | Q(credit_id__in=keys)
    return Books(rows_of("transfer").filter(own), _SELLERS)


def show_balance(books: Books, *, now: datetime) -> Shown:
    """What stands on each of the lines."""
    net = {change.line: change.net_minor for change in changes_of(books.transfers)}
    return {
        "object": "balance",
        "livemode": settings.LIVE,
        "currency": "KES",
        "as_of": stamp(now),
        "accounts": [{**show_account(line), "balance": str(Money(net.get(line, 0)))} for line in books.lines],
    }


def period(*, since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The period [since, until) of a statement: from the first of this month in Nairobi until now, where nothing is said.

    :raises PeriodInvalid: it ends before it begins, or is longer than a year
    """
    month = now.astimezone(NAIROBI).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begins, ends = since or month, until or now
    if not timedelta(0) < ends - begins <= LONGEST_PERIOD:
        raise PeriodInvalid
    return begins, ends


def show_statement(books: Books, *, since: datetime, until: datetime) -> Shown:
    """What stood on each of the lines at `since`, what came and went until `until`, and what stood there then."""
    before = {change.line: change.net_minor for change in changes_of(books.transfers, until=since)}
    within = {change.line: change for change in changes_of(books.transfers, since=since, until=until)}
    accounts = []
    for line in books.lines:
        opening, change = before.get(line, 0), within.get(line)
        grown, shrunk = (change.increased_minor, change.decreased_minor) if change is not None else (0, 0)
        amounts = {
            "opening": opening,
            "increase": grown,
            "decrease": shrunk,
            "closing": opening + grown - shrunk,
        }
        accounts.append(
            {**show_account(line), **{name: str(Money(minor)) for name, minor in amounts.items()}}
        )
    return {
        "object": "statement",
        "livemode": settings.LIVE,
        "currency": "KES",
        "from": stamp(since),
        "until": stamp(until),
        "accounts": accounts,
    }


def statement_rows(books: Books, *, since: datetime, until: datetime) -> Iterator[Sequence[str]]:
    """Every transfer of the period, oldest first, as rows of `COLUMNS`; read in pieces, however many there are."""
    rows = books.transfers.filter(at__gte=since, at__lt=until).order_by("id")
    chunk = list(rows[:_CHUNK])
    while chunk:
        references = dict(
            Order.objects.filter(pk__in={row.order_id for row in chunk}).values_list(
                "id", "merchant_reference"
            )
        )
        for row, shown in zip(chunk, render("transfer", chunk), strict=True):
            yield _row(shown, references.get(row.order_id, ""))
        chunk = list(rows.filter(id__gt=chunk[-1].id)[:_CHUNK])


def _row(shown: Mapping[str, Any], reference: str) -> Sequence[str]:
    cells = {
        **shown,
        "transfer": shown["id"],
        "reference": reference,
        "debit": shown["debit"]["code"],
        "debit_name": shown["debit"]["name"],
        "credit": shown["credit"]["code"],
        "credit_name": shown["credit"]["name"],
    }
    return [_cell(cells[name]) for name in COLUMNS]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
