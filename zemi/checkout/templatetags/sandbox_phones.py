"""The way from a page to the simulated phones that it speaks of. In live mode there is none."""

from django import template
from django.conf import settings

from zemi.checkout.inbox import inbox_of
from zemi.common.phone import InvalidPhone, Phone

register = template.Library()


@register.simple_tag
def inbox(phone: str) -> str:
    """The address of the messages of the phone that was written; "" in live mode, and where none was written."""
    if settings.LIVE:
        return ""
    try:
        return inbox_of(Phone.parse(phone))
    except InvalidPhone:
        return ""
