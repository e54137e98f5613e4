"""What releases refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class OrderNotPaid(ZemiError):
    """There is no held money to release."""

    code = "order_not_confirmable"
    kind = Kind.STATE
    text = Text(
        en="This order is {status}: only a paid order can be confirmed. No money was moved.",
        sw="Oda hii iko katika hali ya {status}: oda iliyolipwa tu ndiyo inayoweza kuthibitishwa. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Read the order and act on its status.", sw="Soma oda, kisha tenda kulingana na hali yake."
    )
    example = {"status": "awaiting_payment"}
