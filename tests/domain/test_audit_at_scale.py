"""A million transfers are audited in a few hundred megabytes; the time is printed (SAFETY 5i)."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests import story
from tests.conftest import triggers_off
from zemi.common.money import kes
from zemi.ledger.models import Transfer
from zemi.ledger.seal import seal_ended_days
from zemi.reconciliation.opening import open_float

ORDERS = int(os.environ.get("ZEMI_TEST_ORDERS", "200000"))
MOST_MB = 600

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
    "originator_conversation_id": f"'zemi-' || {_NUMBER} || substr(originator_conversation_id, 14)",
    "of": f"""{_NUMBER} || substr("of", 9)""",
    "key": f"substr(key, 1, instr(key, ':')) || {_NUMBER} || substr(key, instr(key, ':') + 9)",
}
_PER_ORDER = {"ledger_account": "WHERE code IN (2100, 2300)", "ledger_transfer": "WHERE order_id IS NOT NULL",
              "events_event": "WHERE order_id IS NOT NULL"}  # fmt: skip


def _multiply() -> None:
    with connection.cursor() as cursor:
        for table in _COPIED:
            cursor.execute(f"PRAGMA table_info({table})")
            names = [row[1] for row in cursor.fetchall()]
            columns = ", ".join(_derived(name) for name in names)
            cursor.execute(
                f"""WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {ORDERS - 1})
                    INSERT INTO {table} ({", ".join(f'"{name}"' for name in names)})
                    SELECT {columns} FROM {table}, counted {_PER_ORDER.get(table, "")}"""
            )


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


@pytest.mark.proof
@pytest.mark.skipif(connection.vendor != "sqlite", reason="filled by SQLite's own functions")
@pytest.mark.django_db(transaction=True)
def test_a_million_transfers_are_audited_in_a_few_hundred_megabytes(
    simulator: Any, clock: Any, run_worker: Callable[[], int], record_property: Callable[[str, object], None]
) -> None:
    open_float(collection=kes(0), disbursement=kes(1_000_000_000), now=clock.now())
    order = story.create_order().data
    story.simulate_payment(order["order_reference"])
    story.confirm(order["order_reference"], order["delivery_code"])
    run_worker()
    clock.advance(seconds=5)
    run_worker()
    from django.db.transaction import atomic  # noqa: TID251 (not the product's transaction)

    with atomic(), triggers_off():
        _multiply()
    started = time.monotonic()
    sealed = seal_ended_days(now=clock.advance(hours=24))
    sealing = time.monotonic() - started

    # In a process of its own: what it needs is not what the tests need.
    done = subprocess.run(
        [sys.executable, "-c", _AUDIT], env=os.environ | {"ZEMI_TEST_AUDIT_DB": str(settings.DATABASES["default"]["NAME"])},
        capture_output=True, text=True, check=False, cwd=settings.BASE_DIR,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    seconds, megabytes = done.stdout.split()

    report = (
        f"audit of {Transfer.objects.count():,} transfers of {ORDERS:,} orders: {seconds} s, at most {megabytes} MB; "
        f"sealing the day took {sealing:.1f} s"
    )
    record_property("report", report)
    assert sealed == 1
    assert int(megabytes) < MOST_MB, report


_AUDIT = """
import os, resource, time
from tests import settings
settings.DATABASES["default"]["NAME"] = os.environ["ZEMI_TEST_AUDIT_DB"]
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from zemi.reconciliation.audit import audit_books
started = time.monotonic()
problems = [problem for check in audit_books(with_provider=False) for problem in check.problems]
assert problems == [], problems[:10]
print(round(time.monotonic() - started, 1), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
