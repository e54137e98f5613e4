"""Daraja's HTTP answers as outcomes (DARAJA 3.2, SAFETY 4.2).

For a money call an answer that can't be read is Unknown. For a query it is Unknown too, and so is every
refusal of the query itself: that Daraja would not say is nothing about the money.
"""

from dataclasses import replace

from zemi.common.http_client import Answer
from zemi.providers import wire
from zemi.providers.base import (
    Accepted,
    ChargeOutcome,
    DisburseOutcome,
    PulledTransaction,
    Refused,
    Succeeded,
    Unknown,
    UnreadableCallback,
)
from zemi.providers.mpesa import codes, messages


def read_push(answer: Answer) -> ChargeOutcome:
    """Read the answer to an STK push: Accepted with both ids, Refused, or Unknown (DARAJA 1.2)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            return _error(answer, fields, of_prompt=True)
        code, text = wire.code(fields, "ResponseCode"), wire.words(fields, "ResponseDescription")
        if answer.status == 200 and code == codes.SUCCESS:
            checkout_id = wire.identifier(fields, "CheckoutRequestID")
            if checkout_id:
                return Accepted(code, text, checkout_id, wire.identifier(fields, "MerchantRequestID"))
            # A prompt that can't be asked about: only its callback can tell.
            return Unknown(code, text)
        if code in codes.CHARGE_RESULTS:
            return Refused(codes.CHARGE_RESULTS[code], code, text)
        return Unknown(code, text)
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_query(answer: Answer, *, checkout_id: str) -> ChargeOutcome:
    """Read the answer to an STK query. Both forms of "still processing" are Accepted (DARAJA 1.3)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            code, text = wire.code(fields, "errorCode"), wire.words(fields, "errorMessage")
            if code == codes.CATCH_ALL and codes.still_processing(code, text):
                return Accepted(code, text, checkout_id)
            return Unknown(code, text)
        code, text = wire.code(fields, "ResultCode"), wire.words(fields, "ResultDesc")
        answered = wire.identifier(fields, "CheckoutRequestID")
        if answer.status != 200 or fields.get("ResponseCode") != "0" or answered not in {"", checkout_id}:
            return Unknown(code, text)
        outcome = codes.charge_result(code, text, is_answer=True)
        if isinstance(outcome, Accepted):
            return replace(outcome, provider_reference=checkout_id)
        return outcome
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_b2c(answer: Answer, *, originator_id: str) -> DisburseOutcome:
    """Read the acknowledgement of a B2C payment; Refused only when provably nothing was done (DARAJA 1.4)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            return _error(answer, fields, of_prompt=False)
        code, text = wire.code(fields, "ResponseCode"), wire.words(fields, "ResponseDescription")
        if answer.status != 200 or code != codes.SUCCESS:
            # A duplicate was once reported as 200 with ResponseCode 1: no other code is proof (DARAJA 1.4).
            return Unknown(code, text)
        theirs = wire.identifier(fields, "OriginatorConversationID")
        return Accepted(code, text, wire.identifier(fields, "ConversationID"), theirs or originator_id)
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_acknowledgement(answer: Answer) -> DisburseOutcome:
    """Read the acknowledgement of a reversal or a top-up, which carry no id of ours (DARAJA 1.6)."""
    return read_b2c(answer, originator_id="")


def read_registration(answer: Answer) -> Succeeded | Refused | Unknown:
    """Read the answer to a C2B registration; "already registered" is what was wanted (DARAJA 3.2)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            code, text = wire.code(fields, "errorCode"), wire.words(fields, "errorMessage")
            if codes.already_registered(text):
                return Succeeded(code, text)
            return _error(answer, fields, of_prompt=False)
        code, text = wire.code(fields, "ResponseCode"), wire.words(fields, "ResponseDescription")
        if answer.status == 200 and code == codes.SUCCESS:
            return Succeeded(code, text)
        return Unknown(code, text)
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_pull_registration(answer: Answer) -> Succeeded | Refused | Unknown:
    """Read the answer to a registration for pulling; 1001, "already registered", is what was wanted (DARAJA 1.7)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            return _error(answer, fields, of_prompt=False)
        code, text = wire.code(fields, "ResponseStatus"), wire.words(fields, "ResponseDescription")
        if answer.status == 200 and code in {codes.PULL_FOUND, codes.PULL_NOTHING}:
            return Succeeded(code, text)
        return Unknown(code, text)
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_pull(answer: Answer) -> list[PulledTransaction] | Unknown:
    """Read the list of what came in; its rows come in a list in a list (DARAJA 1.7)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            return Unknown(wire.code(fields, "errorCode"), wire.words(fields, "errorMessage"))
        code, text = wire.code(fields, "ResponseCode"), wire.words(fields, "ResponseMessage")
        if answer.status != 200 or code not in {codes.PULL_FOUND, codes.PULL_NOTHING}:
            return Unknown(code, text)
        return messages.read_pulled(fields.get("Response"))
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def read_status(answer: Answer) -> Accepted | Unknown:
    """Read the acknowledgement of a status query. Accepted: the answer comes by callback (DARAJA 1.5)."""
    try:
        fields = wire.read_object(answer.body)
        if "errorCode" in fields:
            return Unknown(wire.code(fields, "errorCode"), wire.words(fields, "errorMessage"))
        code, text = wire.code(fields, "ResponseCode"), wire.words(fields, "ResponseDescription")
        if answer.status != 200 or code != codes.SUCCESS:
            return Unknown(code, text)
        return Accepted(
            code,
            text,
            wire.identifier(fields, "ConversationID"),
            wire.identifier(fields, "OriginatorConversationID"),
        )
    except UnreadableCallback as problem:
        return _unreadable(answer, problem)


def says_token_is_invalid(answer: Answer) -> bool:
    """Tell whether the gateway refused the token, and with it the call, before acting (DARAJA 3.2)."""
    if answer.status < 400:
        return False
    try:
        fields = wire.read_object(answer.body)
        code = wire.code(fields, "errorCode")
    except UnreadableCallback:
        return False
    return codes.is_token_error(code, wire.words(fields, "errorMessage"), status=answer.status)


def _error(answer: Answer, fields: dict[str, object], *, of_prompt: bool) -> Refused | Unknown:
    code, text = wire.code(fields, "errorCode"), wire.words(fields, "errorMessage")
    return codes.error(code, text, status=answer.status, of_prompt=of_prompt)


def _unreadable(answer: Answer, problem: UnreadableCallback) -> Unknown:
    return Unknown(f"http_{answer.status}", f"unreadable answer: {problem}")
