"""Reversal, balance, top-up, pull, and the status of all of them."""

import csv
import io
import re

import pytest

from tests.simulator.world import AMINA, BARAKA, COLLECTED, FLOAT, WALLET, World, result_items

WORKING = "shortcode:174379:working"


@pytest.fixture
def world():
    with World() as it:
        yield it


def _body(world, **changes):
    body = {
        "Initiator": world.daraja.config["initiator_name"],
        "SecurityCredential": world.daraja.credential(),
        "Remarks": "Zemi",
        "QueueTimeOutURL": "http://shop.test/timeout",
        "ResultURL": "http://shop.test/result",
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def _reversal_body(world, receipt, amount="1500", **changes):
    wishes = {
        "CommandID": "TransactionReversal",
        "TransactionID": receipt,
        "Amount": amount,
        "ReceiverParty": "174379",
        "RecieverIdentifierType": "11",
        **changes,
    }
    return _body(world, **wishes)


def _reverse(world, receipt, amount="1500", **changes):
    """The result of a reversal."""
    answer = world.daraja.post(
        "/mpesa/reversal/v1/request", _reversal_body(world, receipt, amount, **changes)
    )
    assert answer.json()["ResponseCode"] == "0"
    return _result(world.run(1), answer)


def _balance_body(world, **changes):
    return _body(
        world, **{"CommandID": "AccountBalance", "PartyA": "600000", "IdentifierType": "4", **changes}
    )


def _topup_body(world, amount="1000", **changes):
    wishes = {
        "CommandID": "BusinessPayToBulk",
        "SenderIdentifierType": "4",
        "RecieverIdentifierType": "4",
        "Amount": amount,
        "PartyA": "174379",
        "PartyB": "600000",
        "AccountReference": "FLOAT",
        **changes,
    }
    return _body(world, **wishes)


def _topup(world, amount="1000", **changes):
    answer = world.daraja.post("/mpesa/b2b/v1/paymentrequest", _topup_body(world, amount, **changes))
    assert answer.json()["ResponseCode"] == "0"
    return _result(world.run(1), answer)


def _result(calls, answer, path="/result"):
    ((came, payload),) = calls
    assert came == path
    result = payload["Result"]
    for key in ("ConversationID", "OriginatorConversationID"):
        assert result[key] == answer.json()[key]
    return result


def _paid(world, receipt="UG1QWE7RT4", **changes):
    wish = {"msisdn": AMINA, "amount": 1500, "account_reference": "ZEM-A3F8B2K7", **changes}
    return world.sim.pay_bill(receipt=receipt, **wish)["receipt"]


# Reversal ---


def test_a_reversal_takes_the_money_back_to_the_payer_under_a_receipt_of_its_own(world):
    receipt = _paid(world)
    world.run(60)

    result = _reverse(world, receipt)

    assert (result["ResultType"], result["ResultCode"]) == (0, 0)
    assert re.fullmatch(r"UG1[0-9A-Z]{7}", result["TransactionID"])
    assert result["TransactionID"] != receipt
    assert result_items(result) == {
        "DebitAccountBalance": "Utility Account|KES|0.00|0.00|0.00|0.00",
        "Amount": 1500.0,
        "TransCompletedTime": 20260701120101,
        "OriginalTransactionID": receipt,
        "Charge": 0,
        "CreditPartyPublicName": f"{AMINA} - {world.sim.phone(AMINA)['name']}",
        "DebitPartyPublicName": "174379 - Simulator",
    }
    assert result["ReferenceData"]["ReferenceItem"]["Key"] == "QueueTimeoutURL"
    books = world.books()
    assert (books[COLLECTED], books[WALLET]) == (0, 30_000_000)
    moved = world.sim.transactions()[-1]
    assert moved["receipt"] == result["TransactionID"]
    assert (moved["kind"], moved["original_receipt"], moved["amount"]) == ("reversal", receipt, 150_000)
    assert moved["account_reference"] == "ZEM-A3F8B2K7"


def test_an_stk_payment_and_one_booked_by_hand_can_be_reversed(world):
    world.daraja.push()
    world.run(1)
    world.sim.book_payment(msisdn=BARAKA, amount=20)

    for row in world.sim.transactions():
        assert _reverse(world, row["receipt"], row["amount"] // 100)["ResultCode"] == 0

    assert world.books()[COLLECTED] == 0


def test_a_second_reversal_says_so_as_text(world):
    receipt = _paid(world)
    _reverse(world, receipt)
    before = world.books()

    result = _reverse(world, receipt)

    assert result["ResultCode"] == "R000001"
    assert result["ResultDesc"] == "The transaction has already been reversed."
    assert result["TransactionID"] == "UG10000000"
    assert "ResultParameters" not in result
    assert world.books() == before


def test_a_receipt_that_is_no_pay_in_of_this_shortcode_is_invalid(world):
    receipt = _paid(world)
    world.daraja.payout()
    world.run(1)
    payout = world.sim.transactions()[-1]["receipt"]
    before = world.books()

    for asked, changes in (("UG1NEVER00", {}), (payout, {}), (receipt, {"ReceiverParty": "600000"})):
        result = _reverse(world, asked, **changes)
        assert result["ResultCode"] == "R000002"
        assert result["ResultDesc"] == "The OriginalTransactionID is invalid."
    assert world.books() == before


def test_a_reversal_needs_the_money_to_be_there_still(world):
    receipt = _paid(world)
    _topup(world, "1")
    before = world.books()

    result = _reverse(world, receipt)

    assert result["ResultCode"] == 1
    assert world.books() == before


def test_only_the_whole_amount_can_be_reversed(world):
    receipt = _paid(world)
    before = world.books()

    for amount in ("1499", "1501"):
        assert _reverse(world, receipt, amount)["ResultCode"] == 25
    assert world.books() == before


def test_with_the_switch_parts_can_be_reversed_and_no_more_than_the_whole(world):
    receipt = _paid(world)
    world.sim.switch(partial_reversal=True)

    codes = [_reverse(world, receipt, amount)["ResultCode"] for amount in ("500", "1001", "1000", "1")]

    assert codes == [0, 25, 0, "R000001"]
    assert world.books()[WALLET] == 30_000_000


def test_a_part_that_was_reversed_counts_when_the_switch_is_off_again(world):
    receipt = _paid(world)
    world.sim.switch(partial_reversal=True)
    _reverse(world, receipt, "500")
    world.sim.switch(partial_reversal=False)

    assert _reverse(world, receipt)["ResultCode"] == "R000001"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Initiator": None}, "Initiator"),
        ({"SecurityCredential": None}, "SecurityCredential"),
        ({"CommandID": "Reverse"}, "CommandID"),
        ({"TransactionID": None}, "TransactionID"),
        ({"Amount": "15.50"}, "Amount"),
        ({"ReceiverParty": "x"}, "ReceiverParty"),
        ({"RecieverIdentifierType": "4"}, "RecieverIdentifierType"),
        ({"RecieverIdentifierType": None, "ReceiverIdentifierType": "11"}, "RecieverIdentifierType"),
        ({"Remarks": "x"}, "Remarks"),
        ({"QueueTimeOutURL": None}, "QueueTimeOutURL"),
        ({"ResultURL": "shop"}, "ResultURL"),
    ],
)
def test_a_reversal_with_a_bad_field_is_refused(world, changes, named):
    body = {**_reversal_body(world, _paid(world)), **changes}
    refused = world.daraja.post(
        "/mpesa/reversal/v1/request", {key: value for key, value in body.items() if value is not None}
    )

    assert refused.status_code == 400
    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"
    assert world.sim.next_due() is None
    assert world.books()[COLLECTED] == 150_000


