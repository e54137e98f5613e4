"""What is asked of the simulator beyond M-Pesa: its books, its phones, and paying by hand; and when it does not answer."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.characters import AMINA
from zemi.common import http_client
from zemi.common.money import kes
from zemi.providers.base import Reason, Refused, Succeeded, Unknown
from zemi.providers.mpesa.sandbox import PAGE, Sandbox, SandboxUnreachable

THERE = Sandbox("http://127.0.0.1:8001")
PAYMENT = {
    "shortcode": "174379",
    "payer": AMINA,
    "amount": kes(100),
    "receipt": "QHJ0000001",
    "reference": "x",
}


@pytest.fixture
def says() -> Iterator[Callable[..., list[str]]]:
    """Put somebody in the simulator's place who answers every request so; what was asked."""
    asked: list[str] = []

    def put(status: int, body: Any = None, problem: Exception | None = None) -> list[str]:
        def answer(request: httpx2.Request) -> httpx2.Response:
            asked.append(str(request.url).removeprefix(THERE.base_url))
            if problem is not None:
                raise problem
            return httpx2.Response(status, content=body if isinstance(body, bytes) else json.dumps(body))

        http_client.use_transport(httpx2.MockTransport(answer))
        return asked

    yield put
    http_client.use_transport(None)


def row(number: int) -> dict[str, Any]:
    return {
        "receipt": f"Q{number}", "kind": "c2b", "amount": 100, "fee": None, "checkout_request_id": None,
        "originator_conversation_id": None, "account_reference": None,
    }  # fmt: skip


def test_its_movements_are_read_to_the_last_page() -> None:
    rows = [row(number) for number in range(PAGE + 1)]

    def answer(request: httpx2.Request) -> httpx2.Response:
        offset = int(request.url.params["offset"])
        return httpx2.Response(200, json={"transactions": rows[offset : offset + PAGE]})

    http_client.use_transport(httpx2.MockTransport(answer))
    try:
        found = THERE.transactions()
    finally:
        http_client.use_transport(None)

    assert [each.receipt for each in found] == [f"Q{number}" for number in range(PAGE + 1)]
    assert (found[0].fee_minor, found[0].original_receipt) == (0, "")


def test_messages_are_those_of_all_or_of_one_phone(says: Callable[..., list[str]]) -> None:
    asked = says(200, {"messages": [{"text": "Habari"}]})

    assert THERE.messages() == THERE.messages(AMINA) == [{"text": "Habari"}]
    assert asked == ["/_sim/sms", f"/_sim/sms?to={AMINA.msisdn}"]


@pytest.mark.parametrize(("status", "decided"), [(200, True), (409, False)])
def test_a_prompt_is_decided_if_it_is_open(
    says: Callable[..., list[str]], status: int, decided: bool
) -> None:
    says(status, {})

    assert THERE.set_phone(AMINA, prompt="pay") is decided


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, None),
        (400, {}, None),
        (0, None, httpx2.ConnectError("nobody there")),
        (0, None, httpx2.ReadTimeout("lost on its way")),
    ],
    ids=str,
)
def test_what_does_not_answer_as_a_simulator_is_none(says: Callable[..., list[str]], answer: Any) -> None:
    says(*answer)

    for ask in (
        THERE.ping,
        THERE.messages,
        lambda: THERE.phone(AMINA),
        lambda: THERE.set_phone(AMINA, prompt="pay"),
        lambda: THERE.reverse("QHJ0000001"),
        THERE.forget_c2b_urls,
    ):
        with pytest.raises(SandboxUnreachable):
            ask()


def test_an_answer_that_is_no_json_is_none_of_a_simulator(says: Callable[..., list[str]]) -> None:
    says(200, b"<html>It works!</html>")

    with pytest.raises(SandboxUnreachable):
        THERE.ping()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {}, None), Succeeded("http_200", receipt="QHJ0000001", amount=kes(100))),
        ((409, {}, None), Refused(Reason.OTHER, "http_409")),
        ((400, {}, None), Refused(Reason.INVALID_REQUEST, "http_400")),
        # Nobody knows what it has booked.
        ((502, {}, None), Unknown("http_502")),
    ],
    ids=str,
)
def test_a_payment_by_hand_is_booked_refused_or_unknown(
    says: Callable[..., list[str]], answer: Any, outcome: Any
) -> None:
    says(*answer)

    assert THERE.pay(**PAYMENT) == outcome


def test_a_payment_that_never_left_is_refused_and_one_without_an_answer_is_unknown(
    says: Callable[..., list[str]],
) -> None:
    says(0, None, httpx2.ConnectError("nobody there"))
    unsent = THERE.pay(**PAYMENT)
    says(0, None, httpx2.ReadTimeout("lost on its way"))
    lost = THERE.pay(**PAYMENT)

    assert isinstance(unsent, Refused)
    assert unsent.reason == Reason.NOT_SENT
    assert isinstance(lost, Unknown)
