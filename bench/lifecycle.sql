-- The limit: one lifecycle as bare SQL on the product's own schema. Each statement is one step and one transaction,
-- with everything that the product's step writes in it; what the product reads or locks first stands in the WHERE
-- clauses. Driven by pgbench with prepared statements; `:n` is the number of the lifecycle, unique over all clients.
-- Claims are left out: in the product one claim serves up to twenty rows. Sealed and hashed values are constants of
-- the length that the product writes, keys are made from `:n` and grow, as UUIDv7 do.
\set i :i + 1
\set n :first + :i * :clients + :client_id

-- create an order: first the budget of the address that calls
INSERT INTO trust_budget (id, ends_at, used, most)
VALUES (sha256(bench_id(:n, 44)::text::bytea), now() + interval '60 s', 1, 1000000000)
ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + 1 WHERE trust_budget.used < excluded.most;
WITH parties AS (
    INSERT INTO identity_party (id, phone_hash, phone_sealed, phone_last4, language, created_at)
    VALUES (bench_id(:n, 1), sha256(bench_id(:n, 1)::text::bytea), bench_bytes(42), '5678', 'en', now()),
           (bench_id(:n, 2), sha256(bench_id(:n, 2)::text::bytea), bench_bytes(42), '4321', 'en', now())
    ON CONFLICT DO NOTHING),
budgets AS (
    INSERT INTO trust_budget (id, ends_at, used, most)
    VALUES (sha256(bench_id(:n, 41)::text::bytea), now() + interval '1 h', 1, 5),
           (sha256(bench_id(:n, 42)::text::bytea), now() + interval '12 h', 1500, 50000)
    ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + excluded.used
    WHERE trust_budget.used + excluded.used <= excluded.most),
placed AS (
    INSERT INTO orders_order (
        id, order_reference, merchant_reference, amount_minor, currency, fee_bps, product_description, release_policy,
        metadata, status, delivery_code_hash, delivery_code_sealed, code_generation, code_failures, created_at,
        updated_at, received_minor, expires_at, expiry_extended, remind_at, answer_kept, buyer_id, seller_id)
    VALUES (
        bench_id(:n, 3), bench_reference(:n), '', 150000, 'KES', 0, 'iPhone 13 Pro Max 256GB', 'instant',
        '{}', 'awaiting_payment', bench_text(117), bench_bytes(35), 1, 0, now(),
        now(), 0, now() + interval '24 h', false, now() + interval '12 h', false, bench_id(:n, 1), bench_id(:n, 2)))
INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
VALUES (bench_id(:n, 4), 'order.created', 'order', bench_id(:n, 3), bench_id(:n, 3), 'buyer', now(),
        '{"amount": "1500.00", "currency": "KES"}');

-- ask the phone, with a key: the budget of its merchant; the attempt, the budgets of the phone, the line of the merchant's
-- request log (the product writes hundreds of those at once)
INSERT INTO trust_budget (id, ends_at, used, most)
VALUES (sha256('merchant'), now() + interval '60 s', 1, 1000000000)
ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + 1 WHERE trust_budget.used < excluded.most;
WITH due AS (
    SELECT id FROM orders_order WHERE order_reference = bench_reference(:n) AND status = 'awaiting_payment' FOR UPDATE),
attempt AS (
    INSERT INTO payments_payment (
        due_at, fence, tries, failures, last_error, id, payment_method, provider, amount_minor, currency, status, is_live,
        live_until, payer_phone_hash, payer_phone_sealed, payer_phone_last4, merchant_request_id,
        response_code, response_text, result_code, result_text, failure_reason, metadata, created_at, updated_at, order_id)
    SELECT now() + interval '25 s', 0, 0, 0, '', bench_id(:n, 5), 'mpesa', 'mpesa', 150000, 'KES', 'pending', true,
        now() + interval '5 min', sha256(bench_id(:n, 1)::text::bytea), bench_bytes(42), '5678', '',
        '', '', '', '', '', '{}', now(), now(), id
    FROM due
    WHERE (SELECT count(*) FROM payments_payment
           WHERE payer_phone_hash = sha256(bench_id(:n, 1)::text::bytea) AND created_at > now() - interval '1 day'
             AND status = 'failed') < 3),
