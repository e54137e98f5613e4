"""Calling a paid order off together: one side asks, the other accepts or declines, or nobody answers (DOMAIN O13)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import story
from tests.characters import AMINA, BARAKA, OTIENO
from tests.story import code_for, escrow_of, order_of, post
from zemi.common.limits import read_limits
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.identity.sessions import open_session
from zemi.notifications.models import Message
from zemi.orders.models import Order
from zemi.refunds.models import Refund
from zemi.worker.loop import run_once

Run = Callable[[], int]


@pytest.fixture
def paid() -> dict[str, str]:
    order = story.create_order().data
    assert story.simulate_payment(order["order_reference"]).status == 200
    return order


@pytest.fixture
def sign_in(clock: Any) -> Callable[[Phone], str]:
    return lambda phone: open_session(phone=phone, now=clock.now())[1]


def do(reference: str, act: str = "", *, as_: str | None = None, **body: str) -> story.Answer:
    tail = f"/{act}" if act else ""
    return post(f"/api/v1/orders/{reference}/cancel-request{tail}", body, key=as_)


def texts_to(phone: Phone) -> list[str]:
    return [message.template for message in Message.objects.order_by("id") if message.to == phone]


def test_the_buyer_asks_and_the_seller_accepts(
    paid: dict[str, str], sign_in: Any, clock: Any, run_worker: Run
) -> None:
    reference = paid["order_reference"]
    amina, baraka = sign_in(AMINA), sign_in(BARAKA)

    asked = do(reference, as_=amina)

    assert (asked.status, asked.data["status"]) == (200, "paid")
    assert asked.data["cancel_request"] == {"asked_by": "buyer", "answer_until": "2026-11-24T09:00:00Z"}
    seen = story.get(f"/api/v1/orders/{reference}", key=baraka).data
    assert seen["cancel_request"] == asked.data["cancel_request"]
    assert seen["next_action"] == {"actor": "seller", "verb": "answer_cancel_request", "is_yours": True}
    assert (seen["deadline_at"], seen["if_no_action"]) == ("2026-11-24T09:00:00Z", "request_lapses")
    run_once(clock.now())
    assert texts_to(BARAKA)[-1] == "cancel_asked_by_buyer"

    accepted = do(reference, "accept", as_=baraka)

    assert accepted.data == {"order_reference": reference, "status": "cancelled", "cancel_request": None}
    assert [(refund.amount, refund.payee, refund.reason) for refund in Refund.objects.all()] == [
        (kes(1_500), AMINA, "cancelled")
    ]
    assert escrow_of(reference) == kes(0)
    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert order_of(reference).status == "refunded"
    assert "order_cancelled" in texts_to(AMINA)
    assert texts_to(BARAKA)[-1] == "seller_sale_cancelled"
    told = [
        (event["type"], event["actor"], event["data"].get("asked_by"))
        for event in story.get(f"/api/v1/orders/{reference}/timeline", key=amina).body["data"]
        if event["type"].startswith("order.cancel")
    ]
    assert told == [
        ("order.cancel_requested", "buyer", None),
        ("order.cancel_accepted", "seller", "buyer"),
        ("order.cancelled", "seller", None),
    ]


def test_declined_the_order_goes_on_and_its_code_still_opens_it(
    paid: dict[str, str], sign_in: Any, clock: Any
) -> None:
    reference = paid["order_reference"]
    do(reference, as_=sign_in(AMINA))

    declined = do(reference, "decline", as_=sign_in(BARAKA))

    assert (declined.data["status"], declined.data["cancel_request"]) == ("paid", None)
    run_once(clock.now())
    assert texts_to(AMINA)[-1] == "cancel_declined"
    assert do(reference, "accept", as_=sign_in(BARAKA)).code == "no_cancel_request"
    assert escrow_of(reference) == kes(1_500)
    assert story.confirm(reference, paid["delivery_code"]).data["payout_initiated"] is True


def test_the_seller_may_ask_first_too(paid: dict[str, str], sign_in: Any, clock: Any) -> None:
    reference = paid["order_reference"]
    do(reference, as_=sign_in(BARAKA))

    assert story.read_order(reference)["next_action"]["actor"] == "buyer"
    run_once(clock.now())
    assert texts_to(AMINA)[-1] == "cancel_asked_by_seller"
    assert do(reference, "accept", as_=sign_in(AMINA)).data["status"] == "cancelled"


def test_who_asks_when_asked_agrees(paid: dict[str, str], sign_in: Any) -> None:
    do(paid["order_reference"], as_=sign_in(AMINA))

    assert do(paid["order_reference"], as_=sign_in(BARAKA)).data["status"] == "cancelled"
    assert Refund.objects.count() == 1


def test_to_ask_twice_is_to_ask_once_and_three_a_day_are_enough(
    paid: dict[str, str], sign_in: Any, settings: Any
) -> None:
    settings.LIMITS = read_limits("")
    reference, amina = paid["order_reference"], sign_in(AMINA)
    first = do(reference, as_=amina)
    assert do(reference, as_=amina).data == first.data
    assert Event.objects.filter(type="order.cancel_requested").count() == 1
    for _ in range(2):
        assert do(reference, "withdraw", as_=amina).data["cancel_request"] is None
        assert do(reference, as_=amina).status == 200
    do(reference, "withdraw", as_=amina)

    refused = do(reference, as_=amina)

    assert (refused.status, refused.body["details"]["limit"]) == (429, "cancel_requests")
    assert order_of(reference).cancel_asked_by == ""


def test_nobody_answers_for_the_other_side(paid: dict[str, str], sign_in: Any) -> None:
    reference, amina = paid["order_reference"], sign_in(AMINA)
    do(reference, as_=amina)

    assert do(reference, "accept", as_=amina).code == "no_cancel_request"
    assert do(reference, "decline", as_=amina).code == "no_cancel_request"
    assert do(reference, "withdraw", as_=sign_in(BARAKA)).code == "no_cancel_request"
    assert do(reference, "accept", as_=sign_in(OTIENO)).code == "order_not_found"
    assert do(reference, "accept", as_=story.key_with(Scope.ORDERS)).code == "order_not_found"
    assert order_of(reference).cancel_asked_by == "buyer"
    assert escrow_of(reference) == kes(1_500)


def test_without_a_session_a_one_time_code_says_who_it_is(paid: dict[str, str], clock: Any) -> None:
    reference = paid["order_reference"]
    missing = do(reference)
    assert [problem["field"] for problem in missing.body["details"]["errors"]] == ["phone_number", "otp"]
    assert do(reference, phone_number=AMINA.msisdn, otp="000000").code == "one_time_code_wrong"

    otp = code_for(AMINA, "cancel_order")
    assert do(reference, phone_number=AMINA.msisdn, otp=otp).status == 200
    otp = code_for(BARAKA, "cancel_order")
    assert do(reference, "accept", phone_number=BARAKA.msisdn, otp=otp).data["status"] == "cancelled"


def test_unanswered_it_lapses_at_the_time_that_was_said(
    paid: dict[str, str], sign_in: Any, clock: Any
) -> None:
    reference = paid["order_reference"]
    do(reference, as_=sign_in(AMINA))
    clock.advance(hours=23, minutes=59)
    run_once(clock.now())
    assert order_of(reference).cancel_asked_by == "buyer"

    clock.advance(minutes=1)
    run_once(clock.now())

    assert (order_of(reference).status, order_of(reference).cancel_asked_by) == ("paid", "")
    assert story.read_order(reference)["next_action"]["verb"] == "deliver"
    assert texts_to(AMINA)[-1] == "cancel_lapsed"


def test_what_ends_the_order_ends_the_question(paid: dict[str, str], sign_in: Any, clock: Any) -> None:
    reference = paid["order_reference"]
    do(reference, as_=sign_in(AMINA))

    assert story.confirm(reference, paid["delivery_code"]).status == 200

    assert order_of(reference).cancel_asked_by == ""
    assert do(reference, "accept", as_=sign_in(BARAKA)).code == "order_not_cancellable"
    assert not Refund.objects.exists()
    # What was to be asked is no longer true: nobody is texted about it.
    run_once(clock.now())
    assert "cancel_asked_by_buyer" not in texts_to(BARAKA)


def test_an_order_that_is_not_paid_is_not_negotiated(sign_in: Any) -> None:
    reference = story.create_order().data["order_reference"]

    assert do(reference, as_=sign_in(AMINA)).code == "order_not_cancellable"
    alone = post(f"/api/v1/orders/{reference}/cancel", {}, key=sign_in(AMINA))
    assert alone.data["status"] == "cancelled"


def test_one_person_on_both_sides_asks_as_buyer_and_accepts_as_seller(sign_in: Any) -> None:
    order = story.create_order(seller=None).data
    story.simulate_payment(order["order_reference"])
    amina = sign_in(AMINA)

    assert do(order["order_reference"], as_=amina).data["cancel_request"]["asked_by"] == "buyer"
    assert do(order["order_reference"], "accept", as_=amina).data["status"] == "cancelled"


def test_an_answer_that_was_lost_is_given_again(paid: dict[str, str], sign_in: Any) -> None:
    reference, baraka = paid["order_reference"], sign_in(BARAKA)
    do(reference, as_=sign_in(AMINA))
    path = f"/api/v1/orders/{reference}/cancel-request/accept"

    first = post(path, {}, key=baraka, idempotency_key="yes-1")
    again = post(path, {}, key=baraka, idempotency_key="yes-1")

    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert Refund.objects.count() == 1


def test_the_database_keeps_questions_to_paid_orders(paid: dict[str, str], clock: Any) -> None:
    unpaid = story.create_order().data["order_reference"]
    until = clock.now() + timedelta(hours=24)
    for wrong in (
        {"order_reference": unpaid, "cancel_asked_by": "buyer", "cancel_asked_until": until},
        {"order_reference": paid["order_reference"], "cancel_asked_by": "buyer"},
        {"order_reference": paid["order_reference"], "cancel_asked_until": until},
        {"order_reference": paid["order_reference"], "cancel_asked_by": "else", "cancel_asked_until": until},
    ):
        reference = str(wrong.pop("order_reference"))
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251 (nothing of it stays)
            Order.objects.filter(order_reference=reference).update(**wrong)
