"""What refunds refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class RefundExceedsReceipt(ZemiError):
    """More than came, less what is refunded already."""

    code = "refund_exceeds_receipt"
    kind = Kind.AMOUNT
    text = Text(
        en="That is more than is left of what was paid. No money was moved.",
        sw="Hicho ni zaidi ya kilichobaki cha malipo. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Refund at most what is left, or less.", sw="Rudisha kisichozidi kilichobaki.")


class RefundTooSmall(ZemiError):
    """Less than M-Pesa pays out (DARAJA 4.1)."""

    code = "refund_too_small"
    kind = Kind.AMOUNT
    text = Text(
        en="M-Pesa pays out KES {least} or more. No money was moved.",
        sw="M-Pesa hulipa KES {least} au zaidi. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Refund at least that much.", sw="Rudisha angalau kiasi hicho.")
    example = {"least": 10}


class NothingToRefund(ZemiError):
    """No money has come for it, or all of it went back."""

    code = "nothing_to_refund"
    kind = Kind.STATE
    text = Text(
        en="There is nothing to refund. No money was moved.",
        sw="Hakuna cha kurudisha. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Read the order's timeline: the money has not come, or has gone back.",
        sw="Soma historia ya oda: pesa haijafika, au imesharudishwa.",
    )


class RefundNotFound(ZemiError):
    """No such payment, none of this phone's, or nothing of it that goes back: the answer is the same."""

    code = "refund_not_found"
    kind = Kind.NOT_FOUND
    text = Text(
        en="We found no refund of that payment to that phone. Nothing was changed.",
        sw="Hatukupata marejesho ya malipo hayo kwa simu hiyo. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Check the number in M-Pesa's message about your payment, and which phone paid.",
        sw="Hakikisha namba iliyo kwenye SMS ya M-Pesa ya malipo yako, na ni simu gani iliyolipa.",
    )


class RefundNotRedirectable(ZemiError):
    """It is on its way, has arrived, or does not wait because of its number."""

    code = "refund_not_redirectable"
    kind = Kind.STATE
    text = Text(
        en="This refund can't go to another number now: M-Pesa has not refused the phone that it goes to. "
        "Nothing was changed.",
        sw="Marejesho haya hayawezi kwenda namba nyingine sasa: M-Pesa haijakataa simu yanakokwenda. "
        "Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="If it is on its way, wait for M-Pesa's message; we text you if it could not be sent.",
        sw="Kama iko njiani, subiri SMS ya M-Pesa; tutakutumia SMS ikishindikana kutumwa.",
    )


class PayeeNotProved(ZemiError):
    """Nobody has shown by a one-time code, in the last seven days, that they have that number and want this refund there."""

    code = "payee_not_proved"
    kind = Kind.STATE
    text = Text(
        en="That number was not proved for this refund by a one-time code. No money was moved.",
        sw="Namba hiyo haikuthibitishwa kwa marejesho haya kwa namba ya mara moja. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Have its owner open /refund and say there that the phone that paid is gone.",
        sw="Mwombe mwenye namba afungue /refund na aseme hapo kwamba simu iliyolipa haipo.",
    )
