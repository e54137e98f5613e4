"""The simulator's state: one SQLite connection, one lock, short transactions.

A normal stop loses nothing. A kill loses nothing that was committed: the write-ahead log is in the
operating system's hands by then, and `synchronous=OFF` only gives up safety against a power cut.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulator.tables import TABLES
from simulator.upgrade import prepare_tables

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Only the world outside may owe: everybody else has what was paid to them.
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY,
    balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0 OR name = 'world')
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS movements (
    id INTEGER PRIMARY KEY,
    debit TEXT NOT NULL REFERENCES accounts (name),
    credit TEXT NOT NULL REFERENCES accounts (name),
    amount INTEGER NOT NULL CHECK (amount > 0),
    kind TEXT NOT NULL,
    receipt TEXT,
    at INTEGER NOT NULL,
    CHECK (debit <> credit)
);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY,
    receipt TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    at INTEGER NOT NULL,
    conversation_id TEXT,
    originator_conversation_id TEXT,
    checkout_request_id TEXT,
    account_reference TEXT,
    original_receipt TEXT
);

CREATE TABLE IF NOT EXISTS prompts (
    id INTEGER PRIMARY KEY,
    checkout_request_id TEXT NOT NULL UNIQUE,
    merchant_request_id TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    amount INTEGER NOT NULL,
    account_reference TEXT NOT NULL,
    description TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    callback_mode TEXT NOT NULL,
    planned TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    decide_at INTEGER NOT NULL,
    decided_at INTEGER,
    result_code TEXT,
    result_desc TEXT,
    receipt TEXT
);
-- One prompt at a time on one phone.
CREATE UNIQUE INDEX IF NOT EXISTS prompts_open ON prompts (msisdn) WHERE decided_at IS NULL;
CREATE INDEX IF NOT EXISTS prompts_phone ON prompts (msisdn, id);

CREATE TABLE IF NOT EXISTS payouts (
    id INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE,
    -- Not unique: the switch originator_id_life_s lets an id be used again.
    originator_conversation_id TEXT NOT NULL,
    reported_originator_id TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    amount INTEGER NOT NULL,
    result_url TEXT NOT NULL,
    callback_mode TEXT NOT NULL,
    refusal_code TEXT,
    requested_at INTEGER NOT NULL,
    settled_at INTEGER,
    result_code TEXT,
    receipt TEXT
);
CREATE INDEX IF NOT EXISTS payouts_originator ON payouts (originator_conversation_id);
CREATE INDEX IF NOT EXISTS payouts_reported ON payouts (reported_originator_id);

CREATE TABLE IF NOT EXISTS status_queries (
    id INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    originator_conversation_id TEXT NOT NULL,
    asked_receipt TEXT,
    asked_originator TEXT,
    refusal_code TEXT,
    result_url TEXT NOT NULL,
    timeout_url TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'sending', 'held', 'delivered', 'failed', 'lost', 'dropped')),
    status_code INTEGER,
    attempted_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    forwarded_for TEXT
);
CREATE INDEX IF NOT EXISTS callbacks_state ON callbacks (state) WHERE state IN ('sending', 'held');

-- What is to be done and when. The row is deleted in the transaction that does it.
CREATE TABLE IF NOT EXISTS agenda (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ref INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS phones (
    msisdn TEXT PRIMARY KEY,
    name TEXT,
    next TEXT,
    delay_us INTEGER,
    callback TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    api TEXT NOT NULL,
    msisdn TEXT,
    remaining INTEGER,
    rate TEXT,
    seed INTEGER NOT NULL,
    draws INTEGER NOT NULL DEFAULT 0,
    fired INTEGER NOT NULL DEFAULT 0,
    delay_us INTEGER,
    options TEXT NOT NULL DEFAULT '{}',
    skipped INTEGER NOT NULL DEFAULT 0,
    burst_left INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_recipient ON messages (recipient, id);

CREATE TABLE IF NOT EXISTS scenario_steps (
    id INTEGER PRIMARY KEY,
    scenario TEXT NOT NULL,
    place INTEGER NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    wishes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'dropped')),
    error TEXT
);
"""


class StoreBusy(RuntimeError):
    """Another process has the state file open."""


class Store:
    """One connection behind one lock. Every write happens inside `transaction()`.

    :raises StoreBusy: the file is open in another process
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.in_memory = str(path) == ":memory:"
        if not self.in_memory:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=256, timeout=1
        )
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._db.close()
            if "locked" in str(error):
                raise StoreBusy(f"{path} is in use by another simulator") from error
            raise

    def _prepare(self) -> None:
        if not self.in_memory:
            # Two simulators on one file would each believe that the agenda is theirs.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        prepare_tables(self._db, _SCHEMA + TABLES)
        self._db.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; all writes inside are kept or none. Joins an enclosing one of the same thread."""
        with self._lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    def run(self, sql: str, *values: object) -> int:
        """Execute a write inside a transaction; return the id of the inserted row, if it inserted one."""
        if not self._depth:
            raise RuntimeError("a write needs a transaction")
        return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, if there is one."""
        with self._lock:
            found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return found

    def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, *values)
        return None if found is None else found[0]

    def meta(self, key: str) -> str | None:
        """A remembered setting."""
        found: str | None = self.value("SELECT value FROM meta WHERE key = ?", key)
        return found

    def remember(self, key: str, value: str) -> None:
        """Keep a setting (inside a transaction)."""
        self.run(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def next_number(self, counter: str) -> int:
        """The next value of a persistent counter, from 1 (inside a transaction)."""
        self.run("INSERT OR IGNORE INTO meta VALUES (?, '0')", counter)
        self.run("UPDATE meta SET value = value + 1 WHERE key = ?", counter)
        return int(self.meta(counter) or 0)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
