"""The client's one core: what is sent, what is tried again and what never is, what an answer means."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from zemi_client import core, errors
from zemi_client.core import Answer, Call, Config, Send, Wait, converse
from zemi_client.operations import Operations

CONFIG = Config("http://zemi.example/", api_key="zk_test_x", language="sw", version="2026-11-01", tries=4)


@dataclass(frozen=True)
class Thing:
    name: str
    at: datetime | None = None
    amount: Decimal | None = None


READ: Call[Thing] = Call(method="GET", path="/thing", returns=Thing, query={"limit": 5, "cursor": None})
PAY: Call[Thing] = Call(
    method="POST", path="/pay", returns=Thing, body={"amount": Decimal("1500.10"), "note": None}
)
PAY_WITH_KEY: Call[Thing] = Call(method="POST", path="/pay", returns=Thing, body={}, idempotency_key="k-1")
DONE = Answer(200, {}, b'{"success": true, "data": {"name": "A", "later": 1}}')


def answer(status: int, code: str = "", kind: str = "internal_error", **headers: str) -> Answer:
    body = {"success": False, "error": "No.", "code": code, "details": {"type": kind, "next_step": "Wait."}}
    return Answer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()
    )


def talk(call: Call[Thing], *heard: Any) -> tuple[Any, list[Any]]:
    """Let the core hear these things one after the other: how it ended, and what it did meanwhile."""
    conversation: Generator[Any, Any, Thing] = converse(call, CONFIG)
    waiting, steps, said = list(heard), [], None
    try:
        while True:
            steps.append(conversation.send(said))
            said = waiting.pop(0) if isinstance(steps[-1], Send) else None
    except StopIteration as end:
        return end.value, steps
    except errors.ZemiClientError as error:
        return error, steps


def sent(steps: list[Any]) -> int:
    return sum(isinstance(step, Send) for step in steps)


def test_a_request_says_who_asks_in_which_language_and_version() -> None:
    found, [request] = talk(READ, DONE)

    assert found == Thing("A")
    assert request.url == "http://zemi.example/thing"
    assert request.query == {"limit": "5"}
    assert request.content is None
    assert request.headers["Authorization"] == "Bearer zk_test_x"
    assert request.headers["Accept-Language"] == "sw"
    assert request.headers["Zemi-Version"] == "2026-11-01"
    assert "Idempotency-Key" not in request.headers


def test_a_body_has_what_was_given_and_amounts_to_the_cent() -> None:
    _, [request] = talk(PAY, DONE)
    _, [keyed] = talk(PAY_WITH_KEY, DONE)

    assert json.loads(request.content) == {"amount": "1500.10"}
    assert keyed.headers["Idempotency-Key"] == "k-1"


class Asked(Operations):
    """Keeps the call and sends nothing."""

    def _call(self, call: Call[Any]) -> Any:
        return call


def test_what_is_put_in_a_path_stays_in_its_place() -> None:
    asked = Asked()

    assert asked.get_order("ZEM-7K2M9QXA").path == "/api/v1/orders/ZEM-7K2M9QXA"  # type: ignore[attr-defined]
    written = asked.get_order("ZEM-1/cancel?x=1#y z%2F").path  # type: ignore[attr-defined]
    assert written == "/api/v1/orders/ZEM-1%2Fcancel%3Fx%3D1%23y%20z%252F"
    for value in ("", ".", ".."):
        with pytest.raises(ValueError, match="can't be part of a path"):
            asked.get_order(value)


@pytest.mark.parametrize(
    "trouble",
    [
        errors.NoAnswer("timeout"),
        answer(502),
        answer(503, "temporarily_unavailable"),
        answer(504),
        Answer(503, {}, b"<html>"),
        answer(409, "idempotency_in_progress", "idempotency_error"),
    ],
)
def test_what_may_have_been_done_is_repeated_only_where_that_is_safe(trouble: Any) -> None:
    for call in (READ, PAY_WITH_KEY):
        found, steps = talk(call, trouble, trouble, DONE)
        assert (found, sent(steps)) == (Thing("A"), 3)

    found, steps = talk(PAY, trouble, DONE)

    assert isinstance(found, errors.NoAnswer | errors.Refused)
    assert sent(steps) == 1, "money might move twice"


@pytest.mark.parametrize(
    "trouble", [errors.NotSent("refused"), answer(429, "too_many_requests", "rate_limit_error")]
)
def test_what_was_certainly_not_begun_is_tried_again_always(trouble: Any) -> None:
    for call in (READ, PAY, PAY_WITH_KEY):
        found, steps = talk(call, trouble, DONE)
        assert (found, sent(steps)) == (Thing("A"), 2)


@pytest.mark.parametrize(
    ("status", "code", "kind", "raised"),
    [
        (400, "invalid_input", "validation_error", errors.InvalidRequest),
        (401, "api_key_invalid", "authentication_error", errors.NotAuthenticated),
        (402, "payment_refused", "payment_declined", errors.PaymentDeclined),
        (403, "scope_missing", "permission_error", errors.NotAllowed),
        (404, "order_not_found", "not_found", errors.NotFound),
        (409, "order_not_payable", "state_error", errors.WrongState),
        (422, "amount_mismatch", "amount_error", errors.WrongAmount),
        (422, "delivery_code_wrong", "verification_error", errors.NotVerified),
        (422, "idempotency_key_reused", "idempotency_error", errors.KeyReused),
        (423, "code_attempts_exhausted", "locked", errors.Locked),
        (500, "internal_error", "internal_error", errors.ServerTrouble),
    ],
)
def test_a_refusal_is_an_error_of_its_kind_and_is_not_repeated(
    status: int, code: str, kind: str, raised: type[errors.Refused]
) -> None:
    for call in (READ, PAY, PAY_WITH_KEY):
        found, steps = talk(call, answer(status, code, kind, request_id="req_1", retry_after="7"))

        assert type(found) is raised
        assert (found.code, found.request_id, found.retry_after_s, found.next_step) == (
            code,
            "req_1",
            7,
            "Wait.",
        )
        assert sent(steps) == 1


def test_it_waits_as_long_as_it_is_told_but_not_for_ever() -> None:
    _, steps = talk(READ, answer(429, retry_after="7"), DONE)
    found, long = talk(READ, answer(429, retry_after="3600"), DONE)

    assert 7.0 <= steps[1].seconds <= 8.0
    assert found.retry_after_s == 3600
    assert sent(long) == 1


def test_those_who_were_told_to_wait_together_come_back_one_by_one() -> None:
    pauses = [talk(READ, answer(429, retry_after="7"), DONE)[1][1].seconds for _ in range(20)]

    assert len(set(pauses)) > 1


def test_tries_end_and_their_distance_grows() -> None:
    found, steps = talk(READ, *[errors.NotSent("away")] * 9)

    pauses = [step.seconds for step in steps if isinstance(step, Wait)]
    assert isinstance(found, errors.NotSent)
    assert sent(steps) == 4
    assert len(pauses) == 3
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": {}}',
        b'{"data": {"name": "A", "at": "soon"}}',
        b'{"data": {"name": "A", "amount": "much"}}',
    ],
)
def test_a_success_that_cannot_be_read_is_no_failure_and_is_not_repeated(content: bytes) -> None:
    found, steps = talk(PAY_WITH_KEY, Answer(200, {}, content))

    assert isinstance(found, errors.NoAnswer)
    assert sent(steps) == 1


def test_lists_come_as_pages() -> None:
    body = b'{"data": [{"name": "A"}, {"name": "B"}], "meta": {"has_more": true, "next_cursor": "c", "limit": 2}}'
    call: Call[core.Page[Thing]] = Call(method="GET", path="/things", returns=Thing, is_list=True)

    found, _ = talk(call, Answer(200, {}, body))  # type: ignore[arg-type]

    assert found == core.Page([Thing("A"), Thing("B")], "c")


def test_values_become_what_they_mean() -> None:
    found = core.read(Thing, {"name": "A", "at": "2026-11-23T09:00:00Z", "amount": "0.10", "more": [1]})

    assert found == Thing("A", datetime(2026, 11, 23, 9, tzinfo=UTC), Decimal("0.10"))
    assert core.read(list[Thing], [{"name": "B"}]) == [Thing("B")]


def test_a_float_is_not_sent_as_money() -> None:
    call: Call[Thing] = Call(method="POST", path="/pay", returns=Thing, body={"amount": object()})

    with pytest.raises(TypeError):
        talk(call, DONE)
