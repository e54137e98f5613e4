"""Garbage collection for processes that live long: what is loaded at start is never garbage."""

import gc

# Objects made before the youngest are looked through: a request or a row makes some thousands, and few of them in cycles.
_YOUNG = 20_000


def keep_what_is_loaded() -> None:
    """Take all that is loaded now out of the collector's rounds, and let these come more seldom. Once, after the start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
