"""Take in the provider's statement: each movement once, however often and from wherever it is told."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db.models import F, Q
from django.db.models.functions import Greatest

from zemi.common.db import inside_transaction, outside_transaction, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.money import Money
from zemi.providers import registry
from zemi.providers.base import LineKind, ProviderLine, Unknown
from zemi.providers.mpesa.statement import StatementLine as MpesaLine
from zemi.providers.mpesa.statement import read_statement
from zemi.providers.wire import msisdn
from zemi.reconciliation.models import Direction, StatementImport, StatementLine, Verdict

_BATCH = 500
_ORDER = re.compile(r"ZEM-[0-9A-HJKMNP-TV-Z]{8}", re.ASCII)
# What Safaricom keeps for pulling (DARAJA 1.7).
PULL_BACK = timedelta(hours=48)
# The source of what the worker pulls by itself.
SWEEP = "sweep"
# Words of "Reason Type", or of "Details" where that is empty; the first that is found decides. Only what is known to be a
# customer's payment is one: money is booked because of it.
_WORDS = (
    ("reversal", LineKind.REVERSAL),
    ("charge", LineKind.FEE),
    ("fee", LineKind.FEE),
    ("transfer", LineKind.TRANSFER),
    ("top up", LineKind.TRANSFER),
    ("pay to bulk", LineKind.TRANSFER),
    ("settlement", LineKind.TRANSFER),
    ("funds", LineKind.TRANSFER),
    ("pay bill", LineKind.PAYMENT),
    ("paybill", LineKind.PAYMENT),
    ("pay utility", LineKind.PAYMENT),
    ("buy goods", LineKind.PAYMENT),
    ("pay merchant", LineKind.PAYMENT),
    ("payment", LineKind.PAYMENT),
    ("b2c", LineKind.PAYMENT),
)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines were told, and how many of them were new."""

    lines: int
    new: int


def is_denied_by_statement(
    receipt: str, *, kind: LineKind, amount: Money, direction: Direction = Direction.OUT
) -> bool:
    """Whether `receipt` is on a statement that was read, and not as `amount` that went out, or came, in this way."""
    lines = StatementLine.objects.filter(provider=registry.mobile_money().name, receipt=receipt)
    fits = lines.filter(direction=direction, kind=kind, amount_minor=amount.minor)
    return lines.exists() and not fits.exists()


def is_on_statement(receipt: str) -> bool:
    """Whether a statement that was read has this number, as whatever."""
    return StatementLine.objects.filter(provider=registry.mobile_money().name, receipt=receipt).exists()


def is_told_by_statement(receipt: str, *, order_reference: str, amount: Money) -> bool:
    """Whether a statement that was read has money that came under this number, or, unmatched, `amount` for this order."""
    came = StatementLine.objects.filter(
        provider=registry.mobile_money().name, direction=Direction.IN, kind=LineKind.PAYMENT
    )
    unmatched = Q(reference=order_reference, amount_minor=amount.minor) & ~Q(verdict=Verdict.MATCHED)
    return came.filter(Q(receipt=receipt) | unmatched).exists()


def is_covered(since: datetime, until: datetime) -> bool:
    """Whether the statements that were read tell all that came in from `since` to `until`."""
    return any(start <= since and until <= end for start, end in covered_spans())


def covered_spans() -> list[tuple[datetime, datetime]]:
    """The spans of time, oldest first, of which statements tell all that came in; a gap between two ends a span."""
    told = StatementImport.objects.filter(provider=registry.mobile_money().name, covers_since__isnull=False)
    spans: list[tuple[datetime, datetime]] = []
    found = told.order_by("covers_since").values_list("covers_since", "covers_until")
    # The two are written together.
    for since, until in cast("Iterable[tuple[datetime, datetime]]", found):
        if spans and since <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], until))
        else:
            spans.append((since, until))
    return spans


def import_statement(text: str, *, now: datetime) -> Imported:
    """Take in a CSV statement of the provider. Idempotent; opens transactions of its own, one for each 500 lines.

    :raises UnreadableStatement: nothing was taken in
    """
    completed = [line for line in read_statement(text) if line.status.lower() == "completed"]
    return import_lines([_typed(line) for line in completed], source="file", now=now)


