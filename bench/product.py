"""The product as it is deployed: gunicorn, one worker and the stub provider, each a process of its own.

Everything that production has is on: sessions of the database, API keys, limits, events, JSON logs in a file, the
question back to the provider before money counts, text messages.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from zemi.cli.serve import SERVER
from zemi.common.limits import LIMITS

ROOT = Path(__file__).resolve().parent.parent
_OURS = ("ZEMI_", "MPESA_", "AT_", "DB_", "DATABASE_URL", "DJANGO_", "DEBUG", "ALLOWED_HOSTS")
_START_S = 60.0
_GRACE_S = 15.0


class CannotRun(Exception):
    """The product or the stub doesn't start, and why."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running product: where it listens, its processes, its API key."""

    port: int
    stub_port: int
    api_key: str
    web: int
    worker: int
    stub: int


def environment(*, var: Path, database_url: str, port: int, stub_port: int) -> dict[str, str]:
    """The settings of a deployment whose provider is the stub; nothing of the caller's own gets in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    stub = f"http://127.0.0.1:{stub_port}"
    return clean | {
        "PYTHONPATH": str(ROOT),
        "ZEMI_VAR": str(var),
        "ZEMI_PORT": str(port),
        "ZEMI_TRUSTED_PROXIES": "1",
        "ZEMI_LOG_JSON": "1",
        # Counted as ever, and never reached: the generator's callers are few.
        "ZEMI_LIMITS": ",".join(f"{name}=1000000000" for name in LIMITS),
        "DATABASE_URL": database_url,
        "MPESA_BASE_URL": stub,
        "MPESA_CONSUMER_KEY": "bench",
        "MPESA_CONSUMER_SECRET": secrets.token_hex(16),
        "MPESA_SHORTCODE": "174379",
        "MPESA_PASSKEY": secrets.token_hex(32),
        "MPESA_CALLBACK_URL": f"http://127.0.0.1:{port}",
        "MPESA_B2C_SHORTCODE": "600000",
        "MPESA_INITIATOR_NAME": "bench",
        "MPESA_INITIATOR_PASSWORD": secrets.token_hex(8),
        "MPESA_CERTIFICATE": str(_certificate(var)),
        "AT_BASE_URL": stub,
        "AT_USERNAME": "bench",
        "AT_API_KEY": secrets.token_hex(32),
    }


def run(arguments: Sequence[str], env: dict[str, str]) -> str:
    """Run one Python command of the product to its end and return what it printed.

    :raises CannotRun: it failed
    """
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotRun(f"{' '.join(arguments)}: {done.stderr.strip()[-500:]}")
    return done.stdout


@contextmanager
def running(*, var: Path, env: dict[str, str]) -> Iterator[Product]:
    """Start the product on a migrated database, and stop all of it at the end.

    :raises CannotRun: it doesn't start
    """
    key = run(("-m", "zemi", "api-key", "create", "--merchant", "Bench", "--scopes", "payments"), env).strip()
    port, stub_port = int(env["ZEMI_PORT"]), int(env["MPESA_BASE_URL"].rpartition(":")[2])
    with ExitStack() as stack:
        log = stack.enter_context((var / "zemi.log").open("ab"))

        def start(*command: str) -> int:
            return stack.enter_context(_child(command, env, log))

        stub = start("-m", "bench.stub", "--port", str(stub_port), "--product-port", str(port))
        web = start(*SERVER)
        worker = start("-m", "zemi", "work")
        _wait_until_ready(port)
        yield Product(port, stub_port, key, web=web, worker=worker, stub=stub)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def _child(command: Sequence[str], env: dict[str, str], log: Any) -> Iterator[int]:
    process = subprocess.Popen(
        # It ends with this process, however this one ends.
        [sys.executable, "-m", "zemi.cli.child", str(os.getpid()), sys.executable, *command],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)  # noqa: TID251 (neither a request nor a test)
    raise CannotRun(f"the product was not ready within {_START_S:.0f} s")


def _certificate(var: Path) -> Path:
    """A certificate to encrypt the initiator's password with, signed by itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = var / "certificate.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return file
