"""What called-back payloads look like where the sources disagree: by switch, or by a fault (DARAJA 2, 6.19)."""

import hashlib
from collections.abc import Callable
from typing import Any

from simulator import wire
from simulator.books import wallet
from simulator.state import State


def shaped(state: State, api: str, msisdn: str | None, payload: object) -> object:
    """The payload as it will be sent (inside a transaction); the given one is left as it is."""

    def takes(name: str) -> str | None:
        fault = state.faults.take(name, api=api, msisdn=msisdn)
        return None if fault is None else fault.body or name

    match payload:
        case {"Body": {"stkCallback": dict(callback)}}:
            return {"Body": {"stkCallback": _stk(state, callback, takes)}}
        case {"Result": dict(result)}:
            return {"Result": _result(state, api, result, takes)}
    return payload


def masked(msisdn: str) -> str:
    """2547 ***** 126, as notifications show a payer since March 2026 (DARAJA 2.2)."""
    return f"{msisdn[:4]} ***** {msisdn[-3:]}"


def hashed(msisdn: str) -> str:
    """The SHA-256 of the number in hex, as an earlier phase showed it."""
    return hashlib.sha256(msisdn.encode()).hexdigest()


def _stk(state: State, callback: dict[str, Any], takes: Callable[[str], str | None]) -> dict[str, Any]:
    shown = dict(callback)
    if metadata := callback.get("CallbackMetadata"):
        phone = takes("stk_phone") or str(state.switches.get("stk_phone"))
        balance = takes("stk_balance") or str(state.switches.get("stk_balance"))
        items = [_stk_item(state, item, metadata["Item"], phone, balance) for item in metadata["Item"]]
        shown["CallbackMetadata"] = {"Item": [item for item in items if item is not None]}
    _code_as_text(shown, takes)
    if takes("result_extra_keys"):
        shown["ChannelInfo"] = {"Channel": "MPESA", "Trace": None}
    return shown


def _stk_item(
    state: State, item: dict[str, Any], items: list[dict[str, Any]], phone: str, balance: str
) -> dict[str, Any] | None:
    if item["Name"] == "PhoneNumber":
        msisdn = str(item["Value"])
        if phone == "missing":
            return None
        forms = {"text": msisdn, "masked": masked(msisdn), "hashed": hashed(msisdn)}
        return {**item, "Value": forms.get(phone, item["Value"])}
    if item["Name"] == "Balance" and balance != "no_value":
        if balance == "missing":
            return None
        payer = next(str(other["Value"]) for other in items if other["Name"] == "PhoneNumber")
        left = state.books.balance(wallet(payer))
        basic = f"{left // 100}.{left % 100:02d}"
        text = f"{{Amount={{CurrencyCode=KES, MinimumAmount={left}, BasicAmount={basic}}}}}"
        return {**item, "Value": wire.cents(left) if balance == "number" else text}
    return item


def _result(
    state: State, api: str, result: dict[str, Any], takes: Callable[[str], str | None]
) -> dict[str, Any]:
    shown = dict(result)
    parameters = result.get("ResultParameters")
    if parameters and takes("result_single_item"):
        items = parameters["ResultParameter"]
        # The receipt is what can be missed least.
        kept = [item for item in items if item["Key"] in {"TransactionReceipt", "ReceiptNo"}] or items
        shown["ResultParameters"] = {"ResultParameter": kept[0]}
    _code_as_text(shown, takes)
    if takes("result_filler_id"):
        shown["TransactionID"] = f"{str(result.get('TransactionID', 'UGK'))[:3]}0000000"
    # For payouts daraja_b2c does it, and remembers the id so that it can be asked for.
    if api != "b2c" and takes("gateway_originator_id"):
        shown["OriginatorConversationID"] = state.ids.merchant_request()
    if takes("result_extra_keys"):
        shown["TraceInfo"] = {"Node": "ke-01", "Trace": None}
    return shown


def _code_as_text(shown: dict[str, Any], takes: Callable[[str], str | None]) -> None:
    if takes("result_code_text"):
        shown["ResultCode"] = str(shown["ResultCode"])
