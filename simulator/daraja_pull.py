"""Pull transactions: what customers paid in during the last 48 hours, in pages (DARAJA 1.7)."""

import re
from collections.abc import Mapping
from datetime import datetime

from simulator import phones, wire
from simulator.books import utility
from simulator.clock import EAT, SECOND, from_micros, to_micros
from simulator.fields import Fields, invalid
from simulator.state import State

PAGE = 100
WINDOW_US = 48 * 3_600 * SECOND
_MOMENT = "%Y-%m-%d %H:%M:%S"


def register(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """Keep the shortcode and its nominated number, once.

    :raises GatewayError: a field is bad
    """
    fields = Fields(body)
    shortcode = fields.shortcode("ShortCode")
    fields.choice("RequestType", "Pull")
    nominated = phones.normalise(fields.text("NominatedNumber"))
    if nominated is None:
        raise invalid("NominatedNumber")
    callback_url = fields.url("CallBackURL")
    with state.transaction():
        if not state.books.knows(utility(shortcode)):
            raise invalid("ShortCode")
        known = _is_registered(state, shortcode)
        if not known:
            state.store.run(
                "INSERT INTO pull_shortcodes VALUES (?, ?, ?)", shortcode, nominated, callback_url
            )
        return {
            "ResponseRefID": state.ids.gateway_originator(),
            "ResponseStatus": "1001" if known else "1000",
            "ShortCode": shortcode,
            "ResponseDescription": (
                "ShortCode already Registered" if known else "ShortCode Registered Successfully"
            ),
        }


def query(state: State, body: Mapping[str, object]) -> dict[str, object]:
    """One page of the payments between StartDate and EndDate (EAT), as far as they are at most 48 hours old.

    :raises GatewayError: a field is bad, or the shortcode was never registered for this
    """
    fields = Fields(body)
    shortcode = fields.shortcode("ShortCode")
    start, end = _moment(fields, "StartDate"), _moment(fields, "EndDate")
    offset = fields.optional("OffSetValue") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", offset):
        raise invalid("OffSetValue")
    with state.transaction():
        if not _is_registered(state, shortcode):
            raise invalid("ShortCode")
        rows = state.store.rows(
            "SELECT receipt, debit, amount, at, account_reference FROM transactions"
            " WHERE credit = ? AND kind IN ('stk', 'c2b', 'manual')"
            " AND at >= ? AND at < ? ORDER BY at, id LIMIT ? OFFSET ?",
            utility(shortcode),
            max(start, state.clock.micros() - WINDOW_US),
            end + SECOND,  # the last second belongs to it
            PAGE,
            int(offset),
        )
        found = [
            {
                "transactionId": row["receipt"],
                "trxDate": from_micros(state.stamp(row["at"])).astimezone(EAT).isoformat(timespec="seconds"),
                "msisdn": int(row["debit"].removeprefix("wallet:")),
                "sender": "MPESA",
                "transactiontype": "c2b-pay-bill-debit",
                "billreference": row["account_reference"] or "",
                "amount": f"{wire.cents(row['amount']):.2f}",
                "organizationname": "Simulator",
            }
            for row in rows
        ]
        # A list in a list, and one in it even when there is nothing: that is how they write it.
        return {
            "ResponseRefID": state.ids.gateway_originator(),
            "ResponseCode": "1000" if found else "1001",
            "ResponseMessage": "Success" if found else "No transactions found",
            "Response": [found],
        }


def _is_registered(state: State, shortcode: str) -> bool:
    return state.store.row("SELECT 1 FROM pull_shortcodes WHERE shortcode = ?", shortcode) is not None


def _moment(fields: Fields, field: str) -> int:
    try:
        return to_micros(datetime.strptime(fields.text(field), _MOMENT).replace(tzinfo=EAT))
    except (ValueError, OverflowError):
        raise invalid(field) from None
