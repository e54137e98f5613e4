"""What the sandbox refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class ClockNotMoved(ZemiError):
    """Backwards, or further ahead than ten years in all."""

    code = "clock_not_moved"
    kind = Kind.VALIDATION
    text = Text(
        en="The clock was not moved: {problem}.",
        sw="Saa haikusogezwa: {problem}.",
    )
    next_step = Text(
        en="Move it on by 1 second to 400 days. To start afresh, stop everything and delete the directory ZEMI_VAR.",
        sw="Isogeze mbele kwa sekunde 1 hadi siku 400. Kuanza upya, simamisha vyote na ufute saraka ZEMI_VAR.",
    )
    example = {"problem": "time doesn't run backwards"}


class ScenarioUnknown(ZemiError):
    """No scenario has that name."""

    code = "scenario_unknown"
    kind = Kind.NOT_FOUND
    text = Text(
        en="There is no such scenario; there are: {known}.",
        sw="Hakuna tukio la mfano kama hilo; yaliyopo: {known}.",
    )
    next_step = Text(
        en="GET /api/v1/test/scenarios says what each of them does.",
        sw="GET /api/v1/test/scenarios inaeleza kila tukio.",
    )
    example = {"known": "order_paid, order_expired"}
