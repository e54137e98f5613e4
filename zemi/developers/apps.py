"""The pages of developers as a Django app."""

from collections.abc import Mapping
from typing import ClassVar

from django.apps import AppConfig

from zemi.common.texts import Text
from zemi.developers.texts import TEXTS


class DevelopersConfig(AppConfig):
    """Brings the words of its templates."""

    name = "zemi.developers"
    page_texts: ClassVar[Mapping[str, Text]] = TEXTS
