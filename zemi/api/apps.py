"""The HTTP interface as a Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ApiConfig(AppConfig):
    """Loads every package's errors, so that the documented list of codes is whole."""

    name = "zemi.api"

    def ready(self) -> None:
        """Import `errors` of each installed package that has one."""
        autodiscover_modules("errors")
