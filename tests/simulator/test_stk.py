import re

import pytest

from tests.simulator.world import AMINA, COLLECTED, OTIENO, WALLET, World


@pytest.fixture
def world():
    with World() as it:
        yield it


def _callback(calls):
    ((path, payload),) = calls
    assert path == "/stk"
    return payload["Body"]["stkCallback"]


def test_a_person_pays_and_the_money_moves_once(world):
    answer = world.daraja.push(amount="1500")

    assert answer.status_code == 200
    assert answer.json()["ResponseCode"] == "0"
    assert answer.json()["CustomerMessage"] == "Success. Request accepted for processing"
    assert re.fullmatch(r"ws_CO_01072026120000\d{3}722000111", answer.json()["CheckoutRequestID"])
    assert re.fullmatch(r"[0-9a-f]{4}(-[0-9a-f]{4}){2}-[0-9a-f]{16}", answer.json()["MerchantRequestID"])
    assert world.run(0.9) == []

    callback = _callback(world.run(0.2))

    assert callback["MerchantRequestID"] == answer.json()["MerchantRequestID"]
    assert callback["CheckoutRequestID"] == answer.json()["CheckoutRequestID"]
    assert (callback["ResultCode"], callback["ResultDesc"]) == (
        0,
        "The service request is processed successfully.",
    )
    items = callback["CallbackMetadata"]["Item"]
    receipt = items[1]["Value"]
    assert items == [
        {"Name": "Amount", "Value": 1500.0},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": 20260701120001},
        {"Name": "PhoneNumber", "Value": 254722000111},
    ]
    assert re.fullmatch(r"UG1[0-9A-Z]{7}", receipt)  # 2026, July, the first
    assert world.books() == {
        "fees:safaricom": 0,
        COLLECTED: 150_000,
        "shortcode:600000:utility": 1_000_000_000,
        WALLET: 29_850_000,
        "world": -1_030_000_000,
    }
    assert world.run(3_600) == []


def test_the_amount_is_written_with_two_places(world):
    world.daraja.push(amount="5")
    world.run(1)

    assert '{"Name": "Amount", "Value": 5.00}' in world.sim.callbacks[0].body


def test_the_transaction_is_listed(world):
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    receipt = _callback(world.run(1))["CallbackMetadata"]["Item"][1]["Value"]

    assert world.http.get("/_sim/transactions").json() == {
        "transactions": [
            {
                "receipt": receipt,
                "kind": "stk",
                "debit": WALLET,
                "credit": COLLECTED,
                "amount": 150_000,
                "fee": 0,
                "at": "2026-07-01T09:00:01.000+00:00",
                "conversation_id": None,
                "originator_conversation_id": None,
                "checkout_request_id": checkout,
                "account_reference": "ZEM-A3F8B2K7",
            }
        ]
    }


@pytest.mark.parametrize(
    ("phone", "seconds", "code"),
    [
        ("254700000001", 3, 0),
        ("254700000002", 45, 0),
        ("254700000003", 3, 1032),
        ("254700000004", 3, 1),
        ("254700000005", 3, 1037),
        ("254700000006", 3, 2001),
    ],
)
def test_the_test_numbers_do_what_is_written(world, phone, seconds, code):
    world.daraja.push(phone)

    assert world.run(seconds - 0.1) == []
    callback = _callback(world.run(0.1))

    assert callback["ResultCode"] == code
    assert ("CallbackMetadata" in callback) is (code == 0)
    assert world.books()[COLLECTED] == (150_000 if code == 0 else 0)


def test_number_7_pays_and_only_a_query_tells(world):
    checkout = world.daraja.push("254700000007").json()["CheckoutRequestID"]

    assert world.run(600) == []
    assert world.daraja.query(checkout).json()["ResultCode"] == "0"
    assert world.books()[COLLECTED] == 150_000


def test_number_8_is_told_twice_and_then_contradicted(world):
    checkout = world.daraja.push("254700000008").json()["CheckoutRequestID"]

    first, second = world.run(3)
    ((_, stray),) = world.run(2)

    assert first == second
    assert first[1]["Body"]["stkCallback"]["ResultCode"] == 0
    assert stray["Body"]["stkCallback"]["CheckoutRequestID"] == checkout
    assert stray["Body"]["stkCallback"]["ResultCode"] == 1037
    assert world.daraja.query(checkout).json()["ResultCode"] == "0"
    assert world.books()[COLLECTED] == 150_000


