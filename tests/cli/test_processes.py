import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from zemi.cli.processes import ChildDied, ProcessTree, Stopped

_SLEEP = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
# Starts a grandchild and ignores polite requests, as a stuck server would.
_STUBBORN = [
    sys.executable,
    "-c",
    """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("grandchild", child.pid, flush=True)
signal.pause()
""",
]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone(pids: list[int], within_s: float = 10.0) -> bool:
    for _ in range(int(within_s * 20)):
        if not any(_is_alive(pid) for pid in pids):
            return True
        threading.Event().wait(0.05)
    return False


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def test_lines_of_all_children_have_their_prefix_on_screen_and_in_the_log(tmp_path, out) -> None:
    with ProcessTree(log_file=tmp_path / "logs" / "zemi.log", out=out) as tree:
        tree.start("web", [*_SLEEP])
        tree.start(
            "sim", [sys.executable, "-c", "import signal; print('one\\ntwo', flush=True); signal.pause()"]
        )
        assert tree.run_until(lambda: "two" in out.getvalue() and "up" in out.getvalue(), timeout_s=20)

    lines = out.getvalue().splitlines()
    assert sorted(lines) == ["sim    | one", "sim    | two", "web    | up"]
    assert (tmp_path / "logs" / "zemi.log").read_text().splitlines() == lines


def test_one_that_dies_is_named_and_takes_all_others_along(tmp_path, out) -> None:
    with ProcessTree(log_file=tmp_path / "log", out=out, grace_s=5) as tree:
        tree.start("web", _SLEEP)
        tree.start("worker", [sys.executable, "-c", "print('last words', end=''); raise SystemExit(3)"])
        pids = [child.process.pid for child in tree._children]
        with pytest.raises(ChildDied, match=r"^worker ended with exit code 3$"):
            tree.run_until(lambda: False, timeout_s=20)

    assert _gone(pids)
    assert "worker | last words" in out.getvalue()


def test_a_reader_that_does_not_read_stops_nobody(tmp_path) -> None:
    read, write = os.pipe()
    log = tmp_path / "log"
    talker = "for number in range(9999): print('line', number, flush=True)"
    with os.fdopen(write, "w") as out, ProcessTree(log_file=log, out=out) as tree:
        tree.start("web", [sys.executable, "-c", f"{talker}\nimport signal; signal.pause()"])
        assert tree.run_until(lambda: log.exists() and "line 9998" in log.read_text(), timeout_s=20)
    os.close(read)


def test_a_stubborn_child_and_its_own_children_are_ended_for_good(tmp_path, out) -> None:
    with ProcessTree(log_file=tmp_path / "log", out=out, grace_s=0.3) as tree:
        tree.start("web", _STUBBORN)
        assert tree.run_until(lambda: "grandchild" in out.getvalue(), timeout_s=20)
        pids = [tree._children[0].process.pid, int(out.getvalue().split()[-1])]

    assert _gone(pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_waiting(tmp_path, out, number) -> None:
    before = signal.getsignal(number)

    with ProcessTree(log_file=tmp_path / "log", out=out) as tree:
        tree.start("web", _SLEEP)
        os.kill(os.getpid(), number)
        with pytest.raises(Stopped):
            tree.run_until(lambda: False, timeout_s=20)

    assert signal.getsignal(number) is before


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_no_child_outlives_a_tree_that_was_killed(tmp_path, child_env) -> None:
    program = (
        "import sys; from pathlib import Path; from zemi.cli.processes import ProcessTree\n"
        f"with ProcessTree(log_file=Path({str(tmp_path / 'log')!r})) as tree:\n"
        f"    tree.start('web', {_SLEEP!r}); tree.start('sim', {_SLEEP!r})\n"
        "    print('pids', *(child.process.pid for child in tree._children), flush=True)\n"
        "    tree.run_forever()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=child_env
    ) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(word) for word in supervisor.stdout.readline().split()[1:]]
        # Both have said so themselves: their wish to die with their parent is with the kernel.
        said = [supervisor.stdout.readline(), supervisor.stdout.readline()]
        supervisor.kill()

    assert sorted(said) == ["sim    | up\n", "web    | up\n"]
    assert len(pids) == 2
    assert _gone(pids)
