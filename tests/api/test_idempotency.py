"""A key makes a retry safe: one effect, one answer, to the one who asked first (DOMAIN 4.1)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import AMINA, BARAKA, Answer, Api
from tests.story import FLOAT, assert_books_agree, ledger
from zemi.common import crypto, faults
from zemi.common.db import BoundaryError, conclude
from zemi.common.money import kes
from zemi.idempotency.answers import LIFE, MONEY_LIFE, TAKEN_OVER_AFTER, forget_old_answers
from zemi.idempotency.models import KeptAnswer
from zemi.identity.models import ApiKey
from zemi.orders.models import Order
from zemi.payments.models import Payment
from zemi.reconciliation.opening import ensure_opening_float

pytestmark = pytest.mark.django_db
CREATE = "/api/orders/create"
ORDER = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13", "seller_phone": BARAKA}


class Died(BaseException):
    """The process is gone: nothing in it may catch this."""


@pytest.fixture
def strike() -> Any:
    """Let something happen to the process at a fault point that is reached: by default it dies."""

    def at(name: str, error: type[BaseException] = Died, *, nth: int = 1) -> None:
        passed = iter(range(nth - 1))

        def hit(reached: str) -> None:
            if reached == name and next(passed, None) is None:
                faults.install(None)
                raise error

        faults.install(hit)

    yield at
    faults.install(None)


def create(api: Api, idempotency_key: str = "k1", **more: Any) -> Answer:
    headers = {name: more.pop(name) for name in ("zemi_version",) if name in more}
    return api.post(
        CREATE, ORDER | more.pop("fields", {}), idempotency_key=idempotency_key, **more, **headers
    )


def assert_replayed(again: Answer, first: Answer) -> None:
    assert again.raw == first.raw
    assert again.status == first.status
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request-Id"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]


def test_a_retry_gets_the_same_answer_with_the_same_code(api: Api) -> None:
    first = create(api)
    assert first.status == 201
    assert "Idempotent-Replayed" not in first.headers

    assert_replayed(create(api), first)
    assert_replayed(create(api, '"k1"'), first)
    assert Order.objects.count() == 1
    assert create(api, "k2").data["order_reference"] != first.data["order_reference"]


@pytest.mark.parametrize(
    "change",
    [{"fields": {"amount": 1501}}, {"fields": {"metadata": {}}}],
)
def test_another_request_under_the_same_key_is_refused_and_not_run(api: Api, change: dict[str, Any]) -> None:
    create(api)
    again = create(api, **change)

    assert (again.status, again.body["code"]) == (422, "idempotency_key_reused")
    assert again.body["details"]["type"] == "idempotency_error"
    assert Order.objects.count() == 1


def test_the_order_of_fields_and_spaces_make_no_other_request(api: Api) -> None:
    first = create(api)
    other = (
        "{ "
        + ", ".join(f'"{name}": {value!r}'.replace("'", '"') for name, value in sorted(ORDER.items()))
        + "}"
    )

    assert_replayed(api.post(CREATE, other, idempotency_key="k1"), first)


def test_the_same_key_at_another_address_is_another_request(api: Api) -> None:
    create(api)
    confirm = {"order_reference": "ZEM-00000000", "delivery_code": "000000"}

    assert api.post("/api/orders/confirm-delivery", confirm, idempotency_key="k1").status == 422
    assert api.post("/api/v1/orders/create", ORDER, idempotency_key="k1").status == 422


def test_the_same_key_for_another_order_in_the_address_is_another_request(
    api: Api, make_key: Any, simulator: Any
) -> None:
    duka = make_key("orders")
    one, other = (api.create(key=duka)["order_reference"] for _ in range(2))

    assert api.post(f"/api/orders/{one}/cancel", {}, key=duka, idempotency_key="k1").status == 200
    again = api.post(f"/api/orders/{other}/cancel", {}, key=duka, idempotency_key="k1")
    assert again.body["code"] == "idempotency_key_reused"


def test_keys_are_each_accounts_own(api: Api, make_key: Any) -> None:
    duka, duka_too, soko = (make_key("orders", merchant=name) for name in ("Duka", "Duka", "Soko"))
    first = create(api, key=duka)

    assert_replayed(create(api, key=duka_too), first)
    for stranger in ({"key": soko}, {}):
        assert "Idempotent-Replayed" not in create(api, **stranger).headers
    assert Order.objects.count() == 3


def test_who_may_not_act_any_more_sees_no_old_answer(api: Api, make_key: Any) -> None:
    key = make_key("orders")
    assert create(api, key=key).status == 201
    ApiKey.objects.update(scopes=["read"])

    again = create(api, key=key)
    assert (again.status, again.body["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("key", ["", '""', " ", "k" * 256, "k\xe9", "a\tb"])
def test_what_is_no_key_is_refused(api: Api, key: str) -> None:
    answer = create(api, key)

    assert (answer.status, answer.body["code"]) == (400, "idempotency_key_invalid")
    assert not Order.objects.exists()


def test_a_key_may_be_as_long_as_255(api: Api) -> None:
    assert create(api, "k" * 255).status == 201


def test_what_moves_power_needs_a_key(api: Api, make_key: Any) -> None:
    answer = api.post("/api/v1/api_keys", {"scopes": ["keys"]}, key=make_key("keys"))

    assert (answer.status, answer.body["code"]) == (400, "idempotency_key_missing")
    assert ApiKey.objects.count() == 1


def test_refusals_of_the_business_are_kept_and_those_of_the_request_are_not(api: Api, simulator: Any) -> None:
    order = api.create()
    wrong = f"{(int(order['delivery_code']) + 1) % 1_000_000:06d}"
    body = {"order_reference": order["order_reference"], "delivery_code": wrong}

    def confirm(**fields: Any) -> Answer:
        return api.post("/api/orders/confirm-delivery", body | fields, idempotency_key="k1")

    assert confirm(delivery_code="12").status == 400
    refused = confirm()
    assert (refused.status, refused.body["code"]) == (422, "delivery_code_wrong")
    assert_replayed(confirm(), refused)
    assert Order.objects.get().delivery_attempts.count() == 1


def test_too_many_is_not_kept(api: Api, simulator: Any, clock: Any) -> None:
    one, other = (api.create()["order_reference"] for _ in range(2))

    def push(reference: str, key: str) -> Answer:
        body = {"phone_number": AMINA, "amount": 1500, "account_reference": reference}
        return api.post("/api/payments/mpesa/stk-push", body, idempotency_key=key)

    sent = push(one, "k1")
    assert sent.status == 200
    assert push(other, "k2").status == 429
    clock.advance(minutes=3)
    simulator.run_due()
    assert push(other, "k2").status == 200
    assert_replayed(push(one, "k1"), sent)


def test_a_running_request_is_waited_for(api: Api, clock: Any) -> None:
    create(api)
    KeptAnswer.objects.update(status=None, body_sealed=None)

    again = create(api)
    assert (again.status, again.body["code"]) == (409, "idempotency_in_progress")
    assert again.headers["Retry-After"] == "2"
    assert again.body["details"]["retryable"] is True


def test_what_died_before_it_did_anything_is_done_by_a_retry(api: Api, clock: Any, strike: Any) -> None:
    strike("key_looked_at")
    with pytest.raises(Died):
        create(api)

    assert create(api).body["code"] == "idempotency_in_progress"
    clock.advance(seconds=TAKEN_OVER_AFTER.total_seconds())
    assert create(api).status == 201
    assert Order.objects.count() == 1


def test_what_broke_is_tried_again_at_once(api: Api, strike: Any) -> None:
    strike("key_looked_at", ZeroDivisionError)
    assert create(api).status == 500

    assert create(api).status == 201


def test_a_refusal_that_says_how_long_to_wait_says_again_how_long_is_left(
    api: Api, simulator: Any, clock: Any
) -> None:
    order = api.create()
    api.pay(order)
    wrong = f"{(int(order['delivery_code']) + 1) % 1_000_000:06d}"
    body = {"order_reference": order["order_reference"], "delivery_code": wrong}
    for _ in range(3):
        api.post("/api/orders/confirm-delivery", body)

    def confirm() -> Answer:
        return api.post("/api/orders/confirm-delivery", body, idempotency_key="k1")

    locked = confirm()
    clock.advance(minutes=20)
    again = confirm()

    assert locked.status == 423
    assert_replayed(again, locked)
    assert int(again.headers["Retry-After"]) == int(locked.headers["Retry-After"]) - 1200
    clock.advance(hours=1)
    assert confirm().headers["Retry-After"] == "0"


# Killed between commit and answer


@pytest.mark.django_db(transaction=True)
def test_an_order_whose_answer_was_lost_is_answered_and_not_made_again(
    api: Api, simulator: Any, strike: Any
) -> None:
    strike("committed")
    with pytest.raises(Died):
        create(api)
    order = Order.objects.get()

    again = create(api)
    assert again.status == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data["order_reference"] == order.order_reference
    body = {"order_reference": order.order_reference, "delivery_code": again.data["delivery_code"]}
    assert api.post("/api/orders/confirm-delivery", body).body["code"] == "order_not_confirmable"


@pytest.mark.django_db(transaction=True)
def test_a_delivery_whose_answer_was_lost_is_answered_as_done(api: Api, simulator: Any, strike: Any) -> None:
    order = api.create()
    api.pay(order)
    body = {"order_reference": order["order_reference"], "delivery_code": order["delivery_code"]}

    def confirm() -> Answer:
        return api.post("/api/orders/confirm-delivery", body, idempotency_key="k1")

    strike("committed")
    with pytest.raises(Died):
        confirm()

    assert confirm().data["status"] == "completed"
    assert api.post("/api/orders/confirm-delivery", body).status == 409


def push(api: Api, reference: str, key: str = "k1") -> Answer:
    body = {"phone_number": AMINA, "amount": 1500, "account_reference": reference}
    return api.post("/api/payments/mpesa/stk-push", body, idempotency_key=key)


@pytest.fixture
def push_lost_at(
    api: Api, simulator: Any, clock: Any, strike: Any
) -> Callable[[str], tuple[str, Callable[[], Answer]]]:
    """A prompt whose request died at a point, long enough ago; and how it is asked for again."""

    def lose(point: str) -> tuple[str, Callable[[], Answer]]:
        ensure_opening_float(now=clock.now())
        reference = api.create()["order_reference"]
        strike(point)
        with pytest.raises(Died):
            push(api, reference)
        assert push(api, reference).body["code"] == "idempotency_in_progress"
        clock.advance(seconds=TAKEN_OVER_AFTER.total_seconds())
        return reference, lambda: push(api, reference)

    return lose


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "prompts"), [("before_charge", 0), ("after_charge", 1)])
def test_a_prompt_whose_answer_was_lost_is_unknown_and_not_sent_again(
    api: Api, simulator: Any, push_lost_at: Any, point: str, prompts: int
) -> None:
    reference, again = push_lost_at(point)

    answer = again()
    assert (answer.status, answer.data["status"], answer.data["payment_status"]) == (
        202,
        "unknown",
        "unknown",
    )
    assert_replayed(again(), answer)
    assert Payment.objects.count() == 1
    assert len(simulator.phone(AMINA)["prompts"]) == prompts
    assert push(api, reference, "k2").body["code"] == "payment_in_progress"
    assert ledger() == {1110: FLOAT, 3100: FLOAT}
    assert_books_agree()


@pytest.mark.django_db(transaction=True)
def test_a_prompt_that_was_paid_before_it_is_asked_for_again_is_answered_as_paid(
    api: Api, simulator: Any, run_worker: Any, push_lost_at: Any
) -> None:
    _, again = push_lost_at("after_charge")
    run_worker()

    answer = again()
    assert (answer.status, answer.data["payment_status"]) == (200, "completed")
    assert_replayed(again(), answer)
    assert Payment.objects.count() == len(simulator.phone(AMINA)["prompts"]) == 1
    assert ledger() == {1100: kes(1500), 1110: FLOAT, 2100: kes(1500), 3100: FLOAT}
    assert_books_agree()


@pytest.mark.django_db(transaction=True)
def test_who_died_twice_over_one_prompt_is_told_of_the_first(
    api: Api, simulator: Any, clock: Any, strike: Any, push_lost_at: Any
) -> None:
    _, again = push_lost_at("after_charge")
    strike("key_looked_at")
    with pytest.raises(Died):
        again()
    clock.advance(seconds=TAKEN_OVER_AFTER.total_seconds())

    assert again().data["payment_status"] == "unknown"
    assert Payment.objects.count() == len(simulator.phone(AMINA)["prompts"]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_prompt_that_was_refused_is_sent_by_a_retry(
    api: Api, simulator: Any, clock: Any, strike: Any
) -> None:
    reference = api.create()["order_reference"]
    simulator.fault("http_error_before", count=1, api="stk")
    # Begun, then refused; only then it dies.
    strike("committed", nth=2)
    with pytest.raises(Died):
        push(api, reference)
    assert Payment.objects.get().status == "failed"
    clock.advance(minutes=2)

    answer = push(api, reference)
    assert (answer.status, answer.data["payment_status"]) == (200, "pending")
    assert Payment.objects.count() == 2
    assert len(simulator.phone(AMINA)["prompts"]) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["", "/rotate", "/redeliver"])
def test_a_webhook_call_whose_answer_was_lost_is_answered_and_not_made_again(
    api: Api, make_key: Any, strike: Any, everything: Any, action: str
) -> None:
    key = make_key("webhooks")
    path, body = "/api/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/"}
    made = api.post(path, body, key=key, idempotency_key="k1").data["id"]
    if action:
        path, body = f"{path}/{made}{action}", {"since": "2026-11-22"}

    strike("committed")
    with pytest.raises(Died):
        api.post(path, body, key=key, idempotency_key="k2")
    before = everything()

    again = api.post(path, body, key=key, idempotency_key="k2")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert everything() == before


# What is kept


def test_a_thief_of_the_table_reads_nothing(api: Api) -> None:
    first = create(api, "a-secret-key")
    row = KeptAnswer.objects.get()

    everything = repr(KeptAnswer.objects.values_list().get()).encode() + bytes(row.body_sealed or b"")
    for secret in (first.data["delivery_code"], first.data["order_reference"], AMINA, "a-secret-key"):
        assert secret.encode() not in everything
    context = f"idempotency|body|{bytes(row.pk).hex()}"
    with pytest.raises(crypto.SealBroken):
        crypto.unseal_under("another-key", row.body_sealed or b"", context=context)
    with pytest.raises(crypto.SealBroken):
        crypto.unseal_under("a-secret-key", row.body_sealed or b"", context="elsewhere")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal_under("a-secret-key", b"", context=context)


def use_up(api: Api, first: Answer) -> None:
    api.pay(first.data)
    code = {name: first.data[name] for name in ("order_reference", "delivery_code")}
    assert api.post("/api/orders/confirm-delivery", code).status == 200


def replace(api: Api, first: Answer) -> None:
    from zemi.common.db import unit_of_work
    from zemi.orders.locks import lock_order
    from zemi.orders.progress import replace_delivery_code

    api.pay(first.data)
    with unit_of_work():
        order = lock_order(order_reference=first.data["order_reference"])
        replace_delivery_code(order, now=order.created_at)


@pytest.mark.parametrize("end", [use_up, replace])
def test_a_code_that_is_over_is_not_kept(
    api: Api, simulator: Any, end: Callable[[Api, Answer], None]
) -> None:
    first, other = create(api), create(api, "k2")
    end(api, first)

    gone = create(api)
    assert (gone.status, gone.body["code"]) == (409, "idempotency_answer_gone")
    assert KeptAnswer.objects.filter(body_sealed=None).count() == 1
    assert_replayed(create(api, "k2"), other)
    assert Order.objects.count() == 2


def test_a_merchant_is_told_no_code_and_keeps_the_answer(api: Api, make_key: Any, simulator: Any) -> None:
    key = make_key("orders")
    first = create(api, key=key)

    assert KeptAnswer.objects.get().secret_of is None
    assert not Order.objects.get().answer_kept
    assert_replayed(create(api, key=key), first)


def test_answers_are_kept_for_a_day_and_those_about_money_for_a_month(
    api: Api, simulator: Any, clock: Any
) -> None:
    first = create(api)
    push = {"phone_number": AMINA, "amount": 1500, "account_reference": first.data["order_reference"]}
    sent = api.post("/api/payments/mpesa/stk-push", push, idempotency_key="k2")

    clock.advance(seconds=LIFE.total_seconds() - 1)
    assert forget_old_answers(now=clock.now()) == 0
    assert_replayed(create(api), first)
    clock.advance(seconds=1)
    assert forget_old_answers(now=clock.now()) == 1
    assert_replayed(api.post("/api/payments/mpesa/stk-push", push, idempotency_key="k2"), sent)
    clock.advance(seconds=MONEY_LIFE.total_seconds())
    assert forget_old_answers(now=clock.now()) == 1
    assert not KeptAnswer.objects.exists()


def test_an_old_key_is_a_new_one_before_the_sweep_has_come(api: Api, clock: Any) -> None:
    first = create(api)
    clock.advance(seconds=LIFE.total_seconds())

    assert create(api).data["order_reference"] != first.data["order_reference"]
    assert create(api, fields={"amount": 1600}).status == 422


def test_only_a_unit_of_work_is_concluded() -> None:
    with pytest.raises(BoundaryError):
        conclude(1)
