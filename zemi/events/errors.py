"""What `transition` refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class InvalidTransition(ZemiError):
    """The move is not in the table, or another process moved the row first."""

    code = "invalid_transition"
    kind = Kind.STATE
    text = Text(
        en="This was just changed by another request. Nothing was done twice.",
        sw="Hii imebadilishwa na ombi lingine sasa hivi. Hakuna kilichofanywa mara mbili.",
    )
    next_step = Text(
        en="Read it again and act on its status.", sw="Isome tena, kisha tenda kulingana na hali yake."
    )
    retryable = True
    example = {"subject": "order", "status": "expired", "wanted": "paid"}
