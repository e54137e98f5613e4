"""The operator's home, and the pages of its queues."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase

from zemi.common import clock
from zemi.common.ids import read_key
from zemi.common.money import Money
from zemi.console.errors import NothingWaitsHere
from zemi.console.gate import Staff, render, staff_page
from zemi.console.queues import QUEUES, Queue, StuckQueue, stopped_kinds
from zemi.ledger.balances import kept_totals
from zemi.providers.models import Circuit, CircuitState
from zemi.reconciliation.models import AuditRun
from zemi.topups.models import BalanceReading


@dataclass(frozen=True, slots=True)
class Counter:
    """A queue and how much waits in it."""

    queue: Queue | StuckQueue
    count: int

    @property
    def title(self) -> str:
        """The name of its text."""
        return title_of(self.queue)


def title_of(queue: Queue | StuckQueue) -> str:
    """The name of the text that a queue is called by."""
    return f"queue_{queue.name}".replace("-", "_")


@staff_page("GET")
def home(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """What waits for a person, and how the money, the provider and the books stand."""
    now = clock.now()
    counters = [Counter(queue, queue.count(now)) for queue in QUEUES.values()]
    waiting = [counter for counter in counters if counter.count]
    return render(
        request,
        "home",
        staff=staff,
        waiting=sorted(waiting, key=lambda counter: not counter.queue.is_urgent),
        empty=[counter for counter in counters if not counter.count],
        stopped=stopped_kinds(),
        books=[(f"account_{code}", total) for code, total in kept_totals()],
        readings=_readings(),
        circuits=Circuit.objects.exclude(state=CircuitState.CLOSED).order_by("operation"),
        audit=AuditRun.objects.order_by("-hour").first(),
    )


@staff_page("GET")
def queue(request: HttpRequest, staff: Staff, name: str) -> HttpResponseBase:
    """One queue, oldest first, a page at a time."""
    found = QUEUES.get(name)
    if found is None:
        raise NothingWaitsHere
    page = found.page(read_key(request.GET.get("after", "")), clock.now())
    return render(request, "queue", staff=staff, queue=found, title=title_of(found), page=page)


def _readings() -> list[tuple[str, Money, BalanceReading]]:
    """What M-Pesa said last that each shortcode holds."""
    found: dict[str, BalanceReading] = {}
    for reading in BalanceReading.objects.filter(told_at__isnull=False).order_by("-told_at")[:20]:
        found.setdefault(reading.shortcode, reading)
    return [
        (f"{shortcode} {account['name']}", Money(account["available"]), reading)
        for shortcode, reading in sorted(found.items())
        for account in reading.accounts
    ]
