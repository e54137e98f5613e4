"""The catalogue: every fault, where it may bite, and what it can be told (DARAJA 6; the README's table)."""

from dataclasses import dataclass

# Daraja's products. `token` and `sms` are bitten by name only: "any" is for what moves and asks about money.
CALLS = ("stk", "query", "b2c", "status", "reversal", "balance", "c2b", "pull", "topup")
APART = ("token", "sms")
MONEY = ("stk", "b2c")

_EVERY = (*CALLS, *APART)
# What is answered by a result on ResultURL.
_ASKED = ("b2c", "status", "reversal", "balance", "topup")
_CALLED_BACK = ("stk", *_ASKED, "c2b", "sms")
_GARBAGE = ("upstream", "text", "html", "empty", "soap")
_STATUSES = (200, 500, 502, 503, 504)
SMS_STATUSES = {
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}


@dataclass(frozen=True)
class Kind:
    """`apis`: where it may bite; `usual`: where it does unless told otherwise.

    `delay_s`, and the first of `bodies`, `statuses` and `thens`, are what it does unless told otherwise.
    """

    apis: tuple[str, ...]
    usual: tuple[str, ...]
    delay_s: int = 0
    times: int | None = None
    bodies: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    thens: tuple[str, ...] = ()
    needs_code: bool = False
    may_have_code: bool = False

    def bites_any(self, api: str) -> bool:
        """Whether a fault of this kind that is armed for "any" bites here."""
        return api in self.apis and (api not in APART or set(self.apis) <= set(APART))


KINDS: dict[str, Kind] = {
    # Callbacks
    "callback_lost": Kind(_CALLED_BACK, ("stk",)),
    "callback_twice": Kind(_CALLED_BACK, ("stk",), times=2),
    "callback_late": Kind(_CALLED_BACK, ("stk",), delay_s=300),
    "callback_early": Kind(("stk", *_ASKED), ("stk",)),
    "callback_failure_first": Kind(MONEY, ("stk",), delay_s=5, may_have_code=True),
    "callback_stray_failure": Kind(MONEY, ("stk",), delay_s=2),
    # The HTTP answer
    "http_timeout_after": Kind(_EVERY, MONEY),
    "http_reset_after": Kind(_EVERY, MONEY),
    "http_garbage_after": Kind(_EVERY, MONEY, bodies=_GARBAGE, statuses=_STATUSES),
    "http_garbage_before": Kind(_EVERY, MONEY, bodies=_GARBAGE, statuses=_STATUSES),
    "http_error_before": Kind(
        _EVERY,
        MONEY,
        bodies=("spike_arrest", "busy", "quota", "internal", "maintenance"),
        statuses=(500, 429, 503),
    ),
    "http_slow": Kind(_EVERY, MONEY, delay_s=5),
    "token_invalidated": Kind(CALLS, CALLS),
    # Payouts
    "b2c_result_lost": Kind(("b2c",), ("b2c",)),
    "b2c_timeout_notice": Kind(("b2c",), ("b2c",), delay_s=30, thens=("result", "silence", "expired")),
    "b2c_unregistered": Kind(("b2c",), ("b2c",)),
    "b2c_wallet_full": Kind(("b2c",), ("b2c",)),
    "b2c_duplicate": Kind(
        ("b2c",),
        ("b2c",),
        bodies=("duplicate", "internal_error", "response_code_1"),
        thens=("result", "silence", "nothing"),
    ),
    "gateway_originator_id": Kind(_ASKED, ("b2c",)),
    "queue_timeout": Kind(("reversal", "balance", "topup"), ("reversal", "balance", "topup"), delay_s=30),
    "result_code": Kind(("stk", *_ASKED), ("b2c",), needs_code=True),
    # Questions
    "query_pending": Kind(
        ("query",),
        ("query",),
        bodies=("in_turn", "500.001.1001_first", "500.001.1001", "4999", "result_code_1"),
    ),
    "query_contradicts": Kind(("query",), ("query",), bodies=("opposite", "0", "1", "1032", "1037", "E3008")),
    "status_silent": Kind(("status",), ("status",)),
    "status_not_found": Kind(("status",), ("status",)),
    "status_timeout_notice": Kind(("status",), ("status",)),
    # The shape of what is called back
    "stk_phone": Kind(("stk",), ("stk",), bodies=("masked", "hashed", "missing", "text")),
    "stk_balance": Kind(("stk",), ("stk",), bodies=("no_value", "missing", "number", "text")),
    "result_single_item": Kind(_ASKED, ("b2c",)),
    "result_code_text": Kind(("stk", *_ASKED), ("b2c",)),
    "result_filler_id": Kind(_ASKED, ("b2c",)),
    "result_extra_keys": Kind(("stk", *_ASKED), ("b2c",)),
    # Africa's Talking
    "sms_refused": Kind(("sms",), ("sms",), statuses=tuple(SMS_STATUSES)),
    "sms_report_failed": Kind(
        ("sms",),
        ("sms",),
        bodies=("DeliveryFailure", "UserInBlackList", "UserIsInactive", "UserDoesNotExist", "rejected"),
    ),
    "sms_report_out_of_order": Kind(("sms",), ("sms",)),
}
