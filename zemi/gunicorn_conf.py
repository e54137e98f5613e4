"""How gunicorn serves Zemi: threads in a few processes, nothing written outside ZEMI_VAR."""

import os
from pathlib import Path
from typing import Any

from zemi import settings
from zemi.cli.child import die_with_parent
from zemi.common.memory import keep_what_is_loaded

bind = f"{os.environ.get('ZEMI_HOST') or '127.0.0.1'}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
# Longer than a provider call may take (the HTTP client gives up after 25 s).
timeout = 40
graceful_timeout = 30
keepalive = 5
# A heartbeat file on a slow disk would look like a dead worker: memory where there is some.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(Path(settings.VAR))  # noqa: S108
# Requests are logged by zemi.api.middleware, with ids and without personal data.
accesslog = None
loglevel = "warning"
# gunicornc would need a socket in the home directory.
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Let no web process outlive gunicorn's arbiter, however that one ends."""
    die_with_parent(server.pid)


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Spare the garbage collector what the application has loaded."""
    from zemi.request_log.record import recorder

    keep_what_is_loaded()
    if settings.REQUEST_LOG_DAYS:
        recorder.start()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Write down the last requests."""
    from zemi.request_log.record import recorder

    recorder.stop()
