"""RabbitMQ and Redis from the machine's own packages, on loopback, in directories that are gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.kills.harness import pause
from zemi.cli.child import die_with_parent
from zemi.cli.ports import free_port
from zemi.common.broker import QUEUE, application_for, errors_of

_RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_S = 90.0


class NoBroker(Exception):
    """It is not installed here, or doesn't start."""


class Broker:
    """One broker; `restart` kills it and starts it again on the same address, having forgotten all messages."""

    name = ""
    url = ""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=f"zemi-{self.name}-"))
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Broker":
        self.launch()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def commands(self) -> list[list[str]]:
        """What to start, in this order."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What the processes are told."""
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(self.home)}

    def user(self) -> str | None:
        """Who runs it when the tests run as root."""
        return "nobody" if os.geteuid() == 0 else None

    def launch(self) -> None:
        """Start it and wait until it takes connections.

        :raises NoBroker: it doesn't
        """
        user = self.user()
        if user:
            shutil.chown(self.home, user)
        parent = os.getpid()
        with (self.home / "log").open("ab") as log:
            self.processes = [
                subprocess.Popen(
                    command,
                    cwd=self.home,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),  # noqa: PLW1509 (no threads yet)
                    user=user,
                    group=pwd.getpwnam(user).pw_gid if user else None,
                    extra_groups=[] if user else None,
                )
                for command in self.commands()
            ]
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if time.monotonic() > deadline or self.processes[-1].poll() is not None:
                said = (self.home / "log").read_text(errors="replace")[-500:]
                raise NoBroker(f"{self.name} doesn't start: {said}")
            pause(0.2)

    def stop(self) -> None:
        """End it for good, at once, with all that it started."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        """Kill it and start it again, empty."""
        self.stop()
        self.launch()

    def purge(self) -> int:
        """Throw away every message that waits; how many there were."""
        app = application_for(self.url)
        with app.connection_for_write() as connection:
            # The worker makes it too, when it has come so far.
            queue = app.amqp.queues[QUEUE](connection.default_channel)
            queue.declare()
            return int(queue.purge() or 0)

    def _answers(self) -> bool:
        connection = application_for(self.url).connection_for_write()
        try:
            with connection:
                connection.connect()
                # Redis connects only when something is asked.
                if self.name == "redis":
                    connection.default_channel.client.ping()
        except errors_of(application_for(self.url)):
            return False
        return True


class RabbitMQ(Broker):
    """A node of its own, with a name server (epmd) of its own."""

    name = "rabbitmq"

    def __init__(self) -> None:
        if not _RABBITMQ.exists():
            raise NoBroker("RabbitMQ is not installed here (apt install rabbitmq-server)")
        super().__init__()
        self._port, self._epmd, self._peers = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def commands(self) -> list[list[str]]:
        return [["epmd", "-port", str(self._epmd), "-address", "127.0.0.1"], [str(_RABBITMQ)]]

    def environment(self) -> dict[str, str]:
        home = str(self.home)
        return {
            **super().environment(),
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"zemi{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(self._peers),
            "RABBITMQ_MNESIA_BASE": home,
            "RABBITMQ_LOG_BASE": home,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": f"{home}/none",
            "RABBITMQ_CONF_ENV_FILE": f"{home}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def user(self) -> str | None:
        return "rabbitmq" if os.geteuid() == 0 else None


class Redis(Broker):
    """A server that writes nothing to disk."""

    name = "redis"

    def __init__(self) -> None:
        if shutil.which("redis-server") is None:
            raise NoBroker("Redis is not installed here (apt install redis-server)")
        super().__init__()
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def commands(self) -> list[list[str]]:
        return [
            [
                *("redis-server", "--port", str(self._port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self.home)),
            ]
        ]


KINDS = (RabbitMQ, Redis)
