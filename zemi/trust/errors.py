"""Refusals by limits."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class TooManyAttempts(ZemiError):
    """The caller has used up a budget; `limit` is its name."""

    code = "too_many_attempts"
    kind = Kind.RATE_LIMIT
    text = Text(
        en="Too many attempts ({limit}). Nothing was changed; wait before you try again.",
        sw="Umejaribu mara nyingi mno ({limit}). Hakuna kilichobadilishwa; subiri kabla ya kujaribu tena.",
    )
    next_step = Text(
        en="Wait for as many seconds as Retry-After says.",
        sw="Subiri kwa sekunde zilizotajwa kwenye Retry-After.",
    )
    retryable = True
    example = {"limit": "anonymous_writes"}
