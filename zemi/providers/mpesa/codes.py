"""M-Pesa's codes as data, and the one place where a code becomes an outcome (DARAJA 3).

Safaricom publishes no complete list. What is not listed here is never taken as proof that nothing moved: a
query or a payout result with such a code stays Unknown.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from zemi.providers.base import (
    Accepted,
    ChargeOutcome,
    DisburseOutcome,
    Reason,
    Refused,
    Succeeded,
    Unknown,
)

SUCCESS = "0"

# Results of an STK prompt, by callback or query (DARAJA 3.1). Each is final for the attempt, none for the
# order.
CHARGE_RESULTS: Mapping[str, Reason] = MappingProxyType(
    {
        "1": Reason.INSUFFICIENT_FUNDS,
        "2": Reason.INVALID_REQUEST,  # below the least amount: should not have been sent
        "3": Reason.INVALID_REQUEST,  # above the largest amount
        "4": Reason.LIMIT,  # the payer's day
        "8": Reason.LIMIT,  # the receiving account's
        "17": Reason.TOO_SOON,  # same amount, same customer, within two minutes
        "24": Reason.INVALID_REQUEST,
        "25": Reason.INVALID_REQUEST,
        "26": Reason.TOO_SOON,  # busy; not BUSY, which would say that the same attempt may be sent again
        "29": Reason.INVALID_REQUEST,
        "1001": Reason.TOO_SOON,  # another session holds the SIM
        "1019": Reason.NO_ANSWER,  # expired before it was processed
        "1025": Reason.NO_ANSWER,  # the push could not be sent
        "1031": Reason.CANCELLED,
        "1032": Reason.CANCELLED,  # also reported for a prompt that timed out
        "1036": Reason.NO_ANSWER,
        "1037": Reason.NO_ANSWER,
        "2001": Reason.WRONG_PIN,
        "2026": Reason.NO_ANSWER,  # the channel's session expired
        "2028": Reason.INVALID_REQUEST,  # TransactionType and PartyB don't fit, or the product is missing
        "8006": Reason.PIN_LOCKED,
        "9999": Reason.NO_ANSWER,
        "SFC_IC0003": Reason.INVALID_REQUEST,
        "E3008": Reason.OTHER,  # Safaricom's sandbox, asked about a real subscriber
    }
)

# Results of a B2C payment (DARAJA 3.1). The same number may mean something else than it does for a prompt.
PAYOUT_RESULTS: Mapping[str, Reason] = MappingProxyType(
    {
        "1": Reason.FLOAT_LOW,
        "2": Reason.INVALID_REQUEST,
        "3": Reason.INVALID_REQUEST,
        "4": Reason.LIMIT,
        "8": Reason.WALLET_FULL,
        "11": Reason.CREDENTIALS,  # our account is not active
        "18": Reason.CREDENTIALS,
        "20": Reason.CREDENTIALS,
        "21": Reason.CREDENTIALS,  # the initiator lacks the role
        "22": Reason.CREDENTIALS,
        "24": Reason.INVALID_REQUEST,
        "25": Reason.INVALID_REQUEST,
        "29": Reason.INVALID_REQUEST,
        "2001": Reason.CREDENTIALS,  # initiator's name, password or certificate; likely the 90 days are over
        "2006": Reason.CREDENTIALS,
        "2028": Reason.INVALID_REQUEST,
        "2040": Reason.PAYEE_INVALID,
        "8006": Reason.CREDENTIALS,  # our API user is locked
        "SFC_IC0003": Reason.PAYEE_INVALID,
    }
)

# Results of a reversal and of a move between our own accounts (DARAJA 3.1). R000001, already reversed, is not among
# them: somebody did it, and whether it was this request has to be asked.
REVERSAL_RESULTS: Mapping[str, Reason] = MappingProxyType(
    {
        "1": Reason.FLOAT_LOW,  # the money has left the shortcode already
        "2": Reason.INVALID_REQUEST,
        "3": Reason.INVALID_REQUEST,
        "11": Reason.CREDENTIALS,
        "18": Reason.CREDENTIALS,
        "20": Reason.CREDENTIALS,
        # It lacks the role for this, such as "Org Reversals Initiator": payouts may go on, and no call locks it.
        "21": Reason.ROLE_MISSING,
        "22": Reason.CREDENTIALS,
        "24": Reason.INVALID_REQUEST,
        "25": Reason.INVALID_REQUEST,
        "29": Reason.INVALID_REQUEST,
        "2001": Reason.CREDENTIALS,
        "2006": Reason.CREDENTIALS,
        "8006": Reason.CREDENTIALS,
        "R000002": Reason.INVALID_REQUEST,  # the receipt is none
    }
)

# Known, and still no proof either way: an id that was seen before, and the core's "queued" and "overloaded"
# family, of which 100000000 says that the request is kept for another try (DARAJA 3.1).
UNDECIDED = frozenset({"15", *(str(number) for number in range(100_000_000, 100_000_012))})
PENDING = "4999"

PULL_FOUND, PULL_NOTHING = "1000", "1001"

# Errors of the HTTP answer after which nothing was done, whatever the call (DARAJA 3.2).
ERRORS: Mapping[str, Reason] = MappingProxyType(
    {
        "00.002.1001": Reason.BUSY,  # maintenance
        "400.002.02": Reason.INVALID_REQUEST,
        "400.002.05": Reason.INVALID_REQUEST,
        "400.003.02": Reason.INVALID_REQUEST,
        "404.001.01": Reason.INVALID_REQUEST,
        "404.001.04": Reason.INVALID_REQUEST,
        "404.002.01": Reason.INVALID_REQUEST,
        "404.003.01": Reason.INVALID_REQUEST,
        "405.001": Reason.INVALID_REQUEST,
        "500.003.02": Reason.BUSY,  # spike arrest
        "500.003.03": Reason.BUSY,  # quota
    }
)

# The token was refused before anything was done; which code says so depends on the product (DARAJA 3.2).
TOKEN_ERRORS = frozenset({"400.003.01", "401.002.01", "404.001.03", "401.003.01"})

# 500.001.1001 is a catch-all: the words decide (DARAJA 3.2). What matches no row is unknown.
CATCH_ALL = "500.001.1001"
CATCH_ALL_WORDS: tuple[tuple[str, Reason], ...] = (
    ("merchant does not exist", Reason.INVALID_REQUEST),
    ("wrong credentials", Reason.CREDENTIALS),
)
CATCH_ALL_WORDS_OF_A_PROMPT: tuple[tuple[str, Reason], ...] = (
    ("unable to lock subscriber", Reason.TOO_SOON),
    ("already in process", Reason.TOO_SOON),
)

# The state of a payment, as a transaction status answer names it (DARAJA 1.5).
STATES_SUCCEEDED = frozenset({"completed"})
STATES_REFUSED = frozenset({"declined", "cancelled", "canceled", "expired", "failed"})
STATES_OPEN = frozenset({"pending", "initiated", "authorized", "authorised", "pending authorized"})

_PROCESSING = re.compile(r"\b(?:being|under|still)\s+(?:\w+\s+)?process", re.IGNORECASE)
_NO_PROOF = re.compile(r"timed?[ -]?out|duplicate", re.IGNORECASE)


def still_processing(code: str, text: str) -> bool:
    """Tell whether it is pending: by code, or by the words, which came with ResultCode 1 too (DARAJA 1.3)."""
    return code == PENDING or _PROCESSING.search(text) is not None


def charge_result(code: str, text: str, *, is_answer: bool = False) -> ChargeOutcome:
    """Say what a prompt's result code means.

    An uncatalogued code closes the attempt when a callback brings it (DARAJA 3.1). In the answer to a query
    it does not: 4999 was such a code before anyone had catalogued it, and orders were failed that were then
    paid (DARAJA 1.3).
    """
    if still_processing(code, text):
        return Accepted(code, text)
    if code == SUCCESS:
        return Succeeded(code, text)
    if code in CHARGE_RESULTS:
        return Refused(CHARGE_RESULTS[code], code, text)
    if code in UNDECIDED or is_answer:
        return Unknown(code, text)
    return Refused(Reason.OTHER, code, text)


def payout_result(code: str, text: str) -> Succeeded | Refused | Unknown:
    """Say what a payout's result code means; only a catalogued code proves that nothing was paid."""
    if code == SUCCESS:
        return Succeeded(code, text)
    # "Timed out" and "duplicate" are no proof under any number: one client saw a duplicate as code 1 (DARAJA
    # 1.4).
    if code in PAYOUT_RESULTS and not _NO_PROOF.search(text):
        return Refused(PAYOUT_RESULTS[code], code, text)
    return Unknown(code, text)


