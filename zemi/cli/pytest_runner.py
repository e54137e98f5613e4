"""`manage.py test` runs the same pytest as `make test`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings


class PytestRunner:
    """Django's TEST_RUNNER: the part of DiscoverRunner's interface that `manage.py test` uses."""

    def __init__(self, *, verbosity: int = 1, failfast: bool = False, keepdb: bool = False, **_: Any) -> None:
        self.options = (
            (["-v"] if verbosity > 1 else [])
            + (["-x"] if failfast else [])
            + (["--reuse-db"] if keepdb else [])
        )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        """Add the options of Django's runner that mean something to pytest."""
        parser.add_argument("--keepdb", action="store_true", help="keep the test database")

    def run_tests(self, test_labels: Sequence[str], **_: Any) -> int:
        """Run the tests that `test_labels` name (all if there are none); the exit code of pytest."""
        if find_spec("pytest") is None:
            print(
                "pytest isn't installed: `make test` installs the development set, and runs everything.",
                file=sys.stderr,
            )
            return 1
        import pytest

        return int(pytest.main([*self.options, "-m", "not proof", *paths_of(test_labels)]))


def paths_of(labels: Sequence[str]) -> list[str]:
    """Turn Django's labels into paths below tests/.

    A path stays one. `orders.tests` or `orders` become the files and directories below tests/ of that name; a
    label that fits nothing means the whole suite, which says so rather than run nothing.
    """
    paths: list[str] = []
    for label in labels:
        found = _paths_of(label)
        if not found:
            print(f"no tests are named {label!r}: running the whole suite", file=sys.stderr)
            return []
        paths += found
    return paths


def _paths_of(label: str) -> list[str]:
    root = settings.BASE_DIR
    if (root / label.partition("::")[0]).exists():
        return [label]
    words = [word for word in label.split(".") if word not in {"zemi", "tests"}]
    if not words:
        return [str(root / "tests")]
    tests = root / "tests"
    exact = tests.joinpath(*words)
    for candidate in (exact, exact.with_suffix(".py"), exact.with_name(f"test_{words[-1]}.py")):
        if candidate.exists():
            return [str(candidate)]
    return sorted(str(path) for path in tests.rglob(f"test_{words[0]}*.py"))
