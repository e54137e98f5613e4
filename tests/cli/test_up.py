"""`zemi up` as a process: what starts together ends together, whatever the reason."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.test_processes import _gone
from zemi.cli.ports import free_port, is_free
from zemi.common.http_client import send, use_transport

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
_PATIENCE_S = 90.0


class _Up:
    """A running `zemi up` in a directory of its own."""

    def __init__(self, var: Path, child_env: dict[str, str]) -> None:
        self.var = var
        self.port, self.sim_port = free_port(), free_port()
        ports = {"ZEMI_PORT": str(self.port), "ZEMI_SIM_PORT": str(self.sim_port)}
        self.env = child_env | ports | {"ZEMI_VAR": str(var), "PYTHONUNBUFFERED": "1"}
        self.process = self.start()

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "zemi", "up"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_file(self) -> dict[str, str]:
        """What run.json says, once it is there."""
        _wait(lambda: (self.var / "run.json").exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()[0]
        found: dict[str, str] = json.loads((self.var / "run.json").read_text())
        return found

    def descendants(self) -> list[int]:
        """Process ids of all that it started, and of what those started."""
        parents = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        found, new = set[int](), {self.process.pid}
        while new:
            new = {pid for pid, parent in parents.items() if parent in new}
            found |= new
        return sorted(found)


def _wait(arrived: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + _PATIENCE_S, threading.Event()
    while not arrived():
        assert time.monotonic() < deadline
        pause.wait(0.05)


def _status(said: dict[str, str], reference: str) -> str:
    key = {"Authorization": f"Bearer {said['api_key']}"}
    answer = send("GET", f"{said['base_url']}/api/v1/orders/{reference}", headers=key)
    return str(json.loads(answer.body)["data"]["status"])


@contextmanager
def _running(var: Path, child_env: dict[str, str]) -> Iterator[_Up]:
    up = _Up(var, child_env)
    try:
        yield up
    finally:
        up.process.kill()
        up.process.wait()
        if up.process.stdout is not None:
            up.process.stdout.close()
        use_transport(None)


def test_all_is_up_when_run_json_says_so_and_ctrl_c_leaves_nothing_behind(tmp_path, child_env) -> None:
    with _running(tmp_path, child_env) as up:
        said = up.run_file()

        assert said["base_url"] == f"http://127.0.0.1:{up.port}"
        assert said["simulator_url"] == f"http://127.0.0.1:{up.sim_port}"
        assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600
        assert send("GET", f"{said['base_url']}/readyz").status == 200
        assert send("GET", f"{said['simulator_url']}/_sim/health").status == 200
        # A second one is told who holds the ports.
        second = up.start()
        answer = second.communicate(timeout=_PATIENCE_S)[0]
        assert second.returncode == 1
        assert f"port {up.port} is taken by " in answer
        assert "ZEMI_PORT" in answer
        assert f"port {up.sim_port} is taken by " in answer

        # What is typed in a second terminal needs to know the directory, but no ports.
        elsewhere = {name: value for name, value in up.env.items() if not name.endswith("_PORT")}
        trigger = [sys.executable, "-m", "zemi", "trigger", "payment.completed"]
        typed = subprocess.run(trigger, env=elsewhere, capture_output=True, text=True, check=False)
        assert typed.returncode == 0, typed.stderr
        reference = typed.stdout.split()[0]
        _wait(lambda: _status(said, reference) == "paid")

        pids = up.descendants()
        up.process.send_signal(signal.SIGINT)
        screen = up.process.communicate(timeout=_PATIENCE_S)[0]

        assert up.process.returncode == 0
        assert len(pids) >= 4
        assert _gone(pids)
        assert not (tmp_path / "run.json").exists()
        assert is_free("127.0.0.1", up.port)
        assert said["api_key"] in screen
        log = (tmp_path / "logs" / "zemi.log").read_text()
        assert "sim    | " in log
        assert said["api_key"] not in log

    with _running(tmp_path, child_env) as up:
        # The demo key outlives a restart; nobody has to log in again.
        assert up.run_file()["api_key"] == said["api_key"]
        other = _Up(tmp_path, child_env)
        answer = other.process.communicate(timeout=_PATIENCE_S)[0]
        assert other.process.returncode == 1
        assert "another `zemi up` works on" in answer


@pytest.mark.parametrize(
    "victim",
    ["zemi work", *(pytest.param(part, marks=pytest.mark.proof) for part in ("gunicorn", "simulator"))],
)
def test_one_part_that_dies_is_named_and_all_stop_with_exit_code_1(
    tmp_path, child_env, lay_database, victim
) -> None:
    with _running(lay_database(tmp_path), child_env) as up:
        up.run_file()
        pids = up.descendants()
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in pids}

        os.kill(min(pid for pid, command in commands.items() if f"-m {victim} " in command), signal.SIGKILL)
        screen = up.process.communicate(timeout=_PATIENCE_S)[0]

        name = {"zemi work": "worker", "gunicorn": "web", "simulator": "sim"}[victim]
        assert f"zemi   | {name} was killed by SIGKILL: stopping the others" in screen
        assert up.process.returncode == 1
        assert _gone(pids)
        assert not (tmp_path / "run.json").exists()


def test_nothing_outlives_a_killed_up(tmp_path, child_env, lay_database) -> None:
    with _running(lay_database(tmp_path), child_env) as up:
        up.run_file()
        pids = up.descendants()

        up.process.kill()
        up.process.wait()

        assert len(pids) >= 4
        assert _gone(pids)
