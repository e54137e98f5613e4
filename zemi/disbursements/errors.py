"""What is refused about payouts and refunds that somebody wants changed."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class DisbursementNotFound(ZemiError):
    """No payout or refund has that id."""

    code = "disbursement_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no {kind} with this id.", sw="Hakuna {kind} yenye namba hii.")
    next_step = Text(
        en="Check the id, and whether it is a payout or a refund.",
        sw="Hakikisha namba, na kama ni malipo ya muuzaji au marejesho.",
    )
    example = {"kind": "payout"}


class DisbursementNotChangeable(ZemiError):
    """Its status doesn't allow it, or money may still move by it."""

    code = "disbursement_not_changeable"
    kind = Kind.STATE
    text = Text(
        en="This {kind} is {status}: that can't be done with it now. No money was moved.",
        sw="{kind} hii iko katika hali ya {status}: hilo haliwezekani sasa. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="What is unknown is asked about until M-Pesa's answer is final; wait for it, or bring the statement.",
        sw="Isiyojulikana inaulizwa hadi jibu la M-Pesa liwe la mwisho; subiri, au leta taarifa ya M-Pesa.",
    )
    example = {"kind": "payout", "status": "submitted"}


class TooSoonToRetry(ZemiError):
    """The last try was unknown for a while: a new one needs a day's distance to it, and at most three are made."""

    code = "too_soon_to_retry"
    kind = Kind.STATE
    text = Text(
        en="The last try is too fresh, or there were too many. No money was moved.",
        sw="Jaribio la mwisho ni la karibuni mno, au yamekuwa mengi mno. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Wait until a day after the last try; after three tries bring M-Pesa's statement.",
        sw="Subiri hadi siku moja baada ya jaribio la mwisho; baada ya majaribio matatu leta taarifa ya M-Pesa.",
    )


class TooSoonToDecide(ZemiError):
    """Somebody says that it was not paid, less than a day after it was sent: the provider may still pay it."""

    code = "too_soon_to_decide"
    kind = Kind.STATE
    text = Text(
        en="It was sent less than a day ago, and M-Pesa may still pay it. Nothing was changed.",
        sw="Ilitumwa chini ya siku moja iliyopita, na M-Pesa bado inaweza kuilipa. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Wait until a day after it was sent, and look at the statement of that day again.",
        sw="Subiri hadi siku moja ipite tangu itumwe, kisha uangalie tena taarifa ya M-Pesa ya siku hiyo.",
    )
