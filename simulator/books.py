"""Double entry in integer cents. The sum of all accounts is zero at any moment.

`debit` is the account that the money leaves, `credit` the one that it reaches, so a balance is what was
credited less what was debited. `world` is the counter-account for everything outside: it alone may be
negative.
"""

import sqlite3
from dataclasses import dataclass

from simulator.clock import iso
from simulator.store import Store

SHILLING = 100
WORLD = "world"
FEES = "fees:safaricom"
CUSTOMER_FEES = "fees:customers"
WALLET_OPENING_CENTS = 300_000 * SHILLING
FLOAT_OPENING_CENTS = 10_000_000 * SHILLING

# DARAJA 4.1, tariff form of August 2023: up to this many shillings, this fee in shillings.
_B2C_TARIFF = ((100, 0), (1_500, 5), (5_000, 9), (20_000, 11), (250_000, 13))


class DuplicateReceipt(Exception):
    """A transaction with this receipt is in the books already."""


class NotEnoughMoney(Exception):
    """The account has less than it was asked to pay."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A finished M-Pesa transaction; `amount` and `fee` in cents, `at` in microseconds."""

    receipt: str
    kind: str
    debit: str
    credit: str
    amount: int
    at: int
    fee: int = 0
    conversation_id: str | None = None
    originator_conversation_id: str | None = None
    checkout_request_id: str | None = None
    account_reference: str | None = None
    original_receipt: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Payment":
        """The payment of a row of `transactions`."""
        return cls(**{key: row[key] for key in row.keys() if key != "id"})  # noqa: SIM118 (a Row iterates over values)

    def as_json(self) -> dict[str, object]:
        """As GET /_sim/transactions shows it; `original_receipt` is there when there is one."""
        shown = {**self.__dict__, "at": iso(self.at)}
        if self.original_receipt is None:
            del shown["original_receipt"]
        return shown


def b2c_fee(amount: int) -> int:
    """What Safaricom takes for paying `amount` cents to a registered customer, in cents (DARAJA 4.1)."""
    return next(fee for ceiling, fee in _B2C_TARIFF if amount <= ceiling * SHILLING) * SHILLING


def wallet(msisdn: str) -> str:
    """The account of a phone."""
    return f"wallet:{msisdn}"


def utility(shortcode: str) -> str:
    """The account into which a shortcode collects and out of which it pays (DARAJA 0.9)."""
    return f"shortcode:{shortcode}:utility"


def working(shortcode: str) -> str:
    """The account to which a person settles collected money, and out of which floats are topped up (DARAJA 4.5)."""
    return f"shortcode:{shortcode}:working"


