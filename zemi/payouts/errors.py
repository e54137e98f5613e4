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


class PayoutReplaced(ZemiError):
    """What the provider took back, or was called off, is paid by a newer payout already, or is on its way."""

    code = "payout_replaced"
    kind = Kind.STATE
    text = Text(
        en="A newer payout replaces this one already. No money was moved.",
        sw="Malipo mapya yameshachukua nafasi ya haya. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Look at the newest payout of this order.", sw="Angalia malipo mapya zaidi ya oda hii."
    )


class ReplacementAmount(ZemiError):
    """No more than the old payout was, and than the seller's balance still has of it."""

    code = "replacement_amount"
    kind = Kind.AMOUNT
    text = Text(
        en="Of this payout KES {least} to KES {most} can be paid again, in whole shillings. No money was moved.",
        sw="Kwa malipo haya unaweza kulipa tena KES {least} hadi KES {most}, shilingi kamili. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Ask for an amount between the two. If there is none, the seller's balance has paid for something else.",
        sw="Omba kiasi kati ya hivyo viwili. Kama hakipo, salio la muuzaji limelipia kitu kingine.",
    )
    example = {"least": 10, "most": "1500.00"}
