"""Measure in slices: bare SQL and product by the same rules, slices in which others used the machine anew."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import psycopg

from bench import limit
from bench.cpu import CpuWatch, Usage
from bench.load import LoadGenerator, Tally, look_at_postgres, look_at_sqlite
from bench.product import Product

# More of the machine than this used by others makes a slice worthless; it is measured again, within bounds.
QUIET_CORES = 0.1
LOW, HIGH = 0.15, 0.70
_SEED = 20_261_123


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each part takes, in seconds."""

    warm_s: float
    slices: int
    slice_s: float
    limit_slices: int
    limit_slice_s: int
    open_s: float


FULL = Plan(warm_s=5, slices=4, slice_s=8, limit_slices=3, limit_slice_s=5, open_s=22)
QUICK = Plan(warm_s=2, slices=2, slice_s=4, limit_slices=1, limit_slice_s=4, open_s=5)


@dataclass(frozen=True, slots=True)
class Slice:
    """Lifecycles per second within one slice, and the CPU milliseconds that one of them took, by group."""

    per_s: float
    cpu_ms: Mapping[str, float]
    others_cores: float

    @classmethod
    def of(cls, finished: float, usage: Usage) -> "Slice":
        """Divide what was used by what was finished."""
        by = max(finished, 1.0)
        return cls(
            per_s=finished / usage.wall_s,
            cpu_ms={group: seconds * 1000 / by for group, seconds in usage.by_group.items()}
            | {"interrupts": usage.interrupts_s * 1000 / by},
            others_cores=usage.others_cores,
        )


@dataclass(frozen=True, slots=True)
class Throughput:
    """The quietest slices."""

    slices: Sequence[Slice]

    @property
    def per_s(self) -> float:
        """Lifecycles per second, the median."""
        return median(one.per_s for one in self.slices)

    @property
    def is_quiet(self) -> bool:
        """Whether others left the machine alone."""
        return all(one.others_cores <= QUIET_CORES for one in self.slices)

    def cpu_ms(self, group: str) -> float:
        """CPU milliseconds of one lifecycle in `group`, the median."""
        return median(one.cpu_ms[group] for one in self.slices)


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one step, in milliseconds."""

    p50: float
    p99: float
    samples: int


Latencies = Mapping[str, Latency]


@dataclass
class Measured:
    """All that was measured of the product on one database."""

    throughput: Throughput
    closed: Latencies
    low: Latencies
    high: Latencies
    finished: int = 0
    failures: list[str] = field(default_factory=list)
    bytes_on_disk: float = 0.0


def measure_limit(url: str, *, postmaster: int, pgbench: Path | None, plan: Plan) -> Throughput:
    """Measure bare SQL on a migrated database of its own."""
    limit.measure(url, seconds=2, pgbench=pgbench)
    watch = CpuWatch({"postgresql": postmaster})

    def once() -> Slice:
        watch.lap()
        per_s = limit.measure(url, seconds=plan.limit_slice_s, pgbench=pgbench)
        usage = watch.lap()
        return Slice.of(per_s * plan.limit_slice_s, usage)

    return _quietest(once, plan.limit_slices)


def measure_product(
    product: Product, *, database: str | Path, postmaster: int | None, at_once: int, plan: Plan
) -> Measured:
    """Measure a running product; `database` is the URL of PostgreSQL or the file of SQLite."""
    groups = {"web": product.web, "worker": product.worker, "stub": product.stub}
    if postmaster is not None:
        groups["postgresql"] = postmaster
    looker: list[int] = []
    if isinstance(database, Path):
        look = look_at_sqlite(database)
    else:
        look, pid = look_at_postgres(database)
        looker.append(pid)
    load = LoadGenerator(port=product.port, connections=at_once, look=look, key=product.api_key)
    tallies: list[Tally] = []

    def taken() -> Tally:
        tallies.append(load.take())
        return tallies[-1]

    load.closed_loop(at_once=at_once, seconds=plan.warm_s)
    taken()
    _callbacks(product)
    watch = CpuWatch(groups, also_mine=looker)
    closed = Tally()

    def once() -> Slice:
        watch.lap()
        load.closed_loop(at_once=at_once, seconds=plan.slice_s)
        usage, tally = watch.lap(), taken()
        for step, latencies in tally.latencies.items():
            closed.latencies.setdefault(step, []).extend(latencies)
        return Slice.of(tally.finished, usage)

    throughput = _quietest(once, plan.slices)
    load.drain()
    taken()
    closed_latencies = _latencies(closed, _callbacks(product))

    def opened(share: float) -> Latencies:
        load.open_loop(per_s=throughput.per_s * share, seconds=plan.open_s, seed=_SEED)
        return _latencies(taken(), _callbacks(product))

    return Measured(
        throughput=throughput,
        closed=closed_latencies,
        low=opened(LOW),
        high=opened(HIGH),
        # Looked at last, when all of them are told.
        finished=sum(tally.finished for tally in tallies),
        failures=[failure for tally in tallies for failure in tally.failures],
    )


def rows_per_lifecycle(url: str) -> dict[str, float]:
    """How many rows of each table one lifecycle wrote; tables of a few rows in all are left out."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT relname::text FROM pg_stat_user_tables").fetchall()
        counts = {str(name): _number(connection, f'SELECT count(*) FROM "{name}"') for (name,) in names}
    orders = max(counts["orders_order"], 1)
    return {name: round(count / orders, 1) for name, count in sorted(counts.items()) if count >= orders / 2}


def size_of(url: str) -> int:
    """Bytes on disk of a PostgreSQL database, indexes and dead rows included."""
    with psycopg.connect(url) as connection:
        return _number(connection, "SELECT pg_database_size(current_database())")


def _number(connection: "psycopg.Connection[tuple[object, ...]]", query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    if row is None or not isinstance(row[0], int):
        raise TypeError(f"no number: {query}")
    return row[0]


def _quietest(once: Callable[[], Slice], wanted: int) -> Throughput:
    """Measure slices until `wanted` were quiet, at most twice as many, and keep the quietest."""
    found = [once() for _ in range(wanted)]
    for _ in range(wanted):
        if sum(one.others_cores <= QUIET_CORES for one in found) >= wanted:
            break
        found.append(once())
    return Throughput(sorted(found, key=lambda one: one.others_cores)[:wanted])


def _callbacks(product: Product) -> Tally:
    """How long the product took to answer the stub's callbacks since the last time."""
    with urlopen(f"http://127.0.0.1:{product.stub_port}/report", timeout=10) as answer:
        said = json.load(answer)
    return Tally(
        latencies=said["latencies"], failures=["a callback was not answered by 200"] * said["failures"]
    )


def _latencies(*tallies: Tally) -> Latencies:
    found: dict[str, list[float]] = {}
    for tally in tallies:
        for step, values in tally.latencies.items():
            found.setdefault(step, []).extend(values)
    return {step: _latency(sorted(values)) for step, values in found.items()}


def _latency(values: Sequence[float]) -> Latency:
    def at(share: float) -> float:
        return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]

    return Latency(at(0.50), at(0.99), len(values))
