"""The limit L: the same lifecycle as bare prepared SQL, without any of our Python (lifecycle.sql)."""

import re
import shutil
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

_SCRIPT = Path(__file__).with_name("lifecycle.sql")
CLIENTS = 16
_THREADS = 2

# Helpers of the script: immutable, so that PostgreSQL works constants out while it plans.
_HELPERS = """
    CREATE FUNCTION bench_id(n bigint, part int) RETURNS uuid IMMUTABLE LANGUAGE sql AS
        $$ SELECT lpad(to_hex(n * 64 + part), 32, '0')::uuid $$;
    CREATE FUNCTION bench_reference(n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
        $$ SELECT 'ZEM-' || lpad(upper(to_hex(n)), 8, '0') $$;
    CREATE FUNCTION bench_text(length int) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT repeat('x', length) $$;
    CREATE FUNCTION bench_bytes(length int) RETURNS bytea IMMUTABLE LANGUAGE sql AS
        $$ SELECT decode(substr(repeat(md5('bench'), 64), 1, length * 2), 'hex') $$;"""
# Whose key the prompts are asked for with.
_MERCHANT = "INSERT INTO identity_merchant (id, name, created_at) VALUES (bench_id(0, 4), 'Bench', now())"


class LimitFailed(Exception):
    """The bare lifecycle doesn't run on this schema any more: lifecycle.sql has to follow the product."""


def prepare(url: str) -> None:
    """Add the script's helpers, and the one merchant, to a migrated database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_HELPERS)
        connection.execute(_MERCHANT)


def find_pgbench(binaries: Path) -> Path | None:
    """pgbench of the server's own installation, else of the PATH."""
    beside = binaries / "pgbench"
    on_path = shutil.which("pgbench")
    return beside if beside.exists() else Path(on_path) if on_path else None


def measure(url: str, *, seconds: int, pgbench: Path | None) -> float:
    """Run bare lifecycles for so long; how many a second there were.

    :raises LimitFailed: a statement failed
    """
    return _by_pgbench(url, seconds, pgbench) if pgbench else _by_psycopg(url, seconds)


def _by_pgbench(url: str, seconds: int, pgbench: Path) -> float:
    where = urlsplit(url)
    command = [
        str(pgbench), "-n", "-M", "prepared", "-f", str(_SCRIPT), "-c", str(CLIENTS), "-j", str(_THREADS),
        "-D", f"first={_first_number(url)}", "-D", "i=0", "-D", f"clients={CLIENTS}", "-T", str(seconds),
        "-h", unquote(where.hostname or ""), "-U", where.username or "postgres", where.path[1:],
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+) \(without initial connection time\)", done.stdout)
    if done.returncode or found is None or "number of failed transactions: 0 " not in done.stdout:
        raise LimitFailed(done.stderr.strip()[:2000] or done.stdout[-2000:])
    return float(found[1])


def _by_psycopg(url: str, seconds: int) -> float:
    """The same from Python threads: slower than the database could, and so a limit that flatters the product."""
    statements = _statements()
    first, deadline = _first_number(url), time.monotonic() + seconds
    finished = [0] * CLIENTS

    def live(client: int) -> None:
        with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
            while time.monotonic() < deadline:
                number = first + (finished[client] + 1) * CLIENTS + client
                for statement in statements:
                    connection.execute(statement, {"n": number})
                finished[client] += 1

    threads = [threading.Thread(target=live, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(finished):
        raise LimitFailed("a connection failed")
    return sum(finished) / seconds


def _statements() -> list[bytes]:
    """The script as psycopg takes it: one statement each, without pgbench's own commands."""
    lines = [line for line in _SCRIPT.read_text().splitlines() if not line.startswith(("--", "\\"))]
    text = re.sub(r"(?<!:):n\b", "%(n)s::bigint", "\n".join(lines).replace("%", "%%"))
    return [part.encode() for part in text.split(";\n") if part.strip()]


def _first_number(url: str) -> int:
    """Where this run's numbers start: above all that are there."""
    with psycopg.connect(url) as connection:
        [last] = connection.execute("SELECT max(order_reference) FROM orders_order").fetchone() or [None]
    return int(last.removeprefix("ZEM-"), 16) + CLIENTS if last else 1
