"""POST to an address that a stranger chose, without becoming the stranger's hand inside the network (SAFETY 3.6).

The name is resolved once for each attempt, every address that it has is judged, and the connection goes to a judged
address: whoever answers the second look-up differently (DNS rebinding) is never asked. No redirects, no proxies or
credentials from the environment, no connection that is used twice, and one deadline over all of it. An operator whose
machines may only go out through a proxy names it: it is asked for a tunnel to the judged address, never for a name.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore2

from zemi.common.proxy import Proxy
from zemi.common.texts import Text

CONNECT_S = 5.0
TOTAL_S = 15.0
MOST_BYTES = 64 * 1024
MOST_URL = 500
_MOST_PROXY_HEAD = 8 * 1024
_TUNNEL = re.compile(rb"HTTP/1\.[01] 2[0-9][0-9][ \r]")

# Of IPv6 only this is handed out to anybody (IANA, IPv6 Global Unicast Address Assignments). What lies outside it and
# `is_global` lets through is for translation, for routers, or nobody's, and may lead anywhere inside a network.
_UNICAST = ipaddress.IPv6Network("2000::/3")
# What `is_global` lets through and nobody outside should reach: in 2000::/3 protocols' own addresses (Teredo among them),
# documentation, and 6to4, which carries an IPv4 address of any kind; 168.63.129.16 is the metadata service of one big
# cloud; of 192.0.0.0/24 older Pythons know little.
_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "192.0.0.0/24", "168.63.129.16/32",
    )
)  # fmt: skip

Resolver = Callable[[str, int], list[str]]


class UrlRefused(ValueError):
    """The URL itself can't be one of a receiver; `text` says why, for people, and the message in English."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


_MALFORMED = Text(
    en=f"a URL has at most {MOST_URL} printable ASCII characters",
    sw=f"URL ina herufi za ASCII zinazoonekana zisizozidi {MOST_URL}",
)
_UNREADABLE = Text(en="it cannot be read as a URL", sw="haisomeki kama URL")
_NOT_HTTPS = Text(en="it must start with https://", sw="lazima ianze na https://")
_ODD = Text(
    en="it must name a host, and no user, password or fragment",
    sw="lazima itaje seva, bila mtumiaji, nenosiri wala kipande cha #",
)
_NO_SUCH_PORT = Text(en="it has no such port", sw="mlango huo haupo")
_PRIVATE = Text(en="its address is not on the public internet", sw="anwani yake haiko kwenye mtandao wa umma")


class AddressRefused(Exception):
    """The name has an address that is not on the public internet. Nothing was sent."""


class Unreachable(Exception):
    """No answer: not found, not connected, not secure, too slow, or not HTTP. Whether it arrived is not known."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers by lower-case name, and at most MOST_BYTES of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be sent to: in live mode https on the given ports alone; in the sandbox also http and this machine."""

    ports: frozenset[int] | None
    plain_http: bool = False
    loopback: bool = False
    proxy: Proxy | None = None


def check_url(url: str, policy: Policy) -> SplitResult:
    """Read the URL of a receiver; the addresses that its name has are judged when something is sent.

    :raises UrlRefused: it is malformed, not https, on another port, holds a password, or a private address for a name
    """
    parts = _read_url(url, policy)
    try:
        is_private = not is_public(parts.hostname or "", loopback=policy.loopback)
    except ValueError:
        # A name; or an address in a writing that only the resolver knows: judged as it says.
        return parts
    if is_private:
        raise UrlRefused(_PRIVATE)
    return parts


def _read_url(url: str, policy: Policy) -> SplitResult:
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UrlRefused(_MALFORMED)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused(_UNREADABLE) from error
    if parts.scheme != "https" and not (policy.plain_http and parts.scheme == "http"):
        raise UrlRefused(_NOT_HTTPS)
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlRefused(_ODD)
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    if policy.ports is not None and port not in policy.ports:
        allowed = ", ".join(str(number) for number in sorted(policy.ports))
        raise UrlRefused(Text(en=f"its port must be {allowed}", sw=f"mlango wake lazima uwe {allowed}"))
    if policy.ports is None and not 0 < port < 65536:
        raise UrlRefused(_NO_SUCH_PORT)
    return parts


