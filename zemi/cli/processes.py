"""A small process tree: children with one prefixed log, which live and die together."""

import logging
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import UnsupportedOperation
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import IO, Self

_TICK_S = 0.1
_LOG_BYTES = 10_000_000
_WIDTH = 6


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C or a signal."""


class ChildDied(Exception):
    """A child ended by itself, which none of them should."""

    def __init__(self, name: str, code: int) -> None:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        super().__init__(f"{name} {how}")


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    rest: bytes = field(default=b"")


class ProcessTree:
    """Start children, pass on what they say, stop them all.

    Use it as a context: at its end every child is gone, with all that it started. If this one is killed, the
    kernel kills the children (Linux). SIGINT, SIGTERM and SIGHUP turn into `Stopped` in `run_until`.
    """

    def __init__(self, *, log_file: Path, out: IO[str] | None = None, grace_s: float = 15.0) -> None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self._out = out or sys.stdout
        self._file = RotatingFileHandler(
            log_file, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
        self._grace_s = grace_s
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._asked: list[signal.Signals] = []
        self._previous: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._selector.close()
        self._file.close()

    def start(self, name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start `command` as the child `name`; its lines are shown as "name | line"."""
        process = subprocess.Popen(  # noqa: S603 (our own commands)
            [sys.executable, "-m", "zemi.cli.child", str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"},
            # A group of its own: the terminal's Ctrl-C reaches only us, and the whole group can be ended.
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 (asked for above)
        os.set_blocking(process.stdout.fileno(), False)
        child = _Child(name, process)
        self._children.append(child)
        self._selector.register(process.stdout, selectors.EVENT_READ, child)

    def say(self, line: str) -> None:
        """Show a line of our own."""
        self._write("zemi", line)

    def run_until(
        self, ready: Callable[[], bool], *, timeout_s: float | None = None, every_s: float = 0.1
    ) -> bool:
        """Pass on lines until `ready()` (asked every `every_s` seconds); False after `timeout_s` seconds.

        :raises Stopped: a signal asked for the end
        :raises ChildDied: a child ended
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        ask_at = 0.0
        while True:
            if self._asked:
                raise Stopped(self._asked[0].name)
            for child in self._children:
                code = child.process.poll()
                if code is not None:
                    self._drain()
                    raise ChildDied(child.name, code)
            if time.monotonic() >= ask_at:
                if ready():
                    return True
                ask_at = time.monotonic() + every_s
            if deadline is not None and time.monotonic() >= deadline:
                return False
            self._pump(min(_TICK_S, every_s))

    def run_forever(self) -> None:
        """Pass on lines until there is a reason to stop.

        :raises Stopped: a signal asked for the end
        :raises ChildDied: a child ended
        """
        self.run_until(lambda: False, every_s=3600)

    def stop(self) -> None:
        """End all children, the last started first: politely, and after the time of grace for good."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + self._grace_s
        while any(child.process.poll() is None for child in self._children):
            # A second Ctrl-C means now.
            if time.monotonic() >= deadline or len(self._asked) > 1:
                break
            self._pump(_TICK_S)
        for child in self._children:
            # Also what a child left behind in its group.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self._drain()
        for child in self._children:
            if child.process.stdout is not None:
                child.process.stdout.close()
        self._children = []

    def _ask(self, number: int, _: FrameType | None) -> None:
        self._asked.append(signal.Signals(number))

    def _drain(self) -> None:
        while self._pump(0):
            pass

    def _pump(self, wait_s: float) -> bool:
        """Pass on what has come within `wait_s` seconds; False if nothing has."""
        if not self._selector.get_map():
            time.sleep(wait_s)  # noqa: TID251 (neither a request nor a test)
            return False
        readable = self._selector.select(wait_s)
        for key, _ in readable:
            child: _Child = key.data
            data = os.read(key.fd, 65_536)
            if not data:
                self._selector.unregister(key.fileobj)
            *lines, child.rest = (child.rest + data).split(b"\n")
            if not data and child.rest:
                lines.append(child.rest)
                child.rest = b""
            for line in lines:
                self._write(child.name, line.decode("utf-8", "replace").rstrip("\r"))
        return bool(readable)

    def _write(self, name: str, line: str) -> None:
        text = f"{name:<{_WIDTH}} | {line}"
        self._file.emit(logging.LogRecord(name, logging.INFO, "", 0, text, None, None))
        # A terminal that is gone is no reason to stop: the file has the line, and SIGHUP is on its way. Nor is one that
        # nobody reads from: whoever waits for it waits with a child that waits to be heard, in the middle of a request.
        with suppress(OSError):
            if self._is_read():
                print(text, file=self._out, flush=True)

    def _is_read(self) -> bool:
        try:
            number = self._out.fileno()
        except UnsupportedOperation:
            return True
        return bool(select.select((), (number,), (), 0)[1])
