"""Find what a document names, and look it up in the code: names, addresses, settings, files, commands."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import Resolver404, resolve

from zemi.settings import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {option.name for option in OPTIONS}

_FENCE = re.compile(r"(?ms)^ *```.*?^ *```$")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_NAME = re.compile(r"zemi(\.\w+)+(:\w+)?")
_ADDRESS = re.compile(r"(GET|POST) (/\S+)")
_SETTING = re.compile(r"(?:ZEMI|MPESA|DB|DJANGO|AT|DATABASE)_[A-Z_]+|DEBUG|ALLOWED_HOSTS")
_PATH = re.compile(
    r"(?:docs|tests|zemi|simulator|tools|requirements|bench|\.ci)/[\w./-]*"
    r"|[\w-]+\.(?:md|toml|txt)|manage\.py|\.env\.example|Makefile"
)
# Read before the settings are, so not one of them.
_NOT_IN_THE_TABLE = {"ZEMI_ENV_FILE", "ZEMI_TEST_PG", "DJANGO_SETTINGS_MODULE"}


def spans(markdown: str) -> Iterator[str]:
    """Every `code span` of a page, its fenced blocks left out."""
    yield from _SPAN.findall(_FENCE.sub("", markdown))


def code(markdown: str) -> str:
    """All code of a page, one piece per line: spans and fenced blocks."""
    return "\n".join([*spans(markdown), *_FENCE.findall(markdown)])


def unresolved(markdown: str) -> list[str]:
    """What the page names and the repository doesn't have."""
    return [span for span in spans(markdown) if not _is_there(span)]


def _is_there(span: str) -> bool:
    if _NAME.fullmatch(span):
        return has_name(span)
    if match := _ADDRESS.fullmatch(span):
        return has_address(match[2])
    if _SETTING.fullmatch(span):
        return span in SETTINGS | _NOT_IN_THE_TABLE
    if _PATH.fullmatch(span):
        return (ROOT / span).exists()
    return True


def has_name(reference: str) -> bool:
    """Whether `zemi.orders.models.Order.status` is something; with `:name` a constraint or index of a model."""
    if not _NAME.fullmatch(reference):
        return False
    path, _, constraint = reference.partition(":")
    try:
        thing = _look_up(path)
    except (ImportError, AttributeError, FieldDoesNotExist, KeyError):
        return False
    if not constraint:
        return True
    meta = getattr(thing, "_meta", None)
    return meta is not None and constraint in {rule.name for rule in [*meta.constraints, *meta.indexes]}


def has_address(path: str) -> bool:
    """Whether the URL configuration answers there."""
    filled = path.replace("{order_reference}", "ZEM-7K2M9QXA").replace("{key_id}", "4f7k2m9q")
    filled = re.sub(r"\{\w+_id\}", f"pay_{'0f' * 16}", filled)
    filled = (
        filled.replace("{token}", "0f")
        .replace("{phone}", "0f")
        .replace("<hex>", "0f")
        .replace("{name}", "receipts")
    )
    try:
        resolve(filled.partition("?")[0])
    except Resolver404:
        return False
    return True


def _look_up(path: str) -> Any:
    parts = path.split(".")
    thing: Any = importlib.import_module(parts[0])
    for number, part in enumerate(parts[1:], start=1):
        if isinstance(thing, ModuleType):
            module = ".".join(parts[: number + 1])
            thing = getattr(thing, part) if hasattr(thing, part) else importlib.import_module(module)
        elif isinstance(thing, type) and issubclass(thing, models.Model) and not hasattr(thing, part):
            thing = thing._meta.get_field(part)
        elif part in getattr(thing, "_declared_fields", {}):
            thing = thing._declared_fields[part]
        else:
            thing = getattr(thing, part)
    return thing
