"""Which merchants have somebody to tell: events of all others cost nothing more than themselves.

Packages above write here who listens; `record` asks. Each process looks at the table at most once in SEEN_FOR, so for
that long it may miss a merchant who has only begun to listen: whoever begins, catches up (`webhooks.replays`).
"""

import threading
from datetime import datetime, timedelta
from uuid import UUID

from zemi.common import clock
from zemi.common.db import inside_transaction
from zemi.events.models import Listener

SEEN_FOR = timedelta(seconds=2)


class _Seen:
    """What this process last saw."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.merchants: frozenset[UUID] = frozenset()
        self.until: datetime | None = None


_seen = _Seen()


def listening() -> frozenset[UUID]:
    """The merchants that have somebody to tell, as of at most SEEN_FOR ago."""
    now = clock.now()
    with _seen.lock:
        if _seen.until is None or not now < _seen.until <= now + SEEN_FOR:
            _seen.merchants = frozenset(Listener.objects.values_list("merchant_id", flat=True))
            _seen.until = now + SEEN_FOR
        return _seen.merchants


@inside_transaction
def begin_listening(merchant_id: UUID, *, now: datetime) -> None:
    """Tell this merchant's endpoints from now on.

    Locks the merchant's row, also if it is told already: whoever else begins or stops waits, and sees what was done here.
    """
    Listener.objects.bulk_create(
        [Listener(merchant_id=merchant_id, since=now)],
        update_conflicts=True,
        unique_fields=["merchant_id"],
        update_fields=["since"],
    )
    forget()


@inside_transaction
def stop_listening(merchant_id: UUID) -> None:
    """Nobody is there to be told any more."""
    Listener.objects.filter(merchant_id=merchant_id).delete()
    forget()


def forget() -> None:
    """Look at the table again at the next event."""
    with _seen.lock:
        _seen.until = None
