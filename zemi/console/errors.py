"""What the console refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class FactorNeeded(ZemiError):
    """Somebody of the staff wants to act, and showed the second factor too long ago."""

    code = "second_factor_needed"
    kind = Kind.PERMISSION
    text = Text(
        en="Show your second factor again before you act. Nothing was changed.",
        sw="Onyesha tena uthibitisho wa pili kabla ya kuchukua hatua. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Confirm that it is you, then come back and press the button again.",
        sw="Thibitisha kuwa ni wewe, kisha urudi ubonyeze kitufe tena.",
    )


class NothingWaitsHere(ZemiError):
    """No such thing is in the console's queues: it was never there, or its id is wrong."""

    code = "console_item_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is nothing under this address.", sw="Hakuna kitu kwenye anwani hii.")
    next_step = Text(en="Open it again from its queue.", sw="Kifungue tena kutoka kwenye foleni yake.")
