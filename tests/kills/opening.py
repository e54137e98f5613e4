"""Book the opening float, as `zemi up` does: python -m tests.kills.opening, with the simulator running."""

import os

import django


def main() -> None:
    """Make the demo data."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "zemi.settings"
    django.setup()
    from zemi.cli import demo_data
    from zemi.common import clock

    demo_data.ensure(clock.now())


if __name__ == "__main__":
    main()
