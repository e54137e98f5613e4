"""The shared token: one row, one refresh at a time, over all threads and processes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from zemi.common.db import BoundaryError, unit_of_work
from zemi.providers import tokens
from zemi.providers.base import Reason, Refused
from zemi.providers.models import ProviderToken
from zemi.providers.mpesa.tokens import IssuedToken, TokenUnavailable
from zemi.providers.tokens import DatabaseTokens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

APP = "mpesa:test"
LIFE = timedelta(seconds=3599)


class Gateway:
    """Gives out tokens and counts them."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.issued: list[str] = []
        self.broken = False

    def __call__(self) -> IssuedToken:
        with self._lock:
            if self.broken:
                raise TokenUnavailable(Refused(Reason.BUSY, "http_500"))
            self.issued.append(f"token-{len(self.issued) + 1}")
            return IssuedToken(self.issued[-1], self._clock.now() + LIFE)


@pytest.fixture
def gateway(clock: Any) -> Gateway:
    return Gateway(clock)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for another process's token for a twentieth of a second."""
    monkeypatch.setattr(tokens, "_POLLS", 2)
    monkeypatch.setattr(tokens, "_POLL_S", 0.02)


def test_one_token_serves_every_process(gateway: Gateway):
    first, second = DatabaseTokens(APP), DatabaseTokens(APP)

    assert [first.get(gateway), second.get(gateway), first.get(gateway)] == ["token-1"] * 3
    assert gateway.issued == ["token-1"]


def test_the_token_is_sealed_in_its_row(gateway: Gateway):
    DatabaseTokens(APP).get(gateway)

    row = ProviderToken.objects.get(key=APP)
    assert b"token-1" not in bytes(row.sealed)
    assert (row.fence, row.refreshing_until) == (2, None)


def test_two_apps_have_two_tokens(gateway: Gateway):
    assert DatabaseTokens(APP).get(gateway) == "token-1"
    assert DatabaseTokens("mpesa:other").get(gateway) == "token-2"


def test_a_token_is_replaced_a_minute_before_its_end(gateway: Gateway, clock: Any):
    ours, theirs = DatabaseTokens(APP), DatabaseTokens(APP)
    ours.get(gateway)

    clock.advance(seconds=3599 - 61)
    still = ours.get(gateway), theirs.get(gateway)
    clock.advance(seconds=1)
    then = ours.get(gateway), theirs.get(gateway)

    assert still == ("token-1", "token-1")
    assert then == ("token-2", "token-2")


def test_a_dropped_token_is_replaced_for_all(gateway: Gateway):
    ours, theirs = DatabaseTokens(APP), DatabaseTokens(APP)
    ours.get(gateway)
    theirs.get(gateway)

    ours.drop("token-1")
    replaced = ours.get(gateway)
    theirs.drop("token-1")  # which has been replaced already

    assert replaced == theirs.get(gateway) == "token-2"
    assert gateway.issued == ["token-1", "token-2"]


def test_dropping_a_token_that_nobody_has_changes_nothing(gateway: Gateway):
    store = DatabaseTokens(APP)
    store.drop("token-0")
    store.get(gateway)
    store.drop("token-0")

    assert store.get(gateway) == "token-1"


def test_the_old_token_serves_while_another_process_is_getting_a_new_one(gateway: Gateway, clock: Any):
    DatabaseTokens(APP).get(gateway)
    clock.advance(seconds=3599 - 30)
    _begin_refresh(clock)

    assert DatabaseTokens(APP).get(gateway) == "token-1"
    assert gateway.issued == ["token-1"]


@pytest.mark.usefixtures("impatient")
def test_without_an_old_token_one_waits_and_then_gives_up(gateway: Gateway, clock: Any):
    ProviderToken.objects.create(key=APP)
    _begin_refresh(clock)

    with pytest.raises(TokenUnavailable) as caught:
        DatabaseTokens(APP).get(gateway)

    assert caught.value.refusal.may_resend
    assert gateway.issued == []