class Books:
    """All writes need an open transaction of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_shortcode(self, shortcode: str, *, opening: int, at: int) -> None:
        """Open the utility account of a shortcode with `opening` cents, once."""
        self._open(utility(shortcode), opening=opening, at=at)
        self._open(FEES, opening=0, at=at)

    def open_wallet(self, msisdn: str, *, at: int) -> str:
        """The wallet of a phone, opened with WALLET_OPENING_CENTS when it is new."""
        self._open(wallet(msisdn), opening=WALLET_OPENING_CENTS, at=at)
        return wallet(msisdn)

    def knows(self, account: str) -> bool:
        """Whether the account was opened."""
        return self._store.row("SELECT 1 FROM accounts WHERE name = ?", account) is not None

    def balance(self, account: str) -> int:
        """Cents; a wallet that was never used has what it would be opened with."""
        found: int | None = self._store.value("SELECT balance FROM accounts WHERE name = ?", account)
        if found is None:
            return WALLET_OPENING_CENTS if account.startswith("wallet:") else 0
        return found

    def top_up(self, account: str, *, to: int, at: int) -> None:
        """Bring what is missing to `to` cents from the world outside."""
        missing = to - self.balance(account)
        if missing > 0:
            self._move(WORLD, account, missing, kind="top_up", at=at)

    def set_balance(self, account: str, *, to: int, at: int) -> None:
        """Make it `to` cents: what is missing comes from the world outside, what is too much goes there."""
        self.top_up(account, to=to, at=at)
        surplus = self.balance(account) - to
        if surplus > 0:
            self._move(account, WORLD, surplus, kind="taken", at=at)

    def pay(self, payment: Payment) -> None:
        """Move the amount, and the fee with it, and remember the transaction.

        :raises NotEnoughMoney: nothing was moved
        :raises DuplicateReceipt: nothing was moved
        """
        if self.balance(payment.debit) < payment.amount + payment.fee:
            raise NotEnoughMoney(payment.debit)
        if self.find(payment.receipt) is not None:
            raise DuplicateReceipt(payment.receipt)

        self._open(payment.credit, opening=0, at=payment.at)
        self._move(
            payment.debit,
            payment.credit,
            payment.amount,
            kind=payment.kind,
            receipt=payment.receipt,
            at=payment.at,
        )
        if payment.fee:
            fees = CUSTOMER_FEES if payment.debit.startswith("wallet:") else FEES
            self._open(fees, opening=0, at=payment.at)
            self._move(payment.debit, fees, payment.fee, kind="fee", receipt=payment.receipt, at=payment.at)
        self._store.run(
            "INSERT INTO transactions (receipt, kind, debit, credit, amount, fee, at, conversation_id,"
            " originator_conversation_id, checkout_request_id, account_reference, original_receipt)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            payment.receipt,
            payment.kind,
            payment.debit,
            payment.credit,
            payment.amount,
            payment.fee,
            payment.at,
            payment.conversation_id,
            payment.originator_conversation_id,
            payment.checkout_request_id,
            payment.account_reference,
            payment.original_receipt,
        )

    def refuse_known(self, receipt: str) -> None:
        """Nothing, for a receipt that is free.

        :raises DuplicateReceipt: it is in the books, or given to a payment that is under way
        """
        waiting = self._store.row("SELECT 1 FROM c2b_payments WHERE receipt = ?", receipt)
        if waiting is not None or self.find(receipt) is not None:
            raise DuplicateReceipt(receipt)

    def opened_at(self) -> int:
        """When the first movement was, in microseconds."""
        return int(self._store.value("SELECT coalesce(min(at), 0) FROM movements"))

    def find(self, receipt: str) -> Payment | None:
        """The transaction with this receipt."""
        row = self._store.row("SELECT * FROM transactions WHERE receipt = ?", receipt)
        return None if row is None else Payment.of(row)

    def payments(self, *, offset: int = 0, limit: int | None = None) -> list[Payment]:
        """Transactions, oldest first: all, or `limit` of them, from number `offset` on."""
        rows = self._store.rows(
            "SELECT * FROM transactions ORDER BY id LIMIT ? OFFSET ?", -1 if limit is None else limit, offset
        )
        return [Payment.of(row) for row in rows]

    def reversed_of(self, receipt: str) -> int:
        """How many cents of the transaction with this receipt went back to the payer."""
        return int(
            self._store.value(
                "SELECT coalesce(sum(amount), 0) FROM transactions WHERE original_receipt = ?", receipt
            )
        )

    def accounts_at(self, at: int) -> dict[str, int]:
        """Every account that had moved by `at`, with its balance in cents at that moment."""
        rows = self._store.rows(
            "SELECT name, sum(amount) AS balance FROM ("
            "SELECT credit AS name, amount FROM movements WHERE at <= ?1"
            " UNION ALL SELECT debit, -amount FROM movements WHERE at <= ?1"
            ") GROUP BY name ORDER BY name",
            at,
        )
        return {row["name"]: row["balance"] for row in rows}

    def accounts(self) -> dict[str, int]:
        """Every account with its balance in cents."""
        rows = self._store.rows("SELECT name, balance FROM accounts ORDER BY name")
        return {row["name"]: row["balance"] for row in rows}

    def _open(self, account: str, *, opening: int, at: int) -> None:
        if self.knows(account):
            return
        self._store.run("INSERT INTO accounts (name) VALUES (?)", account)
        if opening:
            self._move(WORLD, account, opening, kind="opening", at=at)

    def _move(
        self, debit: str, credit: str, amount: int, *, kind: str, at: int, receipt: str | None = None
    ) -> None:
        self._store.run("INSERT OR IGNORE INTO accounts (name) VALUES (?)", WORLD)
        self._store.run("UPDATE accounts SET balance = balance - ? WHERE name = ?", amount, debit)
        self._store.run("UPDATE accounts SET balance = balance + ? WHERE name = ?", amount, credit)
        self._store.run(
            "INSERT INTO movements (debit, credit, amount, kind, receipt, at) VALUES (?, ?, ?, ?, ?, ?)",
            debit,
            credit,
            amount,
            kind,
            receipt,
            at,
        )
