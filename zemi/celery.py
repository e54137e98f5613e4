"""What a Celery worker runs: each task is one sweep by name, and the clock asks for each of them again and again.

Started by `python -m zemi work --celery`. Needs ZEMI_BROKER_URL and the packages of requirements/celery.txt.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init
from django.db import close_old_connections

from zemi.cli.child import die_with_parent
from zemi.common.broker import EXPIRES_S, TASK, application
from zemi.worker.loop import drain
from zemi.worker.sweeps import SWEEPS

# How often the clock asks for each sweep; a bell asks sooner.
TICK_S = 1.0

app = application()


_pulse: Path | None = None


def beat_by(pulse: Path) -> None:
    """Touch `pulse` with every sweep that is run in this worker, so that a watcher sees that it listens."""
    global _pulse  # noqa: PLW0603 (one per process)
    _pulse = pulse


def _run(name: str) -> None:
    if _pulse is not None:
        os.utime(_pulse)
    try:
        drain(name)
    finally:
        close_old_connections()


def _named(name: str) -> Callable[[], None]:
    # Celery wants a function with a name, and ignores a partial without a word.
    def run() -> None:
        _run(name)

    return run


for _sweep in SWEEPS:
    app.task(name=TASK + _sweep, acks_late=True, ignore_result=True, max_retries=0, lazy=False)(
        _named(_sweep)
    )

app.conf.beat_schedule = {
    _sweep: {"task": TASK + _sweep, "schedule": TICK_S, "options": {"expires": EXPIRES_S}}
    for _sweep in SWEEPS
}


@worker_process_init.connect
def _end_with_the_worker(**_: Any) -> None:
    """Let no process of the pool outlive the worker that started it, however that one ends."""
    die_with_parent(os.getppid())
