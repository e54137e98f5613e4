"""`make test`, `make proof`, `make cover`: python -m tools.test [--proof | --cover] [path ...]

Everything runs on SQLite; all that touches the database runs again on PostgreSQL, where a server can be had.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.postgres import NoServer, find

ROOT = Path(__file__).resolve().parent.parent
# What runs on PostgreSQL too.
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
    "payments",
    "payouts",
    "releases",
    "trust",
    "webhooks",
)

_RULE = "!" * 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.test")
    parser.add_argument("--proof", action="store_true", help="the long proofs")
    parser.add_argument("--cover", action="store_true", help="measure branch coverage")
    parser.add_argument("paths", nargs="*", help="run these alone, in one process")
    args = parser.parse_args()

    if args.paths:
        return _pytest("sqlite", ["-m", "proof" if args.proof else "not proof", *args.paths])
    if args.cover:
        return _cover()

    failed = []
    if _pytest("sqlite", ["-m", "proof and not postgres" if args.proof else "not proof", *_SPREAD]):
        failed.append("SQLite")
    try:
        print(f"\nPostgreSQL: {find().where}", flush=True)
    except NoServer as problem:
        print(f"\n{_RULE}\n  NOT RUN ON POSTGRESQL: {problem}\n{_RULE}", flush=True)
        if os.environ.get("CI"):
            failed.append("PostgreSQL, which CI must have")
    else:
        if args.proof:
            again = ["-m", "proof and (postgres or both_databases)", *_SPREAD]
        else:
            again = [
                "-m",
                "not proof",
                *_SPREAD,
                *(f"tests/{name}" for name in DATABASE_TESTS if (ROOT / "tests" / name).is_dir()),
            ]
        if _pytest("postgres", again):
            failed.append("PostgreSQL")
    print(f"\nFAILED on {' and '.join(failed)}" if failed else "\nAll passed.", flush=True)
    return 1 if failed else 0


# As many processes as processors; a slow file doesn't hold up the rest.
_SPREAD = ("-n", "auto", "--dist", "worksteal", "-q")


def _pytest(database: str, options: list[str]) -> int:
    started = time.monotonic()
    print(f"\n== pytest on {database}: {' '.join(options)}", flush=True)
    code = subprocess.call(
        [sys.executable, "-m", "pytest", *options], cwd=ROOT, env={**os.environ, "ZEMI_TEST_DB": database}
    )
    print(
        f"== {database}: exit code {code} after {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return code


def _cover() -> int:
    """Measure both databases together; the packages that move money must be covered branch by branch."""
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.call([*coverage, "erase"], cwd=ROOT)
    codes = [_covered("sqlite", ["tests"])]
    try:
        find()
    except NoServer as problem:
        print(f"\n{_RULE}\n  NOT MEASURED ON POSTGRESQL: {problem}\n{_RULE}", flush=True)
    else:
        codes.append(_covered("postgres", [f"tests/{name}" for name in DATABASE_TESTS]))
    subprocess.call([*coverage, "combine", "--quiet"], cwd=ROOT)
    subprocess.call([*coverage, "report", "--skip-covered", "--show-missing"], cwd=ROOT)
    print("\nThe code that moves money:", flush=True)
    money = ",".join(f"zemi/{package}/*" for package in MONEY)
    codes.append(
        subprocess.call(
            [*coverage, "report", "--show-missing", f"--include={money}", "--fail-under=99"], cwd=ROOT
        )
    )
    return max(codes)


def _covered(database: str, paths: list[str]) -> int:
    return subprocess.call(
        [
            sys.executable,
            "-m",
            "coverage",
            "run",
            "--parallel-mode",
            "-m",
            "pytest",
            "-q",
            "-m",
            "not proof",
            *paths,
        ],
        cwd=ROOT,
        env={**os.environ, "ZEMI_TEST_DB": database},
    )


if __name__ == "__main__":
    sys.exit(main())
