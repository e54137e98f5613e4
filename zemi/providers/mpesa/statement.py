"""Safaricom's organisation statement: the CSV that the portal gives out, as typed lines.

Rows before the table (organisation, period, operator) are skipped; from the table's head on every line must be readable.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from zemi.common.money import CENTS, Money
from zemi.providers.wire import EAT

_FIRST = "receiptno"
_NEEDED = ("receiptno", "completiontime", "transactionstatus", "paidin", "withdrawn")
_TIMES = ("%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S")
_AMOUNT = re.compile(r"(-?)((?:[0-9]{1,3}(?:,[0-9]{3})+)|[0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)
_RECEIPT = re.compile(r"[A-Za-z0-9]{6,40}", re.ASCII)


class UnreadableStatement(ValueError):
    """The file is no statement, or one of its lines can't be read; `line` is that line's number, from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement. `paid_in` and `withdrawn` are never negative; `number` is its line in the file.

    `details` and `other_party` hold names and phones: personal data, not for logs.
    """

    number: int
    receipt: str
    at: datetime
    details: str
    status: str
    paid_in: Money
    withdrawn: Money
    balance: Money | None
    reason_type: str
    other_party: str
    linked_receipt: str
    account_reference: str


def read_statement(text: str) -> list[StatementLine]:
    """Read a statement, in its own order.

    :raises UnreadableStatement: no table, a column missing, or a line that can't be read
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    head: dict[str, int] = {}
    lines = []
    for number, cells in _numbered(rows):
        if not head:
            names = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
            if _FIRST in names:
                head = {name: place for place, name in enumerate(names) if name}
                missing = [name for name in _NEEDED if name not in head]
                if missing:
                    raise UnreadableStatement(number, f"the table lacks {', '.join(missing)}")
            continue
        if any(cell.strip() for cell in cells):
            lines.append(_line(number, _named(head, cells)))
    if not head:
        raise UnreadableStatement(1, "there is no table with a column Receipt No.")
    return lines


def _numbered(rows: "Iterator[list[str]]") -> Iterator[tuple[int, list[str]]]:
    # By hand, since a quoted cell may span lines and the reader counts those.
    last = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableStatement(last + 1, "not CSV") from error
        yield last + 1, cells
        last = rows.line_num  # type: ignore[attr-defined]


def _named(head: Mapping[str, int], cells: list[str]) -> dict[str, str]:
    return {name: cells[place].strip() if place < len(cells) else "" for name, place in head.items()}


def _line(number: int, cells: Mapping[str, str]) -> StatementLine:
    receipt = cells["receiptno"]
    if not _RECEIPT.fullmatch(receipt):
        raise UnreadableStatement(number, "no receipt number")
    paid_in = _amount(number, cells["paidin"]) or Money(0)
    # Some statements write what went out with a minus.
    withdrawn = _amount(number, cells["withdrawn"]) or Money(0)
    if withdrawn.minor < 0:
        withdrawn = Money(-withdrawn.minor)
    if paid_in.minor < 0:
        raise UnreadableStatement(number, "less than nothing was paid in")
    return StatementLine(
        number=number,
        receipt=receipt,
        at=_time(number, cells["completiontime"]),
        details=cells.get("details", ""),
        status=cells["transactionstatus"],
        paid_in=paid_in,
        withdrawn=withdrawn,
        balance=_amount(number, cells.get("balance", "")),
        reason_type=cells.get("reasontype", ""),
        other_party=cells.get("otherpartyinfo", ""),
        linked_receipt=cells.get("linkedtransactionid", ""),
        account_reference=cells.get("acno", ""),
    )


def _amount(number: int, cell: str) -> Money | None:
    if not cell:
        return None
    match = _AMOUNT.fullmatch(cell)
    if match is None:
        raise UnreadableStatement(number, "not an amount")
    sign, shillings, cents = match.groups()
    minor = int(shillings.replace(",", "")) * CENTS + int((cents or "0").ljust(2, "0"))
    return Money(-minor if sign else minor)


def _time(number: int, cell: str) -> datetime:
    for form in _TIMES:
        try:
            return datetime.strptime(cell, form).replace(tzinfo=EAT).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    raise UnreadableStatement(number, "not a time")
