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
