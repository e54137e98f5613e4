"""Words, amounts, times and icons in templates. A text that does not exist breaks the template, and with it the build."""

import hashlib
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from zemi.common.clock import NAIROBI
from zemi.common.money import Money
from zemi.common.texts import Text

register = template.Library()

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "sw": ("Jumatatu", "Jumanne", "Jumatano", "Alhamisi", "Ijumaa", "Jumamosi", "Jumapili"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "sw": ("Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"),
}
# Paths on a grid of 24 by 24, drawn as lines.
_ICONS = {
    "held": "M6 11h12v9H6zM9 11V7a3 3 0 0 1 6 0v4",
    "phone": "M7 2h10v20H7zM11 18h2",
    "done": "M4 12l5 6L20 6",
    "wait": "M12 3a9 9 0 1 0 .1 0M12 7v5l4 3",
    "stop": "M12 3a9 9 0 1 0 .1 0M12 8v5M12 16.5v.5",
    "back": "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 0 12",
    "code": "M4 8h16v8H4zM8 12h.1M12 12h.1M16 12h.1",
    "hand": "M4 17h4l3 2h6l4-4-2-2-4 3M4 12h5l2 2h3M9 8a3 3 0 1 1 6 0a3 3 0 1 1-6 0",
    "book": "M5 4h6l1 1 1-1h6v15h-6l-1 1-1-1H5zM12 5v14",
    "plug": "M9 3v5M15 3v5M6 8h12v4a6 6 0 0 1-12 0zM12 18v3",
    "print": "M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z",
}


@register.simple_tag(takes_context=True)
def t(context: Context, name: str, **facts: Any) -> SafeString:
    """Say the text `name` in the page's language, with its facts filled in and made harmless."""
    text = _texts()[name]
    words = text.sw if context["language"] == "sw" else text.en
    return format_html(words, **facts) if facts else mark_safe(words)  # noqa: S308 (our own words)


@cache
def _texts() -> dict[str, Text]:
    """The words of every app that has pages; each is named once (tests/rules/test_page_texts.py)."""
    return {
        name: text for app in apps.get_app_configs() for name, text in getattr(app, "page_texts", {}).items()
    }


@register.filter
def kes(amount: Money) -> str:
    """An amount as people read it: "KES 1,500", with cents only where there are some."""
    shillings, cents = divmod(amount.minor, 100)
    return f"{amount.currency}\N{NO-BREAK SPACE}{shillings:,}" + (f".{cents:02d}" if cents else "")


@register.filter(name="sum")
def large(amount: Money) -> SafeString:
    """An amount inside a heading, as the largest thing on its page."""
    return format_html('<span class="sum">{}</span>', kes(amount))


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> SafeString:
    """A moment in Nairobi, such as "Fri 27 Nov, 14:05", readable for programs too."""
    local, spoken = at.astimezone(NAIROBI), context["language"]
    words = f"{_DAYS[spoken][local.weekday()]} {local.day} {_MONTHS[spoken][local.month - 1]}, {local:%H:%M}"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), words)


@register.simple_tag(takes_context=True)
def shown(context: Context, value: Any) -> Any:
    """Any fact as people read it: an amount, a moment, words of ours, or what it is; a dash for nothing."""
    if isinstance(value, Money):
        return kes(value)
    if isinstance(value, datetime):
        return moment(context, value)
    if isinstance(value, Text):
        return value.render(context["language"])
    return "\N{EN DASH}" if value is None or not str(value).strip() else value


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing beside words that say the same."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>',
        _ICONS[name],
    )


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return f"{settings.STATIC_URL}zemi/{name}?{_digest(name)}"


@cache
def _digest(name: str) -> str:
    file = finders.find(f"zemi/{name}")
    if file is None:
        raise LookupError(f"there is no static file zemi/{name}")
    with open(file, "rb") as content:  # noqa: PTH123 (the finder's own path)
        return hashlib.file_digest(content, "sha256").hexdigest()[:8]