def test_a_query_says_processing_until_it_is_decided_and_never_the_receipt(world):
    checkout = world.daraja.push("254700000003").json()["CheckoutRequestID"]

    pending = world.daraja.query(checkout)
    assert (pending.status_code, pending.json()["errorCode"]) == (500, "500.001.1001")
    assert pending.json()["errorMessage"] == "The transaction is being processed"

    world.run(3)
    final = world.daraja.query(checkout)
    assert final.status_code == 200
    assert final.json()["ResponseCode"] == "0"
    assert (final.json()["ResultCode"], final.json()["ResultDesc"]) == ("1032", "Request cancelled by user")
    assert set(final.json()) == {
        "ResponseCode",
        "ResponseDescription",
        "MerchantRequestID",
        "CheckoutRequestID",
        "ResultCode",
        "ResultDesc",
    }


def test_pending_has_a_second_form_by_switch(world):
    world.sim.switch(query_pending_form="4999")
    checkout = world.daraja.push().json()["CheckoutRequestID"]

    answer = world.daraja.query(checkout)

    assert answer.status_code == 200
    assert answer.json()["ResultCode"] == "4999"
    assert answer.json()["ResultDesc"] == "The transaction is still under processing"


def test_a_query_needs_the_password_and_a_known_id(world):
    checkout = world.daraja.push().json()["CheckoutRequestID"]

    assert world.daraja.query(checkout, Password="eA==").json()["errorMessage"] == "Wrong credentials"
    unknown = world.daraja.query("ws_CO_0107202612000099722000111")
    assert unknown.json()["errorCode"] == "500.001.1001"
    assert "processed" not in unknown.json()["errorMessage"]
    assert world.daraja.query("what").json()["errorMessage"] == "Bad Request - Invalid CheckoutRequestID"


def test_one_prompt_at_a_time_on_one_phone(world):
    world.daraja.push()
    second = world.daraja.push(amount="20")
    other = world.daraja.push(OTIENO)

    assert (second.status_code, second.json()["errorCode"]) == (500, "500.001.1001")
    assert second.json()["errorMessage"].startswith(
        "Unable to lock subscriber, a transaction is already in process"
    )
    assert other.status_code == 200
    assert len(world.run(1)) == 2


def test_the_same_amount_within_two_minutes_is_rule_limited(world):
    world.daraja.push()
    world.run(1)

    world.daraja.push()
    assert _callback(world.run(1))["ResultCode"] == 17
    assert world.books()[COLLECTED] == 150_000

    world.daraja.push(amount="1501")
    assert _callback(world.run(1))["ResultCode"] == 0

    world.run(120)
    world.daraja.push()
    assert _callback(world.run(1))["ResultCode"] == 0


def test_a_wallet_without_the_money_pays_nothing(world):
    for amount in ("250000", "50000"):
        world.daraja.push(amount=amount)
        world.run(1)
    assert world.books()[WALLET] == 0

    world.daraja.push(amount="1")

    assert _callback(world.run(1))["ResultCode"] == 1
    assert world.books()[WALLET] == 0


def test_a_till_type_on_a_paybill_and_a_foreign_party_are_told_by_callback(world):
    world.daraja.push(TransactionType="CustomerBuyGoodsOnline")
    assert _callback(world.run(1))["ResultCode"] == 2028

    world.daraja.push(PartyB="600000")
    assert _callback(world.run(1))["ResultCode"] == "SFC_IC0003"
    assert world.books()[COLLECTED] == 0


def test_a_person_decides_an_open_prompt(world):
    world.sim.set_phone(AMINA, next="wait")
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    assert world.run(30) == []

    shown = world.sim.set_phone("0722 000 111", prompt="pay")

    assert shown["prompts"][0]["result_code"] == "0"
    callback = _callback(world.run())
    assert (callback["CheckoutRequestID"], callback["ResultCode"]) == (checkout, 0)
    assert world.run(120) == []
    assert world.books()[COLLECTED] == 150_000


def test_a_prompt_that_nobody_answers_times_out_after_a_minute(world):
    world.sim.set_phone(AMINA, next="wait")
    world.daraja.push()

    assert world.run(59) == []
    assert _callback(world.run(1))["ResultCode"] == 1037


def test_a_script_is_used_up_by_the_next_prompt(world):
    world.sim.set_phone(AMINA, next="cancel", delay_s=5, callback="twice")
    world.daraja.push()
    assert world.run(4.9) == []
    assert [call[1]["Body"]["stkCallback"]["ResultCode"] for call in world.run(0.1)] == [1032, 1032]

    world.daraja.push()
    assert _callback(world.run(1))["ResultCode"] == 0


def test_a_prompt_is_decided_at_its_own_time_however_late_that_is_done(world):
    world.daraja.push()

    callback = _callback(world.run(3_600))

    assert callback["CallbackMetadata"]["Item"][3]["Value"] == 20260701120001
