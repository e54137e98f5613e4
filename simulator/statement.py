"""A shortcode's statement as the organisation portal exports it: CSV, newest first, one row per movement."""

import csv
import io
import sqlite3

from simulator import phones, wire
from simulator.books import utility, working
from simulator.clock import EAT, from_micros
from simulator.state import State

COLUMNS = (
    "Receipt No.",
    "Completion Time",
    "Initiation Time",
    "Details",
    "Transaction Status",
    "Paid In",
    "Withdrawn",
    "Balance",
    "Balance Confirmed",
    "Reason Type",
    "Other Party Info",
    "Linked Transaction ID",
    "A/C No.",
)
# Kind of movement -> Reason Type, and how Details begins.
_REASONS = {
    "stk": ("Pay Bill Online", "Pay Bill Online from"),
    "c2b": ("Pay Bill Online", "Pay Bill from"),
    "manual": ("Pay Bill Online", "Pay Bill from"),
    "b2c": ("Business Payment to Customer via API", "Business Payment to Customer via API to"),
    "fee": ("Business Payment Charge", "Business Payment Charge"),
    "reversal": ("Transaction Reversal", "Transaction Reversal to"),
    "topup": ("Business Pay To Bulk", "Business Pay To Bulk,"),
    "settlement": ("Organization Settlement", "Organization Settlement,"),
    "opening": ("Funds Deposit", "Funds Deposit"),
    "top_up": ("Funds Deposit", "Funds Deposit"),
    "taken": ("Funds Withdrawal", "Funds Withdrawal"),
}
_SQL = """
SELECT m.id, m.debit, m.credit, m.amount, m.kind, m.receipt, m.at, t.account_reference, t.original_receipt,
       coalesce(p.requested_at, o.requested_at, c.requested_at, k.requested_at, m.at) AS initiated_at
  FROM movements m
  LEFT JOIN transactions t ON t.receipt = m.receipt
  LEFT JOIN prompts p ON p.checkout_request_id = t.checkout_request_id
  LEFT JOIN payouts o ON o.conversation_id = t.conversation_id
  LEFT JOIN commands k ON k.conversation_id = t.conversation_id
  LEFT JOIN c2b_payments c ON c.receipt = t.receipt
 WHERE m.at <= ?2 AND (m.debit = ?1 OR m.credit = ?1)
 ORDER BY m.at, m.id
"""


def statement(state: State, shortcode: str, *, account: str, start: int, end: int) -> str:
    """The CSV of what moved on the "utility" or "working" account from `start` to `end` (microseconds, both included).

    Withdrawn is negative, as the portal writes it; `Balance` is the account's after the row. A fee has a row of its
    own under the receipt of what it was for.
    """
    own = utility(shortcode) if account == "utility" else working(shortcode)
    balance, opening = 0, 0
    lines: list[list[str]] = []
    with state.transaction():
        for row in state.store.rows(_SQL, own, end):
            if row["at"] < start:
                opening += row["amount"] if row["credit"] == own else -row["amount"]
                balance = opening
                continue
            balance += row["amount"] if row["credit"] == own else -row["amount"]
            lines.append(_line(state, row, own=own, balance=balance))

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(
        [
            ["Organization Name", "Simulator"],
            ["Short Code", shortcode],
            ["Account", f"{account.capitalize()} Account"],
            ["Time Period", f"From {_time(start)} To {_time(end)}"],
            ["Opening Balance", _decimal(opening)],
            ["Closing Balance", _decimal(balance)],
            [],
            COLUMNS,
            *reversed(lines),
        ]
    )
    return out.getvalue()


def _line(state: State, row: sqlite3.Row, *, own: str, balance: int) -> list[str]:
    comes_in = row["credit"] == own
    reason, details = _REASONS[row["kind"]]
    other = "" if row["kind"] == "fee" else _party(state, row["debit"] if comes_in else row["credit"])
    reference = row["account_reference"] or ""
    if row["kind"] in {"stk", "c2b", "manual"}:
        details = f"{details} {other} Acc. {reference}"
    elif row["kind"] == "reversal":
        details = f"{details} {other} of {row['original_receipt']}"
    else:
        details = f"{details} {other}".strip()
    return [
        row["receipt"] or f"OPENING{row['id']:03d}",
        _time(state.stamp(row["at"])),
        _time(state.stamp(row["initiated_at"])),
        details,
        "Completed",
        _decimal(row["amount"]) if comes_in else "",
        "" if comes_in else f"-{_decimal(row['amount'])}",
        _decimal(balance),
        "true",
        reason,
        other,
        row["original_receipt"] or "",
        reference,
    ]


def _party(state: State, account: str) -> str:
    kind, _, rest = account.partition(":")
    if kind == "wallet":
        return f"{rest} - {phones.name_of(state, rest)}"
    return "" if kind == "world" else f"{rest.partition(':')[0]} - Simulator"


def _time(at: int) -> str:
    return f"{from_micros(at).astimezone(EAT):%d-%m-%Y %H:%M:%S}"


def _decimal(cents: int) -> str:
    return f"{wire.cents(cents):.2f}"
