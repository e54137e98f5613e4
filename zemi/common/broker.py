"""Celery as a driver of the sweeps, where ZEMI_BROKER_URL names a broker: its application, and the bell (ADR 0002).

A message says "look at this sweep's rows" and nothing else: lost, late or doubled it changes when something happens.
"""

import time
from functools import cache, partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from zemi.common.logs import log

if TYPE_CHECKING:
    from celery import Celery

TASK = "zemi.sweep."
QUEUE = "zemi"
# A message that nobody took for so long is worth nothing: the clock has sent others.
EXPIRES_S = 10
# A request waits at most about so long for a broker that is away, and the next ones don't, for a while.
_CONNECT_S = 1
_QUIET_S = 5.0

_quiet_until = 0.0


class CeleryMissing(RuntimeError):
    """ZEMI_BROKER_URL is set, and the extra packages are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Celery is not installed: run `.venv/bin/python -m pip install -r requirements/celery.txt`"
        )


def application() -> "Celery":
    """Give the Celery application, configured from the settings alone.

    :raises CeleryMissing: its packages are not installed
    """
    return application_for(settings.BROKER_URL)


@cache
def application_for(broker_url: str) -> "Celery":
    """Give the application for one broker; no connection is made yet.

    :raises CeleryMissing: its packages are not installed
    """
    try:
        from celery import Celery
        from kombu import Queue
    except ImportError as error:
        raise CeleryMissing from error

    app = Celery("zemi", set_as_current=False, fixups=["celery.fixups.django:fixup"])
    is_redis = broker_url.startswith("redis")
    app.conf.update(
        broker_url=broker_url,
        result_backend=None,
        task_ignore_result=True,
        # Acknowledged when the sweep is done; what is done twice finds nothing due.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # A bounded queue: of many messages that say the same, the oldest may go.
        task_queues=[Queue(QUEUE, queue_arguments=None if is_redis else {"x-max-length": 1000})],
        task_default_queue=QUEUE,
        task_default_delivery_mode="transient",
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry=False,
        broker_connection_timeout=_CONNECT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": 60, "socket_connect_timeout": _CONNECT_S}
        if is_redis
        else {"connect_timeout": _CONNECT_S},
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        beat_max_loop_interval=1,
        enable_utc=True,
    )
    return app


def ring(sweep: str) -> None:
    """Have `sweep` look at its rows as soon as what is being written is committed; nothing without a broker.

    A bell that can't be rung is logged and no more: the clock finds the rows.
    """
    if settings.BROKER_URL:
        bell = _bell(sweep)
        # Rung once for a transaction, however many rows it writes.
        if not any(waiting[1] is bell for waiting in transaction.get_connection().run_on_commit):
            transaction.on_commit(bell)


@cache
def _bell(sweep: str) -> "partial[None]":
    return partial(_send, sweep)


def _send(sweep: str) -> None:
    global _quiet_until  # noqa: PLW0603 (one per process)
    if time.monotonic() < _quiet_until:
        return
    try:
        app = application()
    except CeleryMissing as error:
        _quiet_until = time.monotonic() + _QUIET_S
        log.error("bell.not_rung", sweep=sweep, error=str(error))
        return
    try:
        app.send_task(TASK + sweep, expires=EXPIRES_S, retry=False)
    except errors_of(app) as error:
        _quiet_until = time.monotonic() + _QUIET_S
        log.warning("bell.not_rung", sweep=sweep, error=type(error).__name__)


def errors_of(app: "Celery") -> tuple[type[BaseException], ...]:
    """What may be raised when the broker of `app` is away or refuses."""
    from kombu.exceptions import KombuError

    connection = app.connection_for_write()
    return (OSError, KombuError, *connection.connection_errors, *connection.channel_errors)
