"""The table of sweeps: everything that is done later is found by one of them (DESIGN 2.5)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from zemi.approvals.decide import expire_old_requests
from zemi.idempotency.answers import forget_old_answers
from zemi.ledger.seal import seal_ended_days
from zemi.links.create import expire_due_links
from zemi.links.photos import forget_unneeded_photos
from zemi.notifications.provider_watch import watch_providers
from zemi.notifications.sending import send_due_messages
from zemi.payments.cancel import lapse_cancel_requests
from zemi.payments.close import expire_due_orders, remind_due_orders
from zemi.payments.settle import query_due_payments
from zemi.payments.unallocated import return_unclaimed
from zemi.payouts.disburse import work_on_due_payouts
from zemi.reconciliation.hourly import audit_every_hour
from zemi.reconciliation.pull import pull_due_lists
from zemi.refunds.disburse import work_on_due_refunds
from zemi.request_log.read import forget_old_requests
from zemi.topups.move import doubt_silent_top_ups
from zemi.trust.limits import forget_ended_budgets
from zemi.webhooks.retention import forget_old_deliveries
from zemi.worker.inbound import handle_due_callbacks
from zemi.worker.outgoing import queue_replays, send_webhooks
from zemi.worker.subscriptions import hand_out_due_events

Sweep = Callable[[datetime], int]

# Money first, words later.
SWEEPS: Mapping[str, Sweep] = {
    "callbacks": lambda now: handle_due_callbacks(now=now),
    # Before the payouts: the float that is left goes to those who paid.
    "expiry": lambda now: expire_due_orders(now=now),
    "unclaimed": lambda now: return_unclaimed(now=now),
    "refunds": lambda now: work_on_due_refunds(now=now),
    "payouts": lambda now: work_on_due_payouts(now=now),
    "top_ups": lambda now: doubt_silent_top_ups(now=now),
    "payments": lambda now: query_due_payments(now=now),
    "pulls": lambda now: pull_due_lists(now=now),
    "links": lambda now: expire_due_links(now=now),
    "reminders": lambda now: remind_due_orders(now=now),
    "cancel_requests": lambda now: lapse_cancel_requests(now=now),
    "events": lambda now: hand_out_due_events(now=now),
    "approvals": lambda now: expire_old_requests(now=now),
    "messages": lambda now: send_due_messages(now=now),
    "webhooks": lambda now: send_webhooks(now=now),
    "webhook_replays": lambda now: queue_replays(now=now),
    "answers": lambda now: forget_old_answers(now=now),
    "requests": lambda now: forget_old_requests(now=now),
    "webhook_deliveries": lambda now: forget_old_deliveries(now=now),
    "photos": lambda now: forget_unneeded_photos(now=now),
    "budgets": lambda now: forget_ended_budgets(now=now),
    "providers": lambda now: watch_providers(now=now),
    "seals": lambda now: seal_ended_days(now=now),
    "audit": lambda now: audit_every_hour(now=now),
}
