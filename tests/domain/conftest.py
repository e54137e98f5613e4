"""Books with something in them, for what is proved about books."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story


@pytest.fixture
def books(db: None, simulator: Any, clock: Any, run_worker: Callable[[], int]) -> Any:
    """One order paid and completed and paid out, and one held. Answers the simulator."""
    story.open_books(clock.now())
    done, held = story.create_order().data, story.create_order().data
    for number, order in enumerate((done, held)):
        story.simulate_payment(order["order_reference"], f"PAID{number:04d}")
    story.confirm(done["order_reference"], done["delivery_code"])
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    assert story.problems() == []
    return simulator
