"""The client alone: what it refuses unasked, what it makes of errors, when it sends again."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.providers.peers import (
    B2C,
    NOON,
    PUSH,
    QUERY,
    STATUS,
    TOKEN,
    RecordedPeer,
    Wire,
    client,
    payout,
    prompt,
)
from zemi.common import clock, http_client
from zemi.common.money import Money, kes
from zemi.providers.base import Accepted, ChargeOutcome, DisburseOutcome, Reason, Refused, Succeeded, Unknown
from zemi.providers.mpesa.client import Mpesa, MpesaConfig
from zemi.providers.mpesa.tokens import ProcessTokens

URLS = {"result_url": "https://zemi.test/hooks/r", "timeout_url": "https://zemi.test/hooks/t"}
Answering = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    yield
    http_client.use_transport(None)
    clock.use(None)


def error(status: int, code: str, text: str) -> httpx2.Response:
    return httpx2.Response(status, json={"requestId": "1-2-3", "errorCode": code, "errorMessage": text})


def mpesa_that_hears(
    *answers: httpx2.Response | Exception, token: Answering | None = None
) -> tuple[Mpesa, Wire]:
    """A client whose calls get `answers` one after the other, the last one for ever."""
    left = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == TOKEN:
            return (
                token(request)
                if token
                else httpx2.Response(200, json={"access_token": "t", "expires_in": 3599})
            )
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return httpx2.Response(found.status_code, content=found.content)

    peer = RecordedPeer()
    peer.wire = Wire(httpx2.MockTransport(answer))
    return client(peer), peer.wire


@pytest.mark.parametrize("amount", [kes(0), kes(250_001), Money(150_050), Money(100, "USD")], ids=str)
def test_a_charge_that_mpesa_cannot_move_is_refused_without_a_call(amount: Money):
    mpesa, wire = mpesa_that_hears(error(500, "500.003.02", "never asked"))

    outcome = mpesa.charge(prompt(amount))

    assert isinstance(outcome, Refused)
    assert (outcome.reason, wire.sent) == (Reason.INVALID_REQUEST, [])


@pytest.mark.parametrize("amount", [kes(9), kes(250_001), Money(150_050)], ids=str)
def test_a_payout_that_mpesa_cannot_move_is_refused_without_a_call(amount: Money):
    mpesa, wire = mpesa_that_hears(error(500, "500.003.02", "never asked"))

    outcome = mpesa.disburse(payout(amount=amount))

    assert isinstance(outcome, Refused)
    assert (outcome.reason, wire.sent) == (Reason.INVALID_REQUEST, [])


@pytest.mark.parametrize("amount", [kes(1), kes(250_000)], ids=str)
def test_the_limits_themselves_can_be_charged(amount: Money):
    mpesa, wire = mpesa_that_hears(error(500, "500.003.02", "Spike arrest"))

    mpesa.charge(prompt(amount))

    assert [body["Amount"] for body in wire.bodies(PUSH)] == [amount.shillings]


# Status, errorCode, text; what it means for a prompt; what it means for a payout (None: Unknown).
ERRORS = [
    (400, "400.002.02", "Bad Request - Invalid CallBackURL", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (400, "400.002.05", "Invalid Request Payload", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (404, "404.001.01", "Resource not found", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (405, "405.001", "Method Not Allowed", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (500, "500.001.1001", "Merchant does not exist", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (500, "500.001.1001", "Wrong credentials", Reason.CREDENTIALS, Reason.CREDENTIALS),
    (
        500,
        "500.001.1001",
        "Unable to lock subscriber, a transaction is already in process",
        Reason.TOO_SOON,
        None,
    ),
    (500, "500.001.1001", "Internal Server Error", None, None),
    (500, "500.001.1001", "The transaction is being processed", None, None),
    (500, "500.002.1001", "Duplicate OriginatorConversationID.", None, None),
    (500, "500.002.1001", "System internal error.", None, None),
    (500, "500.003.02", "System is busy", Reason.BUSY, Reason.BUSY),
    (429, "500.003.02", "Spike arrest violation", Reason.BUSY, Reason.BUSY),
    (429, "429.001.01", "Too many requests", Reason.BUSY, Reason.BUSY),
    (500, "500.003.03", "Quota Violation", Reason.BUSY, Reason.BUSY),
    (500, "500.003.1001", "Internal Server Error", None, None),
    (503, "00.002.1001", "The system is in maintenance", Reason.BUSY, Reason.BUSY),
    (404, "404.001.03", "Invalid Access Token", Reason.BUSY, Reason.BUSY),
    (401, "401.999.01", "Unauthorized", Reason.BUSY, Reason.BUSY),
    (401, "401.003.01", "no apiproduct match found", Reason.INVALID_REQUEST, Reason.INVALID_REQUEST),
    (400, "400.999.99", "Never heard of", None, None),
    (500, "500.999.99", "Never heard of", None, None),
]


@pytest.mark.parametrize(
    ("status", "code", "text", "of_prompt", "of_payout"),
    ERRORS,
    ids=[f"{row[1]}-{row[2][:20]}" for row in ERRORS],
)
def test_an_error_is_a_refusal_only_where_nothing_was_done(
    status: int, code: str, text: str, of_prompt: Reason | None, of_payout: Reason | None
):
    mpesa, _ = mpesa_that_hears(error(status, code, text))

    outcomes: list[tuple[ChargeOutcome | DisburseOutcome, Reason | None]] = [
        (mpesa.charge(prompt()), of_prompt),
        (mpesa.disburse(payout()), of_payout),
    ]

    for outcome, reason in outcomes:
        assert outcome == (Unknown(code, text) if reason is None else Refused(reason, code, text))


@pytest.mark.parametrize(
    ("status", "code", "text"), [row[:3] for row in ERRORS], ids=[f"{row[1]}-{row[2][:20]}" for row in ERRORS]
)
def test_an_error_of_a_question_says_nothing_about_the_money(status: int, code: str, text: str):
    mpesa, _ = mpesa_that_hears(error(status, code, text))

    asked, sent = mpesa.query_charge("ws_CO_1"), mpesa.query_disbursement("zemi-1", **URLS)

    pending = text == "The transaction is being processed"
    assert asked == (Accepted(code, text, "ws_CO_1") if pending else Unknown(code, text))
    assert sent == Unknown(code, text)


UNREADABLE = [
    httpx2.Response(200, text="upstream connect error"),
    httpx2.Response(200, text=""),
    httpx2.Response(503, text="<html><body>Service Unavailable</body></html>"),
    httpx2.Response(500, json={"Envelope": {"Body": {"Fault": {"faultstring": "Policy Falsified"}}}}),
    httpx2.Response(200, json=["ResponseCode", "0"]),
    httpx2.Response(200, json={"ResponseCode": None}),
    httpx2.Response(200, text='{"ResponseCode": ' + "[" * 5_000),
    httpx2.Response(200, text='{"ResponseCode": ' + "9" * 5_000 + "}"),
    httpx2.Response(200, text='{"ResponseCode": "0", "ResponseCode": "1"}'),
    httpx2.Response(502, json={"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1"}),
    httpx2.Response(200, content=b"\xff\xfe\x00"),
]


@pytest.mark.parametrize("answer", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_unknown_and_sent_once(answer: httpx2.Response):
    mpesa, wire = mpesa_that_hears(answer)

    outcomes = [
        mpesa.charge(prompt()),
        mpesa.query_charge("ws_CO_1"),
        mpesa.disburse(payout()),
        mpesa.query_disbursement("zemi-1", **URLS),
    ]

    assert [type(outcome) for outcome in outcomes] == [Unknown] * 4
    assert [len(wire.bodies(path)) for path in (PUSH, QUERY, B2C, STATUS)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("lost", "kind"),
    [
        (httpx2.ReadTimeout("late"), Unknown),
        (httpx2.ReadError("reset"), Unknown),
        (httpx2.RemoteProtocolError("closed"), Unknown),
        (httpx2.WriteError("reset"), Unknown),
        (httpx2.ConnectError("refused"), Refused),
        (httpx2.ConnectTimeout("no route"), Refused),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_only_what_never_left_may_be_sent_again(lost: Exception, kind: type[Unknown | Refused]):
    mpesa, wire = mpesa_that_hears(lost)

    outcomes = [mpesa.charge(prompt()), mpesa.disburse(payout())]
    asked = [mpesa.query_charge("ws_CO_1"), mpesa.query_disbursement("zemi-1", **URLS)]

    assert [type(outcome) for outcome in outcomes] == [kind, kind]
    assert all(o.reason is Reason.NOT_SENT and o.may_resend for o in outcomes if isinstance(o, Refused))
    assert [type(outcome) for outcome in asked] == [Unknown, Unknown]
    assert [len(wire.bodies(path)) for path in (PUSH, QUERY, B2C, STATUS)] == [1, 1, 1, 1]


def test_an_acknowledgement_without_a_checkout_id_is_unknown():
    mpesa, _ = mpesa_that_hears(
        httpx2.Response(200, json={"ResponseCode": "0", "ResponseDescription": "Success"})
    )

    assert mpesa.charge(prompt()) == Unknown("0", "Success")


def test_a_duplicate_that_comes_as_200_with_another_code_is_unknown():
    body = {"ResponseCode": "1", "ResponseDescription": "Duplicate OriginatorConversationID."}
    mpesa, _ = mpesa_that_hears(httpx2.Response(200, json=body))

    assert mpesa.disburse(payout()) == Unknown("1", "Duplicate OriginatorConversationID.")


@pytest.mark.parametrize(
    ("code", "text", "outcome"),
    [
        ("0", "The service request is processed successfully.", Succeeded),
        (0, "The service request is processed successfully.", Succeeded),
        ("1", "The transaction is still under processing", Accepted),
        (4999, "The transaction is still under processing", Accepted),
        ("4999", "", Accepted),
        ("1032", "Request cancelled by user.", Refused),
        ("15", "Duplicate Detected", Unknown),
        ("100000000", "Request was cached, waiting for resending", Unknown),
        ("987654", "A code of next year", Unknown),
    ],
)
def test_a_query_closes_a_charge_by_known_codes_only(code: Any, text: str, outcome: type):
    body = {"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1", "ResultCode": code, "ResultDesc": text}
    mpesa, _ = mpesa_that_hears(httpx2.Response(200, json=body))

    assert type(mpesa.query_charge("ws_CO_1")) is outcome


def test_a_query_answered_for_another_prompt_proves_nothing():
    body = {"ResponseCode": "0", "CheckoutRequestID": "ws_CO_2", "ResultCode": "0", "ResultDesc": "Processed"}
    mpesa, _ = mpesa_that_hears(httpx2.Response(200, json=body))

    assert mpesa.query_charge("ws_CO_1") == Unknown("0", "Processed")


@pytest.mark.parametrize("code", ["400.003.01", "401.002.01", "404.001.03", "401.003.01", "401.999.01"])
def test_a_refused_token_is_replaced_and_the_call_repeated_once(code: str):
    mpesa, wire = mpesa_that_hears(error(int(code[:3]), code, "Invalid Access Token"))

    outcome = mpesa.disburse(payout())

    assert outcome == Refused(Reason.BUSY, code, "Invalid Access Token")
    assert len(wire.bodies(B2C)) == 2
    assert wire.bodies(B2C)[0] == wire.bodies(B2C)[1]
    assert len(wire.bodies(TOKEN)) == 2


def test_a_missing_product_is_no_reason_to_send_again():
    mpesa, wire = mpesa_that_hears(error(401, "401.003.01", "Invalid API call as no apiproduct match found"))

    mpesa.charge(prompt())

    assert (len(wire.bodies(PUSH)), len(wire.bodies(TOKEN))) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx2.Response(400, content=b""), Reason.CREDENTIALS),
        (httpx2.Response(401, text="no"), Reason.CREDENTIALS),
        (httpx2.Response(500, text="oops"), Reason.BUSY),
        (httpx2.Response(200, text="upstream"), Reason.BUSY),
        (httpx2.Response(200, json={"access_token": ""}), Reason.BUSY),
        (httpx2.ReadTimeout("late"), Reason.NOT_SENT),
        (httpx2.ConnectError("refused"), Reason.NOT_SENT),
    ],
    ids=range(7),
)
def test_without_a_token_no_money_call_is_made(answer: httpx2.Response | Exception, reason: Reason):
    def token(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    mpesa, wire = mpesa_that_hears(error(500, "500.003.02", "never asked"), token=token)

    charged, asked = mpesa.charge(prompt()), mpesa.query_charge("ws_CO_1")

    assert isinstance(charged, Refused)
    assert charged.reason is reason
    assert isinstance(asked, Unknown)
    assert wire.bodies(PUSH) == wire.bodies(QUERY) == []


@pytest.mark.parametrize("life_s", [3599, "3599", None, "soon"])
def test_one_token_serves_all_calls_until_a_minute_before_its_end(life_s: Any):
    mpesa, wire = mpesa_that_hears(
        error(500, "500.003.02", "busy"),
        token=lambda _: httpx2.Response(200, json={"access_token": "t", "expires_in": life_s}),
    )

    mpesa.charge(prompt())
    clock.use(lambda: NOON + timedelta(seconds=3599 - 61))
    mpesa.charge(prompt())
    before = len(wire.bodies(TOKEN))
    clock.use(lambda: NOON + timedelta(seconds=3599 - 60))
    mpesa.charge(prompt())

    assert (before, len(wire.bodies(TOKEN))) == (1, 2)


def test_without_a_certificate_there_are_prompts_but_no_payouts():
    config = MpesaConfig(
        base_url="http://recorded.test",
        consumer_key="k",
        consumer_secret="s",
        shortcode="174379",
        passkey="p",
    )
    mpesa = Mpesa(config, ProcessTokens())

    outcome = mpesa.disburse(payout())

    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.CREDENTIALS


def test_secrets_stay_out_of_what_is_printed():
    config = MpesaConfig(
        base_url="http://recorded.test",
        consumer_key="k",
        consumer_secret="consumer-secret",
        shortcode="174379",
        passkey="pass-key",
        initiator_password="initiator-password",
        certificate_pem="certificate",
    )

    printed = repr(config)

    assert all(secret not in printed for secret in ("consumer-secret", "pass-key", "initiator-password"))


def test_the_bearer_and_the_basic_authorization_are_sent():
    seen: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.url.path, request.headers["authorization"]))
        return httpx2.Response(200, content=json.dumps({"access_token": "abc", "expires_in": "3599"}))

    peer = RecordedPeer()
    peer.wire = Wire(httpx2.MockTransport(answer))
    client(peer).charge(prompt())

    assert seen == [(TOKEN, "Basic a2V5OnNlY3JldA=="), (PUSH, "Bearer abc")]
