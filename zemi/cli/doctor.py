"""`zemi doctor`: is everything there that this deployment needs? Each line says what was found, and what to do."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.db import DatabaseError

from zemi.api.pages import is_ready
from zemi.common import clock
from zemi.common.http_client import NoAnswer, NotSent, send
from zemi.events.guards import missing_guards
from zemi.events.parking import list_parked, work_models
from zemi.providers import registry
from zemi.providers.errors import ProviderNotReady
from zemi.settings import read

# Daraja refuses a timestamp that is off by more; half of it is time to act.
_MOST_SKEW = timedelta(seconds=30)
_MOST_LAG = timedelta(minutes=1)
_RENEW_BEFORE = timedelta(days=30)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", ""})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found; `fix` says what to do about it, and is empty when all is well."""

    name: str
    said: str
    fix: str = ""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "doctor",
        description=(
            "Look at the database, the worker, the provider and the address for callbacks. Nothing is changed, and no money "
            "call is made. Settings that can't be used are told by any command, which then ends with exit code 78."
        ),
        epilog="Exit code 0: all is well. 1: something needs to be done.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Look, print, and answer the exit code."""
    found = list(examine())
    ill = [finding for finding in found if finding.fix]
    if args.json:
        rows = [{"name": f.name, "ok": not f.fix, "said": f.said, "fix": f.fix} for f in found]
        print(json.dumps({"ok": not ill, "findings": rows}, indent=1))
    else:
        for finding in found:
            print(f"{'!' if finding.fix else 'ok':<3}{finding.name:<12} {finding.said}")
            if finding.fix:
                print(f"{'':<16}-> {finding.fix}")
        print("All is well." if not ill else f"{len(ill)} of {len(found)} need something to be done.")
    return 1 if ill else 0


def examine() -> Iterable[Finding]:
    """Every finding, in an order in which one would mend things."""
    yield Finding("settings", f"can be used; mode {settings.MODE}")
    if not is_ready():
        yield Finding(
            "database",
            "does not answer, or is not migrated",
            "check DATABASE_URL; run `python manage.py migrate`",
        )
        return
    for look in (_guards, _worker, _parked, _credentials, _clock, _certificate, _callbacks):
        try:
            yield look()
        except DatabaseError as error:
            yield Finding(
                "database", f"broke off: {type(error).__name__}", "look into the database's own log"
            )
            return


def _guards() -> Finding:
    missing = missing_guards()
    if not missing:
        return Finding("database", "answers, is migrated, and its own guards are in place")
    return Finding(
        "database", f"lacks {', '.join(missing[:3])}", "run `python manage.py migrate`: it makes them anew"
    )


def _worker() -> Finding:
    now = clock.now()
    late = [
        row.due_at
        for model in work_models()
        # What is claimed is being worked on; what was put aside has a claim that never ends.
        for row in model._default_manager.filter(due_at__lt=now - _MOST_LAG)
        .exclude(lease_until__gt=now)
        .order_by("due_at")[:1]
        if row.due_at is not None
    ]
    if not late:
        return Finding("worker", "nothing has been waiting for a minute or more")
    waiting = now - min(late)
    return Finding(
        "worker",
        f"something has been due for {waiting - timedelta(microseconds=waiting.microseconds)}",
        "start a worker, `python -m zemi work`, or more of them",
    )


def _parked() -> Finding:
    rows = list_parked()
    if not rows:
        return Finding("rows", "none was put aside")
    return Finding(
        "rows", f"{len(rows)} broke too often and were put aside", "see `python -m zemi work --stuck`"
    )


def _credentials() -> Finding:
    try:
        problem = registry.credentials_problem()
        # The doctor's process ends before a sweep comes to write what it has counted.
        registry.circuits().counts.write()
    except ProviderNotReady as error:
        return Finding("provider", error.sentence(), error.advice())
    if problem is None:
        return Finding("provider", "gives us a token")
    return Finding(
        "provider",
        f"gives us no token: {problem.text}",
        "check MPESA_CONSUMER_KEY and MPESA_CONSUMER_SECRET, and that MPESA_ENVIRONMENT is theirs",
    )


def _clock() -> Finding:
    try:
        address = registry.provider_address()
        if (urlsplit(address).hostname or "") in _LOOPBACK:
            return Finding("clock", "is the simulator's too")
        # Whatever answers there says what time it is: no operation, so no circuit counts it.
        written = send("GET", address, read_timeout_s=5).date
        theirs = parsedate_to_datetime(written)
    except (NotSent, NoAnswer, ProviderNotReady, ValueError):
        return Finding("clock", "the provider did not say what time it is", "see `provider` above")
    # The machine's clock, not one that was moved.
    skew = abs(datetime.now(UTC) - theirs)
    if skew <= _MOST_SKEW:
        return Finding("clock", f"is within {int(skew.total_seconds())} s of the provider's")
    return Finding(
        "clock", f"is {int(skew.total_seconds())} s off the provider's", "let NTP set this machine's clock"
    )


def _certificate() -> Finding:
    name = read("MPESA_CERTIFICATE")
    if not name:
        return Finding("certificate", "is the simulator's" if not settings.LIVE else "is not set")
    try:
        ends = x509.load_pem_x509_certificate(Path(name).read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        return Finding(
            "certificate",
            f"can't be read: {type(error).__name__}",
            "let MPESA_CERTIFICATE name Safaricom's PEM file",
        )
    if ends - datetime.now(UTC) > _RENEW_BEFORE:
        return Finding("certificate", f"is good until {ends:%Y-%m-%d}")
    return Finding("certificate", f"ends on {ends:%Y-%m-%d}", "get the new one from Safaricom's portal")


def _callbacks() -> Finding:
    origin = str(settings.CALLBACK_ORIGIN)
    address = urlsplit(origin)
    if settings.LIVE and (address.scheme != "https" or (address.hostname or "") in _LOOPBACK):
        return Finding(
            "callbacks",
            f"{origin} can't be reached by Safaricom",
            "set MPESA_CALLBACK_URL to a public https address",
        )
    try:
        answer = send("GET", f"{origin}/healthz", read_timeout_s=5)
    except (NotSent, NoAnswer) as error:
        return Finding(
            "callbacks",
            f"nothing answers at {origin}: {error}",
            "start the web server, and look at DNS, TLS and the proxy",
        )
    if answer.status == 200 and answer.body == b'{"ok":true}':
        return Finding("callbacks", f"{origin} leads here, seen from this machine")
    return Finding(
        "callbacks",
        f"somebody else answers at {origin}: {answer.status}",
        "let the proxy pass it on to this server",
    )