def reversal_result(code: str, text: str) -> Succeeded | Refused | Unknown:
    """Say what the result code of a reversal or a top-up means; only a catalogued code proves that nothing moved."""
    if code == SUCCESS:
        return Succeeded(code, text)
    if code in REVERSAL_RESULTS and not _NO_PROOF.search(text):
        return Refused(REVERSAL_RESULTS[code], code, text)
    return Unknown(code, text)


def question_result(code: str, text: str) -> Unknown:
    """Say what the result code of a question means that did not work: nothing about the money, but perhaps about us."""
    match reversal_result(code, text):
        case Refused(reason=Reason.CREDENTIALS | Reason.ROLE_MISSING as reason):
            return Unknown(code, text, reason)
        case _:
            return Unknown(code, text)


def payout_state(state: str, text: str) -> DisburseOutcome:
    """Say what the state of a payment means, as a transaction status answer names it."""
    word = " ".join(state.lower().split())
    if word in STATES_SUCCEEDED:
        return Succeeded(state, text)
    if word in STATES_REFUSED:
        return Refused(Reason.OTHER, state, text)
    if word in STATES_OPEN:
        return Accepted(state, text)
    return Unknown(state, text)


def error(code: str, text: str, *, status: int, of_prompt: bool) -> Refused | Unknown:
    """Say what an HTTP error means for a money call.

    500.002.1001, a duplicate originator id, is Unknown: an earlier request with this id arrived (DARAJA 1.4).
    """
    if is_missing_product(text):
        return Refused(Reason.INVALID_REQUEST, code, text)
    if code in ERRORS:
        return Refused(ERRORS[code], code, text)
    if is_token_error(code, text, status=status) or status == 429:
        return Refused(Reason.BUSY, code, text)
    if code == CATCH_ALL:
        rows = CATCH_ALL_WORDS + (CATCH_ALL_WORDS_OF_A_PROMPT if of_prompt else ())
        for words, reason in rows:
            if words in text.lower():
                return Refused(reason, code, text)
    return Unknown(code, text)


def already_registered(text: str) -> bool:
    """Tell whether the addresses for C2B stand already, which comes as an internal error (DARAJA 3.2)."""
    return "already registered" in text.lower() or "duplicate notification info" in text.lower()


def is_token_error(code: str, text: str, *, status: int) -> bool:
    """Tell whether a fresh token would help: the gateway refused this one before acting."""
    return (code in TOKEN_ERRORS or (status == 401 and code not in ERRORS)) and not is_missing_product(text)


def is_missing_product(text: str) -> bool:
    """Tell whether the app lacks the product, which comes with a token error's code."""
    return "no apiproduct match" in text.lower()
