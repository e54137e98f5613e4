"""What long-lived processes tell the garbage collector."""

import gc

from zemi.common.memory import keep_what_is_loaded


def test_what_is_loaded_at_start_is_not_looked_through_again() -> None:
    before = gc.get_threshold()
    try:
        keep_what_is_loaded()

        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > before[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
