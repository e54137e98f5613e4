"""What payments refuse."""

from datetime import UTC, datetime

from zemi.common.clock import NAIROBI
from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text, wait_in_words


class OrderNotPayable(ZemiError):
    """The order does not await a payment."""

    code = "order_not_payable"
    kind = Kind.STATE
    text = Text(
        en="This order is {status}: it cannot be paid. No money was moved.",
        sw="Oda hii iko katika hali ya {status}: haiwezi kulipwa. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Read the order and act on its status.", sw="Soma oda, kisha tenda kulingana na hali yake."
    )
    example = {"status": "completed"}


class AmountMismatch(ZemiError):
    """Not what the order is due."""

    code = "amount_mismatch"
    kind = Kind.AMOUNT
    text = Text(
        en="The amount must be what the order is due: KES {due}. No money was moved.",
        sw="Kiasi kiwe sawa na deni la oda: KES {due}. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Send exactly that amount.", sw="Tuma kiasi hicho hasa.")
    example = {"due": "1500.00"}


class PaymentInProgress(ZemiError):
    """The order has a live attempt. The English sentence is the seed's."""

    code = "payment_in_progress"
    kind = Kind.STATE
    text = Text(en="Payment already in progress", sw="Malipo tayari yanaendelea")
    next_step = Text(
        en="Look at the phone, or wait until this attempt has ended; do not pay twice.",
        sw="Angalia simu, au subiri jaribio hili liishe; usilipe mara mbili.",
    )
    retryable = True


class PromptTooSoon(ZemiError):
    """The phone was asked a moment ago, or refused too often (DARAJA 3.1 code 17, 4.2; SAFETY 2.3).

    At `retry_at` it may be asked for the same amount again, if nobody asks it for anything before.
    """

    code = "prompt_too_soon"
    kind = Kind.RATE_LIMIT
    text = Text(
        en="This phone was asked to pay a moment ago. No new prompt was sent and no money was moved.",
        sw="Simu hii imeombwa kulipa muda mfupi uliopita. Ombi jipya halikutumwa na hakuna pesa iliyotumwa.",
    )
    next_step = Text(
        en="Wait {wait}, then try again: from {retry_at} in Nairobi.",
        sw="Subiri {wait}, kisha jaribu tena: kuanzia {retry_at} saa za Nairobi.",
    )
    retryable = True
    example = {"retry_at": datetime(2026, 11, 23, 9, 2, tzinfo=UTC)}

    def advice(self, language: str = "en") -> str:
        """Say the time as a clock in Nairobi shows it."""
        shown = f"{self.facts['retry_at'].astimezone(NAIROBI):%H:%M:%S}"
        return self.next_step.render(
            language, wait=wait_in_words(self.retry_after_s, language), retry_at=shown
        )


class PaymentRefused(ZemiError):
    """The provider turned the request down at once."""

    code = "payment_refused"
    kind = Kind.DECLINED
    text = Text(
        en="M-Pesa did not accept the request. No money was moved.",
        sw="M-Pesa haikukubali ombi. Hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Check the number, then try again.", sw="Hakikisha namba, kisha jaribu tena.")


class ProviderUnreachable(ZemiError):
    """The request certainly did not arrive."""

    code = "provider_unreachable"
    kind = Kind.PROVIDER
    text = Text(
        en="M-Pesa cannot be reached right now. No prompt was sent and no money was moved.",
        sw="M-Pesa haipatikani kwa sasa. Ombi halikutumwa na hakuna pesa iliyotumwa.",
    )
    next_step = Text(en="Try again in a minute.", sw="Jaribu tena baada ya dakika moja.")
    retryable = True


