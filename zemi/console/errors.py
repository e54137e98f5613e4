"""What the console refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class NothingWaitsHere(ZemiError):
    """No such thing is in the console's queues: it was never there, or its id is wrong."""

    code = "console_item_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is nothing under this address.", sw="Hakuna kitu kwenye anwani hii.")
    next_step = Text(en="Open it again from its queue.", sw="Kifungue tena kutoka kwenye foleni yake.")
