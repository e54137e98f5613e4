"""What a repeated key is told."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class KeyInvalid(ZemiError):
    """The header is there, and what stands in it is no key."""

    code = "idempotency_key_invalid"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="Idempotency-Key has 1 to 255 printable ASCII characters. Nothing was changed.",
        sw="Idempotency-Key ina herufi 1 hadi 255 za ASCII. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Make a random key for each act, such as a UUID, and send it again with each retry.",
        sw="Tengeneza ufunguo wa nasibu kwa kila tendo, mfano UUID, na uutumie kila unaporudia.",
    )


class KeyMissing(ZemiError):
    """The act moves money or power: a retry without a key might do it twice."""

    code = "idempotency_key_missing"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="This needs the header Idempotency-Key. Nothing was changed.",
        sw="Hii inahitaji kichwa Idempotency-Key. Hakuna kilichobadilishwa.",
    )
    next_step = KeyInvalid.next_step


class KeyReused(ZemiError):
    """The key was used for another request: another body, another address, or another version."""

    code = "idempotency_key_reused"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="This Idempotency-Key was used for a different request. Nothing was changed.",
        sw="Idempotency-Key hii ilitumika kwa ombi tofauti. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Send exactly the first request again, or use a new key for a new act.",
        sw="Rudia ombi la kwanza vilevile, au tumia ufunguo mpya kwa tendo jipya.",
    )


class InProgress(ZemiError):
    """The first request with this key is still running, or died a moment ago."""

    code = "idempotency_in_progress"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="The first request with this Idempotency-Key is still running.",
        sw="Ombi la kwanza lenye Idempotency-Key hii bado linaendelea.",
    )
    next_step = Text(
        en="Wait {wait}, then send the same request again.",
        sw="Subiri {wait}, kisha rudia ombi lilelile.",
    )
    retryable = True


class AnswerGone(ZemiError):
    """It was done; its answer held a delivery code that has been used or replaced, and was destroyed with it."""

    code = "idempotency_answer_gone"
    kind = Kind.IDEMPOTENCY
    text = Text(
        en="This was done before. Its answer held a delivery code that is over, and is not kept any more.",
        sw="Hili lilifanyika tayari. Jibu lake lilikuwa na namba ya kupokea iliyokwisha, na halijahifadhiwa tena.",
    )
    next_step = Text(en="GET the order to see how it stands.", sw="Soma oda uone ilivyo sasa.")
