"""The HTTP face: a table of paths, bearer check, faults around the call, answers."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from simulator import (
    control,
    control_money,
    credentials,
    daraja_b2c,
    daraja_balance,
    daraja_c2b,
    daraja_pull,
    daraja_reversal,
    daraja_status,
    daraja_stk,
    daraja_topup,
    http_faults,
    routes,
    sms,
    wire,
)
from simulator.control import ControlError
from simulator.fields import GatewayError, has_refused_word, invalid, parse_body
from simulator.http_faults import Spoiled
from simulator.phones import normalise
from simulator.state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PULL = "/pulltransactions/v1/query"
_MOST_BYTES = 256 * 1024


class App:
    """A WSGI callable over one State.

    `run_now` settles the given row and sends what it calls back at once (for the fault callback_early);
    `changed` is told after each request that may have put something on the agenda. `wait` is what the fault
    http_slow does with its seconds: nothing in-process, where nobody sleeps; the server waits.
    """

    def __init__(
        self,
        state: State,
        *,
        base_url: str,
        run_now: Callable[[str, int], None],
        changed: Callable[[], None],
        callbacks_log: Callable[[], list[dict[str, object]]],
    ) -> None:
        self._state = state
        self.base_url = base_url
        self._run_now = run_now
        self._changed = changed
        self._callbacks_log = callbacks_log
        self.wait: Callable[[float], object] = lambda _: None
        self._gateway: dict[str, Callable[[dict[str, object]], Response]] = {
            "/mpesa/stkpush/v1/processrequest": self._stk_push,
            "/mpesa/stkpushquery/v1/query": self._stk_query,
            "/mpesa/b2c/v3/paymentrequest": lambda body: self._b2c(body, version=3),
            "/mpesa/b2c/v1/paymentrequest": lambda body: self._b2c(body, version=1),
            "/mpesa/transactionstatus/v1/query": self._status,
            "/mpesa/reversal/v1/request": self._plain("reversal", daraja_reversal.request_reversal),
            "/mpesa/accountbalance/v1/query": self._plain("balance", daraja_balance.request_balance),
            "/mpesa/b2b/v1/paymentrequest": self._plain("topup", daraja_topup.request_topup),
            "/mpesa/c2b/v1/registerurl": self._plain("c2b", daraja_c2b.register_urls),
            "/mpesa/c2b/v2/registerurl": self._plain("c2b", daraja_c2b.register_urls),
            "/mpesa/c2b/v1/simulate": self._plain("c2b", daraja_c2b.simulate),
            "/mpesa/c2b/v2/simulate": self._plain("c2b", daraja_c2b.simulate),
            "/pulltransactions/v1/register": self._plain("pull", daraja_pull.register),
            "/pulltransactions/v1/query": self._plain("pull", daraja_pull.query),
        }
        self._control: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "/_sim/health"): lambda _: {"ok": True},
            ("GET", "/_sim/config"): lambda _: self.config(),
            ("GET", "/_sim/books"): lambda request: control_money.books_at(state, request.args.get("at")),
            ("GET", "/_sim/transactions"): lambda request: control_money.transactions(
                state, request.args.to_dict()
            ),
            ("GET", "/_sim/callbacks"): lambda _: {"callbacks": self._callbacks_log()},
            ("GET", "/_sim/sms"): lambda request: {"messages": sms.messages(state, request.args.get("to"))},
            ("POST", "/_sim/payments"): lambda request: control.book_payment(state, _wishes(request)),
            ("POST", "/_sim/paybill"): lambda request: control_money.pay_bill(state, _wishes(request)),
            ("GET", "/_sim/paybill"): lambda _: {"payments": daraja_c2b.by_hand(state)},
            ("DELETE", "/_sim/c2b"): lambda _: control_money.forget_urls(state),
            ("POST", "/_sim/settlements"): lambda request: control_money.settle(state, _wishes(request)),
            ("GET", "/_sim/clock"): lambda _: control.show_clock(state),
            ("POST", "/_sim/clock"): lambda request: control.move_clock(state, _wishes(request)),
            ("GET", "/_sim/faults"): lambda _: {"faults": state.faults.all()},
            ("POST", "/_sim/faults"): lambda request: control.add_fault(state, _wishes(request)),
            ("DELETE", "/_sim/faults"): lambda _: self.clear_faults(),
            ("GET", "/_sim/switches"): lambda _: state.switches.all(),
            ("POST", "/_sim/switches"): lambda request: control.set_switches(state, _wishes(request)),
            ("POST", "/_sim/initiator/unlock"): lambda _: self._unlock_initiator(),
            **routes.routes(state, _wishes),
        }

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request.

        :raises AnswerLost: by the fault http_timeout_after
        :raises AnswerReset: by the fault http_reset_after
        """
        request = Request(environ)
        request.max_content_length = _MOST_BYTES
        try:
            # Read whole, whatever becomes of it: on a kept connection the rest would pass for the next one.
            raw = request.get_data(cache=True)
            response = self._answer(request, raw)
        except RequestEntityTooLarge:
            response = _json({"error": "the body is too large"}, 413)
            response.headers["Connection"] = "close"
        except HTTPException as error:
            response = _json({"error": error.name}, error.code or 400)
        finally:
            self._state.end_call()  # of one that was refused
            if request.method != "GET":
                self._changed()
        return response(environ, start_response)

    def config(self) -> dict[str, str]:
        """As GET /_sim/config."""
        with self._state.transaction():
            certificate = self._state.credentials.certificate()
            password = self._state.credentials.initiator_password()
        return control.config(self.base_url, certificate, password)

    def clear_faults(self) -> dict[str, object]:
        """As DELETE /_sim/faults."""
        with self._state.transaction():
            self._state.faults.clear()
        return {"faults": []}

    def _answer(self, request: Request, raw: bytes) -> Response:
        path = request.path
        if path.startswith("/_sim/"):
            return self._answer_control(request)
        try:
            if path == "/version1/messaging":
                return self._answer_sms(request)
            return self._answer_gateway(request, raw)
        except GatewayError as error:
            return self._refusal(error)
        except Spoiled as spoiled:
            return spoiled.response

    # Daraja ---

    def _answer_gateway(self, request: Request, raw: bytes) -> Response:
        if request.path == "/oauth/v1/generate":
            _require_method(request, "GET")
            return self._token(request)
        handler = self._gateway.get(request.path)
        if handler is None:
            raise GatewayError(404, "404.001.01", "Resource not found")
        # The pages say GET for this one and yet show a body (DARAJA 1).
        _require_method(request, *(("POST", "GET") if request.path == _PULL else ("POST",)))
        http_faults.invalidate_token(self._state, request.path, _phone_of(raw))
        if not self._state.credentials.is_token(
            request.headers.get("Authorization", ""), self._state.clock.micros()
        ):
            code = str(self._state.switches.get("invalid_token_code"))
            raise GatewayError(int(code[:3]), code, "Invalid Access Token")
        body = parse_body(raw, request.headers.get("Content-Type", ""))
        if self._state.switches.get("strict_urls") is True:
            _refuse_words(body)
        return handler(body)

    def _token(self, request: Request) -> Response:
        self._fail_before("token", None)
        if request.args.get("grant_type") != "client_credentials":
            raise GatewayError(400, "400.008.02", "Invalid grant type passed")
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise GatewayError(400, "400.008.01", "Invalid Authentication passed")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except binascii.Error:
            given = b""
        wanted = f"{credentials.CONSUMER_KEY}:{credentials.CONSUMER_SECRET}".encode()
        if not hmac.compare_digest(given, wanted):
            # Recorded live: an empty body (DARAJA 1.1).
            return Response(b"", status=400)
        with self._state.transaction():
            token = self._state.credentials.issue_token(self._state.clock.micros())
        answer: dict[str, object] = {"access_token": token, "expires_in": str(credentials.TOKEN_LIFE_S)}
        return self._finish("token", None, answer)

    def _stk_push(self, body: dict[str, object]) -> Response:
        msisdn = _phone_in(body, "PhoneNumber")
        self._fail_before("stk", msisdn)
        _, answer = daraja_stk.request_prompt(self._state, body)
        return self._finish("stk", msisdn, answer)

    def _stk_query(self, body: dict[str, object]) -> Response:
        msisdn = self._phone_of_prompt(body)
        self._fail_before("query", msisdn)
        return self._finish("query", msisdn, daraja_stk.query(self._state, body))

    def _b2c(self, body: dict[str, object], *, version: int) -> Response:
        msisdn = _phone_in(body, "PartyB")
        if version == 1 and self._state.switches.get("b2c_v1") == "gone":
            raise GatewayError(404, "404.001.01", "Resource not found")
        self._fail_before("b2c", msisdn)
        return self._finish("b2c", msisdn, daraja_b2c.request_payout(self._state, body, version=version))

    def _status(self, body: dict[str, object]) -> Response:
        msisdn = daraja_status.phone_asked_about(self._state, body)
        self._fail_before("status", msisdn)
        return self._finish("status", msisdn, daraja_status.request_status(self._state, body))

    def _plain(
        self, api: str, handle: Callable[[State, dict[str, object]], dict[str, object]]
    ) -> Callable[[dict[str, object]], Response]:
        def answer(body: dict[str, object]) -> Response:
            self._fail_before(api, None)
            return self._finish(api, None, handle(self._state, body))

        return answer

    def _fail_before(self, api: str, msisdn: str | None) -> None:
        self._state.begin_call()
        seconds = http_faults.before(self._state, api, msisdn)
        if seconds:
            self.wait(seconds)

    def _finish(self, api: str, msisdn: str | None, answer: dict[str, object], status: int = 200) -> Response:
        with self._state.transaction():
            is_early = self._state.faults.take("callback_early", api=api, msisdn=msisdn) is not None
        scheduled = self._state.end_call()
        for kind, ref in scheduled if is_early else ():
            self._run_now(kind, ref)
        return http_faults.after(self._state, api, msisdn) or _json(answer, status)

    def _phone_of_prompt(self, body: dict[str, object]) -> str | None:
        asked = body.get("CheckoutRequestID")
        if not isinstance(asked, str) or not asked.isascii():
            return None
        found: str | None = self._state.store.value(
            "SELECT msisdn FROM prompts WHERE checkout_request_id = ?", asked
        )
        return found

    def _refusal(self, error: GatewayError) -> Response:
        with self._state.transaction():
            request_id = self._state.ids.merchant_request()
        body = {"requestId": request_id, "errorCode": error.code, "errorMessage": error.message}
        return _json(body, error.status)

    # Africa's Talking ---

    def _answer_sms(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("The requested method is not supported", status=405, mimetype="text/plain")
        # Faults of one number bite when the message goes to nobody else.
        msisdn = normalise(request.form.get("to", ""))
        try:
            self._fail_before("sms", msisdn)
            sent = sms.send(self._state, request.form.to_dict(), api_key=request.headers.get("apiKey", ""))
        except sms.SmsRefused as refusal:
            return Response(refusal.message, status=refusal.status, mimetype="text/plain")
        except GatewayError as error:
            return Response(error.message, status=error.status, mimetype="text/plain")
        return self._finish("sms", msisdn, sent, 201)

    # The simulator itself ---

    def _answer_control(self, request: Request) -> Response:
        prefix, _, rest = request.path.partition("/_sim/phones/")
        try:
            if not prefix and rest and request.method in {"GET", "POST"}:
                if request.method == "GET":
                    return _json(control.show_phone(self._state, rest))
                return _json(control.set_phone(self._state, rest, _wishes(request)))
            if (request.method, request.path) == ("GET", "/_sim/statement"):
                return self._statement(request)
            handler = self._control.get((request.method, request.path))
            if handler is None:
                return _json({"error": "there is nothing here; see simulator/README.md"}, 404)
            return _json(handler(request))
        except ControlError as error:
            return _json({"error": error.message}, error.status)

    def _statement(self, request: Request) -> Response:
        text = control_money.statement_of(self._state, request.args.to_dict())
        response = Response(text, mimetype="text/csv")
        response.headers["Content-Disposition"] = 'attachment; filename="statement.csv"'
        return response

    def _unlock_initiator(self) -> dict[str, object]:
        with self._state.transaction():
            self._state.credentials.unlock_initiator()
        return {"ok": True}


def _wishes(request: Request) -> dict[str, object]:
    """The JSON object of a control request; its content type does not matter."""
    try:
        found = json.loads(request.get_data(cache=True) or b"{}")
        json.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError: a lone surrogate
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ControlError(400, "the body is a JSON object")
    return found


def _phone_of(raw: bytes) -> str | None:
    """The phone that a request is about, before its token and its fields are looked at."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    return _phone_in(body, "PhoneNumber") or _phone_in(body, "PartyB")


def _phone_in(body: dict[str, object], field: str) -> str | None:
    found = body.get(field)
    return (
        normalise(str(found)) if isinstance(found, str) or (type(found) is int and found < 10**13) else None
    )


def _refuse_words(body: dict[str, object]) -> None:
    for field in ("CallBackURL", "ResultURL", "QueueTimeOutURL"):
        if has_refused_word(str(body.get(field, ""))):
            raise invalid(field)


def _require_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise GatewayError(405, "405.001", "Method Not Allowed")


def _json(payload: object, status: int = 200) -> Response:
    return Response(wire.dumps(payload), status=status, mimetype="application/json")
