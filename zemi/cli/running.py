"""The instance that runs on this ZEMI_VAR, as `zemi up` wrote it down in run.json."""

import json
from dataclasses import dataclass

from django.conf import settings

from zemi.common.http_client import NoAnswer, NotSent, send
from zemi.settings import read

_READ_S = 5.0


@dataclass(frozen=True, slots=True)
class Instance:
    """Where a running instance is; there is no simulator and no demo key in live mode."""

    base_url: str
    simulator_url: str | None
    api_key: str | None


def find_instance() -> Instance | None:
    """Read run.json, and ask whether what it names is still there."""
    file = settings.VAR / "run.json"
    try:
        instance = Instance(**json.loads(file.read_text()))
        is_there = send("GET", f"{instance.base_url}/readyz", read_timeout_s=_READ_S).status == 200
    except (OSError, ValueError, TypeError, NotSent, NoAnswer):
        return None
    return instance if is_there else None


def join_instance() -> None:
    """Use the running instance's addresses in sandbox mode: it may have been started with other ports than these settings.

    What the environment names itself stays.
    """
    instance = None if settings.LIVE else find_instance()
    if instance is None:
        return
    settings.SIM_URL = instance.simulator_url
    if not read("MPESA_CALLBACK_URL"):
        settings.CALLBACK_ORIGIN = instance.base_url
        if not read("ZEMI_PUBLIC_URL"):
            settings.PUBLIC_ORIGIN = instance.base_url
