"""What must sometimes happen, or the machine has not been where bugs are: asked of the rows that a run leaves behind."""

from collections import Counter

from django.db import connection

# Counted where they are brought about.
DIED_BEFORE_THE_CALL = "a worker that died between intent and call"
DIED_AFTER_THE_CALL = "a worker that died between call and record"
STALLED = "a worker that stalled at a payout while another went on"
_CALLBACK = "SELECT COUNT(*) FROM webhooks_webhooklog WHERE processing_error = '{}'"
# Condition -> a statement that counts it in the rows of one run.
SOMETIMES: dict[str, str | None] = {
    "a hint on the open path": _CALLBACK.format("hint"),
    "a callback about nothing that is known": _CALLBACK.format("unknown_checkout_id"),
    "a success that the query does not confirm yet": (
        "SELECT COUNT(*) FROM webhooks_webhooklog WHERE last_error = 'not_confirmed_yet' OR tries > 1"
    ),
    "a failure after the success": _CALLBACK.format("failure_after_success"),
    "money for an order that is paid already": _CALLBACK.format("order_not_payable"),
    "a success after the failure": "SELECT COUNT(*) FROM events_event e WHERE type = 'payment.completed' AND EXISTS"
    " (SELECT 1 FROM events_event f WHERE f.subject_id = e.subject_id AND f.type = 'payment.failed')",
    "a prompt of unknown outcome that was paid": "SELECT COUNT(*) FROM events_event e WHERE type = 'payment.completed'"
    " AND EXISTS (SELECT 1 FROM events_event f WHERE f.subject_id = e.subject_id AND f.type = 'payment.unknown')",
    # The clock stands still while a prompt is sent, and nobody answers one in no time.
    "an early callback, before the answer with its id": "SELECT COUNT(*) FROM payments_payment p WHERE EXISTS"
    " (SELECT 1 FROM webhooks_webhooklog w WHERE w.subject_id = p.id AND w.received_at = p.created_at"
    " AND w.webhook_type = 'mpesa_stk')",
    "money of which only the secret path told": "SELECT COUNT(*) FROM payments_payment"
    " WHERE status = 'completed' AND provider_reference_hash IS NULL",
    "a callback handled more than once for one attempt": "SELECT COUNT(*) FROM (SELECT subject_id FROM"
    " webhooks_webhooklog WHERE subject_id IS NOT NULL AND handled_at IS NOT NULL"
    " GROUP BY subject_id, webhook_type HAVING COUNT(*) > 1) AS doubled",
    "a prompt let go, and another one sent": "SELECT COUNT(*) FROM (SELECT order_id FROM payments_payment"
    " GROUP BY order_id HAVING COUNT(*) > 1) AS again",
    "an order paid twice": "SELECT COUNT(*) FROM (SELECT order_id FROM payments_receipt"
    " GROUP BY order_id HAVING COUNT(*) > 1) AS twice",
    "a payout held, then sent": "SELECT COUNT(*) FROM events_event e WHERE type = 'payout.submitting' AND EXISTS"
    " (SELECT 1 FROM events_event f WHERE f.subject_id = e.subject_id AND f.type = 'payout.held' AND f.id < e.id)",
    "a payout of unknown outcome that was paid": "SELECT COUNT(*) FROM events_event e WHERE type = 'payout.succeeded'"
    " AND EXISTS (SELECT 1 FROM events_event f WHERE f.subject_id = e.subject_id AND f.type = 'payout.unknown')",
    "a payout that never left, sent later under its id": "SELECT COUNT(*) FROM events_event e"
    " WHERE type = 'payout.submitting' AND EXISTS (SELECT 1 FROM events_event f"
    " WHERE f.subject_id = e.subject_id AND f.type = 'payout.not_sent' AND f.id < e.id)",
    "a result before the answer": "SELECT COUNT(*) FROM payouts_payout p WHERE status = 'succeeded' AND NOT EXISTS"
    " (SELECT 1 FROM events_event e WHERE e.subject_id = p.id AND e.type IN ('payout.submitted', 'payout.unknown'))",
    "a refund called off, its payment having been given back": "SELECT COUNT(*) FROM refunds_refund r"
    " JOIN payments_payinreversal p ON p.receipt_id = r.receipt_id WHERE r.status = 'cancelled'",
    DIED_BEFORE_THE_CALL: None,
    DIED_AFTER_THE_CALL: None,
    STALLED: None,
    "a code locked by guesses": "SELECT COUNT(*) FROM orders_order WHERE code_locked_until IS NOT NULL",
}


def what_happened() -> Counter[str]:
    """Count every condition in the rows that are there now."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for name, statement in SOMETIMES.items():
            if statement is not None:
                cursor.execute(statement)
                found[name] += int(cursor.fetchone()[0])
    return found
