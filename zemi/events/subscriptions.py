"""Who hears of what: event type -> names of subscribers. The functions behind the names live in the worker."""

# Hears of every event of `events.public` that is a listening merchant's.
MERCHANTS = "webhooks"

SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "order.paid": ("text_messages",),
    "order.code_replaced": ("text_messages",),
    "order.part_paid": ("text_messages",),
    "order.expired": ("text_messages", "payment_links"),
    "order.cancelled": ("text_messages", "payment_links"),
    "order.cancel_requested": ("text_messages",),
    "order.cancel_accepted": ("text_messages",),
    "order.cancel_declined": ("text_messages",),
    "order.cancel_lapsed": ("text_messages",),
    "order.reminded": ("text_messages",),
    "receipt.reversed": ("text_messages",),
    "receipt.proposed": ("text_messages",),
    "payment.failed": ("text_messages",),
    "payout.succeeded": ("text_messages",),
    "payout.failed": ("text_messages",),
    "payout.held": ("text_messages",),
    "refund.created": ("text_messages",),
    "refund.failed": ("text_messages",),
    "refund.held": ("text_messages",),
    "refund.redirected": ("text_messages",),
    "webhook_endpoint.disabled": ("operator_alerts", "text_messages"),
    "refund.succeeded": ("text_messages", "refunded_orders"),
}