def test_a_wrong_initiator_is_accepted_and_counted_over_all_apis(world):
    receipt = _paid(world)
    guess = world.daraja.credential("guess")

    first = _reverse(world, receipt, SecurityCredential=guess)["ResultCode"]
    second = _topup(world, SecurityCredential=guess)["ResultCode"]
    world.daraja.payout(SecurityCredential=guess)
    ((_, third),) = world.run(1)

    assert (first, second, third["Result"]["ResultCode"]) == (2001, "2001", 8006)
    assert _reverse(world, receipt)["ResultCode"] == 8006
    world.sim.unlock_initiator()
    assert _reverse(world, receipt)["ResultCode"] == 0


def test_a_queue_timeout_is_told_on_its_own_url_and_the_result_follows(world):
    receipt = _paid(world)
    world.sim.fault("queue_timeout", api="reversal", count=1, delay_s=300)

    answer = world.daraja.post("/mpesa/reversal/v1/request", _reversal_body(world, receipt))
    notice = _result(world.run(1), answer, "/timeout")

    assert (notice["ResultType"], notice["ResultCode"]) == (1, 100_000_000)
    assert world.books()[COLLECTED] == 150_000
    assert _result(world.run(300), answer)["ResultCode"] == 0
    assert world.books()[COLLECTED] == 0


