"""Write .env.example from the table of settings: python -m tools.env_example [--check]"""

import sys
import textwrap

from tools.generated import write_or_check
from zemi.settings import BASE_DIR, OPTIONS, Option

_HEAD = """\
# Every setting of Zemi with its default. Generated from zemi/settings.py by `make fix`.
# In sandbox mode nothing has to be set. Copied to .env, it is read at start; what the environment says wins.
# A secret may stand in a file instead: NAME_FILE=/path/to/it.
"""


def render() -> str:
    """The whole file."""
    return _HEAD + "".join(f"\n{_entry(option)}" for option in OPTIONS)


def _entry(option: Option) -> str:
    marks = [
        word for word, applies in (("secret", option.secret), ("needed in live mode", option.live)) if applies
    ]
    note = f"{option.why} ({', '.join(marks)})" if marks else option.why
    comment = textwrap.fill(note, 110, initial_indent="# ", subsequent_indent="# ")
    return f"{comment}\n{option.name}={option.default}\n"


if __name__ == "__main__":
    sys.exit(write_or_check(BASE_DIR / ".env.example", render(), check="--check" in sys.argv[1:]))
