"""Read transfers: those of some orders, one by one or summed by account and time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from zemi.ledger.chart import BY_CODE, Chart, Side
from zemi.ledger.models import Transfer


def transfers() -> "QuerySet[Any]":
    """All transfers, with both of their accounts."""
    return Transfer.objects.select_related("debit", "credit")


def line_of(code: int) -> Chart:
    """The line of the chart that an account belongs to."""
    return BY_CODE[code]


@dataclass(frozen=True, slots=True)
class Change:
    """What happened on one line of the chart in a period, on the side on which it grows, in minor units."""

    line: Chart
    increased_minor: int
    decreased_minor: int

    @property
    def net_minor(self) -> int:
        """What the line grew by; negative if it shrank."""
        return self.increased_minor - self.decreased_minor


def changes_of(
    rows: "QuerySet[Any]", *, since: datetime | None = None, until: datetime | None = None
) -> list[Change]:
    """Sum `rows` (some of `transfers`) of [since, until) by line of the chart. Two statements."""
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    debited, credited = (
        dict(rows.order_by(f"{side}__code").values_list(f"{side}__code").annotate(total=Sum("amount_minor")))
        for side in ("debit", "credit")
    )
    changes = []
    for code in sorted({*debited, *credited}):
        line = BY_CODE[code]
        grown, shrunk = (debited, credited) if line.side is Side.DEBIT else (credited, debited)
        changes.append(Change(line, grown.get(code, 0), shrunk.get(code, 0)))
    return changes