def test_a_lost_answer_leaves_a_reversal_that_a_status_query_finds(world):
    receipt = _paid(world)
    world.sim.fault("http_garbage_after", api="reversal", count=1)
    world.sim.fault("callback_lost", api="reversal", count=1)

    answer = world.daraja.post("/mpesa/reversal/v1/request", _reversal_body(world, receipt))

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert world.run(60) == []
    assert world.books()[COLLECTED] == 0


# Balance ---


def _balance(world, **changes):
    answer = world.daraja.post("/mpesa/accountbalance/v1/query", _balance_body(world, **changes))
    assert answer.status_code == 200
    return _result([call for call in world.run(1) if call[0] == "/result"][-1:], answer)


def test_a_balance_is_one_pipe_text_and_its_codes_are_text(world):
    world.daraja.payout(amount="1455")
    world.run(1)

    result = _balance(world)

    assert (result["ResultType"], result["ResultCode"]) == ("0", "0")
    assert result_items(result) == {
        "AccountBalance": "Working Account|KES|0.00|0.00|0.00|0.00"
        "&Utility Account|KES|9998540.00|9998540.00|0.00|0.00"
        "&Charges Paid Account|KES|-5.00|-5.00|0.00|0.00"
        "&Organization Settlement Account|KES|0.00|0.00|0.00|0.00",
        "BOCompletedTime": 20260701120002,
    }


def test_money_for_accepted_payouts_is_reserved_and_not_available(world):
    world.sim.fault("b2c_timeout_notice", count=1, delay_s=300)
    world.daraja.payout(amount="1455")
    world.run(1)

    text = result_items(_balance(world))["AccountBalance"]

    assert "Utility Account|KES|10000000.00|9998540.00|1460.00|0.00" in text


def test_the_collecting_shortcode_shows_both_accounts(world):
    _paid(world)
    world.sim.settle(amount=400)

    text = result_items(_balance(world, PartyA="174379"))["AccountBalance"]

    assert text.startswith(
        "Working Account|KES|400.00|400.00|0.00|0.00&Utility Account|KES|1100.00|1100.00|0.00|0.00&"
    )
    assert "Charges Paid Account|KES|0.00|" in text


def test_a_balance_of_a_strange_shortcode_or_initiator_is_told_by_the_result(world):
    assert _balance(world, PartyA="999999")["ResultCode"] == "2028"
    assert _balance(world, Initiator="nobody")["ResultCode"] == "2001"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"CommandID": "Balance"}, "CommandID"),
        ({"PartyA": "x"}, "PartyA"),
        ({"IdentifierType": "11"}, "IdentifierType"),
        ({"Remarks": ""}, "Remarks"),
        ({"ResultURL": ""}, "ResultURL"),
    ],
)
def test_a_balance_query_with_a_bad_field_is_refused(world, changes, named):
    refused = world.daraja.post("/mpesa/accountbalance/v1/query", _balance_body(world, **changes))

    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"


# Top-up ---


def test_a_top_up_moves_collected_money_to_the_float(world):
    _paid(world)

    result = _topup(world, "1000")

    assert (result["ResultType"], result["ResultCode"]) == ("0", "0")
    shown = "{Amount={CurrencyCode=KES, MinimumAmount=50000, BasicAmount=500.00}}"
    assert result_items(result) == {
        "DebitAccountBalance": shown,
        "Amount": "1000.00",
        "DebitPartyAffectedAccountBalance": "Utility Account|KES|500.00|500.00|0.00|0.00",
        "TransCompletedTime": "20260701120001",
        "DebitPartyCharges": "",
        "ReceiverPartyPublicName": "600000 - Simulator",
        "Currency": "KES",
        "InitiatorAccountCurrentBalance": shown,
    }
    bill, queue = result["ReferenceData"]["ReferenceItem"]
    assert (bill, queue["Key"]) == ({"Key": "BillReferenceNumber", "Value": "FLOAT"}, "QueueTimeoutURL")
    assert world.books()[COLLECTED] == 50_000
    assert world.books()[FLOAT] == 1_000_000_000 + 100_000
    moved = world.sim.transactions()[-1]
    assert (moved["kind"], moved["receipt"]) == ("topup", result["TransactionID"])


