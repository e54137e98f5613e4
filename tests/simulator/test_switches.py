"""Every switch by name (README, "Switches")."""

import re

import pytest

from simulator import ControlError
from simulator.switches import SWITCHES
from tests.simulator.world import AMINA, BARAKA, World, result_items


@pytest.fixture
def world():
    with World() as it:
        yield it


def _items(calls):
    ((_, payload),) = calls
    callback = payload["Body"]["stkCallback"]
    return {item["Name"]: item.get("Value") for item in callback["CallbackMetadata"]["Item"]}


def test_every_switch_has_a_test_that_names_it(request, world):
    # test_control lists the defaults, which tries none of them.
    paths = [path for path in request.path.parent.glob("test_*.py") if path.name != "test_control.py"]
    tests = "".join(path.read_text() for path in paths)

    assert [name for name in world.sim.switch() if not re.search(rf'\b{name}"?[=:]', tests)] == []
    assert list(world.sim.switch())[: len(SWITCHES)] == list(SWITCHES)


@pytest.mark.parametrize(
    ("form", "found"), [("envelope", ["Result"]), ("flat", "OriginatorConversationID"), ("empty", None)]
)
def test_timeout_payload_of_a_payout(world, form, found):
    world.sim.switch(timeout_payload=form)
    world.sim.fault("b2c_timeout_notice", count=1)
    world.daraja.payout()

    ((path, payload),) = world.run(1)

    assert path == "/timeout"
    if form == "envelope":
        assert list(payload) == found
        assert "ResultParameters" not in payload["Result"]
    elif form == "flat":
        assert payload[found] == "own-1"
    else:
        assert payload is None
    assert world.http.get("/_sim/callbacks").json()["callbacks"][0]["payload"] == payload


def test_timeout_payload_of_a_status_query(world):
    world.sim.switch(timeout_payload="empty", status_unknown_id="timeout")
    world.daraja.status(OriginalConversationID="nobody's")

    assert world.run(1) == [("/timeout", None)]


def test_two_minute_rule_can_be_off(world):
    world.sim.switch(two_minute_rule=False)
    for _ in range(2):
        world.daraja.push()
        assert _items(world.run(1))["Amount"] == 1500


@pytest.mark.parametrize("retries", [0, 1, 2, 3])
def test_callback_retries_stop_after_so_many(world, retries):
    world.sim.switch(callback_retries=retries, callback_retry_gaps_s=[2, 10])
    world.shop.status = "503 Service Unavailable"
    world.daraja.push()

    came = [len(world.run(gap)) for gap in (1, 2, 10, 10, 600)]

    assert came == [1] + [1] * retries + [0] * (4 - retries)
    (callback,) = world.http.get("/_sim/callbacks").json()["callbacks"]
    assert (callback["state"], callback["attempts"], callback["status_code"]) == ("failed", retries + 1, 503)


def test_callback_retries_end_with_the_first_success(world):
    world.sim.switch(callback_retries=3)
    world.shop.status = "500 Internal Server Error"
    world.daraja.push()
    assert len(world.run(1)) == 1
    assert [callback.state for callback in world.sim.callbacks] == ["waiting"]
    world.shop.status = "200 OK"

    assert len(world.run(1)) == 1
    assert world.run(600) == []
    assert [(callback.state, callback.attempts) for callback in world.sim.callbacks] == [("delivered", 2)]


@pytest.mark.parametrize(
    ("form", "shown"),
    [("number", 254722000111), ("text", "254722000111"), ("masked", "2547 ***** 111"), ("missing", None)],
)
def test_stk_phone_of_every_callback(world, form, shown):
    world.sim.switch(stk_phone=form)
    world.daraja.push()

    assert _items(world.run(1)).get("PhoneNumber") == shown


def test_stk_phone_hashed_is_the_same_for_the_same_phone(world):
    world.sim.switch(stk_phone="hashed")
    world.daraja.push(AMINA, 10)
    first = _items(world.run(1))["PhoneNumber"]
    world.daraja.push(AMINA, 20)

    assert len(first) == 64
    assert _items(world.run(1))["PhoneNumber"] == first


@pytest.mark.parametrize(("form", "shown"), [("no_value", None), ("number", 298_500)])
def test_stk_balance_of_every_callback(world, form, shown):
    world.sim.switch(stk_balance=form)
    world.daraja.push()

    assert _items(world.run(1))["Balance"] == shown


def test_b2c_v1_may_be_gone(world):
    world.sim.switch(b2c_v1="gone")
    body = world.daraja.payout_body(OriginatorConversationID=None)

    answer = world.daraja.post("/mpesa/b2c/v1/paymentrequest", body)

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "404.001.01")
    assert world.daraja.payout().status_code == 200
    world.sim.switch(b2c_v1="answers")
    assert world.daraja.post("/mpesa/b2c/v1/paymentrequest", body).status_code == 200


