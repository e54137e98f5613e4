"""Be told to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_by_signal(*numbers: signal.Signals) -> Iterator[threading.Event]:
    """An event that any of these signals sets; afterwards they mean what they meant before. For the main thread."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
