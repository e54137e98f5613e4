"""Transactions with a meaning: a use case opens exactly one unit of work, and never holds it over a provider call.

New rows that the unit doesn't look at again (events, transfers and their like) are collected while it runs and
written together at its end: on PostgreSQL in one statement, hence one round trip; on SQLite one after the other,
where a statement costs no trip at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction

from zemi.common.broker import ring
from zemi.common.faults import fault_point

NOT_NULL = object()
_PLAIN_SQLITE = frozenset({str, int, bool, type(None)})
_PLAIN = _PLAIN_SQLITE | {UUID, datetime, bytes}
P = ParamSpec("P")
R = TypeVar("R")


class BoundaryError(RuntimeError):
    """A step ran without its transaction, or a provider call ran inside one: a bug, never a refusal."""


class _Appends:
    """The new rows of one unit of work, by table in the order in which the tables were first named."""

    def __init__(self) -> None:
        self.rows: dict[type[models.Model], list[models.Model]] = {}
        self.ignored: set[type[models.Model]] = set()

    def add(self, rows: Iterable[models.Model], *, ignore_conflicts: bool) -> None:
        for row in rows:
            model = type(row)
            self.rows.setdefault(model, []).append(row)
            _ring_for(row)
            if ignore_conflicts:
                self.ignored.add(model)

    def flush(self) -> None:
        statements = [
            (f"{text} ON CONFLICT DO NOTHING" if model in self.ignored else text, values)
            for model, rows in self.rows.items()
            for text, values in [_insert_statement(rows)]
        ]
        self.rows = {}
        if not statements:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Data-modifying CTEs: foreign keys are checked at commit, triggers fire when all rows are in.
                *first, (last, last_params) = statements
                ctes = ", ".join(f"w{number} AS ({text})" for number, (text, _) in enumerate(first))
                params = [value for _, values in first for value in values] + last_params
                cursor.execute(f"WITH {ctes} {last}" if first else last, params)
            else:
                for text, values in statements:
                    cursor.execute(text, values)


def _insert_statement(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    # By hand: every step inserts, and the ORM takes longer to build this than the database to run it.
    prepared, fields = _preparation(), rows[0]._meta.concrete_fields
    values = [prepared(field, getattr(row, field.attname)) for row in rows for field in fields]
    return _insert_text(type(rows[0]), len(rows)), values


@cache
def _insert_text(model: type[models.Model], rows: int) -> str:
    fields = model._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = f"({', '.join(['%s'] * len(fields))})"
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES {", ".join([marks] * rows)}'  # noqa: S608


_appends: ContextVar[_Appends | None] = ContextVar("appends", default=None)
_listener: ContextVar[Callable[[Any], None] | None] = ContextVar("listener", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Open the one transaction of a use case; refuse to nest inside another.

    :raises BoundaryError: a unit of work is already open
    """
    if in_unit_of_work():
        raise BoundaryError("a unit of work does not nest")
    with transaction.atomic(durable=True):  # noqa: TID251 (the one place)
        appends = _Appends()
        token = _appends.set(appends)
        try:
            yield
            appends.flush()
        finally:
            _appends.reset(token)
    fault_point("committed")


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as of one moment, however long it takes; write nothing.

    :raises BoundaryError: a unit of work is open
    """
    if in_unit_of_work():
        raise BoundaryError("a snapshot is no part of a unit of work")
    with _deferred(), transaction.atomic():  # noqa: TID251 (to read, not to write)
        if connection.vendor == "postgresql" and not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL statement_timeout = 0")
        yield


@contextmanager
def _deferred() -> Iterator[None]:
    """On SQLite, let the transaction begun inside take no lock that keeps writers away, and refuse to write."""
    if connection.vendor == "postgresql":
        yield
        return
    # Its mode is read from the settings when it is made.
    connection.ensure_connection()
    usual = connection.transaction_mode  # type: ignore[attr-defined]  # Django's own, on SQLite alone
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.transaction_mode = usual  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = OFF")


def in_unit_of_work() -> bool:
    """Whether a transaction of the product is open (the ones that Django's TestCase wraps around don't count)."""
    return _appends.get() is not None or any(
        not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks
    )


def append(*rows: models.Model, ignore_conflicts: bool = False) -> None:
    """Have new `rows` written at the end of this unit of work, together with all others.

    They can't be read before that; whatever the database refuses about them undoes the whole unit.

    :raises BoundaryError: no unit of work is open
    """
    appends = _appends.get()
    if appends is None:
        raise BoundaryError("append-only rows need a unit of work")
    appends.add(rows, ignore_conflicts=ignore_conflicts)


def insert(*rows: models.Model, ignore_conflicts: bool = False) -> int:
    """Insert new rows of one table now: what follows changes them, or must know whether the database takes them.

    How many it took: with `ignore_conflicts` those are left out that it has already.
    """
    text, values = _insert_statement(rows)
    with connection.cursor() as cursor:
        cursor.execute(f"{text} ON CONFLICT DO NOTHING" if ignore_conflicts else text, values)
        taken = int(cursor.rowcount)
    for row in rows:
        row._state.adding = False
        _ring_for(row)
    return taken


@contextmanager
def listening(listener: Callable[[Any], None]) -> Iterator[None]:
    """Have `listener` told what each unit of work inside comes to, within its transaction, by `conclude`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def conclude(result: R) -> R:
    """Say what this unit of work comes to, while it can still be undone: who listens may write it down with the effect.

    An entry function calls it last, with what it is about to return.

    :raises BoundaryError: no unit of work is open
    """
    if not in_unit_of_work():
        raise BoundaryError("only a unit of work comes to something")
    listener = _listener.get()
    if listener is not None:
        listener(result)
    return result