budgets AS (
    INSERT INTO trust_budget (id, ends_at, used, most)
    VALUES (sha256(bench_id(:n, 30)::text::bytea), now() + interval '60 s', 1, 1),
           (sha256(bench_id(:n, 31)::text::bytea), now() + interval '120 s', 1, 1)
    ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + 1 WHERE trust_budget.used < excluded.most),
logged AS (
    INSERT INTO request_log_loggedrequest (id, merchant_id, key_id, method, path, status, code, duration_ms, at)
    VALUES (bench_id(:n, 43), bench_id(0, 4), 'abcdefgh', 'POST', '/api/payments/mpesa/stk-push', 200, '', 12, now()))
INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
VALUES (bench_id(:n, 6), 'payment.pending', 'payment', bench_id(:n, 5), bench_id(:n, 3), 'buyer', now(),
        '{"amount": "1500.00"}');

-- the provider took it
UPDATE payments_payment
SET provider_reference_hash = sha256(bench_id(:n, 5)::text::bytea), provider_reference_sealed = bench_bytes(70), merchant_request_id = '29115-34620561-1', response_code = '0',
    response_text = 'Success. Request accepted for processing'
WHERE id = bench_id(:n, 5);

-- its callback comes in
INSERT INTO webhooks_webhooklog (
    due_at, fence, tries, failures, last_error, id, webhook_type, provider, subject_id, body_sealed, payload, headers,
    source_address, received_at, processing_error)
VALUES (
    now(), 0, 0, 0, '', bench_id(:n, 7), 'mpesa_stk', 'mpesa', bench_id(:n, 5), bench_bytes(440), '{}',
    '{"content-type": "application/json", "user-agent": "stub"}', '127.0.0.1', now(), '');

-- and is settled: receipt, attempt, order, books
WITH paid AS (
    UPDATE orders_order SET status = 'paid', paid_at = now(), received_minor = 150000, updated_at = now()
    WHERE id = bench_id(:n, 3) AND status = 'awaiting_payment' RETURNING id),
done AS (
    UPDATE payments_payment
    SET status = 'completed', is_live = false, due_at = NULL, result_code = '0',
        result_text = 'The service request is processed successfully.', updated_at = now()
    WHERE id = bench_id(:n, 5) AND status = 'pending' RETURNING id),
receipt AS (
    INSERT INTO payments_receipt (
        id, provider, transaction_id, amount_minor, currency, status, allocated_minor, credited_minor, received_at,
        order_id, payment_id)
    SELECT bench_id(:n, 8), 'mpesa', bench_reference(:n), 150000, 'KES', 'allocated', 150000, 0, now(), paid.id, done.id
    FROM paid, done),
handled AS (
    UPDATE webhooks_webhooklog
    SET handled_at = now(), due_at = NULL, fence = 1, tries = 1, payload = '{"merchant_request_id": "29115-34620561-1"}'
    WHERE id = bench_id(:n, 7) AND handled_at IS NULL),
events AS (
    INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
    VALUES
        (bench_id(:n, 9), 'payment.completed', 'payment', bench_id(:n, 5), bench_id(:n, 3), 'provider', now(),
         '{"from": "pending", "to": "completed", "amount": "1500.00", "receipt": "QHC1234567"}'),
        (bench_id(:n, 40), 'receipt.allocated', 'receipt', bench_id(:n, 8), bench_id(:n, 3), 'provider', now(),
         '{"from": "received", "to": "allocated", "amount": "1500.00", "receipt": "QHC1234567"}'),
        (bench_id(:n, 10), 'order.paid', 'order', bench_id(:n, 3), bench_id(:n, 3), 'provider', now(),
         '{"from": "awaiting_payment", "to": "paid"}')),
owed AS (
    INSERT INTO events_eventdelivery (id, event_id, subscriber, due_at, fence, tries, failures, last_error)
    VALUES (bench_id(:n, 11), bench_id(:n, 10), 'text_messages', now(), 0, 0, 0, '')),