def test_with_the_switch_only_settled_money_can_be_moved(world):
    _paid(world)
    world.sim.switch(topup_source="working")

    assert _topup(world, "1000")["ResultCode"] == "1"
    assert world.http.post("/_sim/settlements", json={"amount": 1000}).status_code == 200
    result = _topup(world, "1000")

    assert result["ResultCode"] == "0"
    assert result_items(result)["DebitPartyAffectedAccountBalance"].startswith("Working Account|KES|0.00")
    books = world.books()
    assert (books[COLLECTED], books[WORKING], books[FLOAT]) == (50_000, 0, 1_000_100_000)


def test_a_top_up_that_cannot_be_is_told_by_the_result_and_moves_nothing(world):
    _paid(world)
    before = world.books()

    assert _topup(world, "1501")["ResultCode"] == "1"
    assert _topup(world, PartyA="600000", PartyB="174379")["ResultCode"] == "2028"
    assert _topup(world, PartyB="999999")["ResultCode"] == "SFC_IC0003"
    assert world.books() == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"CommandID": "BusinessPayBill"}, "CommandID"),
        ({"SenderIdentifierType": "1"}, "SenderIdentifierType"),
        ({"RecieverIdentifierType": "1"}, "RecieverIdentifierType"),
        ({"Amount": "0"}, "Amount"),
        ({"PartyA": "x"}, "PartyA"),
        ({"PartyB": "x"}, "PartyB"),
        ({"AccountReference": ""}, "AccountReference"),
        ({"Remarks": "x"}, "Remarks"),
    ],
)
def test_a_top_up_with_a_bad_field_is_refused(world, changes, named):
    refused = world.daraja.post("/mpesa/b2b/v1/paymentrequest", _topup_body(world, **changes))

    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"


@pytest.mark.parametrize(
    ("wish", "status"),
    [({"amount": 1501}, 409), ({"amount": 0}, 400), ({"amount": 1, "shortcode": "999999"}, 400)],
)
def test_a_settlement_that_cannot_be_is_refused(world, wish, status):
    _paid(world)

    assert world.http.post("/_sim/settlements", json=wish).status_code == status
    assert world.books()[COLLECTED] == 150_000


# Transaction status of everything ---


def _status(world, **asked):
    answer = world.daraja.status(**asked)
    return _result(world.run(1), answer, "/status")


def test_the_status_of_a_payment_by_hand_is_found_by_its_receipt(world):
    receipt = _paid(world)

    items = result_items(_status(world, TransactionID=receipt))

    assert items["TransactionStatus"] == "Completed"
    assert (items["ReasonType"], items["DebitAccountType"]) == ("Pay Bill Online", "MMF Account For Customer")
    assert (items["Amount"], items["CreditPartyName"]) == ("1500.00", "174379 - Simulator")
    assert items["DebitPartyName"].startswith(f"{AMINA} - ")


def test_the_status_of_an_stk_payment_shows_when_it_was_asked_for(world):
    world.daraja.push("254700000002")
    world.run(45)
    receipt = world.sim.transactions()[0]["receipt"]

    items = result_items(_status(world, TransactionID=receipt))

    assert (items["InitiatedTime"], items["FinalisedTime"]) == (20260701120000, 20260701120045)


def test_the_status_of_a_reversal_is_found_by_receipt_and_by_conversation(world):
    receipt = _paid(world)
    result = _reverse(world, receipt)

    for asked in (
        {"TransactionID": result["TransactionID"]},
        {"OriginalConversationID": result["OriginatorConversationID"]},
        {"OriginalConversationID": result["ConversationID"]},
    ):
        items = result_items(_status(world, **asked))
        assert (items["TransactionStatus"], items["ReceiptNo"]) == ("Completed", result["TransactionID"])
        assert (items["ReasonType"], items["DebitAccountType"]) == ("Transaction Reversal", "Utility Account")
        assert items["CreditPartyName"].startswith(f"{AMINA} - ")


