"""What M-Pesa says with a result code (DARAJA 3.1)."""

import re

CODE = re.compile(r"[A-Za-z0-9_]{1,20}")

_WORDS = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "2": "Declined due to limit rule: less than the minimum transaction amount.",
    "3": "Declined due to limit rule: greater than the maximum transaction amount.",
    "4": "Declined due to limit rule: would exceed daily transfer limit.",
    "8": "The amount would exceed the maximum balance of the receiver.",
    "11": "The DebitParty is in an invalid state.",
    "15": "Duplicate Detected.",
    "17": "Rule limited.",
    "18": "The initiator credential check failed.",
    "20": "The initiator does not exist.",
    "21": "The initiator is not allowed to initiate this request.",
    "22": "The initiator is not active.",
    "24": "A mandatory field is missing.",
    "25": "A parameter is invalid.",
    "26": "System busy: traffic blocking condition in place.",
    "29": "The command is invalid.",
    "1001": "Unable to lock subscriber, a transaction is already in process for the current subscriber",
    "1019": "Transaction has expired",
    "1025": "An error occurred while sending a push request",
    "1031": "Request cancelled by user",
    "1032": "Request cancelled by user",
    "1036": "SMSC ACK timeout.",
    "1037": "DS timeout user cannot be reached",
    "2001": "The initiator information is invalid.",
    "2006": "The account is not active.",
    "2026": "The channel session has expired.",
    "2028": "The request is not permitted according to product assignment",
    "2040": "Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service .",
    "4999": "The transaction is still under processing",
    "8006": "The security credential is locked.",
    "9999": "An error occurred while sending a push request",
    "100000000": "Request was cached, waiting for resending.",
    "100000001": "The system is overload.",
    "100000002": "Throttling error.",
    "E3008": "Bad debt contract.",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
    "SFC_IC0003": "The operator does not exist.",
}


def words(code: str) -> str:
    """The usual ResultDesc of a code; one for codes that nobody has documented."""
    return _WORDS.get(code, "An error occurred while processing the request.")


def as_sent(code: str) -> int | str:
    """A code as results carry it: a number where it is one (DARAJA 2)."""
    return int(code) if code.isdigit() else code