@pytest.mark.parametrize(
    ("zone", "timestamp", "status"),
    [
        ("off", "20200101000000", 200),
        ("eat", "20260701120500", 200),
        ("eat", "20260701115500", 200),
        ("eat", "20260701120501", 400),
        ("eat", "20260701090000", 400),
        ("utc", "20260701090000", 200),
        ("utc", "20260701120000", 400),
    ],
)
def test_timestamp_check_allows_five_minutes(world, zone, timestamp, status):
    world.sim.switch(timestamp_check=zone)

    answer = world.daraja.push(Timestamp=timestamp, Password=world.daraja.password(timestamp))

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["errorMessage"] == "Bad Request - Invalid Timestamp"


def test_phone_type_number_lets_a_text_end_silently(world):
    world.sim.switch(phone_type="number")
    assert world.daraja.push(AMINA).status_code == 200

    ((_, payload),) = world.run(1)
    assert payload["Body"]["stkCallback"]["ResultCode"] == 1037
    world.daraja.push(PartyA=int(AMINA), PhoneNumber=int(AMINA))
    assert _items(world.run(1))["Amount"] == 1500


def test_a_prompt_that_phone_type_never_showed_cannot_be_paid(world):
    world.sim.switch(phone_type="number")
    world.daraja.push(AMINA)

    world.sim.set_phone(AMINA, prompt="pay")

    ((_, payload),) = world.run()
    assert payload["Body"]["stkCallback"]["ResultCode"] == 1037


def test_phone_type_text_refuses_a_number(world):
    world.sim.switch(phone_type="text")

    answer = world.daraja.push(PartyA=int(AMINA))

    assert answer.json()["errorMessage"] == "Bad Request - Invalid PartyA"
    assert world.daraja.push(AMINA).status_code == 200


def test_strict_reference_is_about_the_reference_alone(world):
    world.sim.switch(strict_reference=True)
    assert world.daraja.push(TransactionDesc="x" * 14).status_code == 200

    answer = world.daraja.push(BARAKA, AccountReference="x" * 13)

    assert answer.json()["errorMessage"] == "Bad Request - Invalid AccountReference"
    assert world.daraja.push(BARAKA, AccountReference="x" * 12).status_code == 200


def test_originator_id_life_s_ends_the_memory_of_an_id(world):
    world.sim.switch(originator_id_life_s=600)
    world.daraja.payout("own-1")
    world.run(599)
    assert world.daraja.payout("own-1").json()["errorCode"] == "500.002.1001"
    world.run(1)

    assert world.daraja.payout("own-1").status_code == 200

    ((_, second),) = world.run(1)
    assert world.books()[f"wallet:{BARAKA}"] == 30_000_000 + 2 * 145_500
    world.daraja.status(OriginalConversationID="own-1")
    ((_, found),) = world.run(1)
    assert result_items(found["Result"])["ReceiptNo"] == second["Result"]["TransactionID"]


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ("500.002.1001", 500, "Duplicate OriginatorConversationID."),
        ("internal_error", 500, "System internal error."),
        ("response_code_1", 200, "Duplicate OriginatorConversationID."),
        ("result_15", 200, "Accept the service request successfully."),
    ],
)
def test_duplicate_form_of_a_reused_id(world, form, status, said):
    world.daraja.payout("own-1")
    world.run(1)
    before = world.books()
    world.sim.switch(duplicate_form=form)

    answer = world.daraja.payout("own-1")

    assert answer.status_code == status
    assert said in answer.json().values()
    calls = world.run(60)
    assert [payload["Result"]["ResultCode"] for _, payload in calls] == ([15] if form == "result_15" else [])
    assert world.books() == before


@pytest.mark.parametrize("code", ["404.001.03", "401.002.01", "400.003.01", "401.003.01"])
def test_invalid_token_code_depends_on_the_product(world, code):
    world.sim.switch(invalid_token_code=code)
    world.daraja.token = "dead"

    answer = world.daraja.push()

    assert (answer.status_code, answer.json()["errorCode"]) == (int(code[:3]), code)


@pytest.mark.parametrize(
    "wish",
    [
        {"callback_retries": 4},
        {"callback_retries": True},
        {"callback_retry_gaps_s": []},
        {"callback_retry_gaps_s": [1, 2, 3, 4]},
        {"callback_retry_gaps_s": [0]},
        {"callback_retry_gaps_s": 5},
        {"originator_id_life_s": 0},
        {"originator_id_life_s": True},
        {"stk_phone": "hidden"},
    ],
)
def test_a_value_that_a_switch_does_not_take_changes_nothing(world, wish):
    before = world.sim.switch()

    with pytest.raises(ControlError):
        world.sim.switch(**wish)

    assert world.sim.switch() == before


def test_customer_limits_fill_a_wallet(world):
    world.daraja.payout(amount="250000")

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == 8  # 300,000 are in the wallet, and it takes 500,000
    assert world.books().get(f"wallet:{BARAKA}", 30_000_000) == 30_000_000
