"""The command line: `python -m zemi <command>`, installed also as `zemi`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from zemi import __version__

# Command -> what `zemi --help` says about it; the module is zemi.cli.<command>, with _ for -.
COMMANDS = {
    "up": "start web server, worker and (in sandbox mode) simulator with demo data; Ctrl-C stops all",
    "serve": "start the web server alone",
    "work": "start a worker alone; more may run beside it",
    "demo": "carry one order through HTTP from create to paid seller, and compare the books",
    "doctor": "look whether everything is there that this deployment needs, and say what to do",
    "logs": "follow the log of a running instance: one request, one order, one level",
    "clock": "sandbox: read the clock, or move it on, so that deadlines can be tried in seconds",
    "listen": "sandbox: show a merchant's events as they happen, and forward them to a local URL",
    "trigger": "sandbox: make an event happen, or play a scenario",
    "events": "send an event to a merchant's endpoints again, or all that they missed",
    "audit": "check that the books balance and agree with the events and the simulator",
    "staff": "what people do by hand: queues, refunds, approvals by a second person, the payout stop",
    "staff-user": "who may use the staff's console: let in, reset, shut out",
    "reconcile": "compare the books with the provider's statement, line by line",
    "seal": "close the books of the days that have ended, or verify the seals",
    "float": "book the opening float; top up the account that pays out; ask what the accounts hold",
    "providers": "show how the calls to the providers go; register the paybill's addresses",
    "api-key": "make, list, replace and revoke API keys",
}

# What runs before there is a database, or asks for itself; of the log and the sandbox's clock none is needed.
WITHOUT_DATABASE = frozenset({"up", "serve", "demo", "doctor", "logs", "clock"})

# What starts an instance has the ports of its own settings; the others speak to the one that runs.
STARTS = frozenset({"up", "serve"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; 78 (EX_CONFIG) when the database is not one that it may touch."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    asked = next(iter(arguments), None)

    parser = argparse.ArgumentParser(
        prog="zemi", description="Escrow checkout for people who trade by phone."
    )
    parser.add_argument("--version", action="version", version=f"zemi {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="<command>", required=True)
    for command, summary in COMMANDS.items():
        if command == asked:
            _set_up_django()
            import_module(f"zemi.cli.{command.replace('-', '_')}").add_parser(subparsers)
        else:
            subparsers.add_parser(command, help=summary)

    args = parser.parse_args(arguments)
    if args.command not in WITHOUT_DATABASE:
        _look_at_the_database()
    if args.command not in STARTS:
        import_module("zemi.cli.running").join_instance()
    code: int = import_module(f"zemi.cli.{args.command.replace('-', '_')}").run(args)
    if args.command not in WITHOUT_DATABASE:
        _write_call_counts()
    return code


def _write_call_counts() -> None:
    """Keep what this process has counted of its calls to providers: it ends before a sweep comes to write it."""
    import_module("zemi.providers.registry").circuits().counts.write()


def _look_at_the_database() -> None:
    """Refuse one of the other mode: its rows are another deployment's, and maybe real money's."""
    from django.conf import settings

    from zemi.identity.deployment import is_made, is_ours
    from zemi.settings import refuse

    if not is_made():
        refuse(["the database is not migrated: run `python manage.py migrate`"])
    if not is_ours():
        refuse([f"the database is not of ZEMI_MODE {settings.MODE}"])


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zemi.settings")
    try:
        import django
    except ModuleNotFoundError:
        sys.exit(
            "This Python does not have what Zemi needs. `make run` installs it into .venv; then type\n"
            f"  .venv/bin/python -m zemi {' '.join(sys.argv[1:])}"
        )
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
