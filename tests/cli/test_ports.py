import os
import socket

from zemi.cli.ports import holder, is_free


def test_a_port_that_nobody_listens_on_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert is_free("127.0.0.1", port)
    assert holder(port) is None


def test_a_taken_port_is_named_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert not is_free("127.0.0.1", port)
        assert str(holder(port)).endswith(f"(pid {os.getpid()})")


def test_without_the_kernels_table_the_holder_is_unknown(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert holder(server.getsockname()[1], proc=tmp_path) is None
