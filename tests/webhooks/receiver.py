"""A merchant's server on this machine: it keeps what it is sent, and answers as the test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = int | tuple[int, dict[str, str], bytes]


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def type(self) -> str:
        return str(self.body["type"])


@dataclass
class Receiver:
    """`answer` is a status, or what makes one of a request; `got` is all that came."""

    answer: Answer | Callable[[Received], Answer] = 200
    got: list[Received] = field(default_factory=list)
    url: str = ""

    @property
    def types(self) -> list[str]:
        return [received.type for received in self.got]


@contextmanager
def serve() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
            receiver.got.append(received)
            answer = receiver.answer(received) if callable(receiver.answer) else receiver.answer
            status, headers, body = (answer, {}, b"") if isinstance(answer, int) else answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()
