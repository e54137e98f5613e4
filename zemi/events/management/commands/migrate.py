"""`manage.py migrate`, and after it the guards that follow from the models."""

from typing import Any

from django.core.management.commands import migrate

from zemi.events.guards import install_guards


class Command(migrate.Command):
    """Django's own command; a run over everything ends with `install_guards`."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then make the guards anew. A partial migration, and one that only shows, leave them alone."""
        super().handle(*args, **options)
        if not (options["app_label"] or options["plan"] or options["check_unapplied"]):
            install_guards()
