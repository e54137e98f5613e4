"""The staff's console as a Django app."""

from collections.abc import Mapping
from typing import ClassVar

from django.apps import AppConfig

from zemi.common.texts import Text
from zemi.console.texts import TEXTS


class ConsoleConfig(AppConfig):
    """Brings the words of its templates."""

    name = "zemi.console"
    page_texts: ClassVar[Mapping[str, Text]] = TEXTS
