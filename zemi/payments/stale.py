"""Have everything that has had no final answer for long asked about now, rather than at its turn."""

from datetime import datetime

from django.db.models import Q

from zemi.payments.models import LIVE, Payment


def ask_about_stale_payments(*, older_than: datetime, now: datetime) -> int:
    """Make open attempts from before `older_than` due at once; the sweep asks. How many; nothing is guessed."""
    stale = Payment.objects.filter(status__in=LIVE, created_at__lt=older_than)
    return stale.filter(Q(due_at__gt=now) | Q(due_at__isnull=True)).update(due_at=now)
