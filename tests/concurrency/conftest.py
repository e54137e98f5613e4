"""Races need real transactions: threads with connections of their own, and a database that is emptied afterwards."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from zemi.reconciliation.opening import ensure_opening_float


@pytest.fixture
def stage(transactional_db: None, simulator: Any, clock: Any) -> None:
    """Open the books; what is written here is committed."""
    ensure_opening_float(now=clock.now())


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
