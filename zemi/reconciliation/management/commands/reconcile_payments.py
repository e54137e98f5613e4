"""`manage.py reconcile_payments`: the seed's daily job. `python -m zemi reconcile` compares with a statement."""

from typing import Any

from django.core.management.base import BaseCommand

from zemi.common import clock
from zemi.reconciliation.stale import ask_about_everything_stale


class Command(BaseCommand):
    """Have everything asked about that has had no final answer for an hour."""

    help = "Have the worker ask at once about payments, payouts and refunds that have been open for an hour."

    def handle(self, *_: Any, **__: Any) -> None:
        """Make them due, and say how many there were."""
        for name, count in ask_about_everything_stale(now=clock.now()).items():
            self.stdout.write(f"{name} to be asked about: {count}")
