import re

import pytest

from tests.simulator.world import BARAKA, FEES, FLOAT, World, result_items


@pytest.fixture
def world():
    with World() as it:
        yield it


def _result(calls, path="/result"):
    ((came, payload),) = calls
    assert came == path
    return payload["Result"]


def test_a_payout_moves_amount_and_fee_and_reports_the_float(world):
    answer = world.daraja.payout(amount="1455")

    assert answer.status_code == 200
    conversation = answer.json()["ConversationID"]
    assert re.fullmatch(r"AG_20260701_[0-9a-f]{20}", conversation)
    assert answer.json()["OriginatorConversationID"] == "own-1"
    assert answer.json()["ResponseCode"] == "0"

    result = _result(world.run(1))

    assert (result["ResultType"], result["ResultCode"]) == (0, 0)
    assert result["OriginatorConversationID"] == "own-1"
    assert result["ConversationID"] == conversation
    items = result_items(result)
    assert items == {
        "TransactionAmount": 1455.0,
        "TransactionReceipt": result["TransactionID"],
        "ReceiverPartyPublicName": "254711000222 - ESTHER NJERI",
        "TransactionCompletedDateTime": "01.07.2026 12:00:01",
        "B2CUtilityAccountAvailableFunds": 9_998_540.0,
        "B2CWorkingAccountAvailableFunds": 0.0,
        "B2CRecipientIsRegisteredCustomer": "Y",
        "B2CChargesPaidAccountAvailableFunds": -5.0,
    }
    assert result["ReferenceData"]["ReferenceItem"]["Key"] == "QueueTimeoutURL"
    books = world.books()
    assert books[FLOAT] == 1_000_000_000 - 145_500 - 500
    assert books[FEES] == 500
    assert books[f"wallet:{BARAKA}"] == 30_000_000 + 145_500


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (10, 0),
        (100, 0),
        (101, 5),
        (1_500, 5),
        (1_501, 9),
        (5_000, 9),
        (5_001, 11),
        (20_000, 11),
        (20_001, 13),
    ],
)
def test_the_fee_follows_the_tariff(world, amount, fee):
    world.daraja.payout(amount=amount)
    world.run(1)

    assert world.books()[FEES] == fee * 100
    assert world.books()[FLOAT] == 1_000_000_000 - (amount + fee) * 100


def test_an_id_is_taken_once_for_ever(world):
    world.daraja.payout()
    world.run(1)
    before = world.books()

    again = world.daraja.payout(amount="20", phone="254733000333")

    assert (again.status_code, again.json()["errorCode"]) == (500, "500.002.1001")
    assert again.json()["errorMessage"] == "Duplicate OriginatorConversationID."
    assert world.run(3_600) == []
    assert world.books() == before


def test_v1_gets_an_id_from_the_gateway(world):
    body = world.daraja.payout_body(OriginatorConversationID=None, Occassion=None, Occasion="July")

    answer = world.daraja.post("/mpesa/b2c/v1/paymentrequest", body)

    own = answer.json()["OriginatorConversationID"]
    assert re.fullmatch(r"\d{5}-\d{8}-1", own)
    assert _result(world.run(1))["OriginatorConversationID"] == own


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"OriginatorConversationID": None}, "OriginatorConversationID"),
        ({"InitiatorName": None}, "InitiatorName"),
        ({"SecurityCredential": ""}, "SecurityCredential"),
        ({"CommandID": "Pay"}, "CommandID"),
        ({"Amount": "9"}, "Amount"),
        ({"Amount": "250001"}, "Amount"),
        ({"PartyA": "x"}, "PartyA"),
        ({"PartyB": "0711000222"}, "PartyB"),
        ({"Remarks": "x"}, "Remarks"),
        ({"QueueTimeOutURL": None}, "QueueTimeOutURL"),
        ({"ResultURL": "shop"}, "ResultURL"),
    ],
)
def test_a_bad_field_is_named_and_the_id_stays_free(world, changes, named):
    body = {
        key: value for key, value in {**world.daraja.payout_body(), **changes}.items() if value is not None
    }
    refused = world.daraja.post("/mpesa/b2c/v3/paymentrequest", body)

    assert refused.status_code == 400
    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"
    assert world.sim.next_due() is None
    assert world.daraja.payout().status_code == 200


def test_a_wrong_credential_is_accepted_and_refused_by_the_result(world):
    before = world.books()

    for number, code in enumerate((2001, 2001, 8006, 8006)):
        answer = world.daraja.payout(f"own-{number}", SecurityCredential=world.daraja.credential("guess"))
        assert answer.json()["ResponseCode"] == "0"
        result = _result(world.run(1))
        assert result["ResultCode"] == code
        assert result["TransactionID"] == "UG10000000"
        assert "ResultParameters" not in result
    world.daraja.payout("own-right")
    assert _result(world.run(1))["ResultCode"] == 8006
    assert world.books() == before

    assert world.http.post("/_sim/initiator/unlock").status_code == 200
    world.daraja.payout("own-unlocked")
    assert _result(world.run(1))["ResultCode"] == 0


def test_a_right_credential_forgets_the_wrong_ones_before(world):
    guess = world.daraja.credential("guess")
    for own_id, changes in (
        ("a", {"SecurityCredential": guess}),
        ("b", {"InitiatorName": "nobody"}),
        ("c", {}),
        ("d", {"SecurityCredential": "not base64"}),
    ):
        world.daraja.payout(own_id, **changes)

    assert [payload["Result"]["ResultCode"] for _, payload in world.run(1)] == [2001, 2001, 0, 2001]


