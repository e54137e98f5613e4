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
