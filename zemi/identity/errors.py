"""What identity refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class OneTimeCodeWrong(ZemiError):
    """Wrong, spent, too old, or never sent: the answer is the same."""

    code = "one_time_code_wrong"
    kind = Kind.VERIFICATION
    text = Text(
        en="This one-time code is wrong, spent or too old. Nothing was changed.",
        sw="Namba hii ya mara moja si sahihi, imetumika au imepitwa na wakati. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Ask for a new code, and use it within ten minutes.",
        sw="Omba namba mpya, na uitumie ndani ya dakika kumi.",
    )