class OutcomeUnknown(ZemiError):
    """The request may have arrived."""

    code = "outcome_unknown"
    kind = Kind.PROVIDER
    text = Text(
        en="There was no answer: we do not know yet whether the payment was made, and are finding out.",
        sw="Hakukuwa na jibu: bado hatujui kama malipo yamefanyika, tunathibitisha.",
    )
    next_step = Text(
        en="Read the order in a minute; do not repeat the payment before.",
        sw="Soma oda baada ya dakika moja; usirudie malipo kabla ya hapo.",
    )


class TransactionIdUsed(ZemiError):
    """This receipt number is booked already."""

    code = "transaction_id_used"
    kind = Kind.STATE
    text = Text(
        en="This transaction id was used before. Nothing was booked again.",
        sw="Namba hii ya muamala imeshatumika. Hakuna kilichoandikwa tena.",
    )
    next_step = Text(
        en="Read the order: this payment counts already. A new payment has a number of its own.",
        sw="Soma oda: malipo haya yameshahesabiwa. Malipo mapya huwa na namba yake.",
    )


class PaymentMethodUnavailable(ZemiError):
    """Known, but not offered here yet."""

    code = "payment_method_unavailable"
    kind = Kind.VALIDATION
    text = Text(
        en="This payment method is not available; use: {available}. Nothing was changed.",
        sw="Njia hii ya malipo haipatikani; tumia: {available}. Hakuna kilichobadilishwa.",
    )
    next_step = Text(en="Use a method that is named there.", sw="Tumia njia iliyotajwa hapo.")
    example = {"available": "mpesa"}


class PaymentNotContradicted(ZemiError):
    """Staff decide only about a payment of which the provider says both that it was paid and that it was not."""

    code = "payment_not_contradicted"
    kind = Kind.STATE
    text = Text(
        en="This payment is {status}, and M-Pesa's answers about it do not differ. Nothing was changed.",
        sw="Malipo haya yako katika hali ya {status}, na majibu ya M-Pesa hayatofautiani. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Read the payment again: a proof or somebody else has decided it, or it is still asked about.",
        sw="Soma malipo tena: uthibitisho au mtu mwingine ameyaamua, au bado yanaulizwa.",
    )
    example = {"status": "completed"}


class OrderNotCancellable(ZemiError):
    """It is over; or it is paid, and the one who asks can't call it off alone."""

    code = "order_not_cancellable"
    kind = Kind.STATE
    text = Text(
        en="This order is {status}: it cannot be cancelled this way. Nothing was changed.",
        sw="Oda hii iko katika hali ya {status}: haiwezi kughairiwa hivi. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Read the order. Once it is paid its seller can cancel it, and its buyer can ask the seller to (cancel-request).",
        sw="Soma oda. Ikishalipwa muuzaji wake anaweza kuighairi, na mnunuzi anaweza kumwomba aighairi (cancel-request).",
    )
    example = {"status": "paid"}


class NoCancelRequest(ZemiError):
    """There is no open request to cancel that this person could answer or take back."""

    code = "no_cancel_request"
    kind = Kind.STATE
    text = Text(
        en="There is no request to cancel this order that you could answer or take back. Nothing was changed.",
        sw="Hakuna ombi la kughairi oda hii unaloweza kujibu au kuondoa. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Read the order: cancel_request says who has asked, and until when it can be answered.",
        sw="Soma oda: cancel_request inaonyesha aliyeomba, na hadi lini inaweza kujibiwa.",
    )


class ReceiptNotFound(ZemiError):
    """No unclaimed money fits: number, payer and amount are not told apart."""

    code = "receipt_not_found"
    kind = Kind.NOT_FOUND
    text = Text(
        en="There is no unclaimed payment with this number from this phone. No money was moved.",
        sw="Hakuna malipo yasiyodaiwa yenye namba hii kutoka simu hii. Hakuna pesa iliyohamishwa.",
    )
    next_step = Text(
        en="Check the M-Pesa number in the SMS, and use the phone that paid.",
        sw="Hakikisha namba ya M-Pesa kwenye SMS, na utumie simu iliyolipa.",
    )
