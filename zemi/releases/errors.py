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


class PayInNotReversible(ZemiError):
    """What the provider is said to have taken back does not fit the books."""

    code = "pay_in_not_reversible"
    kind = Kind.STATE
    text = Text(
        en="This reversal can't be booked: {problem}. Nothing was changed.",
        sw="Urejeshaji huu hauwezi kuandikwa: {problem}. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Compare its line of the statement with the receipt: number and whole amount must agree.",
        sw="Linganisha mstari wake wa taarifa na risiti: namba na kiasi chote vilingane.",
    )
    example = {"problem": "it was reversed before"}
