#!/usr/bin/env python
"""Django's own command line: migrate, runserver, createsuperuser, test."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zemi.settings")
    if sys.argv[1:2] == ["test"]:
        # Tests have a ZEMI_VAR of their own, whatever the environment says.
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
