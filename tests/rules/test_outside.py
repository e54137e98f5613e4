"""A stranger's URL reaches the stranger and nobody else (SAFETY 3.6)."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from zemi.common import outside
from zemi.common.outside import AddressRefused, Policy, Unreachable, UrlRefused
from zemi.common.proxy import Proxy

LIVE = Policy(ports=frozenset({443}))
SANDBOX = Policy(ports=None, plain_http=True, loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "file:///etc/passwd",
        "//shop.example/hook",
        "https:///hook",
        "https://user@shop.example/hook",
        "https://user:word@shop.example/hook",
        "https://shop.example@evil.example/hook",
        "https://shop.example:8443/hook",
        "https://shop.example:22/",
        "https://shop.example:99999/",
        "https://shop.example/hook#part",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "https://shop.example/\r\nX-Injected: yes",
        "https://[::1/",
        "https://ѕhop.example/",  # its first letter is Cyrillic
        "https://shop.example/" + "x" * 500,
        "https://10.0.0.1/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fe80::1%25eth0]/",
        "https://[::ffff:10.0.0.1]/",
    ],
)
def test_live_mode_takes_https_on_the_usual_port_and_nothing_odd(url: str) -> None:
    with pytest.raises(UrlRefused):
        outside.check_url(url, LIVE)


def test_a_plain_receiver_is_taken() -> None:
    assert outside.check_url("https://shop.example/hooks/zemi?shop=7", LIVE).hostname == "shop.example"
    assert outside.check_url("http://127.0.0.1:4242/hook", SANDBOX).port == 4242


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1",
        "169.254.169.254",  # metadata of most clouds
        "100.64.0.1", "100.100.100.200",  # carrier-grade NAT; metadata of another cloud
        "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:0:a9fe:a9fe", "5f00::1", "4000::1", "3fff::1", "2001:2::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_the_public_internets_are_refused_in_every_writing(address: str) -> None:
    assert not outside.is_public(address)


@pytest.mark.parametrize(
    "address", ["196.201.214.200", "8.8.8.8", "2a00:1450:4001:82a::200e", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_taken(address: str) -> None:
    assert outside.is_public(address)


def test_in_the_sandbox_only_this_machine_may_stand_as_an_address() -> None:
    for url in ("http://10.0.0.1/", "http://[fd00::1]/", "http://169.254.169.254/"):
        with pytest.raises(UrlRefused, match="not on the public internet"):
            outside.check_url(url, SANDBOX)
    assert outside.check_url("http://[::1]:4242/", SANDBOX).port == 4242
    assert outside.check_url("https://8.8.8.8/", LIVE).hostname == "8.8.8.8"


def test_a_port_that_does_not_exist_is_refused_where_any_other_is_allowed() -> None:
    with pytest.raises(UrlRefused, match="no such port"):
        outside.check_url("http://127.0.0.1:0/hook", SANDBOX)


def test_the_sandbox_may_reach_this_machine_and_no_other_private_one() -> None:
    assert outside.is_public("127.0.0.1", loopback=True)
    assert outside.is_public("::1", loopback=True)
    assert not outside.is_public("10.0.0.1", loopback=True)
    assert not outside.is_public("169.254.169.254", loopback=True)


@pytest.mark.parametrize(
    "url",
    ["https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://localhost/", "https://localhost./",
     "https://[::ffff:7f00:1]/", "https://[::1]/"],
)  # fmt: skip
def test_this_machine_is_not_reached_however_it_is_written(url: str) -> None:
    # Either the system reads it as an address, which is judged, or it is no name at all.
    with pytest.raises((AddressRefused, Unreachable)):
        outside.post(url, b"{}", {}, policy=LIVE)


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(AddressRefused):
        outside.post(
            "https://shop.example/", b"{}", {}, policy=LIVE, resolver=lambda *_: ["8.8.8.8", "10.0.0.7"]
        )


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(AddressRefused):
        outside.post("https://shop.example/", b"{}", {}, policy=LIVE, resolver=lambda *_: [])


# Receivers on this machine, as the sandbox allows


@pytest.fixture
def receiver() -> Iterator[Callable[..., tuple[int, list[bytes]]]]:
    """Start a receiver that answers each connection by a function on its socket; port, and what was asked."""
    listeners: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> tuple[int, list[bytes]]:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        asked: list[bytes] = []

        def serve() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                with closing(taken):
                    taken.settimeout(5)
                    try:
                        said = taken.recv(65536)
                        while b"POST " in said and not said.endswith(b"}"):
                            said += taken.recv(65536)
                        asked.append(said)
                        answer(taken)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1], asked

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_the_connection_goes_to_the_address_that_was_judged(
    receiver: Callable[..., tuple[int, list[bytes]]],
) -> None:
    port, asked = receiver(
        lambda taken: taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: a\r\n\r\nok")
    )
    looked_up: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        # A second look-up would be told another address.
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["10.9.9.9"]

    reply = outside.post(
        f"http://shop.example:{port}/hook",
        b'{"a":1}',
        {"webhook-id": "evt_1"},
        policy=SANDBOX,
        resolver=rebinding,
    )

    assert (reply.status, reply.body, reply.headers["x-one"]) == (200, b"ok", "a")
    assert looked_up == ["shop.example"]
    assert asked[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert f"Host: shop.example:{port}\r\n".encode() in asked[0]
    assert asked[0].endswith(b'{"a":1}')


def test_the_next_address_is_tried_when_one_does_not_answer(
    receiver: Callable[..., tuple[int, list[bytes]]],
) -> None:
    port, _ = receiver(lambda taken: taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))

    reply = outside.post(
        f"http://shop.example:{port}/", b"{}", {}, policy=SANDBOX, resolver=lambda *_: ["::1", "127.0.0.1"]
    )

    assert reply.status == 204


def test_a_redirect_is_an_answer_like_any_other(receiver: Callable[..., tuple[int, list[bytes]]]) -> None:
    port, asked = receiver(
        lambda taken: taken.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        )
    )

    assert outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX).status == 302
    assert len(asked) == 1


def test_no_more_of_an_answer_is_read_than_is_kept(receiver: Callable[..., tuple[int, list[bytes]]]) -> None:
    def flood(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            taken.sendall(b"x" * 65536)

    port, _ = receiver(flood)

    reply = outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)

    assert reply.status == 200
    assert len(reply.body) == outside.MOST_BYTES


def test_a_receiver_that_drips_is_left_when_the_time_is_over(
    receiver: Callable[..., tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TOTAL_S", 0.6)
    over = threading.Event()

    def drip(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.1):
            taken.sendall(b"X")

    port, _ = receiver(drip)
    started = time.monotonic()

    with pytest.raises(Unreachable, match="timeout"):
        outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)

    over.set()
    assert time.monotonic() - started < 3


def test_a_receiver_that_always_has_something_to_say_and_never_answers_is_left_as_well(
    receiver: Callable[..., tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TOTAL_S", 0.3)

    def go_on(taken: socket.socket) -> None:
        while True:
            taken.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    port, _ = receiver(go_on)

    # No single read waits: only the deadline of them all ends it.
    with pytest.raises(Unreachable, match="timeout"):
        outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)


def test_no_address_is_tried_once_the_time_is_over(
    receiver: Callable[..., tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TOTAL_S", 0)
    port, asked = receiver(lambda taken: taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))

    with pytest.raises(Unreachable, match="timeout"):
        outside.post(
            f"http://shop.example:{port}/",
            b"{}",
            {},
            policy=SANDBOX,
            resolver=lambda *_: ["::1", "127.0.0.1"],
        )

    assert asked == []


@pytest.mark.parametrize(
    ("answer", "why"), [(b"", "broken_answer"), (b"SSH-2.0-OpenSSH\r\n", "broken_answer")]
)
def test_what_is_no_http_is_no_answer(
    receiver: Callable[..., tuple[int, list[bytes]]], answer: bytes, why: str
) -> None:
    port, _ = receiver(lambda taken: taken.sendall(answer))

    with pytest.raises(Unreachable, match=why):
        outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)


def test_a_receiver_without_tls_is_no_https(receiver: Callable[..., tuple[int, list[bytes]]]) -> None:
    port, _ = receiver(lambda taken: taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))

    with pytest.raises(Unreachable, match="tls_failed"):
        outside.post(f"https://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)


def test_nobody_listening_is_not_connected() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Unreachable, match="not_connected"):
        outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=SANDBOX)


def test_a_name_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(Unreachable, match="name_not_found"):
        outside.post("https://no-such-name.invalid/", b"{}", {}, policy=LIVE)


# By the operator's proxy


def _proxy(answer: bytes, asked: list[bytes]) -> Callable[[socket.socket], None]:
    """A proxy that answers so; where it gives a tunnel, it plays the receiver behind it."""

    def serve(taken: socket.socket) -> None:
        taken.sendall(answer)
        if answer.startswith(b"HTTP/1.1 200"):
            said = b""
            while not said.endswith(b"{}"):
                said += taken.recv(65536)
            asked.append(said)
            taken.sendall(b"HTTP/1.1 204 No Content\r\nX-From: the receiver\r\n\r\n")

    return serve


def through(port: int, *, resolver: outside.Resolver, credentials: str = "") -> outside.Reply:
    policy = Policy(ports=None, plain_http=True, proxy=Proxy("127.0.0.1", port, credentials))
    return outside.post("http://shop.example/hook", b"{}", {}, policy=policy, resolver=resolver)


def test_a_proxy_is_asked_for_a_tunnel_to_the_judged_address_and_never_for_a_name(
    receiver: Callable[..., tuple[int, list[bytes]]],
) -> None:
    behind: list[bytes] = []
    port, asked = receiver(_proxy(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 gate\r\n\r\n", behind))

    reply = through(port, resolver=lambda *_: ["8.8.8.8"], credentials="zemi:a b:c")

    assert (reply.status, reply.headers["x-from"]) == (204, "the receiver")
    assert asked == [
        b"CONNECT 8.8.8.8:80 HTTP/1.1\r\nHost: 8.8.8.8:80\r\nProxy-Authorization: Basic emVtaTphIGI6Yw==\r\n\r\n"
    ]
    # The receiver gets what it would get without a proxy, and nothing of the proxy's credentials.
    [said] = behind
    assert said.startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"Host: shop.example" in said
    assert b"Proxy-Authorization" not in said

    through(port, resolver=lambda *_: ["2606:4700:4700::1111"])
    assert asked[-1].startswith(b"CONNECT [2606:4700:4700::1111]:80 HTTP/1.1\r\n")
    assert b"Authorization" not in asked[-1]


@pytest.mark.parametrize("address", ["10.0.0.7", "169.254.169.254", "127.0.0.1", "::ffff:10.0.0.7"])
def test_a_proxy_is_not_asked_for_what_may_not_be_reached_without_it(
    address: str, receiver: Callable[..., tuple[int, list[bytes]]]
) -> None:
    port, asked = receiver(_proxy(b"HTTP/1.1 200 OK\r\n\r\n", []))

    with pytest.raises(AddressRefused):
        through(port, resolver=lambda *_: [address])
    assert asked == []


def test_the_sandbox_reaches_this_machine_without_the_proxy(
    receiver: Callable[..., tuple[int, list[bytes]]],
) -> None:
    gate, asked = receiver(_proxy(b"HTTP/1.1 200 OK\r\n\r\n", []))
    port, said = receiver(lambda taken: taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))
    policy = Policy(ports=None, plain_http=True, loopback=True, proxy=Proxy("127.0.0.1", gate))

    assert outside.post(f"http://127.0.0.1:{port}/", b"{}", {}, policy=policy).status == 204
    assert (len(said), asked) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.7/\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2000,
        b"",
    ],
)
def test_a_proxy_that_gives_no_tunnel_is_named(
    answer: bytes, receiver: Callable[..., tuple[int, list[bytes]]]
) -> None:
    port, _ = receiver(lambda taken: taken.sendall(answer))

    with pytest.raises(Unreachable, match="proxy_refused"):
        through(port, resolver=lambda *_: ["8.8.8.8"])


@pytest.mark.parametrize(
    "url",
    [
        "proxy:3128", "https://proxy:3128", "http://proxy", "http://:3128", "http://proxy:x", "http://proxy:3128/x",
        "http://proxy:3128?x", "http://pröxy:3128", "http://proxy:3128\r\n",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"proxy|[Pp]ort"):
        Proxy.read(url)


def test_a_proxy_is_read_and_does_not_tell_its_credentials() -> None:
    found = Proxy.read("http://zemi:p%40ss@gate.internal:3128")

    assert (found.host, found.port, found.credentials) == ("gate.internal", 3128, "zemi:p@ss")
    assert "p@ss" not in repr(found)
