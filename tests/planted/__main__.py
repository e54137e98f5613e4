"""Plant each bug in a copy of the tree and see whether its tests notice: python -m tests.planted [--sample N --seed S]."""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.planted.patches import PATCHES, Patch

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 600
CAUGHT, MISSED, BROKEN, SLOW = "caught", "MISSED", "BROKEN", "TIMED OUT"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--sample", type=int, help="as many of them, drawn by the seed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--only", help="those whose name holds these words")
    parser.add_argument("--machine", type=int, metavar="STEPS", help="let the machine alone find them")
    args = parser.parse_args()

    chosen = [patch for patch in PATCHES if args.only is None or args.only in patch.name]
    if args.sample is not None:
        chosen = random.Random(args.seed).sample(chosen, min(args.sample, len(chosen)))
        print(f"{len(chosen)} of {len(PATCHES)} planted bugs, --seed {args.seed}", flush=True)
    verdicts = [_report(patch, steps=args.machine) for patch in chosen]
    missed = [verdict for verdict in verdicts if verdict != CAUGHT]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} planted bugs caught", flush=True)
    return 1 if missed or not chosen else 0


def _report(patch: Patch, *, steps: int | None) -> str:
    started = time.monotonic()
    verdict, told = plant(patch, steps=steps)
    print(f"{verdict:<9} {time.monotonic() - started:>4.0f} s  {patch.name}: {patch.breaks}", flush=True)
    print(f"               {told}", flush=True)
    return verdict


def plant(patch: Patch, *, steps: int | None = None) -> tuple[str, str]:
    """Copy the tree, plant the bug there, and run its tests until the first fails: the verdict, and their last words."""
    with tempfile.TemporaryDirectory(prefix="zemi-planted-") as name:
        tree = Path(name) / "zemi"
        copy_tree(tree)
        file = tree / patch.file
        file.write_text(planted(patch, file.read_text()))
        env = {key: value for key, value in os.environ.items() if not key.startswith(("ZEMI_", "PYTEST_"))}
        env |= {"ZEMI_TEST_DB": patch.database}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-m", "not proof", *patch.tests]
        if steps is not None:
            command = [sys.executable, "-m", "tests.machine", "--steps", str(steps), "--seeds", "1..1000"]
            command += ["--processes", "1", "--log", f"{name}/log"]
        try:
            done = subprocess.run(
                command, cwd=tree, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return SLOW, ""
        finally:
            if sys.pycache_prefix:
                # What was compiled of the copy stands outside it.
                shutil.rmtree(Path(sys.pycache_prefix, *Path(name).resolve().parts[1:]), ignore_errors=True)
    # 1 is "tests failed", all above it say that pytest itself could not do its work.
    verdict = {0: MISSED, 1: CAUGHT}.get(done.returncode, BROKEN)
    if verdict == CAUGHT:
        return verdict, next(
            (line.removeprefix("FAILED ") for line in done.stdout.splitlines() if line.startswith("FAILED ")),
            "",
        ).partition(" - ")[0]
    return verdict, (done.stdout + done.stderr)[-2_000:]


def planted(patch: Patch, text: str) -> str:
    """The file with the bug in it.

    :raises ValueError: its old text does not occur exactly once
    """
    if text.count(patch.old) != 1:
        raise ValueError(f"{patch.name}: the text occurs {text.count(patch.old)} times in {patch.file}")
    return text.replace(patch.old, patch.new)


def copy_tree(target: Path) -> None:
    """Copy what git knows of, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


if __name__ == "__main__":
    sys.exit(main())
