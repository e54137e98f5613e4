"""Why an attempt failed, in words for the buyer: what happened to the money first (DARAJA 3.1)."""

from zemi.common.texts import Text
from zemi.providers.base import Reason

_TEXTS: dict[str, Text] = {
    Reason.INSUFFICIENT_FUNDS: Text(
        en="No money moved: your M-Pesa balance is too low. Top up and try again.",
        sw="Pesa haijatoka: salio lako la M-Pesa ni dogo. Ongeza, kisha jaribu tena.",
    ),
    Reason.CANCELLED: Text(
        en="You cancelled the request. No money moved.",
        sw="Umeghairi ombi. Pesa haijatoka.",
    ),
    Reason.NO_ANSWER: Text(
        en="No money moved: your phone did not answer. Keep it on and try again.",
        sw="Pesa haijatoka: simu yako haikujibu. Iache ikiwaka, jaribu tena.",
    ),
    Reason.WRONG_PIN: Text(
        en="No money moved: the M-Pesa PIN was wrong.",
        sw="Pesa haijatoka: PIN ya M-Pesa si sahihi.",
    ),
    Reason.PIN_LOCKED: Text(
        en="No money moved: your M-Pesa PIN is locked. Call 100 or 200.",
        sw="Pesa haijatoka: PIN yako ya M-Pesa imefungwa. Piga 100 au 200.",
    ),
    Reason.TOO_SOON: Text(
        en="No money moved. Please wait two minutes before you try again.",
        sw="Pesa haijatoka. Subiri dakika mbili kabla ya kujaribu tena.",
    ),
    Reason.LIMIT: Text(
        en="No money moved: an M-Pesa limit is reached. Try again tomorrow.",
        sw="Pesa haijatoka: kikomo cha M-Pesa kimefikiwa. Jaribu kesho.",
    ),
}
# Failed but watched: a late success still counts, so nobody is told that nothing can have moved.
_OTHER = Text(
    en="We have received no money. If M-Pesa sent you a receipt, do not pay again: we will find it.",
    sw="Hatujapokea pesa. Kama M-Pesa imekutumia risiti, usilipe tena: tutayapata malipo yako.",
)
# The one who asked was told at once, in the answer to the request: no message follows.
_TOLD_AT_ONCE = frozenset({Reason.NOT_SENT, Reason.BUSY, Reason.INVALID_REQUEST, Reason.CREDENTIALS})


def reason_text(reason: str) -> Text | None:
    """Words for the buyer; None where the answer to the request has said it already."""
    return None if reason in _TOLD_AT_ONCE else _TEXTS.get(reason, _OTHER)


# When the same payer may safely be asked again, in seconds (DARAJA 3.1). None where trying again changes nothing.
_RETRY_AFTER_S: dict[str, int | None] = {
    Reason.INSUFFICIENT_FUNDS: 120,
    Reason.CANCELLED: 60,
    Reason.NO_ANSWER: 60,
    Reason.WRONG_PIN: 60,
    Reason.PIN_LOCKED: None,
    Reason.TOO_SOON: 120,
    Reason.LIMIT: 86_400,
    Reason.WALLET_FULL: 86_400,
    Reason.NOT_SENT: 60,
    Reason.BUSY: 60,
    Reason.FLOAT_LOW: None,
    Reason.PAYEE_INVALID: None,
    Reason.CREDENTIALS: None,
    Reason.ROLE_MISSING: None,
    Reason.INVALID_REQUEST: None,
    Reason.OTHER: None,
}


def retry_after_s(reason: str) -> int | None:
    """After how many seconds another attempt is safe and may succeed; None where it would not help, or is not known."""
    return _RETRY_AFTER_S.get(reason)