def test_a_refresh_that_died_is_taken_over_when_its_lease_ends(gateway: Gateway, clock: Any):
    ProviderToken.objects.create(key=APP)
    _begin_refresh(clock)
    clock.advance(seconds=20)

    assert DatabaseTokens(APP).get(gateway) == "token-1"


def test_a_refresh_that_was_overtaken_does_not_put_its_dead_token_back(gateway: Gateway, clock: Any):
    def slow() -> IssuedToken:
        slow_one = gateway()
        clock.advance(seconds=21)
        assert DatabaseTokens(APP).get(gateway) == "token-2"  # which kills the first
        return slow_one

    assert DatabaseTokens(APP).get(slow) == "token-2"
    assert DatabaseTokens(APP).get(gateway) == "token-2"
    assert gateway.issued == ["token-1", "token-2"]


def test_a_token_dropped_while_it_is_being_replaced_does_not_stop_the_replacement(
    gateway: Gateway, clock: Any
):
    DatabaseTokens(APP).get(gateway)
    clock.advance(seconds=3599 - 30)

    def while_another_is_refused() -> IssuedToken:
        DatabaseTokens(APP).drop("token-1")
        return gateway()

    assert DatabaseTokens(APP).get(while_another_is_refused) == "token-2"
    assert DatabaseTokens(APP).get(gateway) == "token-2"


def test_when_no_new_token_can_be_had_the_old_one_serves_to_its_end(gateway: Gateway, clock: Any):
    store = DatabaseTokens(APP)
    store.get(gateway)
    gateway.broken = True

    clock.advance(seconds=3599 - 30)
    early = store.get(gateway)
    clock.advance(seconds=30)
    with pytest.raises(TokenUnavailable) as caught:
        store.get(gateway)
    gateway.broken = False

    assert early == "token-1"
    assert caught.value.refusal == Refused(Reason.BUSY, "http_500")
    assert store.get(gateway) == "token-2"


def test_a_token_sealed_by_a_key_that_is_gone_is_as_good_as_none(gateway: Gateway):
    DatabaseTokens(APP).get(gateway)
    ProviderToken.objects.filter(key=APP).update(sealed=b"\x07broken")

    assert DatabaseTokens(APP).get(gateway) == "token-2"


def test_who_read_the_row_during_a_refresh_does_not_refresh_after_it(gateway: Gateway, clock: Any):
    late = DatabaseTokens(APP)
    read: list[ProviderToken] = []

    def while_another_reads() -> IssuedToken:
        read.append(late._row())
        return gateway()

    DatabaseTokens(APP).get(while_another_reads)

    assert not late._claim(read[0], now=clock.now())
    assert late.get(gateway) == "token-1"


def test_a_late_drop_does_not_touch_the_token_that_came_meanwhile(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
):
    ours, theirs = DatabaseTokens(APP), DatabaseTokens(APP)
    ours.get(gateway)
    stale = ours._row()
    theirs.drop("token-1")
    theirs.get(gateway)
    monkeypatch.setattr(ours, "_row", lambda: stale)

    ours.drop("token-1")

    assert DatabaseTokens(APP).get(gateway) == "token-2"
    assert gateway.issued == ["token-1", "token-2"]


def test_no_token_is_asked_for_inside_a_transaction(gateway: Gateway):
    with pytest.raises(BoundaryError), unit_of_work():
        DatabaseTokens(APP).get(gateway)

    assert gateway.issued == []


def test_many_at_once_get_one_token_between_them(gateway: Gateway):
    ready = threading.Barrier(8)

    def work() -> str:
        try:
            ready.wait(timeout=10)
            return DatabaseTokens(APP).get(gateway)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        got = [task.result(timeout=30) for task in [pool.submit(work) for _ in range(8)]]

    assert got == ["token-1"] * 8
    assert gateway.issued == ["token-1"]
    assert ProviderToken.objects.count() == 1


def _begin_refresh(clock: Any) -> None:
    """Another process has begun to get a token, and is not back yet."""
    changed = ProviderToken.objects.filter(key=APP).update(
        refreshing_until=clock.now() + tokens.LEASE, fence=9
    )
    assert changed == 1
