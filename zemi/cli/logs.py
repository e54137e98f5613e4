"""`zemi logs`: follow what a running instance says, one request, one order or one level of it."""

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from zemi.cli.signals import stop_by_signal
from zemi.common.errors import ZemiError
from zemi.events.log import history_of
from zemi.events.models import Event
from zemi.orders.queries import get_order

_LEVELS = ("debug", "info", "warning", "error", "critical")
_POLL_S = 0.25
# "web    | 2026-11-27T04:10:28.977467Z [info     ] request        method=POST ...", or a JSON object after the bar.
_PREFIX = re.compile(r"(?P<process>\w+) *\| (?P<said>.*)", re.DOTALL)
_CONSOLE = re.compile(r"(?P<at>\S+Z) \[(?P<level>\w+) *\] (?P<event>.*?)(?P<pairs>(?: +\w+=.*)?)", re.DOTALL)
_PAIR = re.compile(r"(\w+)=('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `at` is empty, and `event` the whole line, where it has no structure."""

    process: str
    event: str
    at: str = ""
    level: str = "info"
    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line for people."""
        facts = "".join(f" {name}={value}" for name, value in self.fields.items() if value)
        return f"{self.at or '-':<27} {self.process:<6} {self.level:<7} {self.event}{facts}"

    def as_json(self) -> str:
        """One line for programs."""
        said = {"at": self.at, "process": self.process, "level": self.level, "event": self.event}
        return json.dumps(said | {"fields": self.fields}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted: entries of one request, entries that name one of these ids, entries at least this grave."""

    level: str = "debug"
    request_ids: frozenset[str] | None = None
    ids: frozenset[str] = frozenset()

    def takes(self, entry: Entry) -> bool:
        """Whether the entry is wanted."""
        if _gravity(entry.level) < _gravity(self.level):
            return False
        if self.request_ids is None and not self.ids:
            return True
        of_request = entry.fields.get("request_id", "") in (self.request_ids or ())
        return of_request or not self.ids.isdisjoint(entry.fields.values())


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser("logs", description="The log that `zemi up` writes.")
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    tail = actions.add_parser(
        "tail",
        help="show its end, and what comes",
        description=(
            "Show the end of $ZEMI_VAR/logs/zemi.log, and with --follow what comes. For an order its events are shown too, "
            "with the lines of the requests in which they happened: what a worker did for it has no line of its own."
        ),
        epilog="Example: python -m zemi logs tail --follow --order ZEM-7K2M9QXA",
    )
    tail.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    tail.add_argument(
        "-n", "--lines", type=int, default=20, metavar="N", help="entries of the past (default: %(default)s)"
    )
    which = tail.add_mutually_exclusive_group()
    which.add_argument("--request", metavar="ID", help="only this request: req_... of the header Request-Id")
    which.add_argument("--order", metavar="REFERENCE", help="only what names this order, with its events")
    tail.add_argument("--level", choices=_LEVELS, default="debug", help="this level and graver")
    tail.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print what is wanted."""
    file = settings.VAR / "logs" / "zemi.log"
    if not file.exists():
        print(f"There is no {file}: nothing was started with `zemi up` here.", file=sys.stderr)
        return 1
    try:
        wanted = _Wanted(args)
    except ZemiError as error:
        print(error.sentence(), file=sys.stderr)
        return 1
    try:
        with stop_by_signal(signal.SIGINT, signal.SIGTERM) as stop:
            for entry in _entries(file, wanted, lines=max(args.lines, 0), follow=args.follow, stop=stop):
                print(entry.as_json() if args.json else entry, flush=True)
    except BrokenPipeError:
        return 0
    return 0


class _Wanted:
    """The filter; for an order it grows with the order's events, which are entries themselves."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._level: str = args.level
        self._request_ids = frozenset({args.request}) if args.request else None
        self._order_id: UUID | None = get_order(order_reference=args.order).id if args.order else None
        self._seen: set[UUID] = set()
        self._ids: set[str] = {str(self._order_id)} if self._order_id else set()
        self._requests: set[str] = set()

    def events(self) -> list[Entry]:
        """The order's events that were not shown yet."""
        if self._order_id is None:
            return []
        new = [event for event in history_of(self._order_id) if event.id not in self._seen]
        for event in new:
            self._seen.add(event.id)
            self._ids.add(str(event.subject_id))
            if event.request_id:
                self._requests.add(event.request_id)
        return [entry for entry in map(_of_event, new) if _gravity(entry.level) >= _gravity(self._level)]

    def filter(self) -> Filter:
        """What of the log is wanted by now."""
        requests = self._request_ids if self._order_id is None else frozenset(self._requests)
        return Filter(self._level, requests, frozenset(self._ids))


def _entries(
    file: Path, wanted: _Wanted, *, lines: int, follow: bool, stop: threading.Event
) -> Iterator[Entry]:
    with _Tail(file) as tail:
        # Events first: they say which requests and rows the order's lines are about.
        events = wanted.events()
        wants = wanted.filter()
        past = [entry for entry in tail.read() if wants.takes(entry)]
        yield from deque(sorted([*past, *events], key=lambda entry: entry.at), maxlen=lines)
        while follow and not stop.wait(_POLL_S):
            new = wanted.events()
            wants = wanted.filter()
            new += [entry for entry in tail.read() if wants.takes(entry)]
            yield from sorted(new, key=lambda entry: entry.at)


class _Tail:
    """The lines of a file as they come, also when it is rotated. A line without a time gets that of the one before."""

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file = file.open(encoding="utf-8", errors="replace")
        self._at = ""

    def __enter__(self) -> "_Tail":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> Iterator[Entry]:
        """What has come since."""
        yield from self._whole_lines()
        if self._path.exists() and self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino:
            self._file.close()
            self._file = self._path.open(encoding="utf-8", errors="replace")
            yield from self._whole_lines()

    def _whole_lines(self) -> Iterator[Entry]:
        while True:
            start = self._file.tell()
            line = self._file.readline()
            if not line.endswith("\n"):
                # Half a line: its other half is on the way.
                self._file.seek(start)
                return
            entry = read_entry(line.rstrip("\n"))
            self._at = entry.at or self._at
            yield replace(entry, at=self._at)


def read_entry(line: str) -> Entry:
    """Read one line of zemi.log; what has no structure is an entry all the same."""
    prefix = _PREFIX.fullmatch(line)
    if prefix is None:
        return Entry("-", line)
    process, said = prefix["process"], prefix["said"]
    if said.startswith("{"):
        try:
            found = json.loads(said)
        except ValueError:
            return Entry(process, said)
        known = {name: str(found.pop(name, "")) for name in ("timestamp", "level", "event")}
        fields = {name: str(value) for name, value in found.items()}
        return Entry(process, known["event"], known["timestamp"], known["level"] or "info", fields)
    console = _CONSOLE.fullmatch(said)
    if console is None:
        return Entry(process, said)
    fields = {name: value.strip("'\"") for name, value in _PAIR.findall(console["pairs"])}
    return Entry(process, console["event"].rstrip(), console["at"], console["level"], fields)


def _of_event(event: Event) -> Entry:
    facts = {"actor": event.actor, "id": str(event.subject_id), "request_id": event.request_id or ""}
    facts |= {name: str(value) for name, value in event.data.items()}
    return Entry("event", event.type, _written_at(event.id), "info", facts)


def _written_at(key: UUID) -> str:
    """When a UUIDv7 was made, by the machine's clock as the log has it; `Event.at` goes by one that can be moved."""
    at = datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _gravity(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else _LEVELS.index("info")
