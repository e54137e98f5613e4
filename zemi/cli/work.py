"""`zemi work`: do what is due until told to stop, in as many processes as the settings say."""

import argparse
import os
import signal
import subprocess
import sys
import threading
from uuid import UUID

from django.conf import settings

from zemi.cli.celery_worker import run_celery
from zemi.cli.child import die_with_parent
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.common.memory import keep_what_is_loaded
from zemi.events.parking import list_parked
from zemi.staff.dispatch import put_back_to_work
from zemi.worker.loop import run_forever


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "work",
        description="Do what is due (callbacks, payouts, messages, questions) until told to stop.",
        epilog=(
            "Any number of workers may run on one database: each due row is claimed by one of them. "
            "Processes: ZEMI_WORK_PROCESSES."
        ),
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--stuck", action="store_true", help="list the rows that broke too often and are put aside"
    )
    how.add_argument(
        "--retry", metavar="ID", type=UUID, help="put a row that was put aside back to work; say who and why"
    )
    how.add_argument(
        "--celery",
        action="store_true",
        help="let Celery run the sweeps: a worker and the clock, by the broker at ZEMI_BROKER_URL; PostgreSQL only",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        help="with --celery: processes of its worker (default: ZEMI_WORK_PROCESSES)",
    )
    parser.add_argument("--by", default="", help="with --retry: who you are")
    parser.add_argument("--reason", default="", help="with --retry: why")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Work until a signal comes; the row in hand is finished first. 1 when one of several processes died."""
    if args.concurrency is not None and not (args.celery and args.concurrency > 0):
        print("--concurrency is a number above zero, and goes with --celery.", file=sys.stderr)
        return 2
    if args.stuck:
        return _list_stuck()
    if args.retry:
        return _retry(args.retry, by=args.by, reason=args.reason)
    if args.celery:
        return run_celery(concurrency=args.concurrency or settings.WORK_PROCESSES, parent=args.parent)
    return _work(args.parent)


def _work(parent: int) -> int:
    keep_what_is_loaded()
    stop, died = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if parent:
        die_with_parent(parent, signal.SIGTERM)
        run_forever(stop)
        return 0

    command = [sys.executable, "-m", "zemi", "work", "--parent", str(os.getpid())]
    others = [subprocess.Popen(command) for _ in range(settings.WORK_PROCESSES - 1)]  # noqa: S603 (this very program)

    def watch(other: "subprocess.Popen[bytes]") -> None:
        other.wait()
        if not stop.is_set():
            died.set()
            stop.set()

    for other in others:
        threading.Thread(target=watch, args=(other,), daemon=True).start()
    run_forever(stop)
    for other in others:
        other.terminate()
    for other in others:
        other.wait()
    return 1 if died.is_set() else 0


def _list_stuck() -> int:
    """Print what is put aside; 1 if there is something, so that a monitor can ask."""
    rows = list_parked()
    for row in rows:
        since = row.parked_at.isoformat(timespec="seconds") if row.parked_at else ""
        order = f" order={row.timeline_id}" if row.timeline_id else ""
        print(
            f"{row.id} {row.SUBJECT} since={since} failures={row.failures} error={row.last_error or '-'}{order}"
        )
    print(f"{len(rows)} put aside." if rows else "Nothing is put aside.")
    return 1 if rows else 0


def _retry(key: UUID, *, by: str, reason: str) -> int:
    try:
        row = put_back_to_work(key, by=by, reason=reason, now=clock.now())
    except ZemiError as error:
        print(error.sentence(), file=sys.stderr)
        return 1
    if row is None:
        print(f"No row that is put aside has the id {key}. Nothing was changed.", file=sys.stderr)
        return 1
    print(f"{row.SUBJECT} {key} is due again.")
    return 0
