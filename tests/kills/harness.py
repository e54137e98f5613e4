"""Simulator, PostgreSQL, web server and workers as processes, killed and started again as a process manager would."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests import postgres
from tests.kills.load import Away, Client, Sale
from zemi.cli.ports import free_port
from zemi.common.limits import LIMITS

# A killed process is no power cut: what was written is with the system. Everything else is as in production.
CONFIGURATION = ("max_connections=200", "listen_addresses=", "jit=off")
BACK_WITHIN_S = 10.0
_START_S = 90.0
# Of these the clock is moved on, which all processes share: lease, first question and the question after it make minutes
# until what a killed worker had in hand comes to rest.
_MOVED_ON = "2m"
_REST_S = 60.0
_SELLERS = 6
# Of 200 kills 60 meet the web server, 80 the workers, 40 the database, 20 all three (SAFETY 5b).
_VICTIMS = ("web",) * 3 + ("worker",) * 4 + ("postgres",) * 2 + ("all",)
_OURS = ("ZEMI_", "MPESA_", "AT_", "DB_", "DATABASE_URL", "DJANGO_", "DEBUG", "ALLOWED_HOSTS")


@dataclass
class Result:
    """What was counted, and everything that is not as it must be."""

    kills: dict[str, int] = field(default_factory=dict)
    back_s: list[float] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    # Orders whose payout nobody can know of: the worker died after it had written that it would send, and before it did.
    # It is never sent on a guess; a person with the provider's statement ends it (SAFETY 4.2).
    for_people: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = []
        if self.kills:
            kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
            mean, most = sum(self.back_s) / len(self.back_s), max(self.back_s)
            lines.append(f"kills: {kills}; back in service after {mean:.1f} s, at most {most:.1f} s")
        said = ", ".join(f"{number} {what}" for what, number in sorted(self.acknowledged.items()))
        lines.append(f"{self.requests} requests in {self.seconds:.0f} s; acknowledged: {said}")
        lines.append(f"problems: {len(self.problems)}; payouts left to a person: {len(self.for_people)}")
        return "\n".join([*lines, *(f"  - {problem}" for problem in self.problems)])


class Stage:
    """All processes. Use it as a context; only the main thread may start anything (the kernel's wish hangs on it)."""

    def __init__(self, var: Path, *, broker_url: str = "") -> None:
        self.var = var
        self.port, self.sim_port = free_port(), free_port()
        self.base_url, self.sim_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.sim_port}"
        self.database = postgres.Server(postgres.find(), configuration=CONFIGURATION)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | {
            "ZEMI_VAR": str(var),
            "ZEMI_ENV_FILE": "",
            "ZEMI_PORT": str(self.port),
            "ZEMI_SIM_PORT": str(self.sim_port),
            "DATABASE_URL": self.database.url,
            "ZEMI_BROKER_URL": broker_url,
            "ZEMI_LIMITS": ",".join(f"{name}=1000000000" for name in LIMITS),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands = {
            "simulator": [
                *("-m", "simulator", "--port", str(self.sim_port), "--state", str(var / "simulator.sqlite3")),
                *("--pay-after-s", "0.2", "--result-after-s", "0.2"),
            ],
            "web": ["-m", "zemi", "serve"],
            "worker": ["-m", "zemi", "work", *(["--celery"] if broker_url else [])],
        }

    def __enter__(self) -> "Stage":
        self.database.launch()
        self.start("simulator")
        self.run("manage.py", "migrate", "--verbosity", "0")
        wait_until(lambda: is_up(f"{self.sim_url}/_sim/health"), _START_S, "the simulator")
        # The opening float, as `zemi up` books it in sandbox mode.
        self.run("-m", "tests.kills.opening")
        self.start("web")
        self.start("worker")
        wait_until(lambda: is_up(f"{self.base_url}/readyz"), _START_S, "the web server")
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self.processes)):
            self.kill(name)
        if self.database.process is not None:
            self.database.process.send_signal(signal.SIGQUIT)
            self.database.process.wait()

    def start(self, name: str) -> None:
        """Start one of the commands in a group of its own, its output in a file."""
        with (self.var / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "zemi.cli.child",
                    str(os.getpid()),
                    sys.executable,
                    *self.commands[name],
                ],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *words: str) -> str:
        """Run a command of the product to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *words], env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(
                f"{words} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout

    def move_on(self) -> None:
        """Let minutes pass in a moment, and the workers do what has fallen due."""
        self.run("-m", "zemi", "clock", "advance", _MOVED_ON)
        pause(3)

    def kill(self, name: str) -> None:
        """`kill -9`: one process and all that it started; of PostgreSQL the postmaster alone."""
        if name == "postgres":
            assert self.database.process is not None
            self.database.process.kill()
            self.database.process.wait()
            return
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def revive(self, name: str) -> None:
        """Start again what was killed."""
        if name != "postgres":
            self.start(name)
            return
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.database.launch()
            except postgres.NoServer:
                # The killed one's children hold its shared memory for a moment.
                if time.monotonic() > deadline:
                    raise
                pause(0.2)
            else:
                return

    def fallen(self) -> list[str]:
        """Which processes have ended by themselves."""
        return [name for name, process in self.processes.items() if process.poll() is not None]


def torment(stage: Stage, *, kills: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Result:
    """Kill `kills` times at moments drawn from `seed` under load, let everything come to rest, and compare."""
    result, draw = Result(), random.Random(seed)
    journal = stage.var / "journal"
    load = subprocess.Popen(
        [sys.executable, "-m", "tests.kills.load", stage.base_url, str(journal), str(_SELLERS), str(seed)],
        stdin=subprocess.DEVNULL,
    )
    try:
        pause(3)
        for number in range(kills):
            pause(draw.uniform(0.2, 3.0))
            # The first three meet each of them, whatever the dice say.
            victim = ("worker", "postgres", "web")[number] if number < 3 else draw.choice(_VICTIMS)
            result.kills[victim] = result.kills.get(victim, 0) + 1
            names = ("postgres", "web", "worker") if victim == "all" else (victim,)
            killed = time.monotonic()
            for name in names:
                stage.kill(name)
            for name in names:
                stage.revive(name)
            back_s = _until_served(stage, draw) - killed
            result.back_s.append(back_s)
            say(f"kill {number + 1} of {kills}: {victim}, back after {back_s:.1f} s")
            if back_s > BACK_WITHIN_S:
                result.problems.append(f"after kill {number + 1} ({victim}) it took {back_s:.1f} s to serve")
            for name in stage.fallen():
                result.problems.append(f"{name} ended by itself after kill {number + 1} ({victim})")
                stage.start(name)
    finally:
        load.terminate()
        load.wait()
    compare(stage, journal, result, say=say)
    return result


def _until_served(stage: Stage, draw: random.Random) -> float:
    """The moment at which an order that is made anew is paid: web server, database and a worker had to do it."""
    deadline = time.monotonic() + _START_S
    with Client(stage.base_url) as client:
        while time.monotonic() < deadline:
            sale = Sale(client, draw, threading.Event())
            try:
                sale.create()
            except Away:
                pause(0.05)
                continue
            if sale.pay():
                return time.monotonic()
    raise RuntimeError("it is not back in service")


def compare(
    stage: Stage, journal: Path, result: Result, *, say: Callable[[str], None] = lambda _: None
) -> None:
    """Hold what was acknowledged against the orders, the simulator's books and the audit, once all is at rest."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    orders = {line["reference"]: line for line in lines if line["what"] == "created"}
    said = {
        what: [line["reference"] for line in lines if line["what"] == what] for what in ("paid", "confirmed")
    }
    result.acknowledged = {"created": len(orders), **{what: len(names) for what, names in said.items()}}
    done = [line for line in lines if line["what"] == "requests"]
    result.requests = sum(line["number"] for line in done)
    result.seconds = max((line["seconds"] for line in done), default=0.0)

    with Client(stage.base_url) as client:
        _compare_orders(client, orders, said, result, stage, say)

    paid: dict[str, list[int]] = {}
    for move in _get(stage.sim_url, "/_sim/transactions")["transactions"]:
        if move["kind"] == "b2c":
            paid.setdefault(str(move["credit"]).removeprefix("wallet:"), []).append(int(move["amount"]))
    by_seller = {order["seller"]: order for order in orders.values()}
    for seller, amounts in paid.items():
        if len(amounts) > 1:
            result.problems.append(f"a seller was paid {len(amounts)} times")
        elif seller in by_seller and amounts != [by_seller[seller]["shillings"] * 100]:
            result.problems.append(
                f"a seller was paid {amounts}, not {by_seller[seller]['shillings']} shillings"
            )
    for name in result.for_people:
        status = _payout_status(stage, name)
        if orders[name]["seller"] in paid or status not in {"unknown", "needs_attention"}:
            result.problems.append(f"{name} was confirmed, and its payout is {status} for ever")
    unpaid = [
        name
        for name in said["confirmed"]
        if orders[name]["seller"] not in paid and name not in result.for_people
    ]
    result.problems += [f"{name}: the simulator's books know of no payout" for name in unpaid]
    result.problems += _audit(stage)


