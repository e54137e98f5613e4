"""The yardstick: `make bench`, or `python -m bench [--quick] [--json FILE]`.

In one run: bare SQL, the product on PostgreSQL, the product on SQLite, bare SQL again. What counts are the ratios.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from bench import cluster, limit
from bench.cluster import Cluster
from bench.measure import (
    FULL,
    QUICK,
    Measured,
    Plan,
    Throughput,
    measure_limit,
    measure_product,
    rows_per_lifecycle,
    size_of,
)
from bench.product import ROOT, CannotRun, environment, free_port, run, running
from bench.report import Run, as_json, as_text
from tests.postgres import NoServer

# Lifecycles under way at once in the closed loop: enough that each process always has something to do.
AT_ONCE = 32


def main() -> int:
    """Measure and print. 1: a lifecycle failed, or bare SQL wrote other rows than the product; 2: it can't be run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against bare SQL.")
    parser.add_argument("--quick", action="store_true", help="a minute or two instead of five, and rougher")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there too")
    args = parser.parse_args()
    try:
        found = measure(QUICK if args.quick else FULL, command=" ".join(["python -m bench", *sys.argv[1:]]))
    except (NoServer, CannotRun, limit.LimitFailed) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    print(as_text(found))
    if args.json:
        args.json.write_text(json.dumps(as_json(found), indent=1) + "\n")
    return 1 if found.problems else 0


def measure(plan: Plan, *, command: str) -> Run:
    """Measure everything, one after the other, and leave nothing running.

    :raises NoServer: no PostgreSQL can be had
    :raises CannotRun: the product doesn't start
    :raises LimitFailed: lifecycle.sql doesn't fit the schema
    """
    started = time.monotonic()
    server = cluster.start()
    pgbench = limit.find_pgbench(server.binaries)
    with tempfile.TemporaryDirectory(prefix="zemi-bench-") as home:
        _migrate(Path(home), server.create("empty"))
        _say("bare SQL, first")
        first = _bare(server, "limit_first", plan, pgbench)
        _say("the product on PostgreSQL")
        on_postgres = _deployed(Path(home), plan, server)
        _say("the product on SQLite")
        on_sqlite = _deployed(Path(home), plan)
        _say("bare SQL, last")
        last = _bare(server, "limit_last", plan, pgbench)
    return Run(
        command=command,
        commit=_commit(),
        machine=_machine(server),
        seconds=time.monotonic() - started,
        at_once=AT_ONCE,
        by_pgbench=pgbench is not None,
        limits=(first, last),
        postgresql=on_postgres,
        sqlite=on_sqlite,
        rows_of_limit=rows_per_lifecycle(server.database("limit_first")),
        rows_of_product=rows_per_lifecycle(server.database("product")),
    )


def _bare(server: Cluster, name: str, plan: Plan, pgbench: Path | None) -> Throughput:
    url = server.create(name, like="empty")
    limit.prepare(url)
    return measure_limit(url, postmaster=server.postmaster, pgbench=pgbench, plan=plan)


def _deployed(home: Path, plan: Plan, server: Cluster | None = None) -> Measured:
    url = server.create("product", like="empty") if server else ""
    env = _migrate(home, url)
    var = Path(env["ZEMI_VAR"])
    file = var / "zemi.sqlite3"
    size = size_of(url) if url else file.stat().st_size
    with running(var=var, env=env) as product:
        found = measure_product(
            product,
            database=url or file,
            postmaster=server.postmaster if server else None,
            at_once=AT_ONCE,
            plan=plan,
        )
    # The product is gone now, and SQLite's log with it: all that it wrote is in its file.
    grown = (size_of(url) if url else file.stat().st_size) - size
    found.bytes_on_disk = grown / max(found.finished, 1)
    return found


def _migrate(home: Path, url: str) -> dict[str, str]:
    """Bring a database up to the product's schema, and return the settings that go with it."""
    var = Path(tempfile.mkdtemp(dir=home))
    env = environment(var=var, database_url=url, port=free_port(), stub_port=free_port())
    run(("manage.py", "migrate", "--verbosity", "0"), env)
    return env


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    head = git("rev-parse", "--short=12", "HEAD") or "none"
    return f"{head} with changes" if git("status", "--porcelain") else head


def _machine(server: Cluster) -> str:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} cores, {server.version}, Python {python}, Django {version('django')}"


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