def is_public(address: str, *, loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet; with `loopback` also one of this machine's own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        found = mapped
    if found.is_loopback:
        return loopback
    if found.version == 6 and found not in _UNICAST:
        return False
    return found.is_global and not found.is_multicast and not any(found in network for network in _FORBIDDEN)


def resolve(host: str, port: int) -> list[str]:
    """Look a name up: its addresses, as the system prefers them.

    :raises Unreachable: there is no such name
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("name_not_found") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, policy: Policy, resolver: Resolver = resolve
) -> Reply:
    """POST `body` once. It takes at most TOTAL_S seconds after the name is found.

    :raises UrlRefused, AddressRefused: nothing was sent
    :raises Unreachable: no answer came; its text is one word for the reason
    """
    parts = _read_url(url, policy)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = resolver(parts.hostname or "", port)
    # One bad address spoils the name: which of them is taken must not decide.
    if not addresses or not all(is_public(address, loopback=policy.loopback) for address in addresses):
        raise AddressRefused
    backend = _Pinned(addresses, port, until=time.monotonic() + TOTAL_S, proxy=policy.proxy)
    # A pool of its own: a connection kept for one name could carry another's request to whoever holds the first.
    with httpcore2.ConnectionPool(
        ssl_context=_tls(), max_connections=1, max_keepalive_connections=0, network_backend=backend
    ) as pool:
        timeout = {"connect": CONNECT_S, "read": TOTAL_S, "write": TOTAL_S, "pool": CONNECT_S}
        try:
            with pool.stream(
                "POST",
                url,
                headers=list(headers.items()),
                content=body,
                extensions={"timeout": timeout},
            ) as response:
                named = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                }
                return Reply(response.status, named, _read(response))
        except httpcore2.TimeoutException as error:
            raise Unreachable("timeout") from error
        except _ProxyRefused as error:
            raise Unreachable("proxy_refused") from error
        except httpcore2.ConnectError as error:
            is_tls = isinstance(error.__context__, ssl.SSLError)
            raise Unreachable("tls_failed" if is_tls else "not_connected") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise Unreachable("broken_answer") from error


def _read(response: httpcore2.Response) -> bytes:
    body = b""
    for chunk in response.iter_stream():
        body += chunk
        if len(body) >= MOST_BYTES:
            # The status has been said: what a receiver writes beyond this changes nothing.
            break
    return body[:MOST_BYTES]


class _ProxyRefused(httpcore2.ConnectError):
    """The proxy answered, and gave no tunnel."""


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the judged addresses and to nothing else, whatever name the request has; TLS still asks for the name."""

    def __init__(
        self, addresses: Iterable[str], port: int, *, until: float, proxy: Proxy | None = None
    ) -> None:
        self._addresses, self._port, self._proxy = list(addresses), port, proxy
        self._until = until
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 (httpcore's signature; what it names was judged before)
        port: int,  # noqa: ARG002
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers, within `timeout` seconds for all of them."""
        until = min(self._until, time.monotonic() + (timeout or CONNECT_S))
        *others, last = self._addresses
        for address in others:
            try:
                return self._connect(address, until, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return self._connect(last, until, socket_options)

    def _connect(
        self, address: str, until: float, options: Iterable[httpcore2.SOCKET_OPTION] | None
    ) -> httpcore2.NetworkStream:
        left = until - time.monotonic()
        if left <= 0:
            raise httpcore2.ConnectTimeout
        # This machine is not reached through another: there the proxy's own would answer.
        proxy = None if ipaddress.ip_address(address.partition("%")[0]).is_loopback else self._proxy
        host, port = (proxy.host, proxy.port) if proxy is not None else (address, self._port)
        plain = self._plain.connect_tcp(host, port, timeout=left, socket_options=options)
        stream = _Timed(plain, until=self._until)
        if proxy is not None:
            try:
                _open_tunnel(stream, proxy.asks(address, self._port), timeout=until - time.monotonic())
            except BaseException:
                # Whatever ends it: nobody else has this connection to hang up.
                stream.close()
                raise
        return stream


def _open_tunnel(stream: "_Timed", asked: bytes, *, timeout: float) -> None:
    """Ask for a tunnel, and read the proxy's whole answer: what comes after it is the receiver's.

    :raises _ProxyRefused: there is none
    """
    stream.write(asked, timeout)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        # A byte at a time: nothing of what follows may be swallowed.
        byte = stream.read(1, timeout)
        head += byte
        if not byte or len(head) > _MOST_PROXY_HEAD:
            raise _ProxyRefused("the proxy's answer can't be read")
    if not _TUNNEL.match(head):
        raise _ProxyRefused("the proxy gave no tunnel")


class _Timed(httpcore2.NetworkStream):
    """A connection whose every wait ends at one deadline: a receiver that drips a byte a second gains nothing."""

    def __init__(self, stream: httpcore2.NetworkStream, *, until: float) -> None:
        self._stream = stream
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, self._left(httpcore2.ReadTimeout, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._stream.write(buffer, self._left(httpcore2.WriteTimeout, timeout))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Secure it, for the name that the request has."""
        left = self._left(httpcore2.ConnectTimeout, timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), until=self._until)

    def get_extra_info(self, info: str) -> Any:
        """What is known of the connection."""
        return self._stream.get_extra_info(info)

    def _left(self, late: type[Exception], timeout: float | None) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise late
        return left if timeout is None else min(left, timeout)


@cache
def _tls() -> ssl.SSLContext:
    # Made once: reading the system's certificates takes longer than most answers.
    return httpcore2.default_ssl_context()
