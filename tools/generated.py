"""Files that are generated and committed: written by `make fix`, compared by `make check`."""

import difflib
import sys
from pathlib import Path

_MOST_LINES = 40


def write_or_check(file: Path, text: str, *, check: bool) -> int:
    """Write `text` to `file`, or with `check` say how the file differs; the exit code."""
    is_there = file.read_text() if file.exists() else ""
    if is_there == text:
        return 0
    if not check:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        print(f"wrote {file.name}")
        return 0
    difference = list(
        difflib.unified_diff(
            is_there.splitlines(), text.splitlines(), "committed", "generated", lineterm="", n=1
        )
    )
    print("\n".join(difference[:_MOST_LINES]))
    print(f"{file.name} is not what the code says: `make fix` writes it anew", file=sys.stderr)
    return 1
