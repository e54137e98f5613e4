"""A product that runs: web server, worker and simulator, as `make run` starts them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.references import ROOT
from zemi.cli.ports import free_port


@dataclass(frozen=True)
class Product:
    """Where it listens, and the demo merchant's key."""

    base_url: str
    simulator_url: str
    api_key: str


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, lay_database: Callable[[Path], Path]
) -> Iterator[Product]:
    var = lay_database(tmp_path_factory.mktemp("var"))
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    env |= {"ZEMI_VAR": str(var), "ZEMI_PORT": str(free_port()), "ZEMI_SIM_PORT": str(free_port())}
    with (var / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "zemi", "up", "--with-parent"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        yield Product(**json.loads(_when_there(var / "run.json", up)))
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(timeout=30)


def _when_there(file: Path, up: "subprocess.Popen[bytes]") -> str:
    for _ in range(900):
        if file.exists():
            return file.read_text()
        if up.poll() is not None:
            break
        threading.Event().wait(0.1)
    raise AssertionError((file.parent / "up.log").read_text())
