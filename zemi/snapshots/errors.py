"""What can't be shown."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class ExpandUnknown(ZemiError):
    """A part that is not there, too many parts, or one that lies too deep."""

    code = "expand_unknown"
    kind = Kind.VALIDATION
    text = Text(
        en="These parts cannot be expanded: at most four, two levels deep, out of {known}.",
        sw="Sehemu hizi haziwezi kupanuliwa: zisizidi nne, ngazi mbili, kati ya {known}.",
    )
    next_step = Text(
        en="Leave expand out, or name parts that this kind of object has.",
        sw="Ondoa expand, au taja sehemu ambazo kitu hiki kinazo.",
    )
    example = {"known": "payments, payouts, payouts.attempts"}


class CursorInvalid(ZemiError):
    """A cursor that no list gave out, or that belongs to a list with other filters."""

    code = "cursor_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="This cursor belongs to no page of this list.",
        sw="Cursor hii si ya ukurasa wowote wa orodha hii.",
    )
    next_step = Text(
        en="Take meta.next_cursor of the last page as it is, with the same filters; or begin without a cursor.",
        sw="Tumia meta.next_cursor ya ukurasa uliopita kama ilivyo, na vichujio vilevile; au anza bila cursor.",
    )


class ObjectNotFound(ZemiError):
    """No such object, or not one of the caller's: the answer is the same."""

    code = "object_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is nothing of yours with this id.", sw="Hakuna kitu chako chenye id hii.")
    next_step = Text(
        en="Check the id: a prefix such as pay_, and 32 characters.",
        sw="Hakikisha id: kiambishi kama pay_, na herufi 32.",
    )


class PeriodInvalid(ZemiError):
    """The end is not after the beginning, or too far from it."""

    code = "period_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="A statement's period ends after it begins, at most 366 days later.",
        sw="Kipindi cha taarifa huisha baada ya kuanza, si zaidi ya siku 366 baadaye.",
    )
    next_step = Text(
        en="Correct from and until; until itself is not in the period.",
        sw="Sahihisha from na until; until yenyewe haimo kwenye kipindi.",
    )
