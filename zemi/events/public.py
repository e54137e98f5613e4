"""Which events merchants hear of, by webhook and from the API (DOMAIN 4.6); all others are the operator's own."""

PUBLIC: frozenset[str] = frozenset(
    {
        "order.created",
        "order.part_paid",
        "order.paid",
        "order.expired",
        "order.cancelled",
        "order.completed",
        "order.refunded",
        "order.clawed_back",
        "payment.pending",
        "payment.completed",
        "payment.failed",
        "payment.unknown",
        "payment.reversed",
        "receipt.allocated",
        "receipt.part_allocated",
        "receipt.claimed",
        "receipt.refunded",
        "receipt.reversed",
        "payout.created",
        "payout.held",
        "payout.submitted",
        "payout.succeeded",
        "payout.failed",
        "payout.unknown",
        "payout.cancelled",
        "payout.reversed",
        "refund.created",
        "refund.credited",
        "refund.held",
        "refund.submitted",
        "refund.succeeded",
        "refund.failed",
        "refund.unknown",
        "refund.cancelled",
        "refund.reversed",
        "webhook_endpoint.disabled",
        "webhook_endpoint.ping",
    }
)

# What each endpoint hears of that wants it; a ping goes to one alone.
TOLD = PUBLIC - {"webhook_endpoint.ping"}
