"""Stories need the whole product: simulator, clock, worker, the opening float in both books."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.story import assert_books_agree, open_books


@pytest.fixture(autouse=True)
def stage(
    request: pytest.FixtureRequest, db: None, simulator: Any, clock: Any, run_worker: Callable[[], int]
) -> Iterator[None]:
    """Open the books before a story, and audit them after it."""
    open_books(clock.now())
    yield
    run_worker()
    assert_books_agree(with_provider=request.node.get_closest_marker("provider_differs") is None)