def test_the_status_of_a_reversal_that_failed_is_declined_and_of_one_in_the_queue_authorized(world):
    failed = _reverse(world, "UG1NEVER00")
    items = result_items(_status(world, OriginalConversationID=failed["OriginatorConversationID"]))
    assert (items["TransactionStatus"], items["ReceiptNo"], items["CreditPartyName"]) == (
        "Declined",
        None,
        None,
    )

    receipt = _paid(world)
    world.sim.fault("queue_timeout", api="reversal", count=1, delay_s=300)
    queued = world.daraja.post("/mpesa/reversal/v1/request", _reversal_body(world, receipt)).json()
    world.run(1)
    items = result_items(_status(world, OriginalConversationID=queued["OriginatorConversationID"]))
    assert (items["TransactionStatus"], items["FinalisedTime"]) == ("Authorized", None)
    assert items["CreditPartyName"].startswith(f"{AMINA} - ")


def test_the_status_of_a_top_up_names_both_shortcodes(world):
    _paid(world)
    done, refused = _topup(world, "1000"), _topup(world, "1000")

    items = result_items(_status(world, TransactionID=done["TransactionID"]))
    assert (items["ReasonType"], items["TransactionStatus"]) == ("Business Pay To Bulk", "Completed")
    assert (items["DebitPartyName"], items["CreditPartyName"]) == ("174379 - Simulator", "600000 - Simulator")

    items = result_items(_status(world, OriginalConversationID=refused["ConversationID"]))
    assert (items["TransactionStatus"], items["CreditPartyName"]) == ("Declined", "600000 - Simulator")


def test_the_status_of_settled_money_names_the_working_account(world):
    _paid(world)
    world.sim.settle(amount=100)
    world.sim.switch(topup_source="working")

    items = result_items(_status(world, TransactionID=_topup(world, "100")["TransactionID"]))

    assert items["DebitAccountType"] == "Working Account"


def test_a_balance_query_has_no_status(world):
    asked = _balance(world)["OriginatorConversationID"]

    assert _status(world, OriginalConversationID=asked)["ResultCode"] == "R000002"


# Pull ---


def _register_pull(world, **changes):
    body = {
        "ShortCode": "174379",
        "RequestType": "Pull",
        "NominatedNumber": "0722000111",
        "CallBackURL": "http://shop.test/pull",
        **changes,
    }
    return world.daraja.post("/pulltransactions/v1/register", body)


def _pull(world, method="POST", **changes):
    body = {
        "ShortCode": "174379",
        "StartDate": "2026-07-01 00:00:00",
        "EndDate": "2026-07-05 00:00:00",
        "OffSetValue": "0",
        **changes,
    }
    headers = {"Authorization": f"Bearer {world.daraja.token}"}
    return world.http.request(method, "/pulltransactions/v1/query", json=body, headers=headers)


def test_pull_is_registered_once(world):
    first, again = _register_pull(world).json(), _register_pull(world).json()

    assert re.fullmatch(r"\d{5}-\d{8}-1", first.pop("ResponseRefID"))
    assert first == {
        "ResponseStatus": "1000",
        "ShortCode": "174379",
        "ResponseDescription": "ShortCode Registered Successfully",
    }
    assert (again["ResponseStatus"], again["ResponseDescription"]) == ("1001", "ShortCode already Registered")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_pull_lists_what_customers_paid_in_and_nothing_else(world, method):
    _register_pull(world)
    receipt = _paid(world)
    world.daraja.push(BARAKA)
    world.daraja.payout()
    world.run(1)
    _reverse(world, receipt)

    answer = _pull(world, method).json()

    assert (answer["ResponseCode"], answer["ResponseMessage"]) == ("1000", "Success")
    ((by_hand, by_prompt),) = answer["Response"]
    assert by_hand == {
        "transactionId": receipt,
        "trxDate": "2026-07-01T12:00:00+03:00",
        "msisdn": 254722000111,
        "sender": "MPESA",
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": "ZEM-A3F8B2K7",
        "amount": "1500.00",
        "organizationname": "Simulator",
    }
    assert (by_prompt["msisdn"], by_prompt["amount"]) == (254711000222, "1500.00")


