"""Races need real transactions: threads with connections of their own, and a database that is emptied afterwards.

Each race is run once with every suite and ZEMI_RACE_ROUNDS times in a proof (50, or 200 for a soak).
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from tests import story

ROUNDS_OF_A_PROOF = 50


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "race_round" in metafunc.fixturenames:
        rounds = int(os.environ.get("ZEMI_RACE_ROUNDS", ROUNDS_OF_A_PROOF))
        # The control fails every time, and without a crowd there is no race.
        is_race = "at_once" in metafunc.fixturenames and "control" not in metafunc.function.__name__
        more = range(2, rounds + 1) if is_race else ()
        marks = (pytest.mark.proof, pytest.mark.both_databases)
        metafunc.parametrize("race_round", [1, *(pytest.param(number, marks=marks) for number in more)])


@pytest.fixture
def crowd() -> int:
    """How many at once: SQLite lets one write at a time and the others wait in line, at most so long."""
    return 50 if connection.vendor == "postgresql" else 16


@pytest.fixture
def stage(transactional_db: None, simulator: Any, clock: Any, race_round: int) -> None:
    """Open the books; what is written here is committed."""
    story.open_books(clock.now())


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Run something in many threads that start at the same moment; answer what each returned."""

    def run(number: int, act: Callable[[int], Any]) -> list[Any]:
        barrier = threading.Barrier(number)

        def one(index: int) -> Any:
            barrier.wait(timeout=30)
            try:
                return act(index)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(max_workers=number) as pool:
            return list(pool.map(one, range(number)))

    return run