accounts AS (
    INSERT INTO ledger_account (id, code, of, currency, keeps_balance, credit_side, balance_minor)
    VALUES (bench_id(0, 1), 1100, '174379', 'KES', false, false, 0),
           (bench_id(:n, 12), 2100, bench_id(:n, 3)::text, 'KES', true, true, 0)
    ON CONFLICT DO NOTHING)
INSERT INTO ledger_transfer (id, kind, key, amount_minor, currency, order_id, at, credit_id, debit_id, event_id)
VALUES (bench_id(:n, 13), 'receipt', 'receipt:' || bench_id(:n, 8), 150000, 'KES', bench_id(:n, 3), now(),
        bench_id(:n, 12), bench_id(0, 1), bench_id(:n, 40));

-- order.paid is handed out: two text messages, and the code lives in one of them alone
WITH forgotten AS (
    UPDATE orders_order SET delivery_code_sealed = NULL WHERE id = bench_id(:n, 3)),
handled AS (
    UPDATE events_eventdelivery SET handled_at = now(), due_at = NULL, fence = 1, tries = 1 WHERE id = bench_id(:n, 11))
INSERT INTO notifications_message (
    due_at, fence, tries, failures, last_error, id, event_id, order_id, template, language, to_sealed, text_sealed,
    provider_reference, created_at)
VALUES
    (now(), 0, 0, 0, '', bench_id(:n, 14), bench_id(:n, 10), bench_id(:n, 3), 'seller_paid_order', 'en', bench_bytes(42),
     bench_bytes(150), '', now()),
    (now(), 0, 0, 0, '', bench_id(:n, 15), bench_id(:n, 10), bench_id(:n, 3), 'buyer_code', 'en', bench_bytes(42),
     bench_bytes(150), '', now());

-- they are sent, each on its own
UPDATE notifications_message
SET sent_at = now(), due_at = NULL, fence = 1, tries = 1, text_sealed = NULL, provider_reference = bench_text(38)
WHERE id = bench_id(:n, 14);
UPDATE notifications_message
SET sent_at = now(), due_at = NULL, fence = 1, tries = 1, text_sealed = NULL, provider_reference = bench_text(38)
WHERE id = bench_id(:n, 15);

-- confirm the delivery: the budget of the address, and the caller's of codes, committed before the code is looked at
INSERT INTO trust_budget (id, ends_at, used, most)
VALUES (sha256(bench_id(:n, 44)::text::bytea), now() + interval '60 s', 1, 1000000000)
ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + 1 WHERE trust_budget.used < excluded.most;
INSERT INTO trust_budget (id, ends_at, used, most)
VALUES (sha256(bench_id(:n, 32)::text::bytea), now() + interval '15 min', 1, 10)
ON CONFLICT (id) DO UPDATE SET used = trust_budget.used + 1 WHERE trust_budget.used < excluded.most;

-- and the release: order, release, payout, books
WITH completed AS (
    UPDATE orders_order SET status = 'completed', completed_at = now(), updated_at = now()
    WHERE order_reference = bench_reference(:n) AND status = 'paid' AND code_failures < 10
      AND delivery_code_hash = bench_text(117)
    RETURNING id, seller_id),
released AS (
    INSERT INTO releases_release (
        id, number, amount_minor, fee_minor, repaid_minor, currency, status, due_at, released_at, order_id)
    SELECT bench_id(:n, 16), 1, 150000, 0, 0, 'KES', 'released', now(), now(), id FROM completed),
payout AS (
    INSERT INTO payouts_payout (
        due_at, fence, tries, failures, last_error, id, provider, amount_minor, currency, status, failure_reason, held_reason,
        created_at, updated_at, order_id, payment_id, release_id, seller_id)
    SELECT now(), 0, 0, 0, '', bench_id(:n, 17), 'mpesa', 150000, 'KES', 'queued', '', '',
        now(), now(), completed.id, payment_id, bench_id(:n, 16), seller_id
    FROM completed JOIN payments_receipt ON order_id = completed.id AND payments_receipt.status = 'allocated'),
