"""An operator's own proxy, for machines that may not go out by themselves (SAFETY 3.6)."""

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Proxy:
    """An operator's own HTTP proxy, by which what is sent goes out. `credentials` are user:password, or nothing."""

    host: str
    port: int
    credentials: str = field(default="", repr=False)

    @classmethod
    def read(cls, url: str) -> "Proxy":
        """Read http://host:port or http://user:password@host:port.

        :raises ValueError: it is something else
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not parts.port or parts.path not in {"", "/"}:
            raise ValueError("a proxy is written http://host:port or http://user:password@host:port")
        if parts.query or parts.fragment or not url.isascii() or not url.isprintable():
            raise ValueError("a proxy has no query or fragment, and ASCII characters alone")
        named = [unquote(part) for part in (parts.username, parts.password) if part is not None]
        return cls(parts.hostname, parts.port, ":".join(named))

    def asks(self, address: str, port: int) -> bytes:
        """What it is asked: a tunnel to an address."""
        target = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.credentials:
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(self.credentials.encode()).decode()}")
        return "\r\n".join([*lines, "", ""]).encode()
