"""The HTTP interface as a Django app."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from django.apps import AppConfig

import zemi


class ApiConfig(AppConfig):
    """Loads every package's errors, so that the documented list of codes is whole."""

    name = "zemi.api"

    def ready(self) -> None:
        """Import `errors` of each package that has one, whether Django knows the package or not."""
        for package in iter_modules(zemi.__path__, "zemi."):
            if package.ispkg and find_spec(f"{package.name}.errors"):
                import_module(f"{package.name}.errors")
