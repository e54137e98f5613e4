"""The pages of buyers and sellers as a Django app."""

from collections.abc import Mapping
from typing import ClassVar

from django.apps import AppConfig

from zemi.checkout.texts import TEXTS
from zemi.common.texts import Text


class CheckoutConfig(AppConfig):
    """Brings the words of its templates."""

    name = "zemi.checkout"
    page_texts: ClassVar[Mapping[str, Text]] = TEXTS
