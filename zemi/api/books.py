"""Balances and statements over HTTP: a merchant's by its key, a seller's by a session."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import KeyOrSession, key_of, person_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import Shown, TimeField
from zemi.api.shapes import ACCOUNT, CURRENCY, LIVEMODE, SIGNED_AMOUNT, TIME
from zemi.common import clock
from zemi.common.clock import NAIROBI
from zemi.identity.api_keys import Scope
from zemi.snapshots.books import (
    COLUMNS,
    Books,
    books_of_merchant,
    books_of_seller,
    period,
    show_balance,
    show_statement,
    statement_rows,
)
from zemi.snapshots.errors import PeriodInvalid


class BalanceData(Shape):
    """What stands on each account."""

    object = Shown({"type": "string", "const": "balance"})
    livemode = Shown(LIVEMODE)
    currency = Shown(CURRENCY)
    as_of = Shown(TIME)
    accounts = Shown(
        {
            "type": "array",
            "items": {
                **ACCOUNT,
                "required": ["code", "name", "balance"],
                "properties": {**ACCOUNT["properties"], "balance": SIGNED_AMOUNT},
            },
        }
    )


class GetBalance(Endpoint):
    """Read balances.

    A merchant sees the client money in its orders: held, on its way to sellers, on its way back. A seller who is
    signed in sees what can be paid out, what is kept in reserve, and what is owed.
    """

    access = KeyOrSession(keys_need=Scope.READ)
    tag = "ledger"
    output = BalanceData

    def get(self, request: Request) -> Response:
        """Read them."""
        return self.answer(show_balance(_books(request), now=clock.now()))


class PeriodQuery(Shape):
    """Which period: [from, until). Without them, from the first of this month (in Nairobi) until now."""

    vars()["from"] = TimeField(
        required=False, help_text="The first moment; the first of this month in Nairobi if not said."
    )
    until = TimeField(required=False, help_text="The moment after the last; now if not said.")


class StatementData(Shape):
    """What stood on each account, what came and went, and what stood there then."""

    object = Shown({"type": "string", "const": "statement"})
    livemode = Shown(LIVEMODE)
    currency = Shown(CURRENCY)
    vars()["from"] = Shown(TIME)
    until = Shown(TIME)
    accounts = Shown(
        {
            "type": "array",
            "items": {
                **ACCOUNT,
                "required": ["code", "name", "opening", "increase", "decrease", "closing"],
                "properties": {
                    **ACCOUNT["properties"],
                    **dict.fromkeys(("opening", "increase", "decrease", "closing"), SIGNED_AMOUNT),
                },
            },
        }
    )


class GetStatement(Endpoint):
    """Read a statement of a period.

    The lines of the ledger themselves are at transfers, and in the statement's CSV.
    """

    access = KeyOrSession(keys_need=Scope.READ)
    tag = "ledger"
    query = PeriodQuery
    output = StatementData
    errors = (PeriodInvalid,)

    def get(self, request: Request) -> Response:
        """Read it."""
        since, until = _period(self.read_query(request))
        return self.answer(show_statement(_books(request), since=since, until=until))


class DownloadStatement(Endpoint):
    """Download a statement as CSV: every transfer of the period, oldest first."""

    access = KeyOrSession(keys_need=Scope.READ)
    tag = "ledger"
    query = PeriodQuery
    errors = (PeriodInvalid,)
    media_type = "text/csv"
    answer_schema = {
        "type": "string",
        "description": f"The first line names the columns: {', '.join(COLUMNS)}.",
    }

    def get(self, request: Request) -> StreamingHttpResponse:
        """Write it while it is read."""
        since, until = _period(self.read_query(request))
        rows = statement_rows(_books(request), since=since, until=until)
        name = f"zemi-{since.astimezone(NAIROBI):%Y-%m-%d}-{until.astimezone(NAIROBI):%Y-%m-%d}.csv"
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(_csv([COLUMNS], rows), content_type="text/csv", headers=headers)


def _period(given: dict[str, Any]) -> tuple[datetime, datetime]:
    return period(since=given.get("from"), until=given.get("until"), now=clock.now())


def _books(request: Request) -> Books:
    key = key_of(request)
    return (
        books_of_merchant(key.merchant_id)
        if key is not None
        else books_of_seller(person_of(request).party_id)
    )


def _csv(*parts: Iterable[Sequence[str]]) -> Iterator[str]:
    line = io.StringIO()
    writer: Any = csv.writer(line)
    for rows in parts:
        for row in rows:
            writer.writerow(row)
            yield line.getvalue()
            line.seek(0)
            line.truncate()
