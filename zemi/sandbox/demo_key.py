"""The key of the demo merchant, sealed in a file of its own: the terminal shows it, and the developers' pages offer it."""

import os
from pathlib import Path

from django.conf import settings

from zemi.common import crypto

_CONTEXT = "file|demo_api_key"


def read_demo_key() -> str:
    """The key of earlier starts, which may have ended since; "" where there is none."""
    try:
        return crypto.unseal(_file().read_bytes(), context=_CONTEXT)
    except (FileNotFoundError, crypto.SealBroken):
        # Never made, or the master key is another one now.
        return ""


def keep_demo_key(token: str) -> None:
    """Seal it for later; readers see the old one or the new one whole."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(crypto.seal(token, context=_CONTEXT))
    draft.replace(file)


def _file() -> Path:
    path: Path = settings.VAR / "secrets" / "demo_api_key"
    return path
