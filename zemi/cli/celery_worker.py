"""`zemi work --celery`: Celery's worker with its clock, watched: one that has gone deaf is replaced."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from django.conf import settings

from zemi.cli.child import die_with_parent
from zemi.common.broker import CeleryMissing, application
from zemi.common.logs import log

# The clock asks for every sweep each second, and no sweep has the floor for longer than one slow call beyond its turn.
# A worker from which nothing is heard for so long has lost its broker, or has stopped listening after it came back
# (Celery issues 8030, 10205, 10302): a new one is started, and the rows are as they were.
DEAF_S = 45.0
_GRACE_S = 60.0


def run_celery(*, concurrency: int, parent: int) -> int:
    """Watch over Celery's worker until a signal comes; 78 (EX_CONFIG) when it can't be, 1 when it died.

    With `parent`, the watcher's process id, be that worker.
    """
    problem = _problem()
    if problem:
        print(f"zemi can't start Celery: {problem}", file=sys.stderr)
        return 78
    if parent:
        die_with_parent(parent, signal.SIGTERM)
        _become_worker(concurrency, _pulse_file(parent))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    pulse = _pulse_file(os.getpid())
    try:
        while not stop.is_set():
            if not _watch(concurrency, pulse, stop):
                return 1
    finally:
        pulse.unlink(missing_ok=True)
    return 0


def _watch(concurrency: int, pulse: Path, stop: threading.Event) -> bool:
    """Run one worker until it is told to stop or has gone deaf; False when it died by itself."""
    pulse.touch()
    command = [sys.executable, "-m", "zemi", "work", "--celery", "--concurrency", str(concurrency)]
    worker = subprocess.Popen(  # noqa: S603 (this very program)
        [*command, "--parent", str(os.getpid())], start_new_session=True
    )
    try:
        while not stop.wait(1.0):
            if worker.poll() is not None:
                log.error("celery.died", code=worker.returncode)
                return False
            if time.time() - pulse.stat().st_mtime > DEAF_S:
                log.error("celery.deaf", silent_s=DEAF_S)
                return True
        worker.terminate()
        with suppress(subprocess.TimeoutExpired):
            worker.wait(_GRACE_S)
        return True
    finally:
        # All of it: the clock and the pool are processes of their own.
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _become_worker(concurrency: int, pulse: Path) -> NoReturn:
    from zemi import celery

    celery.beat_by(pulse)
    celery.app.worker_main(
        [
            "worker",
            f"--concurrency={concurrency}",
            "--loglevel=WARNING",
            # The clock of a second machine only doubles messages, which is harmless; it keeps no file.
            "--beat",
            "--scheduler=celery.beat:Scheduler",
            "--without-gossip",
            "--without-mingle",
        ]
    )


def _pulse_file(watcher: int) -> Path:
    return Path(settings.VAR) / f"celery-{watcher}.pulse"


def _problem() -> str:
    if not settings.BROKER_URL:
        return "ZEMI_BROKER_URL is not set, such as amqp://user:password@host:5672// or redis://host:6379/0"
    if not settings.POSTGRES:
        return "SQLite has one writer and is for one machine. Use PostgreSQL (DATABASE_URL), or `zemi work` without --celery"
    try:
        application()
    except CeleryMissing as error:
        return str(error)
    return ""
