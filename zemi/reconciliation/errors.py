"""What reconciliation refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class BooksInUse(ZemiError):
    """Money has moved already: what lies in the shortcodes now belongs to somebody."""

    code = "books_in_use"
    kind = Kind.STATE
    text = Text(
        en="The books are in use: an opening float is booked before the first transfer, and only then.",
        sw="Vitabu vinatumika tayari: pesa za kuanzia huandikwa kabla ya muamala wa kwanza tu.",
    )
    next_step = Text(
        en="Have two people book money that is brought in later as a correction: `zemi staff do`.",
        sw="Pesa inayoletwa baadaye iandikwe na watu wawili kama sahihisho: `zemi staff do`.",
    )
