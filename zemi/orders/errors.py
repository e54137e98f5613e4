"""What orders refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class OrderNotFound(ZemiError):
    """No such order, or not one of the caller's: the answer is the same."""

    code = "order_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no order with this reference.", sw="Hakuna oda yenye namba hii.")
    next_step = Text(
        en="Check the reference: ZEM- and 8 characters.", sw="Hakikisha namba ya oda: ZEM- na herufi 8."
    )


class SellerPhoneRequired(ZemiError):
    """A live order needs somebody to pay."""

    code = "seller_phone_required"
    kind = Kind.VALIDATION
    text = Text(
        en="Give the seller's phone number: it is where the money goes. No order was made.",
        sw="Andika namba ya simu ya muuzaji: ndipo pesa zitatumwa. Oda haikutengenezwa.",
    )
    next_step = Text(en="Send the field seller_phone.", sw="Tuma sehemu seller_phone.")


class PhoneNotVerified(ZemiError):
    """Nobody has shown that they hold the buyer's phone, and no merchant answers for them."""

    code = "phone_not_verified"
    kind = Kind.PERMISSION
    text = Text(
        en="Prove that the buyer's phone is yours first. No order was made.",
        sw="Thibitisha kwanza kuwa simu ya mnunuzi ni yako. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Ask for a one-time code (purpose sign_in), sign in with it, and send the session with the order.",
        sw="Omba namba ya mara moja (kusudi sign_in), ingia nayo, kisha tuma oda ukiwa umeingia.",
    )


class AmountOutOfRange(ZemiError):
    """More or less than can be paid in one M-Pesa transaction and paid out again."""

    code = "amount_out_of_range"
    kind = Kind.AMOUNT
    text = Text(
        en="The amount must be from KES {least} to KES {most}. No order was made.",
        sw="Kiasi kiwe kati ya KES {least} na KES {most}. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Choose an amount within the limits, or make two orders.",
        sw="Chagua kiasi kilicho ndani ya mipaka, au tengeneza oda mbili.",
    )
    example = {"least": "10.00", "most": "250000.00"}


class DailyLimitReached(ZemiError):
    """The buyer's phone would order for more in one day than it may."""

    code = "limit_exceeded"
    kind = Kind.AMOUNT
    text = Text(
        en="With this order the buyer's phone would pass its limit of KES {most} a day. No order was made.",
        sw="Kwa oda hii simu ya mnunuzi ingepita kikomo cha KES {most} kwa siku. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Order for less, or tomorrow: the day ends at midnight in Nairobi.",
        sw="Agiza kwa kiasi kidogo, au kesho: siku inaisha saa sita usiku Nairobi.",
    )
    example = {"limit": "kes_per_phone", "most": "50,000"}


class AmountNotWholeShilling(ZemiError):
    """M-Pesa moves whole shillings only."""

    code = "amount_not_whole_shilling"
    kind = Kind.AMOUNT
    text = Text(
        en="M-Pesa moves whole shillings only: leave out the cents. Nothing was changed.",
        sw="M-Pesa inatuma shilingi kamili tu: ondoa senti. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Send whole shillings, such as 1500 or 1500.00.", sw="Tuma shilingi kamili, mfano 1500 au 1500.00."
    )


class MerchantReferenceUsed(ZemiError):
    """The merchant has an order with this reference already."""

    code = "merchant_reference_used"
    kind = Kind.STATE
    text = Text(
        en="You already have an order with this reference; no second one was made.",
        sw="Tayari una oda yenye namba hii; nyingine haikutengenezwa.",
    )
    next_step = Text(
        en="Read the order that has it, or choose another reference.",
        sw="Soma oda yenye namba hiyo, au chagua namba nyingine.",
    )


class ReleasePolicyUnknown(ZemiError):
    """Not one of the policies."""

    code = "release_policy_unknown"
    kind = Kind.VALIDATION
    text = Text(
        en="This release policy is not known; use: {known}. No order was made.",
        sw="Utaratibu huu wa kutoa pesa haujulikani; tumia: {known}. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Send one of those, or leave the field out.", sw="Tuma mojawapo ya hizo, au acha sehemu hii."
    )
    example = {"known": "instant"}


class DeliveryCodeWrong(ZemiError):
    """Wrong code, or no such order: the answer is the same, after the same work."""

    code = "delivery_code_wrong"
    kind = Kind.VERIFICATION
    text = Text(
        en="This code does not open this order. The money stays held.",
        sw="Namba hii haifungui oda hii. Pesa bado imehifadhiwa.",
    )
    next_step = Text(
        en="Ask the buyer for the 6-digit code from the SMS. After 3 wrong codes the order is locked for an hour.",
        sw="Muulize mnunuzi namba ya tarakimu 6 kwenye SMS. Ukikosea mara 3 oda itafungwa kwa saa moja.",
    )


class CodeLocked(ZemiError):
    """Too many wrong codes for this order."""

    code = "code_attempts_exhausted"
    kind = Kind.LOCKED
    text = Text(
        en="Too many wrong codes: this order is locked for now. The money stays held.",
        sw="Namba zisizo sahihi zimezidi: oda imefungwa kwa sasa. Pesa bado imehifadhiwa.",
    )
    next_step = Text(
        en="Wait {wait}, or have the buyer ask for a new code: it opens the order at once.",
        sw="Subiri {wait}, au mnunuzi aombe namba mpya: itafungua oda mara moja.",
    )
    for_good = Text(
        en="Waiting does not help. Have the buyer ask for a new code: it opens the order at once.",
        sw="Kusubiri hakusaidii. Mnunuzi aombe namba mpya: itafungua oda mara moja.",
    )

    def advice(self, language: str = "en") -> str:
        """Tell a lock that ends by itself from one that does not."""
        return self.for_good.render(language) if self.retry_after_s is None else super().advice(language)


class QuoteInvalid(ZemiError):
    """The text is no quote that was given here."""

    code = "quote_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="This is not a quote of ours. No order was made.",
        sw="Hii si nukuu yetu ya bei. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Send the quote's id exactly as it was answered, or leave it out.",
        sw="Tuma id ya nukuu kama ilivyojibiwa, au iache.",
    )


class QuoteExpired(ZemiError):
    """A quote is good for a quarter of an hour."""

    code = "quote_expired"
    kind = Kind.STATE
    text = Text(
        en="This quote has ended. No order was made.",
        sw="Muda wa nukuu hii umeisha. Oda haikutengenezwa.",
    )
    next_step = Text(en="Ask for a new quote.", sw="Omba nukuu mpya.")


class QuoteMismatch(ZemiError):
    """The order is not the one that was quoted."""

    code = "quote_mismatch"
    kind = Kind.AMOUNT
    text = Text(
        en="This quote is for KES {amount}, or for another release policy. No order was made.",
        sw="Nukuu hii ni ya KES {amount}, au ya utaratibu mwingine wa kutoa pesa. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Send the amount and the policy that were quoted, or ask for a new quote.",
        sw="Tuma kiasi na utaratibu ulionukuliwa, au omba nukuu mpya.",
    )
    example = {"amount": "1500.00"}
