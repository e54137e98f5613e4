"""`zemi work`: do what is due until told to stop, in as many processes as the settings say."""

import argparse
import os
import signal
import subprocess
import sys
import threading

from django.conf import settings

from zemi.cli.child import die_with_parent
from zemi.common.memory import keep_what_is_loaded
from zemi.worker.loop import run_forever


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "work",
        help="start a worker alone; more may run beside it",
        description="Do what is due (callbacks, payouts, messages, questions) until told to stop.",
        epilog=(
            "Any number of workers may run on one database: each due row is claimed by one of them. "
            "Processes: ZEMI_WORK_PROCESSES."
        ),
    )
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Work until a signal comes; what is in hand is finished first. 1 when one of several processes died."""
    keep_what_is_loaded()
    stop, died = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if args.parent:
        die_with_parent(args.parent, signal.SIGTERM)
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
