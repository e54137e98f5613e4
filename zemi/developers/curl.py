"""Commands that ask the API for what a page shows. The key is a variable of the shell: none stands in a page for long."""

import shlex

from django.conf import settings


def curl(path: str, *, method: str = "GET") -> str:
    """A command for a POSIX shell in which ZEMI_KEY holds an API key."""
    verb = "" if method == "GET" else f" -X {method}"
    return f'curl -sS{verb} {shlex.quote(settings.PUBLIC_ORIGIN + path)} -H "Authorization: Bearer $ZEMI_KEY"'


def export(key_text: str) -> str:
    """The command that puts a key into ZEMI_KEY."""
    return f"export ZEMI_KEY={shlex.quote(key_text)}"
