"""Look for what must not be committed in all that git knows or would add: python -m tools.secret_scan"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_MOST_BYTES = 2_000_000
_MADE_HERE = {".git", ".venv", ".boot", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}

# Name -> what must not occur. Each is written so that it doesn't find itself here.
EVERYWHERE = {
    "live API key": re.compile(r"zk_live_[a-z0-9]{8}_[A-Za-z0-9_-]{20}"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}"),
    "host of a package registry": re.compile(
        r"(?:pypi\.(?:org)|python(?:hosted)\.org|registry\.(?:npmjs|yarnpkg))"
    ),
    "path of one machine": re.compile(r"(?<![\w./-])/(?:home|Users|work)/[\w.-]+"),
}
# Tests may have made-up secrets; the product and its documents have none, made up or not.
OUTSIDE_TESTS = {
    "secret in the code": re.compile(
        r"(?i)\b\w*(?:secret|password|passkey|api_?key|master_?key|token)\w*[\"']?\s*[:=]\s*[\"'](?:\d+:)?[0-9a-f]{32,}[\"']"
    ),
    "test API key": re.compile(r"zk_test_[a-z0-9]{8}_[A-Za-z0-9_-]{20}"),
}
REQUIREMENTS = {"address in requirements": re.compile(r"://")}


def main() -> int:
    """Print every finding as path:line: what; 1 if there is one."""
    findings = [
        finding for path in _files() for finding in scan(path.relative_to(ROOT).as_posix(), _text(path))
    ]
    print("\n".join(findings))
    return 1 if findings else 0


def scan(name: str, text: str) -> Iterator[str]:
    """Find what must not stand in the file called `name`."""
    rules = dict(EVERYWHERE)
    if not name.startswith("tests/"):
        rules |= OUTSIDE_TESTS
    if name.startswith("requirements"):
        rules |= REQUIREMENTS
    for what, pattern in rules.items():
        for match in pattern.finditer(text):
            # The finding itself is not repeated: this output is a log somewhere.
            yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {what}"


def _files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode == 0:
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    # An unpacked archive: everything but what make has put there.
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not _MADE_HERE & set(path.relative_to(ROOT).parts)
    ]


def _text(path: Path) -> str:
    data = path.read_bytes()[:_MOST_BYTES]
    return "" if b"\0" in data else data.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