def _compare_orders(
    client: Client,
    orders: dict[str, Any],
    said: dict[str, list[str]],
    result: Result,
    stage: Stage,
    say: Callable[[str], None],
) -> None:
    waiting = set(said["confirmed"])
    deadline = time.monotonic() + _REST_S
    while waiting and time.monotonic() < deadline:
        waiting = {name for name in waiting if _order(client, name).get("payout_status") != "completed"}
        say(f"payouts that are not done yet: {len(waiting)}")
        if waiting:
            stage.move_on()
    result.for_people = sorted(waiting)
    for name in orders:
        status = _order(client, name).get("status")
        if status is None:
            result.problems.append(f"{name} was acknowledged and is lost")
        elif name in said["confirmed"] and status != "completed":
            result.problems.append(f"{name} was confirmed, and is {status}")
        elif name in said["paid"] and status not in {"paid", "completed"}:
            result.problems.append(f"{name} was paid, and is {status}")


def _payout_status(stage: Stage, reference: str) -> str:
    statement = "SELECT p.status FROM payouts_payout p JOIN orders_order o ON o.id = p.order_id WHERE o.order_reference = %s"
    with psycopg.connect(stage.database.url) as database:
        found = database.execute(statement, [reference]).fetchone()
    return str(found[0]) if found else "missing"


