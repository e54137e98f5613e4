"""The token that all processes share: one row, refreshed by one of them.

No transaction is open while the provider is asked. Every write is one conditional UPDATE, so that of many
processes one refreshes, and one that was overtaken while it did can't put a dead token back.
"""

import threading
from datetime import datetime, timedelta

from django.db.models import Q

from zemi.common import clock, crypto
from zemi.common.db import outside_transaction
from zemi.common.logs import log
from zemi.providers.base import Reason, Refused
from zemi.providers.models import ProviderToken
from zemi.providers.mpesa.tokens import EARLY, Issue, IssuedToken, TokenUnavailable

# Longer than a token call can take (connecting 5 s, reading 10 s), else two would refresh at once.
LEASE = timedelta(seconds=20)
_POLL_S = 0.05
_POLLS = 200  # ten seconds in all


class DatabaseTokens:
    """Keeps the token of the app that `key` names, for all processes on one database.

    A process remembers the token that it saw last. When another has replaced it, the provider refuses the
    old one, `drop` forgets it here, and the row's is used.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._seen: IssuedToken | None = None

    @outside_transaction
    def get(self, issue: Issue) -> str:
        """Give a token that should be good; at most one process at a time asks `issue` for a new one.

        While one is being got, the old token serves the others until it expires; then they wait, ten seconds
        at most.
        :raises TokenUnavailable: there is none, and no new one could be had
        """
        seen = self._seen
        if seen is not None and clock.now() < seen.expires_at - EARLY:
            return seen.token
        for _ in range(_POLLS):
            now = clock.now()
            row = self._row()
            held = self._open(row)
            if held is not None and now < held.expires_at - EARLY:
                self._seen = held
                return held.token
            if self._claim(row, now=now):
                refreshed = self._refresh(row.fence + 1, held, issue)
                if refreshed is not None:
                    return refreshed
                continue
            if held is not None and now < held.expires_at:
                return held.token
            threading.Event().wait(_POLL_S)
        raise TokenUnavailable(Refused(Reason.BUSY, text="another process is getting a token"))

    @outside_transaction
    def drop(self, token: str) -> None:
        """Forget `token`, which was refused; nothing happens when another has taken its place."""
        if self._seen is not None and self._seen.token == token:
            self._seen = None
        row = self._row()
        held = self._open(row)
        if held is not None and held.token == token:
            # Its bytes are compared, not the fence: a refresh that is under way must still be able to finish.
            ProviderToken.objects.filter(pk=row.pk, sealed=row.sealed).update(sealed=b"", expires_at=None)

    def _claim(self, row: ProviderToken, *, now: datetime) -> bool:
        free = Q(refreshing_until__isnull=True) | Q(refreshing_until__lte=now)
        claimed = ProviderToken.objects.filter(free, pk=row.pk, fence=row.fence)
        return claimed.update(refreshing_until=now + LEASE, fence=row.fence + 1) == 1

    def _refresh(self, fence: int, held: IssuedToken | None, issue: Issue) -> str | None:
        """Get a new token and write it down. None: the lease ran out, and another process has got its own."""
        mine = ProviderToken.objects.filter(key=self._key, fence=fence)
        try:
            issued = issue()
        except TokenUnavailable as problem:
            mine.update(refreshing_until=None)
            log.warning("provider.token_unavailable", reason=str(problem))
            # Refreshed early, so the old one may have a minute left.
            if held is not None and clock.now() < held.expires_at:
                return held.token
            raise
        sealed = crypto.seal(issued.token, context=self._context)
        # The fence rises again: who read the row during this refresh must read it once more before it claims.
        written = mine.update(
            sealed=sealed, expires_at=issued.expires_at, refreshing_until=None, fence=fence + 1
        )
        if written != 1:
            return None
        self._seen = issued
        return issued.token

    def _row(self) -> ProviderToken:
        row = ProviderToken.objects.filter(key=self._key).first()
        if row is None:
            ProviderToken.objects.bulk_create([ProviderToken(key=self._key)], ignore_conflicts=True)
            row = ProviderToken.objects.get(key=self._key)
        return row

    def _open(self, row: ProviderToken) -> IssuedToken | None:
        if not row.sealed or row.expires_at is None:
            return None
        try:
            return IssuedToken(crypto.unseal(bytes(row.sealed), context=self._context), row.expires_at)
        except crypto.SealBroken:
            # Sealed by a key that is gone from the ring: as good as none.
            return None

    @property
    def _context(self) -> str:
        return f"providers_providertoken|sealed|{self._key}"
