"""What all pages share as a Django app."""

from collections.abc import Mapping
from typing import ClassVar

from django.apps import AppConfig

from zemi.common.texts import Text
from zemi.web.texts import TEXTS


class WebConfig(AppConfig):
    """`page_texts` are the words that its templates use: every app that has pages brings its own."""

    name = "zemi.web"
    page_texts: ClassVar[Mapping[str, Text]] = TEXTS
