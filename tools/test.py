"""`make test`, `make proof`, `make cover`: python -m tools.test [--proof | --cover] [path ...]

Everything runs on SQLite; all that touches the database runs again on PostgreSQL, where a server can be had. With ZEMI_COVER
set, the suite measures what it covers, as `make cover` does: CI runs it once for both.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.postgres import NoServer, find

ROOT = Path(__file__).resolve().parent.parent
# What runs on PostgreSQL too; of it what is marked `once` in a proof alone.
DATABASE_TESTS = ("domain", "flows", "pages", "api", "concurrency", "machine")
# What must be covered branch by branch.
MONEY = (
    "common",
    "events",
    "ledger",
    "orders",
    "disbursements",
    "refunds",
    "approvals",
    "unclaimed",
    "topups",
    "payments",
    "payouts",
    "releases",
    "reconciliation",
    "staff",
    "trust",
    "webhooks",
    "links",
)

PYTEST = (sys.executable, "-m", "pytest")
# As many processes as processors; a slow file doesn't hold up the rest.
_SPREAD = ("-n", "auto", "--dist", "worksteal", "-q")
# All passed, or there was nothing to run: of a path's proofs, few are for both databases.
_FINE = (0, 5)
_RULE = "!" * 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.test")
    parser.add_argument("--proof", action="store_true", help="the long proofs")
    parser.add_argument("--cover", action="store_true", help="the suite, and its branch coverage")
    parser.add_argument("paths", nargs="*", help="run these alone")
    args = parser.parse_args()

    if args.proof:
        failed = _prove(args.paths)
    elif args.paths:
        return _pytest("sqlite", ["-m", "not proof", *args.paths])
    elif args.cover or os.environ.get("ZEMI_COVER"):
        failed = _cover()
    else:
        failed = _suite(PYTEST)
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nAll passed.", flush=True)
    return 1 if failed else 0


def _suite(command: Sequence[str]) -> list[str]:
    """Run everything but the proofs; what failed."""
    again = [f"tests/{name}" for name in DATABASE_TESTS if (ROOT / "tests" / name).is_dir()]
    return _on_both(
        ["-m", "not proof", *_SPREAD],
        ["-m", "not proof and not pure and not once", *_SPREAD, *again],
        command=command,
    )


def _prove(paths: Sequence[str]) -> list[str]:
    """Run the long proofs; what failed."""
    if paths:
        return _on_both(*_proofs("", *_SPREAD, *paths, with_once=True))
    # First what needs the machine for itself, then what has a part for each processor, which must not wait behind others.
    return [
        *_on_both(*_proofs("and quiet", "-q")),
        *_on_both(*_proofs("and not quiet", *_SPREAD, "tests/machine")),
        *_on_both(*_proofs("and not quiet", *_SPREAD, "--ignore=tests/machine", with_once=True)),
    ]


def _proofs(which: str, *options: str, with_once: bool = False) -> tuple[list[str], list[str]]:
    """The options of pytest for SQLite and for PostgreSQL, there with what the suite ran on SQLite alone."""
    on_postgres = f"proof and (postgres or both_databases) {which}"
    return (
        ["-m", f"proof and not postgres {which}", *options],
        [
            "-m",
            f"({on_postgres}) or (once and not proof and not pure)" if with_once else on_postgres,
            *options,
        ],
    )


def _cover() -> list[str]:
    """Run the suite and measure both databases together; the money packages must be covered branch by branch."""
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.call([*coverage, "erase"], cwd=ROOT)
    failed = _suite([*coverage, "run", "-m", "pytest"])
    subprocess.call([*coverage, "combine", "--quiet"], cwd=ROOT)
    subprocess.call([*coverage, "report", "--skip-covered", "--show-missing"], cwd=ROOT)
    print("\nThe code that moves money:", flush=True)
    money = ",".join(f"zemi/{package}/*" for package in MONEY)
    if subprocess.call(
        [*coverage, "report", "--show-missing", f"--include={money}", "--fail-under=100"], cwd=ROOT
    ):
        failed.append("the coverage of the code that moves money")
    return failed


def _on_both(sqlite: list[str], postgres: list[str], *, command: Sequence[str] = PYTEST) -> list[str]:
    """Run pytest with its options on each database; the names of those where it failed, or that CI must have."""
    failed = []
    if _pytest("sqlite", sqlite, command=command) not in _FINE:
        failed.append("SQLite")
    try:
        print(f"\nPostgreSQL: {find().where}", flush=True)
    except NoServer as problem:
        print(f"\n{_RULE}\n  NOT RUN ON POSTGRESQL: {problem}\n{_RULE}", flush=True)
        if os.environ.get("CI"):
            failed.append("PostgreSQL, which CI must have")
    else:
        if _pytest("postgres", postgres, command=command) not in _FINE:
            failed.append("PostgreSQL")
    return failed


def _pytest(database: str, options: list[str], *, command: Sequence[str] = PYTEST) -> int:
    started = time.monotonic()
    print(f"\n== pytest on {database}: {' '.join(options)}", flush=True)
    code = subprocess.call([*command, *options], cwd=ROOT, env={**os.environ, "ZEMI_TEST_DB": database})
    print(f"== {database}: exit code {code} after {time.monotonic() - started:.0f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
