"""python -m tests.kills --kills 200 --seed 1: kill at random moments, and compare. Exit code 1: something is wrong."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kills.harness import Stage, torment


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zemi-kills-") as var:
        with Stage(Path(var)) as stage:
            result = torment(stage, kills=args.kills, seed=args.seed, say=_say)
        _say(str(result))
        if result.problems:
            for log in sorted(Path(var).glob("*.log")):
                _say(f"--- the end of {log.name}\n{log.read_text(errors='replace')[-3000:]}")
    return 1 if result.problems else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