def test_pull_pages_by_an_offset_of_rows(world):
    _register_pull(world)
    receipts = [_paid(world, f"R{number:03d}", amount=10) for number in range(105)]

    first, second, third = (_pull(world, OffSetValue=offset).json() for offset in ("0", 100, "105"))

    assert [row["transactionId"] for row in first["Response"][0]] == receipts[:100]
    assert [row["transactionId"] for row in second["Response"][0]] == receipts[100:]
    assert (third["ResponseCode"], third["Response"]) == ("1001", [[]])


def test_pull_goes_back_48_hours_and_no_further(world):
    _register_pull(world)
    _paid(world)

    world.sim.advance(48 * 3_600)
    assert _pull_after_log_in(world)["ResponseCode"] == "1000"
    world.sim.advance(1)
    assert _pull_after_log_in(world)["ResponseCode"] == "1001"


def test_pull_keeps_to_the_dates_asked_for_in_nairobi_time(world):
    _register_pull(world)
    _paid(world)

    assert (
        _pull(world, StartDate="2026-07-01 12:00:00", EndDate="2026-07-01 12:00:00").json()["ResponseCode"]
        == "1000"
    )
    assert _pull(world, StartDate="2026-07-01 12:00:01").json()["ResponseCode"] == "1001"
    assert _pull(world, EndDate="2026-07-01 11:59:59").json()["ResponseCode"] == "1001"


def _pull_after_log_in(world):
    world.daraja.log_in()
    return _pull(world).json()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ShortCode": "600000"}, "ShortCode"),
        ({"StartDate": "01.07.2026"}, "StartDate"),
        ({"EndDate": ""}, "EndDate"),
        ({"OffSetValue": "-1"}, "OffSetValue"),
    ],
)
def test_a_pull_with_a_bad_field_is_refused(world, changes, named):
    _register_pull(world)

    assert _pull(world, **changes).json()["errorMessage"] == f"Bad Request - Invalid {named}"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ShortCode": "999999"}, "ShortCode"),
        ({"RequestType": "pull"}, "RequestType"),
        ({"NominatedNumber": "12"}, "NominatedNumber"),
        ({"CallBackURL": "x"}, "CallBackURL"),
    ],
)
def test_a_pull_registration_with_a_bad_field_is_refused(world, changes, named):
    assert _register_pull(world, **changes).json()["errorMessage"] == f"Bad Request - Invalid {named}"


def test_only_the_pull_query_may_be_a_get(world):
    headers = {"Authorization": f"Bearer {world.daraja.token}"}
    refused = world.http.request("GET", "/mpesa/reversal/v1/request", json={}, headers=headers)

    assert (refused.status_code, refused.json()["errorCode"]) == (405, "405.001")


# Statement and books at a moment ---


def _statement(world, **wishes):
    """The portal's head as a dict, and the rows."""
    answer = world.http.get("/_sim/statement", params=wishes)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    head, _, table = answer.text.partition("\r\n\r\n")
    return dict(csv.reader(io.StringIO(head))), list(csv.DictReader(io.StringIO(table)))


def test_a_statement_is_in_the_shape_of_the_portal_newest_first(world):
    receipt = _paid(world)
    world.run(60)
    reversal = _reverse(world, receipt)["TransactionID"]

    head, rows = _statement(world, shortcode="174379")

    assert head == {
        "Organization Name": "Simulator",
        "Short Code": "174379",
        "Account": "Utility Account",
        "Time Period": "From 01-07-2026 12:00:00 To 01-07-2026 12:01:01",
        "Opening Balance": "0.00",
        "Closing Balance": "0.00",
    }
    name = f"{AMINA} - {world.sim.phone(AMINA)['name']}"
    assert rows == [
        {
            "Receipt No.": reversal,
            "Completion Time": "01-07-2026 12:01:01",
            "Initiation Time": "01-07-2026 12:01:00",
            "Details": f"Transaction Reversal to {name} of {receipt}",
            "Transaction Status": "Completed",
            "Paid In": "",
            "Withdrawn": "-1500.00",
            "Balance": "0.00",
            "Balance Confirmed": "true",
            "Reason Type": "Transaction Reversal",
            "Other Party Info": name,
            "Linked Transaction ID": receipt,
            "A/C No.": "ZEM-A3F8B2K7",
        },
        {
            "Receipt No.": receipt,
            "Completion Time": "01-07-2026 12:00:00",
            "Initiation Time": "01-07-2026 12:00:00",
            "Details": f"Pay Bill from {name} Acc. ZEM-A3F8B2K7",
            "Transaction Status": "Completed",
            "Paid In": "1500.00",
            "Withdrawn": "",
            "Balance": "1500.00",
            "Balance Confirmed": "true",
            "Reason Type": "Pay Bill Online",
            "Other Party Info": name,
            "Linked Transaction ID": "",
            "A/C No.": "ZEM-A3F8B2K7",
        },
    ]


