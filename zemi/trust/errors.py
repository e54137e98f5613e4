"""Refusals by limits."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class TooManyAttempts(ZemiError):
    """The caller has used up a budget; `limit` is its name."""

    code = "too_many_attempts"
    kind = Kind.RATE_LIMIT
    text = Text(
        en="Too many attempts. Nothing was changed.",
        sw="Umejaribu mara nyingi mno. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Wait {wait}, then try again.",
        sw="Subiri {wait}, kisha jaribu tena.",
    )
    retryable = True
    example = {"limit": "anonymous_writes"}
