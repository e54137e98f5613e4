"""One world for one example: a database to be rolled back, a clock, the simulator, and wires that can be cut."""

import contextlib
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx2
from django.conf import settings
from django.db import connection, transaction

from simulator import Simulator, state
from tests.conftest import START, VirtualClock
from tests.machine.sometimes import DIED_AFTER_THE_CALL, DIED_BEFORE_THE_CALL, STALLED
from tests.machine.tally import Tally
from zemi.common import clock as product_clock
from zemi.common import faults, http_client
from zemi.common.db import in_unit_of_work
from zemi.providers import registry
from zemi.providers.base import Succeeded
from zemi.reconciliation.opening import ensure_opening_float
from zemi.webhooks.tokens import CallbackKind, mint

# More rounds than one moment can need: worker and simulator would find work for ever.
_MOST_ROUNDS = 200
# A killed process may hold the lease on the token (20 s); whoever came sooner would wait for it in real time.
DEATH_S = 25
_DEATHS = {"before_disburse": DIED_BEFORE_THE_CALL, "after_disburse": DIED_AFTER_THE_CALL}


class Killed(BaseException):
    """The process dies here. Not an Exception, so that no handler of the product can survive it."""


class Reaper:
    """Kills at the k-th place of one kind, and counts where.

    "between": after each commit (of a unit or of a single statement), before and after each request to the
    provider. "inside": after each statement of an open unit, whose work must then be undone. Any other kind is the
    name of a fault point of the product.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._left: int | None = None
        self._kind = "between"
        self.suspended = False

    @contextmanager
    def armed(self, kind: str, places: int) -> Iterator[None]:
        """Kill at the `places`-th place in this block, if it has so many."""
        self._left, self._kind = places, kind
        faults.install(self._fault_point)
        try:
            with connection.execute_wrapper(self._statement):
                yield
        finally:
            self._left = None
            faults.install(None)

    def pass_by(self, kind: str, place: str) -> None:
        """Go by a place where the process may be killed.

        :raises Killed: it is
        """
        if self._left is None or self.suspended or kind != self._kind:
            return
        self._left -= 1
        if self._left == 0:
            self._left = None
            self._tally.deaths[f"{kind}: {place}"] += 1
            if kind in _DEATHS:
                self._tally.sometimes[_DEATHS[kind]] += 1
            raise Killed(place)

    def _fault_point(self, name: str) -> None:
        self.pass_by("between", name)
        self.pass_by(name, "every time")

    def _statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        verb = sql.split(maxsplit=1)[0]
        if verb in {"INSERT", "UPDATE", "DELETE", "WITH"}:
            if in_unit_of_work():
                if not _can_be_undone():
                    return result
                self.pass_by("inside", f"{verb} in a unit")
            else:
                self.pass_by("between", f"{verb} {_table(sql)} committed")
        return result


class Wire(httpx2.BaseTransport):
    """What lies between the product and the simulator: it can be down, and a process can die at either end."""

    def __init__(self, inner: httpx2.BaseTransport, reaper: Reaper) -> None:
        self._inner = inner
        self._reaper = reaper
        self.is_down = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry one request."""
        if self.is_down:
            raise httpx2.ConnectError("the network is down", request=request)
        name = request.url.path.split("/")[2] if request.url.path.count("/") > 1 else request.url.path
        self._reaper.pass_by("between", f"before the request {name}")
        # What happens at the other end, an early callback too, happens in other processes.
        before, self._reaper.suspended = self._reaper.suspended, True
        try:
            response = self._inner.handle_request(request)
        finally:
            self._reaper.suspended = before
        self._reaper.pass_by("between", f"after the request {name}")
        return response


