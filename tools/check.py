"""`make check` and `make fix`: every check, whatever the others say; one line and a time for each."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PY = sys.executable
_MOST_LINES = 60
_SETTINGS = ("ZEMI_", "MPESA_", "AT_", "DB_", "DATABASE_", "DJANGO_", "DEBUG", "ALLOWED_HOSTS")
CODE = ("zemi", "simulator", "bench", "tools", "tests", "clients", "manage.py")


@dataclass(frozen=True, slots=True)
class Step:
    """One check; its exit code says all, its output is shown when it isn't 0."""

    name: str
    command: tuple[str, ...]


CHECKS = (
    # The longest first: they run side by side.
    Step("types (mypy)", (str(BIN / "mypy"), "--no-error-summary")),
    Step("layers (import-linter)", (str(BIN / "lint-imports"), "--no-cache")),
    Step("house rules", (PY, "-m", "pytest", "-q", "-m", "not proof", "tests/architecture")),
    Step("migrations", (PY, "manage.py", "makemigrations", "--check", "--dry-run", "--verbosity", "1")),
    Step("docs/openapi.json", (PY, "-m", "tools.openapi", "--check")),
    Step("generated reference", (PY, "-m", "tools.reference", "--check")),
    Step("clients", (PY, "-m", "tools.clients", "--check")),
    Step(".env.example", (PY, "-m", "tools.env_example", "--check")),
    Step("style (ruff)", (str(BIN / "ruff"), "check", "--quiet", *CODE)),
    Step("format (ruff)", (str(BIN / "ruff"), "format", "--check", "--quiet", *CODE)),
    Step("spelling (codespell)", (str(BIN / "codespell"),)),
    Step("secrets", (PY, "-m", "tools.secret_scan")),
)
REPAIRS = (
    Step("style (ruff)", (str(BIN / "ruff"), "check", "--quiet", "--fix", *CODE)),
    Step("format (ruff)", (str(BIN / "ruff"), "format", "--quiet", *CODE)),
    Step(".env.example", (PY, "-m", "tools.env_example")),
    Step("docs/openapi.json", (PY, "-m", "tools.openapi")),
    # From the document, so after it.
    Step("clients", (PY, "-m", "tools.clients")),
    Step("generated reference", (PY, "-m", "tools.reference")),
)


def main() -> int:
    """Run them, after the repairs where those are asked for, and print what each says; 1 if one failed."""
    with tempfile.TemporaryDirectory(prefix="zemi-check-") as var:
        # Repairs follow one another, since they write; checks only read.
        failed = _failed(REPAIRS, var, at_once=1) if sys.argv[1:] == ["--fix"] else []
        failed += _failed(CHECKS, var, at_once=os.cpu_count() or 1)
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nAll is well.", flush=True)
    return 1 if failed else 0


def _failed(steps: Sequence[Step], var: str, *, at_once: int) -> list[str]:
    with ThreadPoolExecutor(at_once) as pool:
        passed = list(pool.map(lambda step: _run(step, var), steps))
    return [step.name for step, is_right in zip(steps, passed, strict=True) if not is_right]


def _run(step: Step, var: str) -> bool:
    started = time.monotonic()
    # Checks see the defaults and a ZEMI_VAR of their own, not what happens to be configured here.
    env = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    done = subprocess.run(
        step.command,
        cwd=ROOT,
        env=env | {"ZEMI_VAR": var, "ZEMI_ENV_FILE": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    is_right = done.returncode == 0
    lines = [] if is_right else done.stdout.strip().splitlines()
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"... and {len(lines) - _MOST_LINES} lines more: {' '.join(step.command)}"]
    said = "".join(f"\n    {line}" for line in lines)
    print(
        f"{'ok  ' if is_right else 'FAIL'} {step.name:<28} {time.monotonic() - started:5.1f} s{said}",
        flush=True,
    )
    return is_right


if __name__ == "__main__":
    sys.exit(main())