def _ring_for(row: models.Model) -> None:
    sweep = getattr(row, "SWEEP", "")
    if sweep:
        ring(sweep)


def write_if(row: models.Model, changes: Mapping[str, Any], **still: Any) -> bool:
    """Write `changes` to a row if each field of `still` has the value that it says: of two processes, exactly one does.

    A value may be None or NOT_NULL. By hand, because every step writes so: the ORM takes three times as long to build
    this statement as the database takes to run it.
    """
    fields, prepared = _fields_of(type(row)), _preparation()
    written = ", ".join(f'"{fields[name].column}" = %s' for name in changes)
    tests, expected = ["id = %s"], [prepared(fields["id"], row.pk)]
    for name, value in still.items():
        column = fields[name].column
        if value is None or value is NOT_NULL:
            tests.append(f'"{column}" IS {"NULL" if value is None else "NOT NULL"}')
        else:
            tests.append(f'"{column}" = %s')
            expected.append(prepared(fields[name], value))
    values = [prepared(fields[name], value) for name, value in changes.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{row._meta.db_table}" SET {written} WHERE {" AND ".join(tests)}',  # noqa: S608 (own names)
            values + expected,
        )
        return bool(cursor.rowcount == 1)


@cache
def columns(model: type[models.Model], alias: str) -> str:
    """Write all columns of `model`, for a statement that `fetch` runs."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def listed(statuses: Iterable[str]) -> str:
    """Write statuses out for a statement's IN: with parameters in their place no index of just such rows would serve."""
    return "(" + ", ".join(f"'{status}'" for status in statuses) + ")"


def aware(found: datetime | str) -> datetime:
    """A time as a bare statement gives it: from SQLite as text or without a zone, and meant in UTC."""
    moment = found if isinstance(found, datetime) else datetime.fromisoformat(found)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def fetch(statement: str, params: Sequence[Any], *found: type[models.Model]) -> list[tuple[Any, ...]]:
    """Run a statement whose columns are those of the models `found`, in that order; one of each for each row.

    By hand, for what every step reads: the ORM takes longer to build such a statement than the database to run it.
    """
    with connection.cursor() as cursor:
        database = cursor.db
        if not database.features.has_native_uuid_field:
            params = [value.hex if isinstance(value, UUID) else value for value in params]
        cursor.execute(statement, params)
        rows = cursor.fetchall()
    read = []
    for row in rows:
        instances, start = [], 0
        for model in found:
            names, conversions = _reading(model, database.vendor)
            values = list(row[start : start + len(names)])
            start += len(names)
            for position, column, convert in conversions:
                values[position] = convert(values[position], column, database)
            instances.append(model.from_db(database.alias, names, values))
        read.append(tuple(instances))
    return read


def locking(*aliases: str) -> str:
    """The clause that locks the rows of `aliases`, in that order. SQLite has locked everything by BEGIN IMMEDIATE."""
    return f"FOR UPDATE OF {', '.join(aliases)}" if connection.vendor == "postgresql" else ""


@cache
def _reading(model: type[models.Model], vendor: str) -> tuple[list[str], list[tuple[int, Any, Any]]]:  # noqa: ARG001 (of the cache's key)
    """The names of a model's columns, and what turns the database's values into its own; nearly nothing on PostgreSQL."""
    fields = model._meta.concrete_fields
    conversions = [
        (position, column, convert)
        for position, field in enumerate(fields)
        for column in [field.get_col(model._meta.db_table)]
        for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    ]
    return [field.attname for field in fields], conversions


@cache
def _fields_of(model: type[models.Model]) -> "dict[str, models.Field[Any, Any]]":
    return {field.name: field for field in model._meta.concrete_fields}


def _preparation() -> "Callable[[models.Field[Any, Any], Any], Any]":
    """What makes a field's value ready for the driver. What that takes as it is needs nothing: that is nearly all."""
    plain = _PLAIN if connection.vendor == "postgresql" else _PLAIN_SQLITE

    def prepared(field: "models.Field[Any, Any]", value: Any) -> Any:
        return value if type(value) in plain else field.get_db_prep_save(value, connection)

    return prepared


def inside_transaction(step: Callable[P, R]) -> Callable[P, R]:
    """Mark a step: it refuses to run outside a unit of work."""

    @wraps(step)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not in_unit_of_work():
            raise BoundaryError(f"{step.__qualname__} is a step of a unit of work")
        return step(*args, **kwargs)

    return guarded


def outside_transaction(call: Callable[P, R]) -> Callable[P, R]:
    """Mark a call to the outside world: it refuses to run while a transaction is open."""

    @wraps(call)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if in_unit_of_work():
            raise BoundaryError(f"{call.__qualname__} must not run inside a transaction")
        return call(*args, **kwargs)

    return guarded


def violates(error: IntegrityError, model: type[models.Model], constraint: str) -> bool:
    """Tell whether `error` is the violation of the named unique constraint of `model`.

    PostgreSQL names the constraint, SQLite only its columns.
    """
    cause = error.__cause__
    named = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if named is not None:
        return bool(named == constraint)
    message = str(cause or error)
    [fields] = [
        c.fields
        for c in model._meta.constraints
        if isinstance(c, models.UniqueConstraint) and c.name == constraint
    ]
    columns = [f"{model._meta.db_table}.{model._meta.get_field(field).column}" for field in fields]  # type: ignore[union-attr]
    return message == f"UNIQUE constraint failed: {', '.join(columns)}"
