"""The bearer token: who keeps it, and what happens when there is none.

Each new token kills the one before it (DARAJA 1.1), so all processes of one app share one.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from zemi.common import clock
from zemi.providers.base import Refused

EARLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as Daraja gave it out."""

    token: str = field(repr=False)
    expires_at: datetime


class TokenUnavailable(Exception):
    """There is no token, so the call was not made; `refusal` is what becomes of a money call."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(f"{refusal.reason} {refusal.code}")
        self.refusal = refusal


Issue = Callable[[], IssuedToken]


class TokenStore(Protocol):
    """Keeps the one token of an app."""

    def get(self, issue: Issue) -> str:
        """Give a token that should be good; at most one caller at a time asks `issue` for a new one.

        :raises TokenUnavailable: there is none, and no new one could be had
        """
        ...

    def drop(self, token: str) -> None:
        """Forget `token`, which was refused; nothing happens when another has taken its place."""
        ...


class ProcessTokens:
    """Keeps the token in this process: for one process alone, as in tests and scripts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issued: IssuedToken | None = None

    def get(self, issue: Issue) -> str:
        """Give the token, or wait for the thread that is getting a new one."""
        with self._lock:
            if self._issued is None or self._issued.expires_at - EARLY <= clock.now():
                self._issued = issue()
            return self._issued.token

    def drop(self, token: str) -> None:
        """Forget `token`."""
        with self._lock:
            if self._issued is not None and self._issued.token == token:
                self._issued = None
