"""A million transfers are audited within a minute, in a few hundred megabytes (SAFETY 5i)."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests import story
from zemi.common.money import kes
from zemi.reconciliation.opening import open_float

ORDERS = int(os.environ.get("ZEMI_TEST_ORDERS", "200000"))
MOST_MB, MOST_S = 200, 60

# One order that ended is written once by the product, and copied: the first 8 hex digits of every key become a number,
# so that all that belongs together does so still. What is one for all orders (parties, shortcodes) is not copied.
_NUMBER = "printf('%08x', n)"
_COPIED = ("orders_order", "payments_payment", "payments_receipt", "releases_release", "payouts_payout",
           "payouts_payoutattempt", "events_event", "ledger_account", "ledger_transfer")  # fmt: skip
_SHARED = {"buyer_id", "seller_id", "merchant_id"}
_UNIQUE = {
    "order_reference": "printf('ZM%010d', n)",
    "transaction_id": "printf('T%09d', n)",
    "provider_reference_hash": "randomblob(32)",
    "link_hash": "randomblob(32)",
    "originator_conversation_id": f"'zemi-' || {_NUMBER} || substr(originator_conversation_id, 14)",
    "of": f"""{_NUMBER} || substr("of", 9)""",
    "key": f"substr(key, 1, instr(key, ':')) || {_NUMBER} || substr(key, instr(key, ':') + 9)",
}
_PER_ORDER = {"ledger_account": "WHERE code IN (2100, 2300)", "ledger_transfer": "WHERE order_id IS NOT NULL",
              "events_event": "WHERE order_id IS NOT NULL"}  # fmt: skip


def _multiply(file: Path) -> None:
    """Fill a copy of the test's database; nothing checks it here but the audit."""
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.executescript(
            "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000"
        )
        triggers = copy.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            copy.execute(f'DROP TRIGGER "{name}"')
        for table in _COPIED:
            names = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(_derived(name) for name in names)
            copy.execute(
                f"""WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {ORDERS - 1})
                    INSERT INTO {table} ({", ".join(f'"{name}"' for name in names)})
                    SELECT {columns} FROM counted, {table} {_PER_ORDER.get(table, "")}"""
            )
        for _, sql in triggers:
            copy.execute(sql)
        copy.execute("PRAGMA journal_mode = WAL")


def _derived(name: str) -> str:
    if name in _UNIQUE:
        return _UNIQUE[name]
    if name in {"debit_id", "credit_id"}:
        shared = "SELECT id FROM ledger_account WHERE code NOT IN (2100, 2300)"
        return f"CASE WHEN {name} IN ({shared}) THEN {name} ELSE {_NUMBER} || substr({name}, 9) END"
    if (name == "id" or name.endswith("_id")) and name not in _SHARED | {
        "conversation_id",
        "merchant_request_id",
    }:
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE {_NUMBER} || substr({name}, 9) END"
    return f'"{name}"'


@pytest.mark.long
@pytest.mark.proof
@pytest.mark.skipif(connection.vendor != "sqlite", reason="filled by SQLite's own functions")
@pytest.mark.django_db(transaction=True)
def test_a_million_transfers_are_audited_within_a_minute_in_a_few_hundred_megabytes(
    simulator: Any,
    clock: Any,
    run_worker: Callable[[], int],
    record_property: Callable[[str, object], None],
    tmp_path: Path,
) -> None:
    open_float(collection=kes(0), disbursement=kes(1_000_000_000), now=clock.now())
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    file = tmp_path / "million.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    started = time.monotonic()
    _multiply(file)
    filling = time.monotonic() - started

    # In processes of their own: what they need is not what the tests need.
    sealed = _run(file, _SEAL, clock.advance(hours=24).isoformat())
    audited = _run(file, _AUDIT)

    report = (
        f"audit of {audited['transfers']:,} transfers of {ORDERS:,} orders: {audited['seconds']:.1f} s "
        f"({audited['processor_s']:.1f} s of the processor), at most {audited['megabytes']} MB; "
        f"sealing the day took {sealed['seconds']:.1f} s, {sealed['megabytes']} MB; filling the books {filling:.0f} s"
    )
    record_property("report", report)
    assert sealed["days"] == 1
    assert audited["problems"] == []
    assert max(audited["megabytes"], sealed["megabytes"]) < MOST_MB, report
    # Of the processor: what else this machine does is not the audit's.
    assert audited["processor_s"] < MOST_S, report


def _run(file: Path, script: str, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE + script + _AFTER, *words],
        env=os.environ | {"ZEMI_TEST_AUDIT_DB": str(file)},
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.BASE_DIR,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


_BEFORE = """
import json, os, re, sys, time
from datetime import datetime
from pathlib import Path
from tests import settings
settings.DATABASES["default"]["NAME"] = os.environ["ZEMI_TEST_AUDIT_DB"]
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from zemi.ledger.models import Transfer
from zemi.ledger.seal import seal_ended_days
from zemi.reconciliation.audit import audit_books
started, used = time.monotonic(), time.process_time()
"""
_SEAL = """
found = {"days": seal_ended_days(now=datetime.fromisoformat(sys.argv[1]))}
"""
_AUDIT = """
found = {"problems": [problem for check in audit_books(with_provider=False) for problem in check.problems][:10]}
"""
_AFTER = """
found["seconds"] = time.monotonic() - started
found["processor_s"] = time.process_time() - used
# Not ru_maxrss: to that Linux counts what the parent had when it started this process, all tests before this one.
found["megabytes"] = int(re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024
found["transfers"] = Transfer.objects.count()
print(json.dumps(found))
"""
