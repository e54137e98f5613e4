"""Africa's Talking: the simulator, and what the client makes of every documented answer (DARAJA 9.1)."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from simulator import Simulator
from tests.providers.peers import AMINA
from zemi.common import http_client
from zemi.providers.africastalking.client import AfricasTalking, AfricasTalkingConfig, read_answer
from zemi.providers.base import Accepted, Reason, Refused, Unknown

CONFIG = AfricasTalkingConfig(base_url="http://at.test", username="zemi", api_key="atsk_secret")


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    yield
    http_client.use_transport(None)


def recipient(
    code: Any, status: str = "Success", message_id: Any = "ATXid_1", **extra: Any
) -> dict[str, Any]:
    return {
        "statusCode": code,
        "number": "+254722000111",
        "status": status,
        "cost": "KES 0.8000",
        "messageId": message_id,
    } | extra


def said(
    *recipients: Any, message: str = "Sent to 1/1 Total Cost: KES 0.8000", status: int = 201
) -> http_client.Answer:
    body = {"SMSMessageData": {"Message": message, "Recipients": list(recipients)}}
    return http_client.Answer(status, json.dumps(body).encode())


def test_the_simulator_takes_a_message_in_either_language():
    with Simulator() as simulator:
        config = simulator.config()
        http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))
        sms = AfricasTalking(
            AfricasTalkingConfig(
                config["base_url"], config["sms_username"], config["sms_api_key"], sender_id="ZEMI"
            )
        )

        outcome = sms.send_text(to=AMINA, text="Msimbo wako ni 123456. Usimpe mtu & usiandike %2B popote é")

        [message] = simulator.messages("0722000111")
    assert isinstance(outcome, Accepted)
    assert (outcome.code, outcome.provider_reference) == ("101", message["message_id"])
    assert message["text"] == "Msimbo wako ni 123456. Usimpe mtu & usiandike %2B popote é"
    assert message["from"] == "ZEMI"


def test_a_wrong_key_at_the_simulator_is_a_matter_of_credentials():
    with Simulator() as simulator:
        http_client.use_transport(httpx2.WSGITransport(app=simulator.wsgi))
        sms = AfricasTalking(AfricasTalkingConfig("http://simulator.test", "sandbox", "wrong"))

        outcome = sms.send_text(to=AMINA, text="Habari")

        assert simulator.messages() == []
    assert outcome == Refused(Reason.CREDENTIALS, "http_401")


def test_what_is_sent_is_a_form_with_the_key_in_a_header():
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(201, content=said(recipient(100)).body)

    http_client.use_transport(httpx2.MockTransport(answer))

    AfricasTalking(CONFIG).send_text(to=AMINA, text="Habari")

    [request] = seen
    assert (request.method, str(request.url)) == ("POST", "http://at.test/version1/messaging")
    assert (request.headers["apikey"], request.headers["accept"]) == ("atsk_secret", "application/json")
    assert parse_qs(request.content.decode()) == {
        "username": ["zemi"],
        "to": ["+254722000111"],
        "message": ["Habari"],
        "bulkSMSMode": ["1"],
    }


@pytest.mark.parametrize("code", [100, 101, 102, "101"])
def test_an_accepted_message_has_its_id(code: Any):
    assert read_answer(said(recipient(code))) == Accepted(str(code), "Success", "ATXid_1")


def test_the_id_none_is_no_id():
    assert read_answer(said(recipient(101, message_id="None"))) == Accepted("101", "Success", "")


@pytest.mark.parametrize(
    ("code", "word", "reason"),
    [
        (401, "RiskHold", Reason.OTHER),
        (402, "InvalidSenderId", Reason.INVALID_REQUEST),
        (403, "InvalidPhoneNumber", Reason.PAYEE_INVALID),
        (404, "UnsupportedNumberType", Reason.PAYEE_INVALID),
        (405, "InsufficientBalance", Reason.FLOAT_LOW),
        (406, "UserInBlacklist", Reason.OTHER),
        (407, "CouldNotRoute", Reason.OTHER),
        (409, "DoNotDisturbRejection", Reason.OTHER),
        (500, "InternalServerError", Reason.BUSY),
        (501, "GatewayError", Reason.BUSY),
        (502, "RejectedByGateway", Reason.OTHER),
    ],
)
def test_a_201_may_carry_a_refused_recipient(code: int, word: str, reason: Reason):
    assert read_answer(said(recipient(code, word, "None"))) == Refused(reason, str(code), word)


def test_a_refusal_of_the_whole_request_is_in_the_message():
    assert read_answer(said(message="InvalidSenderId")) == Refused(
        Reason.INVALID_REQUEST, "http_201", "InvalidSenderId"
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, Reason.INVALID_REQUEST), (401, Reason.CREDENTIALS), (403, Reason.CREDENTIALS), (429, Reason.BUSY)],
)
def test_an_http_refusal_sent_nothing(status: int, reason: Reason):
    assert read_answer(http_client.Answer(status, b"no")) == Refused(reason, f"http_{status}")


@pytest.mark.parametrize(
    "answer",
    [
        http_client.Answer(500, b""),
        http_client.Answer(302, b""),
        http_client.Answer(201, b"Sent"),
        http_client.Answer(201, b"{}"),
        said(recipient(999)),
        said(recipient(None)),
        said(recipient(101), recipient(101)),
        said("text"),
    ],
    ids=range(8),
)
def test_any_other_answer_is_unknown(answer: http_client.Answer):
    assert isinstance(read_answer(answer), Unknown)


@pytest.mark.parametrize(
    ("lost", "check"),
    [
        (httpx2.ReadTimeout("late"), lambda outcome: isinstance(outcome, Unknown)),
        (httpx2.ConnectError("refused"), lambda outcome: isinstance(outcome, Refused) and outcome.may_resend),
    ],
    ids=["lost", "not sent"],
)
def test_a_lost_answer_is_unknown_and_an_unsent_message_is_not(lost: Exception, check: Callable[[Any], bool]):
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise lost

    http_client.use_transport(httpx2.MockTransport(answer))

    assert check(AfricasTalking(CONFIG).send_text(to=AMINA, text="Habari"))


def test_the_key_stays_out_of_what_is_printed():
    assert "atsk_secret" not in repr(CONFIG)
