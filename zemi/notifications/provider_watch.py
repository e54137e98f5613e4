"""Watch the providers: tell operators when a circuit opened or closed, and when too few calls work."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from zemi.common.db import inside_transaction, unit_of_work
from zemi.notifications.alerts import alert_operators
from zemi.providers import registry
from zemi.providers.models import Circuit, CircuitState
from zemi.providers.rates import forget_old_counts, rates_since
from zemi.providers.wire import EAT

# Not more often than this in one process, however often the sweep runs.
LOOK_EVERY = timedelta(seconds=10)
RATE_WINDOW = timedelta(minutes=15)
# With fewer calls in the window a rate says nothing.
LEAST_CALLS = 20


def watch_providers(*, now: datetime) -> int:
    """Tell operators, once each, that a circuit opened or closed, and that too few calls of an operation work."""
    counts = registry.circuits().counts
    if not counts.is_time_to_look(now=now, every=LOOK_EVERY):
        return 0
    counts.write()
    forget_old_counts(now=now)
    return _tell_of_circuits(now=now) + _tell_of_rates(now=now)


def _tell_of_circuits(*, now: datetime) -> int:
    is_open = ~Q(state=CircuitState.CLOSED)
    untold = Circuit.objects.filter(
        (is_open & Q(announced__lt=F("changes"))) | (~is_open & Q(announced_open=True))
    )
    told = 0
    for circuit in untold.order_by("operation"):
        with unit_of_work():
            told += _tell_of_circuit(circuit, now=now)
    return told


@inside_transaction
def _tell_of_circuit(circuit: Circuit, *, now: datetime) -> int:
    incident = f"{circuit.operation}:{circuit.changes}"
    is_open = circuit.state != CircuitState.CLOSED
    mine = Circuit.objects.filter(
        pk=circuit.pk, announced=circuit.announced, announced_open=circuit.announced_open
    )
    if mine.update(announced=circuit.changes, announced_open=is_open) != 1:
        return 0
    since = (circuit.since or now).astimezone(EAT).strftime("%H:%M")
    if is_open:
        return int(
            alert_operators(
                "provider.circuit_opened",
                incident=incident,
                now=now,
                operation=circuit.operation,
                since=since,
            )
        )
    return int(
        alert_operators("provider.circuit_closed", incident=incident, now=now, operation=circuit.operation)
    )


def _tell_of_rates(*, now: datetime) -> int:
    least = settings.SUCCESS_RATE_ALERT_PERCENT
    told = 0
    for operation, (calls, worked) in sorted(rates_since(now - RATE_WINDOW).items()):
        if calls < LEAST_CALLS:
            continue
        is_low = worked * 100 < least * calls
        with unit_of_work():
            told += _tell_of_rate(operation, calls, worked, is_low=is_low, now=now)
    return told


@inside_transaction
def _tell_of_rate(operation: str, calls: int, worked: int, *, is_low: bool, now: datetime) -> int:
    rows = Circuit.objects.filter(operation=operation)
    percent = str(worked * 100 // calls)
    if is_low:
        Circuit.objects.bulk_create([Circuit(operation=operation)], ignore_conflicts=True)
        if rows.filter(rate_low_since__isnull=True).update(rate_low_since=now) != 1:
            return 0
        incident = f"{operation}:{now.isoformat()}"
        return int(
            alert_operators(
                "provider.success_rate_low",
                incident=incident,
                now=now,
                operation=operation,
                percent=percent,
                calls=str(calls),
            )
        )
    low = rows.filter(rate_low_since__isnull=False).first()
    if low is None or rows.filter(rate_low_since=low.rate_low_since).update(rate_low_since=None) != 1:
        return 0
    incident = f"{operation}:{low.rate_low_since.isoformat() if low.rate_low_since else ''}"
    return int(
        alert_operators(
            "provider.success_rate_recovered",
            incident=incident,
            now=now,
            operation=operation,
            percent=percent,
        )
    )
