"""Twelve kills in the proofs; the soak runs many more by `python -m tests.kills`."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.kills.harness import Stage, torment

pytestmark = [
    pytest.mark.proof,
    pytest.mark.quiet,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="children have to die with their parent"),
]
KILLS = 12


def test_killed_again_and_again_it_loses_nothing_and_pays_nobody_twice(
    tmp_path: Path, record_property: Any
) -> None:
    if postgres.find().url:
        pytest.skip("ZEMI_TEST_PG is somebody's server: it can't be killed")

    with Stage(tmp_path) as stage:
        result = torment(stage, kills=KILLS, seed=20261127)

    record_property("report", str(result))
    assert result.problems == []
    assert sum(result.kills.values()) == KILLS
    # Each process of a worker has one payment in hand when it dies.
    deaths = result.kills.get("worker", 0) + result.kills.get("all", 0)
    assert len(result.for_people) <= deaths * (os.cpu_count() or 1)
    assert result.acknowledged["confirmed"] > KILLS
