"""`zemi up`: everything on one machine, as one process tree with one log."""

import argparse
import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from zemi.cli.child import die_with_parent
from zemi.cli.ports import holder, is_free
from zemi.cli.processes import ChildDied, ProcessTree, Stopped
from zemi.cli.serve import SERVER
from zemi.common import clock
from zemi.common.http_client import NoAnswer, NotSent, send, use_transport
from zemi.common.limits import LIMITS
from zemi.identity.deployment import is_ours
from zemi.settings import read

_START_S = 120.0
_PROBE_S = 5.0
_LOOPBACK = "127.0.0.1"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "up",
        description=(
            "Check the ports, run the migrations, and start web server, worker and, in sandbox mode, the "
            "simulator with demo data, as one process tree. When all is ready $ZEMI_VAR/run.json says where. "
            "If one process ends, all are stopped and the exit code is 1."
        ),
        epilog="Settings come from the environment: see .env.example. Log: $ZEMI_VAR/logs/zemi.log.",
    )
    parser.add_argument(
        "--host", default=_LOOPBACK, help="address that the web server listens on (default: %(default)s)"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the process that started this one ends (Linux)"
    )


def run(args: argparse.Namespace) -> int:
    """Start everything, stay until the end, and leave nothing behind."""
    if args.with_parent:
        die_with_parent(os.getppid(), signal.SIGTERM)
    problems = _problems(args.host)
    if problems:
        print("zemi can't start:\n" + "\n".join(f"  - {problem}" for problem in problems), file=sys.stderr)
        return 1

    # Databases and logs are nobody else's business.
    os.umask(0o077)
    run_file = settings.VAR / "run.json"
    settings.VAR.mkdir(parents=True, exist_ok=True)
    try:
        with _only_one(), ProcessTree(log_file=settings.VAR / "logs" / "zemi.log") as tree:
            run_file.unlink(missing_ok=True)
            try:
                api_key = _start(tree, args.host)
                _write_privately(
                    run_file,
                    json.dumps(
                        {"base_url": _base_url(), "simulator_url": _simulator_url(), "api_key": api_key}
                    ),
                )
                # Not through the log: the key is for this terminal.
                print(_box(api_key), flush=True)
                tree.run_forever()
            except Stopped:
                tree.say("stopping")
            except ChildDied as death:
                tree.say(f"{death}: stopping the others")
                return 1
            except _NotReadyError as problem:
                tree.say(str(problem))
                return 1
            finally:
                run_file.unlink(missing_ok=True)
    except _AlreadyRunningError as problem:
        print(f"zemi can't start:\n  - {problem}", file=sys.stderr)
        return 1
    return 0


class _NotReadyError(Exception):
    """The start took too long."""


class _AlreadyRunningError(Exception):
    """Another process tree works on the same ZEMI_VAR."""


def _start(tree: ProcessTree, host: str) -> str | None:
    """Start the children in their order; return the demo key once all is ready."""
    if not settings.LIVE:
        state = str(settings.VAR / "simulator.sqlite3")
        tree.start(
            "sim",
            [
                sys.executable,
                "-m",
                "simulator",
                "--port",
                str(settings.SIM_PORT),
                "--host",
                _LOOPBACK,
                "--state",
                state,
                # A sandbox that is kept for months must not stop paying out one day.
                "--password-stays",
            ],
        )

    # While the simulator starts by itself.
    call_command("migrate", verbosity=0, interactive=False)
    api_key = None
    if not settings.LIVE:
        _wait(tree, f"{settings.SIM_URL}/_sim/health", "the simulator")
        from zemi.cli import demo_data

        api_key = demo_data.ensure(clock.now())
    connections.close_all()

    tree.start("web", [sys.executable, *SERVER], env={"ZEMI_HOST": host, **_limits()})
    tree.start("worker", [sys.executable, "-m", "zemi", "work"])
    _wait(tree, f"{_base_url()}/readyz", "the web server")
    # A kept connection would only hold up the web server's end.
    use_transport(None)
    return api_key