def test_a_statement_of_the_float_shows_a_fee_under_the_receipt_of_its_payout(world):
    world.daraja.payout(amount="1455")
    world.run(1)

    _, rows = _statement(world, shortcode="600000")

    payout = world.sim.transactions()[0]["receipt"]
    assert [(row["Receipt No."], row["Withdrawn"], row["Reason Type"]) for row in rows[:2]] == [
        (payout, "-5.00", "Business Payment Charge"),
        (payout, "-1455.00", "Business Payment to Customer via API"),
    ]
    assert rows[1]["Initiation Time"] == "01-07-2026 12:00:00"
    assert rows[1]["Completion Time"] == "01-07-2026 12:00:01"
    assert (rows[2]["Paid In"], rows[2]["Reason Type"]) == ("10000000.00", "Funds Deposit")


def test_a_statement_of_a_period_begins_with_the_balance_before_it(world):
    _paid(world, "R1", amount=100)
    world.run(3_600)
    _paid(world, "R2", amount=20)
    world.run(3_600)
    _paid(world, "R3", amount=3)

    head, rows = _statement(world, **{"from": "2026-07-01T12:30:00+03:00", "to": "2026-07-01T13:00:00+03:00"})

    assert (head["Opening Balance"], head["Closing Balance"]) == ("100.00", "120.00")
    assert [(row["Receipt No."], row["Balance"]) for row in rows] == [("R2", "120.00")]
    assert world.sim.statement(**{"from": "2026-07-01T13:30:00+03:00"}).count("\r\n") == 9


def test_a_statement_that_ends_before_anything_moved_is_empty(world):
    head, rows = _statement(world, to="2026-06-30T12:00:00+03:00")

    assert (head["Opening Balance"], head["Closing Balance"], rows) == ("0.00", "0.00", [])


def test_a_statement_of_the_working_account_shows_what_was_settled(world):
    _paid(world)
    receipt = world.sim.settle(amount=400)["receipt"]

    _, rows = _statement(world, account="working")

    assert [(row["Receipt No."], row["Paid In"], row["Balance"]) for row in rows] == [
        (receipt, "400.00", "400.00")
    ]


@pytest.mark.parametrize(
    "wishes",
    [
        {"shortcode": "999999"},
        {"account": "charges"},
        {"from": "noon"},
        {"to": "2026-07-01T12:00:00"},
        {"from": "2026-07-02T12:00:00+03:00"},
        {"until": "2026-07-02T12:00:00+03:00"},
    ],
)
def test_a_statement_that_cannot_be_had_is_refused(world, wishes):
    assert world.http.get("/_sim/statement", params=wishes).status_code == 400


def test_the_books_can_be_read_as_they_were(world):
    opened = world.sim.now()
    before = world.books()
    world.run(60)
    _paid(world)
    noted = world.sim.now()
    after = world.books()
    world.daraja.payout()
    world.run(60)

    assert world.sim.books(at=noted) == {key: value for key, value in after.items() if value}
    answer = world.http.get("/_sim/books", params={"at": opened.isoformat()}).json()
    assert answer["accounts"] == {key: value for key, value in before.items() if value}
    assert (answer["sum"], answer["at"]) == (0, "2026-07-01T09:00:00.000+00:00")
    assert world.http.get("/_sim/books?at=2026-07-01T12:00:00+03:00").json() == answer
    assert world.http.get("/_sim/books?at=2020-01-01T00:00:00Z").json()["accounts"] == {}
    assert world.http.get("/_sim/books?at=yesterday").status_code == 400
