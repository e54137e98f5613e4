"""What moving our own money refuses."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class TopUpUnderWay(ZemiError):
    """One has no result yet: a second would perhaps move the money twice, and nobody can say that this one did not."""

    code = "top_up_under_way"
    kind = Kind.STATE
    text = Text(
        en="A top-up is under way and has no result yet. Nothing was moved or changed.",
        sw="Uhamisho mwingine bado haujapata jibu. Hakuna kilichotumwa wala kubadilishwa.",
    )
    next_step = Text(
        en="Wait for its result, or import the statement that shows it.",
        sw="Subiri jibu lake, au ingiza taarifa inayouonyesha.",
    )


class FloatNotThere(ZemiError):
    """The collecting account has less than that in our books."""

    code = "float_not_there"
    kind = Kind.AMOUNT
    text = Text(
        en="The collecting account holds KES {held}. No money was moved.",
        sw="Akaunti ya makusanyo ina KES {held}. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Move less.", sw="Hamisha kiasi kidogo.")
    example = {"held": "1500.00"}


class CredentialsRefused(ZemiError):
    """M-Pesa refused our initiator: each call more that it signs brings it nearer to being locked for good."""

    code = "credentials_refused"
    kind = Kind.STATE
    text = Text(
        en="M-Pesa refuses our credentials. Nothing was sent or asked.",
        sw="M-Pesa inakataa kitambulisho chetu. Hakuna kilichotumwa wala kuulizwa.",
    )
    next_step = Text(
        en="Mend the initiator's password, then start sending again.",
        sw="Rekebisha nenosiri la initiator, kisha anzisha utumaji tena.",
    )