given_back AS (
    UPDATE trust_budget SET used = used - 1 WHERE id = sha256(bench_id(:n, 32)::text::bytea) AND used > 0),
events AS (
    INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
    VALUES
        (bench_id(:n, 18), 'release.released', 'release', bench_id(:n, 16), bench_id(:n, 3), 'buyer_code', now(),
         '{"from": "scheduled", "to": "released"}'),
        (bench_id(:n, 19), 'payout.created', 'payout', bench_id(:n, 17), bench_id(:n, 3), 'release', now(),
         '{"amount": "1500.00"}'),
        (bench_id(:n, 20), 'payout.queued', 'payout', bench_id(:n, 17), bench_id(:n, 3), 'release', now(),
         '{"from": "created", "to": "queued"}'),
        (bench_id(:n, 21), 'order.completed', 'order', bench_id(:n, 3), bench_id(:n, 3), 'buyer_code', now(),
         '{"from": "paid", "to": "completed"}')),
accounts AS (
    INSERT INTO ledger_account (id, code, of, currency, keeps_balance, credit_side, balance_minor)
    VALUES (bench_id(:n, 12), 2100, bench_id(:n, 3)::text, 'KES', true, true, 0),
           (bench_id(:n, 22), 2200, bench_id(:n, 2)::text, 'KES', true, true, 0),
           (bench_id(:n, 23), 2300, bench_id(:n, 17)::text, 'KES', true, true, 0)
    ON CONFLICT DO NOTHING)
INSERT INTO ledger_transfer (id, kind, key, amount_minor, currency, order_id, at, credit_id, debit_id, event_id)
VALUES
    (bench_id(:n, 24), 'release', 'release:' || bench_id(:n, 16), 150000, 'KES', bench_id(:n, 3), now(),
     bench_id(:n, 22), bench_id(:n, 12), bench_id(:n, 18)),
    (bench_id(:n, 25), 'payout', 'payout:' || bench_id(:n, 17), 150000, 'KES', bench_id(:n, 3), now(),
     bench_id(:n, 23), bench_id(:n, 22), bench_id(:n, 19));

-- the payout: the intent before the call
WITH submitting AS (
    UPDATE payouts_payout
    SET status = 'submitting', due_at = now() + interval '2 min', fence = 1, tries = 1,
        sent_at = now(), updated_at = now()
    WHERE id = bench_id(:n, 17) AND status = 'queued' RETURNING id),
attempt AS (
    INSERT INTO payouts_payoutattempt (
        id, number, method, status, is_open, originator_conversation_id, conversation_id, amount_minor, currency,
        response_code, response_text, result_code, result_text, created_at, updated_at, payout_id)
    SELECT bench_id(:n, 26), 1, 'b2c', 'intent', true, 'zemi-' || bench_id(:n, 26), '', 150000, 'KES',
        '', '', '', '', now(), now(), id
    FROM submitting)
INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
VALUES (bench_id(:n, 27), 'payout.submitting', 'payout', bench_id(:n, 17), bench_id(:n, 3), 'worker', now(),
        '{"from": "queued", "to": "submitting"}');

-- the provider took it
WITH submitted AS (
    UPDATE payouts_payout SET status = 'submitted', updated_at = now()
    WHERE id = bench_id(:n, 17) AND status = 'submitting'),
accepted AS (
    UPDATE payouts_payoutattempt
    SET status = 'accepted', conversation_id = bench_text(32), response_code = '0',
        response_text = 'Accept the service request successfully.', updated_at = now()
    WHERE id = bench_id(:n, 26) AND status = 'intent')
INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
VALUES
    (bench_id(:n, 28), 'payout.submitted', 'payout', bench_id(:n, 17), bench_id(:n, 3), 'provider', now(),
     '{"from": "submitting", "to": "submitted"}'),
    (bench_id(:n, 29), 'payout_attempt.accepted', 'payout_attempt', bench_id(:n, 26), bench_id(:n, 3), 'provider',
     now(), '{"from": "intent", "to": "accepted"}');

-- its result comes in
INSERT INTO webhooks_webhooklog (
    due_at, fence, tries, failures, last_error, id, webhook_type, provider, subject_id, body_sealed, payload, headers,
    source_address, received_at, processing_error)
