"""What all tests share: a database that may be flushed, a virtual clock, the simulator, a worker to run."""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction

# The start of every test's time: a Monday morning, 12:00 in Nairobi.
START = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
# More rounds than any story needs: a worker and a simulator that still find something then do so for ever.
_MOST_ROUNDS = 1_000
_LONGEST = 20
_MIGRATED = "migrated.sqlite3"
# Fixtures through which a test comes to the database.
_DATABASE = {"db", "transactional_db", "django_db_setup", "django_db_blocker"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: a proof that runs on SQLite and on PostgreSQL")


def pytest_report_header() -> str:
    return f"database: {connection.vendor}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.get_closest_marker("django_db") and not _DATABASE.intersection(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker("pure")
    if connection.vendor != "postgresql":
        skip = pytest.mark.skip(reason="needs PostgreSQL: `make test` runs it there")
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(skip)


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def start_with_the_long_ones(items: list[pytest.Item]) -> None:
    # After the order was drawn.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


# The database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let Django flush append-only tables after transactional tests, and keep a copy of the empty database."""
    from zemi.disbursements.models import Dispatcher
    from zemi.disbursements.switch import KINDS
    from zemi.identity.models import Deployment

    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_append_only(self: Any, statements: list[str]) -> None:
        with transaction.atomic(), triggers_off():  # noqa: TID251 (not the product's transaction)
            flush(self, statements)
        # Said by migrations, and flushed with the rest.
        Deployment.objects.get_or_create(mode=settings.MODE)
        Dispatcher.objects.bulk_create([Dispatcher.of(kind) for kind in KINDS], ignore_conflicts=True)

    operations.execute_sql_flush = flush_append_only
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(settings.VAR / _MIGRATED)])
    yield
    operations.execute_sql_flush = flush


@pytest.fixture(scope="session")
def lay_database(django_db_setup: None) -> Callable[[Path], Path]:
    """Lay a migrated database into the ZEMI_VAR of a process to be started: to migrate takes most of a start."""

    def lay(var: Path) -> Path:
        empty = settings.VAR / _MIGRATED
        # None of PostgreSQL, and nothing in it where no test of a run asks for a database: the process migrates.
        if empty.exists():
            shutil.copy(empty, var / "zemi.sqlite3")
        return var

    return lay


@contextmanager
def triggers_off() -> Iterator[None]:
    """Suspend every trigger, inside a transaction: to empty append-only tables, and to corrupt rows on purpose.

    The product's own roles may not do that: tests own their database.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            # Foreign keys are triggers too: what follows in this transaction is checked again.
            cursor.execute("SET LOCAL session_replication_role = origin")
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            yield
            for _, sql in triggers:
                cursor.execute(sql)


# Time


class VirtualClock:
    """Time that stands still until a test moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    # The simulator takes its time from any callable.
    __call__ = now

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> datetime:
        """Move on, never back."""
        step = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        assert step >= timedelta(0), "time doesn't run backwards"
        self._now += step
        return self._now


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[VirtualClock]:
    """The product's clock, starting 2026-11-23T09:00:00Z and moved by `advance` alone."""
    from zemi.common import clock as product_clock

    virtual = VirtualClock(START)
    product_clock.use(virtual.now)
    # What a test moves by the API is no other test's business.
    product_clock.let_be_moved(tmp_path / "clock")
    yield virtual
    product_clock.use(None)
    product_clock.let_be_moved(settings.VAR / "clock")


# Zemi and the simulator, each at the other's end of the wire


@pytest.fixture(scope="session")
def wsgi_application() -> Any:
    """The product as a WSGI application that keeps the caller's connection, and with it the test's transaction."""
    from zemi.wsgi import application

    def keep_connection(environ: Any, start_response: Any) -> list[bytes]:
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        try:
            response = application(environ, start_response)
            try:
                return list(response)
            finally:
                response.close()
        finally:
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)

    return keep_connection


