"""The simulator as a process: a threaded HTTP server, the main thread for what is due, a few that send."""

import logging
import signal
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ClassVar

from werkzeug.serving import WSGIRequestHandler, make_server

from simulator.callbacks import Callback
from simulator.http_faults import AnswerLost, AnswerReset
from simulator.simulator import Simulator

_SENDERS = 8
# How long a stop may wait; the clock may also be moved, so the agenda is looked at this often.
_LONGEST_NAP_S = 0.5
# How soon the server of requests sees that it is to stop.
_POLL_S = 0.05

_log = logging.getLogger("simulator.server")


class _Handler(WSGIRequestHandler):
    """Keeps connections, which werkzeug's own handler never does, and sends an answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stopping: ClassVar[threading.Event]

    def run_wsgi(self) -> None:
        """Answer one request, or end the connection without an answer."""
        if self.stopping.is_set():  # a kept connection outlives the server that accepted it
            self.close_connection = True
            return
        head: list[str] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: object = None,  # noqa: ARG001 (WSGI names it)
        ) -> Callable[[bytes], object]:
            head[:] = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
            return self.wfile.write

        try:
            # The application reads every body to its end, so that the next request starts where it should.
            body = b"".join(self.server.app(self.make_environ(), start_response))
        except AnswerLost as lost:
            self.stopping.wait(lost.hold_s)
            self.close_connection = True
            return
        except AnswerReset:
            # Closed with no time to linger the socket sends RST, as a peer that went down does.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if "Connection: close" in head:
            self.close_connection = True
        self.wfile.write(
            "\r\n".join([*head, "", ""]).encode("latin-1") + (b"" if self.command == "HEAD" else body)
        )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: paths hold phone numbers."""


def serve(simulator: Simulator, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is told the base URL once requests are answered.

    :raises OSError: the port is taken
    """
    stop = _Handler.stopping = threading.Event()
    simulator.wsgi.wait = stop.wait
    for name in (signal.SIGTERM, signal.SIGINT):
        # Only a flag: this thread may be inside any other event when the signal arrives.
        signal.signal(name, lambda *_: stop.set())

    server = make_server(host, port, simulator.wsgi, threaded=True, request_handler=_Handler)
    base_url = f"http://{host}:{server.server_port}"
    if not simulator.wsgi.base_url:
        simulator.wsgi.base_url = base_url
    simulator.config()  # makes the key now rather than in the first request
    http = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="http", daemon=True)
    http.start()
    ready(base_url)
    try:
        _run_due_until(simulator, stop)
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        simulator.close()


def _run_due_until(simulator: Simulator, stop: threading.Event) -> None:
    pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="callback")

    def send(callback: Callback) -> None:
        pool.submit(simulator.send_callback, callback).add_done_callback(_report)

    try:
        while not stop.is_set():
            simulator.changed.clear()
            simulator.run_due(send)
            due = simulator.next_due()
            nap = _LONGEST_NAP_S if due is None else (due - simulator.now()).total_seconds()
            if nap > 0:
                simulator.changed.wait(min(nap, _LONGEST_NAP_S))
    finally:
        # What has not left yet stays in the state and is sent after the next start.
        pool.shutdown(cancel_futures=True)


def _report(sent: "Future[int | None]") -> None:
    error = None if sent.cancelled() else sent.exception()
    if error is not None:
        _log.error("a callback broke off", exc_info=error)