class Stage:
    """The world of one example. `close` leaves nothing behind."""

    def __init__(
        self, *, wsgi: Any, tally: Tally, seed: int, fee_bps: int, float_kes: int, result_after_s: float
    ) -> None:
        self._undo = contextlib.ExitStack()
        self._tally = tally
        self._undo.callback(_set, settings, "FEE_BPS", settings.FEE_BPS)
        settings.FEE_BPS = fee_bps
        self._undo.enter_context(_rolled_back())
        self.clock = VirtualClock(START)
        product_clock.use(self.clock.now)
        self._undo.callback(product_clock.use, None)

        self.simulator = _simulator(
            wsgi, self.clock, seed=seed, float_kes=float_kes, result_after_s=result_after_s
        )
        self._undo.callback(self.simulator.close)
        self.reaper = Reaper(tally)
        self.wire = Wire(httpx2.WSGITransport(app=self.simulator.wsgi), self.reaper)
        http_client.use_transport(self.wire)
        self._undo.callback(http_client.use_transport, None)
        registry.reset()
        self._undo.callback(registry.reset)
        ensure_opening_float(now=self.clock.now())
        provider = registry.mobile_money()
        self._shortcodes = provider.collection_account, provider.disbursement_account

    def shortcodes(self) -> tuple[str, str]:
        """The paybill that collects, and the shortcode that pays out."""
        return self._shortcodes

    def register_paybill(self) -> None:
        """Have M-Pesa announce what comes to the paybill, on a path that only it was given."""
        path = mint(CallbackKind.C2B_CONFIRMATION, UUID(int=0))
        where = f"{settings.CALLBACK_ORIGIN}/hooks/{path}"
        done = registry.mobile_money().register_c2b_urls(confirmation_url=where, validation_url=where)
        assert isinstance(done, Succeeded), done

    def pass_time(self, seconds: float) -> None:
        """Move the clock; the world outside goes on by itself, the worker has to be run."""
        self.clock.advance(seconds=seconds)
        self.simulator.run_due()

    def kill_during(self, what: Callable[[], object], *, kind: str, places: int) -> bool:
        """Do `what` in a process that dies on the way; whether it did. What it held in memory is gone then."""
        try:
            with self.reaper.armed(kind, places):
                what()
        except Killed as death:
            # A process takes its open cursors with it; here they would hold on to SQLite's savepoints.
            traceback.clear_frames(death.__traceback__)
            registry.reset()
            self.pass_time(DEATH_S)
            return True
        return False

    def stall_during(self, what: Callable[[], object], place: str, meanwhile: Callable[[], object]) -> None:
        """Do `what` in a process that stops for a while at the fault point `place`, and then goes on as if nothing was."""

        def stall(name: str) -> None:
            if name == place:
                faults.install(None)
                self._tally.sometimes[STALLED] += 1
                meanwhile()

        faults.install(stall)
        try:
            what()
        finally:
            faults.install(None)

    def settle(self, run_worker: Callable[[], int]) -> None:
        """Let worker and simulator do all that is due now."""
        for _ in range(_MOST_ROUNDS):
            if not self.simulator.run_due() + run_worker():
                return
        raise AssertionError(f"worker and simulator still find work after {_MOST_ROUNDS} rounds")

    def payouts_that_arrived(self) -> set[str]:
        """The originator ids that the simulator has ever seen: its agenda is no part of its public face."""
        rows = self.simulator.wsgi._state.store.rows("SELECT originator_conversation_id FROM payouts")
        return {str(row["originator_conversation_id"]) for row in rows}

    def faults_fired(self) -> dict[str, int]:
        """How often each of the simulator's faults has bitten."""
        fired: dict[str, int] = {}
        for fault in self.simulator.wsgi._state.faults.all():
            name = str(fault["fault"])
            fired[name] = fired.get(name, 0) + int(str(fault["fired"]))
        return fired

    def close(self) -> None:
        """Undo everything."""
        self._undo.close()


# Long enough for every lease, gap and hold of the product to end, several times (SAFETY 5a: some days). At the end as
# long as the slowest result takes: what was held a day long, and has just been sent again, is held again then.
LIVENESS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5,
        25,
        60,
        130,
        310,
        620,
        1_300,
        3_700,
        3_700,
        7_300,
        20_000,
        43_200,
        86_400,
        86_400,
        86_400,
        500,
    )
)


@contextmanager
def _rolled_back() -> Iterator[None]:
    # As Django's TestCase does it: the product doesn't count this block as a transaction of its own, so that its
    # units are savepoints here, and what it writes outside of units stays after a kill, as if committed.
    block = transaction.atomic()  # noqa: TID251 (not the product's transaction)
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        if connection.vendor == "postgresql":
            # The whole run is one transaction, in which a busy machine may rest for longer than a request may.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        try:
            yield
            # Foreign keys are deferred to a commit that never comes.
            connection.check_constraints()
        finally:
            transaction.set_rollback(True)


def _simulator(
    wsgi: Any, clock: VirtualClock, *, seed: int, float_kes: int, result_after_s: float
) -> Simulator:
    with patch.object(state, "FLOAT_OPENING_CENTS", float_kes * 100):
        return Simulator(
            ":memory:",
            transport=httpx2.WSGITransport(app=wsgi),
            now=clock,
            seed=seed,
            result_after_s=result_after_s,
        )


def _set(where: Any, name: str, value: object) -> None:
    setattr(where, name, value)


def _can_be_undone() -> bool:
    # Django's bulk statements open a transaction of their own without a savepoint, which only a real one could undo.
    return next(
        block.savepoint for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)
    )


def _table(sql: str) -> str:
    words = sql.replace('"', "").split()
    return words[2] if words[0] in {"INSERT", "DELETE"} else words[1]
