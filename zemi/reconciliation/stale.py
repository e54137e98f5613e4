"""The seed's daily job: ask about everything that is stale. It never guesses, and never ends anything by its age."""

from datetime import datetime, timedelta

from zemi.disbursements.stale import ask_about_stale
from zemi.payments.stale import ask_about_stale_payments
from zemi.payouts.models import Payout
from zemi.refunds.models import Refund

STALE = timedelta(hours=1)


def ask_about_everything_stale(*, now: datetime) -> dict[str, int]:
    """Make every attempt and payment that has been open for an hour due now; the worker asks. How many of each."""
    older_than = now - STALE
    return {
        "payments": ask_about_stale_payments(older_than=older_than, now=now),
        "payouts": ask_about_stale(Payout, older_than=older_than, now=now),
        "refunds": ask_about_stale(Refund, older_than=older_than, now=now),
    }
