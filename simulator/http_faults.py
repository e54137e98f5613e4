"""Faults of the HTTP exchange itself: before a call is carried out, and instead of its answer (DARAJA 5, 6)."""

import httpx2
from werkzeug.wrappers import Response

from simulator.clock import SECOND
from simulator.fault_kinds import CALLS
from simulator.faults import Fault
from simulator.fields import GatewayError
from simulator.state import State

_PATHS = {
    "/mpesa/stkpush/": "stk",
    "/mpesa/stkpushquery/": "query",
    "/mpesa/b2c/": "b2c",
    "/mpesa/b2pochi/": "b2c",
    "/mpesa/transactionstatus/": "status",
    "/mpesa/reversal/": "reversal",
    "/mpesa/accountbalance/": "balance",
    "/mpesa/c2b/": "c2b",
    "/pulltransactions/": "pull",
    "/mpesa/b2b/": "topup",
}
_GARBAGE = {
    # What a payments engineer met one day: JSON parsing threw, and the payout went out twice (DARAJA 5).
    "upstream": (
        "text/plain",
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    ),
    "text": ("text/plain", "Service Unavailable"),
    "html": (
        "text/html",
        (
            "<!DOCTYPE html><html><head><title>Request Rejected</title></head>"
            "<body>The requested URL was rejected. Please consult with your administrator.</body></html>"
        ),
    ),
    "empty": ("application/json", ""),
    "soap": (
        "application/json",
        (
            '{"Envelope":{"encodingStyle":"http://schemas.xmlsoap.org/soap/encoding/","Body":{"Fault":{'
            '"faultcode":"soap-env:Server","faultstring":"Internal Error"}}}}'
        ),
    ),
}
_REFUSALS = {
    "spike_arrest": ("500.003.02", "Spike arrest violation"),
    "busy": ("500.003.02", "System is busy. Please try again in few minutes."),
    "quota": ("500.003.03", "Quota Violation"),
    "internal": ("500.003.1001", "Internal Server Error"),
    "maintenance": ("00.002.1001", "Under maintenance"),
}


class AnswerLost(httpx2.ReadTimeout):
    """The request was carried out and its answer gets lost.

    In-process it goes up through the WSGI transport as the time-out that a client would see; stand-alone the
    connection is closed without an answer, `hold_s` later.
    """

    def __init__(self, message: str, *, hold_s: float = 0) -> None:
        super().__init__(message)
        self.hold_s = hold_s


class AnswerReset(httpx2.ReadError):
    """The request was carried out and the connection is reset, in-process as the client's transport says it."""


class Spoiled(Exception):
    """Something else is answered, and nothing was carried out."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def api_of(path: str) -> str | None:
    """The name that faults know a path of Daraja's by; None for the token and for what is not there."""
    return next((api for prefix, api in _PATHS.items() if path.startswith(prefix)), None)


def before(state: State, api: str, msisdn: str | None) -> float:
    """What goes wrong before anything is done; returns for how many seconds the answer has to wait.

    :raises GatewayError: http_error_before
    :raises Spoiled: http_garbage_before
    """
    with state.transaction():
        slow = _take(state, "http_slow", api, msisdn)
        refused = _take(state, "http_error_before", api, msisdn)
        spoiled = None if refused else _take(state, "http_garbage_before", api, msisdn)
    if refused is not None:
        code, message = _REFUSALS[refused.body]
        raise GatewayError(refused.status, code, message)
    if spoiled is not None:
        raise Spoiled(_garbage(spoiled))
    return slow.delay_us / SECOND if slow else 0


def after(state: State, api: str, msisdn: str | None) -> Response | None:
    """What comes instead of the answer to something that was done; None: the answer itself.

    :raises AnswerLost: http_timeout_after
    :raises AnswerReset: http_reset_after
    """
    with state.transaction():
        lost = _take(state, "http_timeout_after", api, msisdn)
        reset = None if lost else _take(state, "http_reset_after", api, msisdn)
        spoiled = None if lost or reset else _take(state, "http_garbage_after", api, msisdn)
    if lost is not None:
        raise AnswerLost("the answer got lost on its way", hold_s=lost.delay_us / SECOND)
    if reset is not None:
        raise AnswerReset("the connection was reset")
    return None if spoiled is None else _garbage(spoiled)


def invalidate_token(state: State, path: str, msisdn: str | None) -> None:
    """By the fault token_invalidated another worker gets a token in this moment: the caller's is dead."""
    api = api_of(path)
    if api not in CALLS:
        return
    with state.transaction():
        if _take(state, "token_invalidated", api, msisdn) is not None:
            state.credentials.issue_token(state.clock.micros())


def _take(state: State, name: str, api: str, msisdn: str | None) -> Fault | None:
    return state.faults.take(name, api=api, msisdn=msisdn)


def _garbage(fault: Fault) -> Response:
    mimetype, text = _GARBAGE[fault.body]
    return Response(text, status=fault.status, mimetype=mimetype)
