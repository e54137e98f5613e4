"""Money that goes back because a merchant or the seller says so, and a new code for a buyer who lost the old one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import story
from tests.characters import AMINA, BARAKA
from zemi.approvals.models import Approval
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.payments.c2b import settle_c2b
from zemi.providers.base import C2BReceipt
from zemi.refunds.models import Refund
from zemi.staff.request import approve


@pytest.fixture
def key() -> str:
    return story.key_with(Scope.ORDERS, Scope.REFUNDS, Scope.READ)


def paid(key: str) -> str:
    reference = str(story.create_order(key=key).data["order_reference"])
    assert story.simulate_payment(reference, f"R{new_key().hex[-12:].upper()}").status == 200
    return reference


def ask(
    reference: str, key: str, *, amount: str = "1500.00", reason: str = "Out of stock.", retry: str = ""
) -> story.Answer:
    body = {"order_reference": reference, "amount": amount, "reason": reason}
    return story.post("/api/v1/refunds", body, key=key, **{"idempotency-key": retry or new_key().hex})


def test_a_merchant_gives_back_what_is_held(key: str, run_worker: Callable[[], int], clock: Any) -> None:
    reference = paid(key)

    asked = ask(reference, key)
    run_worker()
    clock.advance(seconds=10)
    run_worker()

    assert asked.status == 202
    assert (asked.data["status"], asked.data["order_status"]) == ("on_its_way", "cancelled")
    assert story.read_order(reference)["status"] == "refunded"
    assert story.escrow_of(reference) == kes(0)
    [refund] = story.get(f"/api/v1/refunds?order={reference}", key=key).body["data"]
    assert (refund["amount"], refund["status"]) == ("1500.00", "succeeded")


def test_the_same_request_again_gives_back_nothing_more(key: str) -> None:
    reference, retry = paid(key), new_key().hex

    first, again = ask(reference, key, retry=retry), ask(reference, key, retry=retry)

    assert (first.status, first.body) == (again.status, again.body)
    assert Refund.objects.count() == 1
    assert ask(reference, key).code == "nothing_to_refund"


def test_above_the_limit_a_second_person_decides(
    key: str, settings: Any, run_worker: Callable[[], int], clock: Any
) -> None:
    settings.FOUR_EYES_KES = 1_000
    reference = paid(key)

    asked = ask(reference, key)

    assert asked.data["status"] == "needs_approval"
    assert story.escrow_of(reference) == kes(1_500)
    approve(Approval.objects.get().id, checker="chebet", reason="checked", now=clock.now())
    assert story.escrow_of(reference) == kes(0)
    assert story.read_order(reference)["status"] == "cancelled"


@pytest.mark.parametrize("parts", [(1_000, 500), (1_499,)])
def test_above_the_limit_parts_and_a_forgiven_shilling_go_back_too(
    key: str, settings: Any, simulator: Any, run_worker: Callable[[], int], clock: Any, parts: tuple[int, ...]
) -> None:
    settings.FOUR_EYES_KES = 1_000
    reference = story.create_order(key=key).data["order_reference"]
    for part in parts:
        simulator.pay_bill(msisdn=AMINA.msisdn, amount=str(part), account_reference=reference)
        number = simulator.transactions()[-1]["receipt"]
        told = C2BReceipt(number, kes(part), clock.now(), reference, AMINA, "174379")
        assert settle_c2b(told, now=clock.now()) == "allocated"

    assert ask(reference, key).data["status"] == "needs_approval"
    approve(Approval.objects.get().id, checker="chebet", reason="checked", now=clock.now())

    assert story.escrow_of(reference) == kes(0)
    assert sorted(refund.amount.shillings for refund in Refund.objects.all()) == sorted(parts)
    for _ in range(3):
        run_worker()
        clock.advance(minutes=5)
    assert story.read_order(reference)["status"] == "refunded"


def test_of_released_money_staff_decide(key: str, simulator: Any, run_worker: Callable[[], int]) -> None:
    reference = paid(key)
    run_worker()
    story.confirm(reference, story.code_sent_to(simulator, AMINA, reference))

    assert ask(reference, key, amount="1500.01").code == "refund_exceeds_receipt"
    assert ask(reference, key, amount="9.99").code == "refund_too_small"
    assert ask(reference, key, amount="500").data["status"] == "needs_approval"
    assert not Refund.objects.exists()


def test_a_reason_names_no_phone_and_stays_out_of_the_events(
    key: str, simulator: Any, run_worker: Callable[[], int]
) -> None:
    reference = paid(key)
    run_worker()
    story.confirm(reference, story.code_sent_to(simulator, AMINA, reference))

    refused = ask(reference, key, amount="500", reason="Call Amina, 0712-345 678")
    assert (refused.code, refused.body["details"]["errors"][0]["code"]) == ("invalid_input", "reason_phone")
    assert ask(reference, key, amount="500", reason="Amina was sad").data["status"] == "needs_approval"

    assert Approval.objects.get().reason == "Amina was sad"
    assert "sad" not in str(Event.objects.get(type="approval.asked").data)


def test_what_a_merchant_may_not_give_back(key: str) -> None:
    reference = paid(key)
    other = story.key_with(Scope.REFUNDS, merchant="Soko")
    unpaid = story.create_order(key=key).data["order_reference"]

    assert ask(reference, other).code == "order_not_found"
    assert ask(reference, story.key_with(Scope.ORDERS)).code == "scope_missing"
    assert ask(reference, key, amount="1000").code == "refund_not_whole"
    assert ask(unpaid, key).code == "nothing_to_refund"
    body = {"order_reference": reference, "amount": 1500, "reason": "Out of stock."}
    assert story.post("/api/v1/refunds", body, key=key).code == "idempotency_key_missing"
    assert story.escrow_of(reference) == kes(1_500)


def test_the_seller_calls_a_paid_order_off_and_the_buyer_has_the_money_back(
    run_worker: Callable[[], int], clock: Any
) -> None:
    reference = story.create_order().data["order_reference"]
    story.simulate_payment(reference)
    address = f"/api/orders/{reference}/cancel"

    by_buyer = {"phone_number": AMINA.msisdn, "otp": story.code_for(AMINA, "cancel_order")}
    assert story.post(address, by_buyer).code == "order_not_cancellable"
    by_seller = {"phone_number": BARAKA.msisdn, "otp": story.code_for(BARAKA, "cancel_order")}
    assert story.post(address, by_seller).data["status"] == "cancelled"

    run_worker()
    clock.advance(seconds=10)
    run_worker()
    assert story.read_order(reference)["status"] == "refunded"


def test_a_buyer_gets_a_new_code_and_the_old_one_opens_nothing(run_worker: Callable[[], int]) -> None:
    made = story.create_order().data
    reference, old = made["order_reference"], made["delivery_code"]
    address = f"/api/v1/orders/{reference}/new-code"
    assert story.post(f"{address}/otp", {}).code == "order_not_confirmable"
    story.simulate_payment(reference)

    assert story.post(f"{address}/otp", {}).data["expires_in_s"] == 600
    assert story.post(address, {"otp": "000000"}).code == "one_time_code_wrong"
    unknown = "/api/v1/orders/ZEM-00000000/new-code"
    assert story.post(unknown, {"otp": "000000"}).code == "one_time_code_wrong"
    new = story.post(address, {"otp": story.last_code()}).data["delivery_code"]

    if old != new:
        assert story.confirm(reference, old).code == "delivery_code_wrong"
    assert story.confirm(reference, new).status == 200
