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


class RefundNotWhole(ZemiError):
    """A part of what is held, while nothing was delivered: then the sale is off, and all of it goes back."""

    code = "refund_not_whole"
    kind = Kind.AMOUNT
    text = Text(
        en="Of an order that is not delivered all that is held goes back: KES {held}. No money was moved.",
        sw="Kwa oda ambayo haijapokelewa, pesa zote zilizoshikiliwa hurudishwa: KES {held}. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Ask for exactly what is held.", sw="Omba kiasi kilichoshikiliwa hasa.")
    example = {"held": "1500.00"}


class ActAlreadyDone(ZemiError):
    """The same form came twice, as by a double click: the first one was done."""

    code = "staff_act_already_done"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="This was done already, by the same form. It was not done a second time.",
        sw="Hili limeshafanywa, kwa fomu hii hii. Halikufanywa mara ya pili.",
    )
    next_step = Text(
        en="Open the page again to see what came of it.", sw="Fungua ukurasa tena uone matokeo yake."
    )
