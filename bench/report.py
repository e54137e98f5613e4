"""What was measured, as ratios first."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.load import STEPS
from bench.measure import HIGH, LOW, QUIET_CORES, Latency, Measured, Throughput

GOAL_P1 = 0.12
_SHOWN = (*STEPS, "callback", "until paid", "until succeeded")
# Steps whose caller waits for the answer; the others are the worker's, which polls.
_ANSWERED = (*STEPS, "callback")
_APPLICATION = ("web", "worker")


@dataclass(frozen=True, slots=True)
class Run:
    """One run, and the circumstances under which its numbers hold."""

    command: str
    commit: str
    machine: str
    seconds: float
    at_once: int
    by_pgbench: bool
    limits: tuple[Throughput, Throughput]
    postgresql: Measured
    sqlite: Measured
    rows_of_limit: Mapping[str, float]
    rows_of_product: Mapping[str, float]

    @property
    def limit_per_s(self) -> float:
        """L: bare lifecycles per second, the median of the slices before and after."""
        return median(one.per_s for limit in self.limits for one in limit.slices)

    @property
    def p1(self) -> float:
        """Lifecycles per second of the product on PostgreSQL ÷ L."""
        return self.postgresql.throughput.per_s / self.limit_per_s

    @property
    def p1_by_cpu(self) -> float:
        """The same ratio by CPU time: what bare SQL takes ÷ what the product takes, the stub left out."""
        bare = median(
            one.cpu_ms["postgresql"] + one.cpu_ms["generator"]
            for limit in self.limits
            for one in limit.slices
        )
        own = self.postgresql.throughput
        return bare / sum(own.cpu_ms(group) for group in (*_APPLICATION, "postgresql"))

    @property
    def problems(self) -> list[str]:
        """What makes the run worthless."""
        found = [
            f"a lifecycle failed: {what}"
            for part in (self.postgresql, self.sqlite)
            for what in part.failures[:5]
        ]
        for table in sorted({*self.rows_of_limit, *self.rows_of_product}):
            bare, own = self.rows_of_limit.get(table, 0.0), self.rows_of_product.get(table, 0.0)
            if bare != own:
                found.append(f"{table}: bare SQL writes {bare} rows for a lifecycle, the product {own}")
        return found


def p3(measured: Measured) -> tuple[str, float]:
    """p99 at high load ÷ p50 at low load, of the step for which it is worst."""
    ratios = {
        step: measured.high[step].p99 / measured.low[step].p50
        for step in _ANSWERED
        if step in measured.high and step in measured.low
    }
    return max(ratios.items(), key=lambda found: found[1]) if ratios else ("none", float("nan"))


def as_text(run: Run) -> str:
    """The report for people."""
    return "\n".join(_lines(run))


def as_json(run: Run) -> dict[str, Any]:
    """All numbers, for programs."""
    return asdict(run) | {
        "limit_per_s": run.limit_per_s,
        "p1": run.p1,
        "p1_by_cpu": run.p1_by_cpu,
        "p3": {
            name: p3(measured) for name, measured in (("postgresql", run.postgresql), ("sqlite", run.sqlite))
        },
        "p5_bytes": run.postgresql.bytes_on_disk,
        "problems": run.problems,
    }


def _lines(run: Run) -> Iterator[str]:
    yield f"command  {run.command}"
    yield f"commit   {run.commit}"
    yield f"machine  {run.machine}"
    yield f"took     {run.seconds:.0f} s, {run.at_once} lifecycles at once in the closed loop"
    yield ""
    yield from _problems(run)
    own, lite = run.postgresql.throughput, run.sqlite.throughput
    step, ratio = p3(run.postgresql)
    yield f"P1  lifecycles/s ÷ limit              {run.p1:.3f}   (goal {GOAL_P1}; by CPU time {run.p1_by_cpu:.3f})"
    yield f"P3  p99 at {HIGH:.0%} load ÷ p50 at {LOW:.0%}      {ratio:.1f}     (worst step: {step})"
    yield f"P5  bytes on disk per lifecycle       {run.postgresql.bytes_on_disk:,.0f}"
    yield f"P8  CPU-ms per lifecycle, app / PG    {_app_ms(own):.1f} / {own.cpu_ms('postgresql'):.1f}"
    yield ""
    yield "lifecycles/s                     median      least ... most   ÷ limit   cores used by others"
    for name, limit in zip(("bare SQL, first", "bare SQL, last"), run.limits, strict=True):
        yield _rate(name, limit, run.limit_per_s)
    yield _rate("product on PostgreSQL", own, run.limit_per_s)
    yield _rate("product on SQLite", lite, run.limit_per_s)
    yield ""
    yield "CPU-ms per lifecycle         web  worker  PostgreSQL    stub  generator  interrupts"
    for name, throughput in (("product on PostgreSQL", own), ("product on SQLite", lite)):
        yield _cpu(name, throughput)
    for name, limit in zip(("bare SQL, first", "bare SQL, last"), run.limits, strict=True):
        yield _cpu(name, limit)
    yield ""
    for name, measured in (("PostgreSQL", run.postgresql), ("SQLite", run.sqlite)):
        yield f"ms on {name:<12}         closed loop      open, {LOW:.0%} load     open, {HIGH:.0%} load"
        yield "                              p50      p99       p50      p99       p50      p99"
        for one in _SHOWN:
            cells = (_latency(part.get(one)) for part in (measured.closed, measured.low, measured.high))
            yield f"  {one:<22}{' '.join(cells)}"
    yield f"SQLite: {run.sqlite.bytes_on_disk:,.0f} bytes on disk per lifecycle"


def _problems(run: Run) -> Iterator[str]:
    if not run.by_pgbench:
        yield "!!  There is no pgbench here. The limit was driven from Python, which is slower than the database:"
        yield "!!  every ratio to it flatters the product. Install PostgreSQL's programs (apt install postgresql)."
    quiet = all(part.is_quiet for part in (*run.limits, run.postgresql.throughput, run.sqlite.throughput))
    if not quiet:
        yield f"!!  Others used more than {QUIET_CORES} cores, also when slices were repeated: read no absolute numbers."
    for problem in run.problems:
        yield f"!!  {problem}"


def _rate(name: str, throughput: Throughput, limit_per_s: float) -> str:
    rates = [one.per_s for one in throughput.slices]
    others = max(one.others_cores for one in throughput.slices)
    return (
        f"  {name:<28}{throughput.per_s:9.1f}   {min(rates):7.1f} ... {max(rates):7.1f}"
        f"   {throughput.per_s / limit_per_s:7.3f}   {others:.2f}"
    )


def _cpu(name: str, throughput: Throughput) -> str:
    def cell(group: str, width: int) -> str:
        known = group in throughput.slices[0].cpu_ms
        return f"{throughput.cpu_ms(group):{width}.2f}" if known else f"{'-':>{width}}"

    return (
        f"  {name:<22}{cell('web', 8)}{cell('worker', 8)}{cell('postgresql', 12)}{cell('stub', 8)}"
        f"{cell('generator', 11)}{cell('interrupts', 12)}"
    )


def _latency(found: Latency | None) -> str:
    return f"{found.p50:8.1f} {found.p99:8.1f}" if found else f"{'-':>8} {'-':>8}"


def _app_ms(throughput: Throughput) -> float:
    return sum(throughput.cpu_ms(group) for group in _APPLICATION)
