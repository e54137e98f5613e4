"""M-Pesa's callbacks: bytes in, typed results out, tolerant of every variation that DARAJA 2 lists.

A callback is a claim. Nothing here is matched by phone number, which may come in full, masked, hashed or not
at all.
"""

from dataclasses import replace

from zemi.providers import wire
from zemi.providers.base import (
    AccountBalance,
    BalanceResult,
    C2BReceipt,
    ChargeResult,
    DisburseResult,
    PulledTransaction,
    ReversalResult,
    Succeeded,
    Unknown,
    UnreadableCallback,
)
from zemi.providers.mpesa import codes

_CHARGE_ITEMS = frozenset({"Amount", "MpesaReceiptNumber", "TransactionDate"})
_RESULT_ITEMS = frozenset({"TransactionAmount", "TransactionReceipt", "TransactionCompletedDateTime"})
_REVERSAL_ITEMS = frozenset({"Amount", "TransCompletedTime", "OriginalTransactionID"})
_BALANCE_ITEMS = frozenset({"AccountBalance", "BOCompletedTime"})
_PARTY_ITEMS = frozenset({"CreditPartyName", "DebitPartyName"})
_STATUS_ITEMS = frozenset(
    {
        "Amount",
        "ConversationID",
        "FinalisedTime",
        "OriginatorConversationID",
        "ReceiptNo",
        "TransactionStatus",
    }
)


def read_stk_callback(body: bytes) -> ChargeResult:
    """Read what became of a prompt (DARAJA 2.1).

    A success without metadata is still a success, without receipt and amount.
    :raises UnreadableCallback: not in a documented shape
    """
    callback = wire.child(wire.child(wire.read_object(body), "Body"), "stkCallback")
    checkout_id = wire.identifier(callback, "CheckoutRequestID")
    if not checkout_id:
        raise UnreadableCallback("CheckoutRequestID is missing")
    outcome = codes.charge_result(wire.code(callback, "ResultCode"), wire.words(callback, "ResultDesc"))
    if isinstance(outcome, Succeeded):
        items = wire.named_values(
            callback.get("CallbackMetadata"), entries="Item", key="Name", wanted=_CHARGE_ITEMS
        )
        outcome = replace(
            outcome,
            receipt=wire.receipt(items.get("MpesaReceiptNumber")),
            amount=wire.amount(items.get("Amount")),
            at=wire.eat_time(items.get("TransactionDate")),
        )
    return ChargeResult(
        provider_reference=checkout_id,
        request_reference=wire.identifier(callback, "MerchantRequestID"),
        outcome=outcome,
    )


def read_b2c_result(body: bytes) -> DisburseResult:
    """Read what became of a payout (DARAJA 2.3).

    `originator_id` may be the gateway's own instead of ours: match by either id, or by the path it came to.
    :raises UnreadableCallback: not in a documented shape
    """
    result = wire.child(wire.read_object(body), "Result")
    originator_id = wire.identifier(result, "OriginatorConversationID")
    conversation_id = wire.identifier(result, "ConversationID")
    if not originator_id and not conversation_id:
        raise UnreadableCallback("both conversation ids are missing")
    outcome = codes.payout_result(wire.code(result, "ResultCode"), wire.words(result, "ResultDesc"))
    if isinstance(outcome, Succeeded):
        items = _parameters(result, _RESULT_ITEMS)
        outcome = replace(
            outcome,
            receipt=wire.receipt(items.get("TransactionReceipt"))
            or wire.receipt(result.get("TransactionID")),
            amount=wire.amount(items.get("TransactionAmount")),
            at=wire.eat_time(items.get("TransactionCompletedDateTime")),
        )
    return DisburseResult(originator_id=originator_id, provider_reference=conversation_id, outcome=outcome)


def read_timeout_notice(body: bytes) -> DisburseResult:
    """Read a notice on a QueueTimeOutURL: always Unknown, whatever code it carries (DARAJA 2.4).

    Its shape is not documented, so the ids are taken where they are found; the path tells which attempt it
    means.
    :raises UnreadableCallback: not a JSON object
    """
    notice = wire.read_object(body)
    result = notice.get("Result")
    fields = result if isinstance(result, dict) else notice
    outcome = Unknown(_code_or_none(fields), wire.words(fields, "ResultDesc"))
    return DisburseResult(
        originator_id=wire.identifier(fields, "OriginatorConversationID"),
        provider_reference=wire.identifier(fields, "ConversationID"),
        outcome=outcome,
    )


def read_status_result(body: bytes) -> DisburseResult:
    """Read the answer to a transaction status query (DARAJA 2.5).

    ResultCode 0 says that the query worked; the payment's fate is TransactionStatus. The ids are those of
    the payment that was asked about, empty where the answer leaves them out: the envelope's own belong to
    the query.
    :raises UnreadableCallback: not in a documented shape
    """
    result = wire.child(wire.read_object(body), "Result")
    code, text = wire.code(result, "ResultCode"), wire.words(result, "ResultDesc")
    if code != codes.SUCCESS:
        # Not found is no proof either: what M-Pesa answers for an id it never saw is not documented (DARAJA
        # 1.5).
        question = codes.question_result(code, text)
        return DisburseResult(originator_id="", provider_reference="", outcome=question)
    items = _parameters(result, _STATUS_ITEMS)
    outcome = codes.payout_state(wire.words(items, "TransactionStatus"), text)
    if isinstance(outcome, Succeeded):
        outcome = replace(
            outcome,
            receipt=wire.receipt(items.get("ReceiptNo")),
            amount=wire.amount(items.get("Amount")),
            at=wire.eat_time(items.get("FinalisedTime")),
        )
    return DisburseResult(
        originator_id=wire.identifier(items, "OriginatorConversationID"),
        provider_reference=wire.identifier(items, "ConversationID"),
        outcome=outcome,
    )


