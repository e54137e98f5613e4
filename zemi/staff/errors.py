"""What is refused to staff."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class BadRequestOfStaff(ZemiError):
    """The request can't be read as something that can be done."""

    code = "bad_staff_request"
    kind = Kind.VALIDATION
    text = Text(
        en="This can't be done: {problem}. Nothing was changed.",
        sw="Hili haliwezekani: {problem}. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Correct the request: `zemi staff --help` says what each part is.",
        sw="Sahihisha ombi: `zemi staff --help` inaeleza kila sehemu.",
    )
    example = {"problem": "a reason is missing"}