@pytest.fixture
def simulator(clock: VirtualClock, wsgi_application: Any) -> Iterator[Any]:
    """A simulator for one test, in memory: Zemi's requests reach it, and its callbacks reach Zemi."""
    import httpx2

    from simulator import Simulator
    from zemi.common import http_client
    from zemi.providers import registry

    peer = Simulator(":memory:", transport=httpx2.WSGITransport(app=wsgi_application), now=clock)
    http_client.use_transport(httpx2.WSGITransport(app=peer.wsgi))
    registry.reset()
    yield peer
    registry.reset()
    http_client.use_transport(None)
    peer.close()


@pytest.fixture(scope="session", autouse=True)
def loaded_middleware() -> Iterator[None]:
    """Load the middleware once, as a web server does: Django's test client would load it anew for each client.

    That takes longer than ten requests, and no middleware of ours keeps anything of a request or of a setting.
    """
    from django.test.client import ClientHandler

    loaded = ClientHandler()

    def share(self: ClientHandler) -> None:
        if loaded._middleware_chain is None:
            load(loaded)
        self._middleware_chain = loaded._middleware_chain

    load, ClientHandler.load_middleware = ClientHandler.load_middleware, share
    yield
    ClientHandler.load_middleware = load


@pytest.fixture
def client_api() -> Any:
    """Django's test client: requests as anybody out there sends them."""
    from django.test import Client

    return Client(raise_request_exception=False)


@pytest.fixture
def run_worker(simulator: Any, clock: VirtualClock) -> Callable[[], int]:
    """Let worker and simulator do what is due now, in turns, until neither finds more; time stands still."""
    from zemi.common import clock as product_clock
    from zemi.worker.loop import run_once

    def run() -> int:
        done = 0
        for _ in range(_MOST_ROUNDS):
            step = simulator.run_due() + run_once(product_clock.now())
            if not step:
                return done
            done += step
        raise AssertionError(f"worker and simulator still find work after {_MOST_ROUNDS} rounds")

    return run


@pytest.fixture
def child_env() -> dict[str, str]:
    """For a process of the product that a test starts: this run's ZEMI_VAR, the product's own settings."""
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return env | {"ZEMI_VAR": str(settings.VAR), "PYTHONPATH": str(settings.BASE_DIR)}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what long proofs counted: their own output is captured, or in another process. And how long they took."""
    spent: dict[str, float] = defaultdict(float)
    for outcome in ("passed", "failed", "skipped", ""):
        for report in terminalreporter.stats.get(outcome, ()):
            spent[report.nodeid.partition("[")[0]] += getattr(report, "duration", 0.0)
            for name, text in getattr(report, "user_properties", ()):
                if name == "report" and report.when == "call":
                    terminalreporter.write_line(f"\n{text}")
    longest = sorted(((seconds, test) for test, seconds in spent.items() if seconds >= 1), reverse=True)
    for seconds, test in longest[:_LONGEST]:
        terminalreporter.write_line(f"{seconds:>7.0f} s  {test}")


@pytest.fixture
def make_key(db: None, clock: Any) -> Callable[..., str]:
    """Make the key of a merchant; its text."""
    from zemi.identity.api_keys import Scope, create_api_key

    def make(
        *scopes: str, merchant: str = "Duka la Chebet", now: datetime | None = None, **options: Any
    ) -> str:
        found = [Scope(scope) for scope in scopes]
        return create_api_key(merchant_name=merchant, scopes=found, now=now or clock.now(), **options)[1]

    return make


@pytest.fixture
def everything(db: None) -> Callable[[], dict[str, list[str]]]:
    """All rows of all tables of the product: equal before and after means that nothing moved.

    But for who has asked how often, and when a key was used.
    """
    from zemi.trust.models import Budget

    # As the database has them: hundreds of tests ask twice, and Django takes ten times as long to put a query together.
    questions = {}
    for model in apps.get_models():
        if model.__module__.startswith("zemi.") and model is not Budget:
            columns = [f.column for f in model._meta.concrete_fields if f.name != "last_used_at"]
            named = ", ".join(map(connection.ops.quote_name, columns))
            questions[model._meta.label] = f'SELECT {named} FROM "{model._meta.db_table}"'

    def look() -> dict[str, list[str]]:
        found = {}
        with connection.cursor() as cursor:
            for label, question in questions.items():
                cursor.execute(question)
                found[label] = sorted(map(repr, cursor.fetchall()))
        return found

    return look
