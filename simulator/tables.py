"""Tables of the endpoints beyond STK, B2C and status, and indexes on the others that they ask for."""

TABLES = """
-- Where a shortcode's own C2B payments are announced: one registration, as in production (DARAJA 1.7).
CREATE TABLE IF NOT EXISTS c2b_urls (
    shortcode TEXT PRIMARY KEY,
    response_type TEXT NOT NULL,
    confirmation_url TEXT NOT NULL,
    validation_url TEXT NOT NULL
) WITHOUT ROWID;
-- A person typing paybill and account number: what the merchant was asked and what became of it.
CREATE TABLE IF NOT EXISTS c2b_payments (
    id INTEGER PRIMARY KEY,
    receipt TEXT NOT NULL UNIQUE,
    transaction_type TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    amount INTEGER NOT NULL,
    account_reference TEXT NOT NULL,
    third_party_id TEXT NOT NULL DEFAULT '',
    requested_at INTEGER NOT NULL,
    validation INTEGER UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'validating', 'completed', 'rejected', 'failed')),
    result_code TEXT
);
CREATE TABLE IF NOT EXISTS pull_shortcodes (
    shortcode TEXT PRIMARY KEY,
    msisdn TEXT NOT NULL,
    callback_url TEXT NOT NULL
) WITHOUT ROWID;

-- Reversals, balance queries and top-ups: accepted now, answered later. `wishes` is JSON.
CREATE TABLE IF NOT EXISTS commands (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL UNIQUE,
    originator_conversation_id TEXT NOT NULL UNIQUE,
    wishes TEXT NOT NULL,
    refusal_code TEXT,
    result_url TEXT NOT NULL,
    timeout_url TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    settled_at INTEGER,
    result_code TEXT,
    receipt TEXT
);

CREATE INDEX IF NOT EXISTS agenda_at ON agenda (at, id);
CREATE INDEX IF NOT EXISTS agenda_ref ON agenda (kind, ref);
CREATE INDEX IF NOT EXISTS transactions_original ON transactions (original_receipt);
CREATE INDEX IF NOT EXISTS movements_debit ON movements (debit, at);
CREATE INDEX IF NOT EXISTS movements_credit ON movements (credit, at);
"""
