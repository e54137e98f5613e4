"""The soak: many seeds in several processes, a line of the log for each range of them; goes on where it stopped.

python -m tests.machine --steps 1000000 --seeds 1..100000 --log var/soak.log
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Each process begins with an empty database, which takes half as long as a seed.
SEEDS_AT_ONCE = 10
_TEST = "tests/machine/test_machine.py::test_no_invariant_breaks_with_the_seeds_of_the_soak"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=__doc__)
    parser.add_argument("--steps", type=int, required=True, help="stop when there are as many in the log")
    parser.add_argument("--seeds", required=True, metavar="A..B")
    parser.add_argument("--log", type=Path, required=True, help="written, and read to go on")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    args = parser.parse_args()

    known = _read(args.log)
    first, last = map(int, args.seeds.split(".."))
    todo = _ranges(first, last, done={entry["seeds"] for entry in known if entry["sound"]})
    steps = sum(entry["steps"] for entry in known if entry["sound"])
    sound = _run(args, todo, steps)
    return _summary(_read(args.log), wanted=args.steps) if sound else 1


def _run(args: argparse.Namespace, todo: Iterator[str], steps: int) -> bool:
    """Work off the ranges until there are steps enough. False when an invariant broke."""
    running: set[Future[dict[str, Any]]] = set()
    sound = True
    with ThreadPoolExecutor(args.processes) as pool:
        while True:
            while sound and steps < args.steps and len(running) < args.processes:
                seeds = next(todo, None)
                if seeds is None:
                    break
                running.add(pool.submit(_one, seeds, args.database))
            if not running:
                return sound
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                entry = future.result()
                with args.log.open("a") as log:
                    log.write(json.dumps(entry) + "\n")
                steps += entry["steps"]
                sound = sound and entry["sound"]
                print(
                    f"seeds {entry['seeds']}: {entry['steps']} steps in {entry['seconds']} s, {steps} in all"
                    f"{'' if entry['sound'] else ': AN INVARIANT BROKE'}",
                    flush=True,
                )
                if not entry["sound"]:
                    print(entry["output"], flush=True)


def _one(seeds: str, database: str) -> dict[str, Any]:
    """Run one range of seeds in a process of its own."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zemi-soak-") as name:
        tally = Path(name) / "tally.json"
        env = os.environ | {
            "ZEMI_TEST_DB": database,
            "ZEMI_MACHINE_SEEDS": seeds,
            "ZEMI_MACHINE_TALLY": str(tally),
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--no-header", _TEST],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        sound = done.returncode == 0 and tally.exists()
        facts = json.loads(tally.read_text()) if sound else {}
    entry: dict[str, Any] = {
        "seeds": seeds,
        "database": database,
        "sound": sound,
        "steps": sum(facts.get("rules", {}).values()),
        "seconds": round(time.monotonic() - started),
        "tally": facts,
    }
    return entry if sound else entry | {"output": done.stdout[-20_000:] + done.stderr[-2_000:]}


def _ranges(first: int, last: int, *, done: set[str]) -> Iterator[str]:
    for start in range(first, last + 1, SEEDS_AT_ONCE):
        seeds = f"{start}..{min(start + SEEDS_AT_ONCE - 1, last)}"
        if seeds not in done:
            yield seeds


def _read(log: Path) -> list[dict[str, Any]]:
    # A line that was being written when the machine stopped is no line.
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [json.loads(line) for line in lines]


def _summary(entries: list[dict[str, Any]], *, wanted: int) -> int:
    """Print all counts; 1 when there are too few steps, or something was seen too seldom for them."""
    import django

    django.setup()
    from tests.machine.cast import FAULTS
    from tests.machine.tally import Tally
    from tests.machine.test_machine import IMPOSSIBLE_EDGES, RARE_EDGES

    total = Tally()
    for entry in entries:
        if entry["sound"]:
            total.add(Tally.of(entry["tally"]))
    print(total.table(f"soak, {len(entries)} ranges of seeds"), flush=True)
    short = total.short(impossible=IMPOSSIBLE_EDGES, rare=RARE_EDGES, faults=(name for name, _ in FAULTS))
    if total.steps < wanted:
        print(f"{total.steps} steps instead of {wanted}: more seeds are needed", flush=True)
    if short and total.steps >= ENOUGH:
        print("too seldom: " + "; ".join(short), flush=True)
    return 1 if total.steps < wanted or (short and total.steps >= ENOUGH) else 0


# Below it, how often something was seen says nothing.
ENOUGH = 20_000

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    sys.exit(main())