def read_transaction_result(body: bytes) -> C2BReceipt | None:
    """Read what the status of a receipt proves to have come in; None where it proves nothing (DARAJA 2.5).

    The shortcode is the one that was credited: the status of a payment that went out looks the same otherwise. What
    the payer typed is not told.
    :raises UnreadableCallback: not in a documented shape
    """
    found = read_status_result(body).outcome
    items = _parameters(wire.child(wire.read_object(body), "Result"), _PARTY_ITEMS)
    if not isinstance(found, Succeeded) or found.receipt is None or found.amount is None:
        return None
    credited = wire.words(items, "CreditPartyName").partition(" - ")[0]
    return C2BReceipt(
        receipt=found.receipt,
        amount=found.amount,
        at=found.at,
        reference="",
        payer=wire.msisdn(wire.words(items, "DebitPartyName").partition(" - ")[0]),
        shortcode=credited if credited.isdecimal() and credited.isascii() else "",
    )


def read_reversal_result(body: bytes) -> ReversalResult:
    """Read what became of a reversal or a top-up (DARAJA 2.5). Neither id is ours: match by the path it came to.

    :raises UnreadableCallback: not in a documented shape
    """
    result = wire.child(wire.read_object(body), "Result")
    outcome = codes.reversal_result(wire.code(result, "ResultCode"), wire.words(result, "ResultDesc"))
    original = None
    if isinstance(outcome, Succeeded):
        items = _parameters(result, _REVERSAL_ITEMS)
        original = wire.receipt(items.get("OriginalTransactionID"))
        outcome = replace(
            outcome,
            receipt=wire.receipt(result.get("TransactionID")),
            amount=wire.amount(items.get("Amount")),
            at=wire.eat_time(items.get("TransCompletedTime")),
        )
    return ReversalResult(
        originator_id=wire.identifier(result, "OriginatorConversationID"),
        provider_reference=wire.identifier(result, "ConversationID"),
        original_receipt=original,
        outcome=outcome,
    )


def read_balance_result(body: bytes) -> BalanceResult:
    """Read what our accounts hold; the second number of each is what can be spent (DARAJA 1.7).

    :raises UnreadableCallback: not in a documented shape
    """
    result = wire.child(wire.read_object(body), "Result")
    reference = wire.identifier(result, "ConversationID")
    code, text = wire.code(result, "ResultCode"), wire.words(result, "ResultDesc")
    outcome = codes.reversal_result(code, text)
    if not isinstance(outcome, Succeeded):
        return BalanceResult(reference, outcome)
    items = _parameters(result, _BALANCE_ITEMS)
    listed = items.get("AccountBalance")
    if not isinstance(listed, str):
        raise UnreadableCallback("AccountBalance is missing")
    accounts = tuple(_account(row) for row in listed.split("&"))
    return BalanceResult(
        reference, replace(outcome, at=wire.eat_time(items.get("BOCompletedTime"))), accounts
    )


def _account(row: str) -> AccountBalance:
    match row.split("|"):
        case [name, "KES", total, available, _, _] if name.strip():
            return AccountBalance(name.strip(), wire.balance(total), wire.balance(available))
    raise UnreadableCallback("AccountBalance has an account that can't be read")


def read_c2b_confirmation(body: bytes) -> C2BReceipt:
    """Read the announcement of money that came in (DARAJA 2.2).

    :raises UnreadableCallback: not in a documented shape
    """
    fields = wire.read_object(body)
    receipt, amount = wire.receipt(fields.get("TransID")), wire.amount(fields.get("TransAmount"))
    if receipt is None or amount is None:
        raise UnreadableCallback("TransID or TransAmount is missing")
    return C2BReceipt(
        receipt=receipt,
        amount=amount,
        at=wire.eat_time(fields.get("TransTime")),
        reference=wire.words(fields, "BillRefNumber"),
        payer=wire.msisdn(fields.get("MSISDN")),
        shortcode=wire.identifier(fields, "BusinessShortCode"),
    )


def read_pulled(found: object) -> list[PulledTransaction]:
    """Read the rows of a pull's answer: objects in a list, or in a list in a list.

    :raises UnreadableCallback: another shape, or a row without receipt or amount
    """
    if found is None or found == "":
        return []
    if not isinstance(found, list):
        raise UnreadableCallback("Response is not a list")
    rows = [row for entry in found for row in (entry if isinstance(entry, list) else [entry])]
    return [_pulled(row) for row in rows]


def _pulled(row: object) -> PulledTransaction:
    if not isinstance(row, dict):
        raise UnreadableCallback("Response has a row that is not an object")
    receipt, amount = wire.receipt(row.get("transactionId")), wire.amount(row.get("amount"))
    if receipt is None or amount is None:
        raise UnreadableCallback("a row lacks its receipt or its amount")
    return PulledTransaction(
        receipt=receipt,
        amount=amount,
        at=wire.iso_time(row.get("trxDate")),
        reference=wire.words(row, "billreference"),
        payer=wire.msisdn(row.get("msisdn")),
    )


def _parameters(result: dict[str, object], wanted: frozenset[str]) -> dict[str, object]:
    found = result.get("ResultParameters")
    return wire.named_values(found, entries="ResultParameter", key="Key", wanted=wanted)


def _code_or_none(fields: dict[str, object]) -> str:
    try:
        return wire.code(fields, "ResultCode")
    except UnreadableCallback:
        return ""