def test_a_float_that_is_too_small_pays_nothing_not_even_the_fee(world):
    world.sim.switch(customer_limits=False)
    for number in range(39):
        world.daraja.payout(f"own-{number}", amount="250000")
    world.run(1)
    left = world.books()[FLOAT]
    assert left == 1_000_000_000 - 39 * 25_001_300

    # Enough for the amount and not for its fee of 13.
    world.daraja.payout("own-last", amount=left // 100 - 5)

    assert _result(world.run(1))["ResultCode"] == 1
    assert world.books()[FLOAT] == left


def test_a_payout_from_the_wrong_shortcode_is_told_by_the_result(world):
    world.daraja.payout(PartyA="174379")

    assert _result(world.run(1))["ResultCode"] == 2028


def test_a_name_that_was_set_is_shown(world):
    world.sim.set_phone(BARAKA, name="BARAKA OTIENO")
    world.daraja.payout()

    assert result_items(_result(world.run(1)))["ReceiverPartyPublicName"] == f"{BARAKA} - BARAKA OTIENO"


# Transaction status ---


def _asked(world, **asked):
    answer = world.daraja.status(**asked)
    assert answer.json()["ResponseCode"] == "0"
    result = _result(world.run(1), "/status")
    assert result["ConversationID"] == answer.json()["ConversationID"]
    assert result["OriginatorConversationID"] == answer.json()["OriginatorConversationID"]
    return result


@pytest.mark.parametrize("key", ["OriginalConversationID", "OriginatorConversationID"])
def test_a_payout_whose_result_never_came_is_found_by_our_id(world, key):
    accepted = world.daraja.payout(phone="254700000009").json()
    assert world.run(60) == []

    result = _asked(world, **{key: "own-1"})

    assert result["ResultCode"] == 0
    items = result_items(result)
    receipt = items.pop("ReceiptNo")
    assert receipt == world.sim.transactions()[0]["receipt"]
    assert items == {
        "DebitPartyName": "600000 - Simulator",
        "CreditPartyName": items["CreditPartyName"],
        "DebitAccountType": "Utility Account",
        "DebitPartyCharges": "Fee For B2C Payment|KES|5.00",
        "InitiatedTime": 20260701120000,
        "FinalisedTime": 20260701120001,
        "TransactionStatus": "Completed",
        "Amount": "1455.00",
        "TransactionReason": None,
        "ReasonType": "Business Payment to Customer via API",
        "ConversationID": accepted["ConversationID"],
        "OriginatorConversationID": "own-1",
    }
    assert items["CreditPartyName"].startswith("254700000009 - ")
    assert {"Key": "TransactionReason"} in result["ResultParameters"]["ResultParameter"]


def test_a_status_by_receipt_knows_pay_ins_too(world):
    world.daraja.push()
    world.run(1)
    receipt = world.sim.transactions()[0]["receipt"]

    items = result_items(_asked(world, TransactionID=receipt))

    assert (items["TransactionStatus"], items["Amount"]) == ("Completed", "1500.00")
    assert items["CreditPartyName"] == "174379 - Simulator"


def test_a_payout_in_the_queue_is_authorized_and_a_refused_one_declined(world):
    world.sim.fault("b2c_timeout_notice", count=1, delay_s=300)
    world.daraja.payout("own-slow")
    ((path, notice),) = world.run(1)
    assert path == "/timeout"
    assert "ResultParameters" not in notice["Result"]
    assert world.books()[FEES] == 0

    queued = result_items(_asked(world, OriginalConversationID="own-slow"))
    assert (queued["TransactionStatus"], queued["ReceiptNo"]) == ("Authorized", None)

    assert _result(world.run(300))["ResultCode"] == 0
    paid = result_items(_asked(world, OriginalConversationID="own-slow"))
    assert paid["TransactionStatus"] == "Completed"

    world.daraja.payout("own-bad", PartyA="174379")
    world.run(1)
    refused = result_items(_asked(world, OriginalConversationID="own-bad"))
    assert (refused["TransactionStatus"], refused["ReceiptNo"]) == ("Declined", None)


def test_an_unknown_id_is_answered_as_the_switch_says(world):
    result = _asked(world, OriginalConversationID="never")
    assert result["ResultCode"] == "R000002"
    assert result["ResultDesc"] == "The transaction receipt number does not exist."
    assert "ResultParameters" not in result

    world.sim.switch(status_unknown_id="timeout")
    world.daraja.status(OriginalConversationID="never")
    assert _result(world.run(1), "/timeout")["ResultCode"] == 100_000_000

    world.sim.switch(status_unknown_id="silence")
    world.daraja.status(OriginalConversationID="never")
    assert world.run(3_600) == []


def test_a_status_query_needs_something_to_look_for_and_the_right_initiator(world):
    assert world.daraja.status().json()["errorMessage"] == "Bad Request - Invalid TransactionID"

    world.daraja.payout()
    world.run(1)
    result = _asked(
        world, OriginalConversationID="own-1", SecurityCredential=world.daraja.credential("guess")
    )
    assert result["ResultCode"] == 2001
