"""What a proof can't do without on this machine: skipped, and said aloud; in CI, which must have it, a failure."""

import os
from typing import NoReturn

import pytest


def not_proved(problem: str) -> NoReturn:
    """Skip the test, or fail it in CI, because of `problem`."""
    if os.environ.get("CI"):
        pytest.fail(f"NOT PROVED, and CI must: {problem}", pytrace=False)
    # Elsewhere a newcomer's `make test` must pass without it; the run's end lists what was skipped, and why.
    pytest.skip(f"NOT PROVED: {problem}")
