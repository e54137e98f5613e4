"""HTTP/1.1 on raw sockets, as little of it as stub and generator need: their CPU time is not the product's."""

import json
import re
import socket
from typing import Any

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_LAST_CHUNK = b"\r\n0\r\n\r\n"


def connect(port: int) -> socket.socket:
    """Open a connection to a port of this machine."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def received(connection: socket.socket) -> bytes:
    """What has come on a readable connection; nothing when the other side has hung up."""
    try:
        return connection.recv(65_536)
    except ConnectionError:
        return b""


def message(head: str, body: Any) -> bytes:
    """Write a request or an answer: its first lines, and a body as JSON."""
    raw = json.dumps(body).encode()
    return f"{head}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


def cut(buffer: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Cut the first whole message off: its head, its body, the rest. None while it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    start = end + 4
    if _CHUNKED.search(buffer, 0, end + 2):
        # The product's bodies are one chunk: its size, the body, and the last chunk.
        stop = buffer.find(_LAST_CHUNK, start)
        if stop < 0:
            return None
        return buffer[:end], buffer[buffer.find(b"\r\n", start) + 2 : stop], buffer[stop + len(_LAST_CHUNK) :]
    length = _LENGTH.search(buffer, 0, end + 2)
    stop = start + (int(length[1]) if length else 0)
    if len(buffer) < stop:
        return None
    return buffer[:end], buffer[start:stop], buffer[stop:]