def _audit(stage: Stage) -> list[str]:
    """What the audit says once nothing moves any more; a prompt in flight is a difference for a moment."""
    deadline = time.monotonic() + _START_S
    while True:
        done = subprocess.run(
            [sys.executable, "-m", "zemi", "audit", "--json"],
            env=stage.env,
            capture_output=True,
            text=True,
            check=False,
        )
        said = json.loads(done.stdout)
        if said["result"] == "ok":
            return []
        if time.monotonic() > deadline:
            problems = [p for check in said.get("checks", ()) for p in check["problems"]]
            return [f"audit: {p}" for p in problems or [str(said.get("problem"))]]
        stage.move_on()


def _order(client: Client, reference: str) -> dict[str, Any]:
    for _ in range(5):
        try:
            status, answer = client.send("GET", f"/api/orders/{reference}")
        except Away:
            pause(0.5)
            continue
        return dict(answer["data"]) if status == 200 else {}
    return {}


def _get(base_url: str, path: str) -> dict[str, Any]:
    with Client(base_url) as client:
        return client.send("GET", path)[1]


def is_up(url: str) -> bool:
    """Whether an address answers 200."""
    address = urlsplit(url)
    try:
        with Client(f"http://{address.netloc}") as client:
            return client.send("GET", address.path)[0] == 200
    except Away:
        return False


def wait_until(arrived: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait for something; RuntimeError names it when it doesn't come."""
    deadline = time.monotonic() + within_s
    while not arrived():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come within {within_s:.0f} s")
        pause(0.1)


def pause(seconds: float) -> None:
    """Let the processes work; real time passes here, as it does for them."""
    threading.Event().wait(seconds)