def _limits() -> dict[str, str]:
    """Room for one person who plays all the parts, unless limits were set."""
    if settings.LIVE or read("ZEMI_LIMITS"):
        return {}
    return {"ZEMI_LIMITS": ",".join(f"{limit.name}={limit.most * 1000}" for limit in LIMITS.values())}


def _wait(tree: ProcessTree, url: str, what: str) -> None:
    last = "no answer"

    def is_ready() -> bool:
        nonlocal last
        try:
            answer = send("GET", url, read_timeout_s=_PROBE_S)
        except (NotSent, NoAnswer) as problem:
            last = str(problem)
            return False
        last = f"{answer.status} {answer.body[:300].decode('utf-8', 'replace')}"
        return answer.status == 200

    if not tree.run_until(is_ready, timeout_s=_START_S):
        raise _NotReadyError(f"{what} isn't ready after {_START_S:.0f} s; it last said: {last}")


def _problems(host: str) -> list[str]:
    wanted = [("ZEMI_PORT", host, settings.PORT)]
    if not settings.LIVE:
        wanted.append(("ZEMI_SIM_PORT", _LOOPBACK, settings.SIM_PORT))
    if len({port for _, _, port in wanted}) < len(wanted):
        return ["ZEMI_PORT and ZEMI_SIM_PORT are the same port"]
    if not is_ours():
        # Before it is migrated, and before a sandbox puts its demo merchant there.
        return [f"the database is not of ZEMI_MODE {settings.MODE}"]
    return [
        f"port {port} is taken by {holder(port) or 'another process'}: stop it, or choose another with {name}"
        for name, address, port in wanted
        if not is_free(address, port)
    ]


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock on ZEMI_VAR; the system gives it back when this process ends, however it ends."""
    with (settings.VAR / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _AlreadyRunningError(
                f"another `zemi up` works on {settings.VAR}: choose another ZEMI_VAR"
            ) from error
        yield


def _write_privately(file: Path, text: str) -> None:
    """Write `file` so that readers see all of it or nothing, and nobody but this user sees any of it."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n")
    draft.replace(file)


def _base_url() -> str:
    return f"http://{_LOOPBACK}:{settings.PORT}"


def _simulator_url() -> str | None:
    return None if settings.LIVE else settings.SIM_URL


def _box(api_key: str | None) -> str:
    base, simulator = _base_url(), _simulator_url()
    lines = ["Zemi is ready. Open this first:", "", f"  {base}/", ""]
    if simulator:
        lines += ["Two phones wait there: a whole sale, clicked through in two minutes.", ""]
    lines += [f"API docs       {base}/docs", f"OpenAPI        {base}/api/openapi.json"]
    # By its name: browsers make no passkey for an address of numbers.
    console = f"{base.replace(_LOOPBACK, 'localhost')}/console"
    lines.append(f"Staff console  {console}  (first: python -m zemi staff-user add NAME)")
    if simulator:
        lines += [
            f"Simulator      {simulator}/_sim/config",
            f"SMS inbox      {simulator}/_sim/sms?to=254722000111",
            f"A phone        POST {simulator}/_sim/phones/254722000111",
            f"Demo API key   {api_key}",
            "",
            "Try (in another terminal):",
            "  make demo",
            f"  curl {base}/api/orders/create -H 'content-type: application/json' \\",
            '    -d \'{"buyer_phone": "0722000111", "amount": 1500, "product_description": "Kitenge"}\'',
            f"  curl {base}/api/payments/mpesa/stk-push -H 'content-type: application/json' \\",
            '    -d \'{"account_reference": "ZEM-...", "phone_number": "0722000111", "amount": 1500}\'',
        ]
    lines += ["", "Ctrl-C stops everything."]
    width = max(len(line) for line in lines)
    edge = "─" * (width + 2)
    return "\n".join([f"┌{edge}┐", *(f"│ {line:<{width}} │" for line in lines), f"└{edge}┘"])