@outside_transaction
def pull_statement(
    *, since: datetime | None = None, until: datetime | None = None, source: str = "pull", now: datetime
) -> Imported | None:
    """Ask the provider what came in, and take it in: from `since`, or for 48 hours, to `until`, or now.

    None: it did not answer.
    """
    since, until = since or now - PULL_BACK, until or now
    found: list[ProviderLine] = []
    while True:
        page = registry.mobile_money().pull_transactions(since=since, until=until, offset=len(found))
        if isinstance(page, Unknown):
            return None
        if not page:
            break
        found += [
            ProviderLine(
                one.receipt, one.at or now, one.amount, None, LineKind.PAYMENT, one.reference, payer=one.payer
            )
            for one in page
        ]
    return import_lines(found, source=source, covers=(since, until), now=now)


def import_lines(
    lines: Iterable[ProviderLine],
    *,
    source: str,
    now: datetime,
    covers: tuple[datetime, datetime] | None = None,
) -> Imported:
    """Take in typed lines; a movement that is known already is left as it is.

    `covers` is the time of which they tell all that came in; left out, it is that between the first and last receipt.
    """
    provider = registry.mobile_money().name
    rows = [_row(line, provider) for line in lines]
    came = [row.at for row in rows if (row.direction, row.kind) == (Direction.IN, LineKind.PAYMENT)]
    since, until = covers or ((min(came), max(came)) if came else (None, None))
    new = 0
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        with unit_of_work():
            mine = {row.pk for row in batch}
            StatementLine.objects.bulk_create(batch, ignore_conflicts=True)
            new += StatementLine.objects.filter(pk__in=mine).count()
    told = StatementImport(
        provider=provider,
        source=source,
        lines=len(rows),
        new_lines=new,
        imported_at=now,
        covers_since=since,
        covers_until=until,
    )
    with unit_of_work():
        if source != SWEEP or not _goes_on(told):
            told.save(force_insert=True)
    return Imported(len(rows), new)


@inside_transaction
def _goes_on(told: StatementImport) -> bool:
    """Add what was told to the row of the pulls before it, if no time lies between: one row, not one each quarter hour."""
    before = StatementImport.objects.filter(
        provider=told.provider, source=told.source, covers_until__gte=told.covers_since
    )
    last = before.order_by("-covers_until").values_list("id", flat=True).first()
    return bool(
        last is not None
        and StatementImport.objects.filter(pk=last).update(
            lines=F("lines") + told.lines,
            new_lines=F("new_lines") + told.new_lines,
            imported_at=told.imported_at,
            covers_until=Greatest("covers_until", told.covers_until),
        )
    )


def _row(line: ProviderLine, provider: str) -> StatementLine:
    amount = line.paid_in or line.withdrawn
    if amount is None or (line.paid_in and line.withdrawn):
        raise ValueError("a line is either paid in or withdrawn")
    row = StatementLine(
        provider=provider,
        receipt=line.receipt,
        direction=Direction.IN if line.paid_in else Direction.OUT,
        kind=line.kind,
        amount_minor=amount.minor,
        currency=amount.currency,
        at=line.at,
        reference=_known_shape(line.reference),
        linked_receipt=line.linked_receipt,
    )
    row.set_payer(line.payer)
    return row


def _known_shape(reference: str) -> str:
    """Only what can be ours: a payer may have typed anything, a phone as well."""
    if reference.startswith("zemi-"):
        return reference[:80]
    written = read_reference(reference)
    return written if _ORDER.fullmatch(written) else ""


def _typed(line: MpesaLine) -> ProviderLine:
    # Behind the first number stand the payer's name and what the payer typed: anything.
    words = (line.reason_type or re.split(r"[0-9]{3}", line.details)[0]).lower()
    kind = next((kind for word, kind in _WORDS if word in words), LineKind.OTHER)
    return ProviderLine(
        receipt=line.receipt,
        at=line.at,
        paid_in=line.paid_in if line.paid_in.minor else None,
        withdrawn=line.withdrawn if line.withdrawn.minor else None,
        kind=kind,
        reference=line.account_reference,
        linked_receipt=line.linked_receipt,
        payer=msisdn(line.other_party.partition(" - ")[0]),
    )