VALUES (
    now(), 0, 0, 0, '', bench_id(:n, 33), 'mpesa_b2c_result', 'mpesa', bench_id(:n, 26), bench_bytes(960), '{}',
    '{"content-type": "application/json", "user-agent": "stub"}', '127.0.0.1', now(), '');

-- and is settled: attempt, payout, books
WITH attempt AS (
    UPDATE payouts_payoutattempt
    SET status = 'succeeded', is_open = false, result_code = '0',
        result_text = 'The service request is processed successfully.', updated_at = now()
    WHERE id = bench_id(:n, 26) AND status = 'accepted'),
payout AS (
    UPDATE payouts_payout
    SET status = 'succeeded', transaction_id = bench_reference(:n), due_at = NULL, updated_at = now()
    WHERE id = bench_id(:n, 17) AND status = 'submitted'),
handled AS (
    UPDATE webhooks_webhooklog
    SET handled_at = now(), due_at = NULL, fence = 1, tries = 1,
        payload = '{"conversation_id": "AG_20261123_000000000000000000ab"}'
    WHERE id = bench_id(:n, 33) AND handled_at IS NULL),
events AS (
    INSERT INTO events_event (id, type, subject_type, subject_id, order_id, actor, at, data)
    VALUES
        (bench_id(:n, 34), 'payout_attempt.succeeded', 'payout_attempt', bench_id(:n, 26), bench_id(:n, 3), 'provider',
         now(), '{"from": "accepted", "to": "succeeded"}'),
        (bench_id(:n, 35), 'payout.succeeded', 'payout', bench_id(:n, 17), bench_id(:n, 3), 'provider', now(),
         '{"from": "submitted", "to": "succeeded", "amount": "1500.00", "receipt": "QHP1234567"}')),
owed AS (
    INSERT INTO events_eventdelivery (id, event_id, subscriber, due_at, fence, tries, failures, last_error)
    VALUES (bench_id(:n, 36), bench_id(:n, 35), 'text_messages', now(), 0, 0, 0, '')),
accounts AS (
    INSERT INTO ledger_account (id, code, of, currency, keeps_balance, credit_side, balance_minor)
    VALUES (bench_id(0, 2), 1110, '600000', 'KES', false, false, 0),
           (bench_id(0, 3), 5110, 'mpesa', 'KES', false, false, 0),
           (bench_id(:n, 23), 2300, bench_id(:n, 17)::text, 'KES', true, true, 0)
    ON CONFLICT DO NOTHING)
INSERT INTO ledger_transfer (id, kind, key, amount_minor, currency, order_id, at, credit_id, debit_id, event_id)
VALUES
    (bench_id(:n, 37), 'payout_paid', 'payout_paid:' || bench_id(:n, 17), 150000, 'KES', bench_id(:n, 3), now(),
     bench_id(0, 2), bench_id(:n, 23), bench_id(:n, 35)),
    (bench_id(:n, 38), 'payout_fee', 'payout_fee:' || bench_id(:n, 17), 500, 'KES', bench_id(:n, 3), now(),
     bench_id(0, 2), bench_id(0, 3), bench_id(:n, 35));

-- payout.succeeded is handed out: one text message
WITH handled AS (
    UPDATE events_eventdelivery SET handled_at = now(), due_at = NULL, fence = 1, tries = 1 WHERE id = bench_id(:n, 36))
INSERT INTO notifications_message (
    due_at, fence, tries, failures, last_error, id, event_id, order_id, template, language, to_sealed, text_sealed,
    provider_reference, created_at)
VALUES
    (now(), 0, 0, 0, '', bench_id(:n, 39), bench_id(:n, 35), bench_id(:n, 3), 'seller_payout', 'en', bench_bytes(42),
     bench_bytes(150), '', now());

-- and is sent
UPDATE notifications_message
SET sent_at = now(), due_at = NULL, fence = 1, tries = 1, text_sealed = NULL, provider_reference = bench_text(38)
WHERE id = bench_id(:n, 39);
