"""What payouts refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class NothingToPayOut(ZemiError):
    """The order has released nothing to its seller yet."""

    code = "nothing_to_pay_out"
    kind = Kind.STATE
    text = Text(
        en="Nothing of this order is released to the seller yet. No money was moved.",
        sw="Hakuna pesa ya oda hii iliyotolewa kwa muuzaji bado. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Confirm the delivery with the buyer's code; the payout then arises by itself.",
        sw="Thibitisha upokeaji kwa namba ya siri ya mnunuzi; malipo yatajituma yenyewe.",
    )


class PayeeMismatch(ZemiError):
    """Not the seller of the order. Whose number it is, or is not, is not told."""

    code = "payee_mismatch"
    kind = Kind.PERMISSION
    text = Text(
        en="A payout goes to the order's own seller only. No money was moved.",
        sw="Malipo yanaenda kwa muuzaji wa oda tu. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Send the number of the order's seller.", sw="Tuma namba ya muuzaji wa oda.")


class PayoutAmountMismatch(ZemiError):
    """Not what is released."""

    code = "payout_amount_mismatch"
    kind = Kind.AMOUNT
    text = Text(
        en="The amount must be what is released to the seller: KES {due}. No money was moved.",
        sw="Kiasi kiwe kile kilichotolewa kwa muuzaji: KES {due}. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Send exactly that amount.", sw="Tuma kiasi hicho hasa.")
    example = {"due": "1455.00"}


class PayoutFailed(ZemiError):
    """The provider refused it for good; the money is back on the seller's balance."""

    code = "payout_failed"
    kind = Kind.STATE
    text = Text(
        en="M-Pesa refused this payout. The money is safe on the seller's balance.",
        sw="M-Pesa ilikataa malipo haya. Pesa iko salama kwenye salio la muuzaji.",
    )
    next_step = Text(
        en="Check the seller's number with support.",
        sw="Hakikisha namba ya muuzaji pamoja na kituo cha msaada.",
    )
