"""Write requests down in batches, by a thread of the web process (ADR 0012).

A request only appends to a list in memory: it makes no trip to the database and waits for nothing. What a process that is
killed still had in memory, a second's worth at most, is lost to the pages; the log itself has its line all the same.
"""

import threading
from collections import deque

from django.db import Error, connections

from zemi.common.db import insert
from zemi.common.logs import log
from zemi.request_log.models import LoggedRequest

# Requests of so long are written together.
GATHER_S = 1.0
# More are dropped, and counted: a database that stands still must not fill the memory.
MOST_WAITING = 10_000
_BATCH = 500


class Recorder:
    """Requests that wait to be written, and the thread that writes them; nothing is taken before `start`."""

    def __init__(self) -> None:
        self._waiting: deque[LoggedRequest] = deque()
        self._dropped = 0
        self._some = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; each web process does so after it was forked."""
        self._end.clear()
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._end.set()
            self._some.set()
            thread.join(timeout=10)

    def note(self, request: LoggedRequest) -> None:
        """Take a request to be written soon."""
        if self._thread is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
        else:
            self._waiting.append(request)
        self._some.set()

    def flush(self) -> int:
        """Write what waits now; how many. What the database refuses is dropped: it is looked at, nothing depends on it."""
        written = 0
        while self._waiting:
            rows = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                written += insert(*rows, ignore_conflicts=True)
            except Error as error:
                self._dropped += len(rows)
                log.warning("request_log.not_written", error=type(error).__qualname__)
                break
        if self._dropped:
            log.warning("request_log.dropped", requests=self._dropped)
            self._dropped = 0
        return written

    def _run(self) -> None:
        while not self._end.is_set():
            self._some.wait()
            self._end.wait(GATHER_S)
            self._some.clear()
            try:
                self.flush()
            finally:
                # Kept open between batches only where the settings say so.
                connections["default"].close_if_unusable_or_obsolete()
        connections.close_all()


recorder = Recorder()
