"""`zemi serve`: the web server alone, as a container or a service manager starts it."""

import argparse
import os
import sys

SERVER = ("-m", "gunicorn", "--config", "python:zemi.gunicorn_conf", "zemi.wsgi:application")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "serve",
        description="Start the web server (gunicorn). It runs no migrations: `manage.py migrate` does.",
        epilog="Processes and threads: ZEMI_WEB_WORKERS, ZEMI_WEB_THREADS. Port: ZEMI_PORT.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Become gunicorn."""
    os.environ["ZEMI_HOST"] = args.host
    os.execv(sys.executable, [sys.executable, *SERVER])  # noqa: S606 (no shell is wanted)
