"""Is a TCP port free, and if not, who holds it?"""

import socket
from contextlib import suppress
from pathlib import Path

_LISTEN = "0A"


def is_free(host: str, port: int) -> bool:
    """Whether a server can listen on `port` of `host` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder(port: int, *, proc: Path = Path("/proc")) -> str | None:
    """Describe the process that listens on `port`: "python3 (pid 4711)".

    None where the system doesn't tell: not Linux, another user's process, another container's.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return None
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        # What ended or closed meanwhile, or isn't ours to look into, isn't the holder that can be named.
        with suppress(OSError):
            for link in (process / "fd").iterdir():
                with suppress(OSError):
                    if str(link.readlink()) in sockets:
                        return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return None


def _listening_inodes(port: int, proc: Path) -> set[str]:
    """Socket inodes from the kernel's table: columns sl, local address, remote address, state, ..., inode."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def free_port() -> int:
    """Find a port of this machine that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
