"""Read payouts."""

from uuid import UUID

from zemi.payouts.models import SEED_STATUS, Payout, PayoutStatus


def seed_status_of(order_id: UUID) -> str | None:
    """How far an order's latest payout is, in the seed's four words; None when there is none yet."""
    status = (
        Payout.objects.filter(order_id=order_id)
        .order_by("-created_at")
        .values_list("status", flat=True)
        .first()
    )
    return SEED_STATUS[PayoutStatus(status)] if status is not None else None
