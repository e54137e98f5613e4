"""`zemi work`: one worker process, which does what is due until it is told to stop."""

import argparse
import signal
import threading


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    subparsers.add_parser(
        "work",
        help="start a worker alone; more may run beside it",
        description="Do what is due (callbacks, payouts, messages, questions) until told to stop.",
        epilog="Any number of workers may run on one database: each due row is claimed by one of them.",
    )


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 (commands share one signature)
    """Work until a signal comes; what is in hand is finished first."""
    from zemi.worker.loop import run_forever

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    run_forever(stop)
    return 0
