"""Every fault of the catalogue by name (README, "Faults"); the first ones are in test_faults."""

import re

import httpx2
import pytest

from simulator import AnswerReset, ControlError
from simulator.fault_kinds import KINDS
from tests.simulator.world import AMINA, BARAKA, COLLECTED, FLOAT, OTIENO, World, result_items


@pytest.fixture
def world():
    with World() as it:
        yield it


def _stk(calls):
    return [payload["Body"]["stkCallback"] for _, payload in calls]


def _codes(calls):
    return [callback["ResultCode"] for callback in _stk(calls)]


def _items(callback):
    return {item["Name"]: item.get("Value") for item in callback["CallbackMetadata"]["Item"]}


def test_every_fault_has_a_test_that_names_it(request):
    tests = "".join(path.read_text() for path in sorted(request.path.parent.glob("test_*.py")))

    assert [name for name in KINDS if f'"{name}"' not in tests] == []


# Callbacks ---


def test_callback_twice_may_be_ten_times(world):
    world.sim.fault("callback_twice", count=1, times=10)
    world.daraja.push()

    assert _codes(world.run(1)) == [0] * 10
    assert world.books()[COLLECTED] == 150_000


def test_callback_failure_first_is_followed_by_success(world):
    world.sim.fault("callback_failure_first", count=1)
    world.daraja.push()

    assert _codes(world.run(1)) == [1037]
    assert world.run(4.9) == []
    assert _codes(world.run(0.1)) == [0]


def test_callback_failure_first_of_a_payout_says_that_the_float_was_too_low(world):
    world.sim.fault("callback_failure_first", api="b2c", count=1, delay_s=60)
    world.daraja.payout()

    calls = world.run(1) + world.run(60)

    assert [payload["Result"]["ResultCode"] for _, payload in calls] == [1, 0]
    assert "ResultParameters" not in calls[0][1]["Result"]
    assert world.books()[f"wallet:{BARAKA}"] == 30_145_500


@pytest.mark.parametrize(("api", "code"), [("stk", "1032"), ("b2c", "2040")])
def test_callback_failure_first_may_say_which_failure(world, api, code):
    world.sim.fault("callback_failure_first", api=api, count=1, code=code)
    world.daraja.push() if api == "stk" else world.daraja.payout()

    said = [payload.get("Result") or payload["Body"]["stkCallback"] for _, payload in world.run(10)]

    assert [str(result["ResultCode"]) for result in said] == [code, "0"]


@pytest.mark.parametrize(("api", "path"), [("stk", "/stk"), ("b2c", "/result")])
def test_callback_stray_failure_follows_a_success(world, api, path):
    world.sim.fault("callback_stray_failure", api=api, count=1, delay_s=7)
    world.daraja.push() if api == "stk" else world.daraja.payout()

    ((first, success),) = world.run(1)
    ((second, failure),) = world.run(7)

    assert first == second == path
    assert success != failure
    assert '"ResultCode": 0' not in str(failure)


def test_callback_stray_failure_leaves_a_failure_alone(world):
    world.sim.fault("callback_stray_failure")
    world.daraja.push("254700000003")

    assert _codes(world.run(60)) == [1032]


def test_callback_early_of_a_status_query(world):
    world.daraja.payout()
    world.run(1)
    world.sim.fault("callback_early", api="status", count=1)

    world.daraja.status(OriginalConversationID="own-1")

    assert [path for path, _ in world.shop.take()] == ["/status"]
    assert world.run(60) == []


# The HTTP answer ---


def test_http_reset_after_carries_the_payout_out(world):
    world.sim.fault("http_reset_after", api="b2c", count=1)

    with pytest.raises(AnswerReset) as caught:
        world.daraja.payout()

    assert isinstance(caught.value, httpx2.ReadError)
    assert [path for path, _ in world.run(1)] == ["/result"]


@pytest.mark.parametrize("status", [200, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("body", "begins", "content_type"),
    [
        ("upstream", "upstream c", "text/plain"),
        ("text", "Service Unavailable", "text/plain"),
        ("html", "<!DOCTYPE html>", "text/html"),
        ("empty", "", "application/json"),
        ("soap", '{"Envelope":', "application/json"),
    ],
)
def test_http_garbage_after_has_five_bodies(world, status, body, begins, content_type):
    world.sim.fault("http_garbage_after", count=1, body=body, status=status)

    answer = world.daraja.payout()

    assert answer.status_code == status
    assert answer.text.startswith(begins)
    assert bool(answer.text) == (body != "empty")
    assert answer.headers["Content-Type"].partition(";")[0] == content_type
    assert [path for path, _ in world.run(1)] == ["/result"]


def test_http_garbage_before_does_nothing(world):
    before = world.books()
    world.sim.fault("http_garbage_before", count=1, body="soap", status=500)

    answer = world.daraja.payout()

    assert answer.json()["Envelope"]["Body"]["Fault"]["faultcode"] == "soap-env:Server"
    assert world.run(60) == []
    assert world.books() == before
    assert world.daraja.payout().json()["ResponseCode"] == "0"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("spike_arrest", "500.003.02", "Spike arrest violation"),
        ("busy", "500.003.02", "System is busy. Please try again in few minutes."),
        ("quota", "500.003.03", "Quota Violation"),
        ("internal", "500.003.1001", "Internal Server Error"),
        ("maintenance", "00.002.1001", "Under maintenance"),
    ],
)
def test_http_error_before_has_several_reasons(world, body, code, message):
    world.sim.fault("http_error_before", count=1, body=body, status=429)

    answer = world.daraja.push()

    assert answer.status_code == 429
    assert (answer.json()["errorCode"], answer.json()["errorMessage"]) == (code, message)


def test_http_error_before_comes_in_bursts_and_recovers(world):
    world.sim.fault("http_error_before", count=2, skip=1, burst=3)

    answers = [world.daraja.payout(f"own-{number}").status_code for number in range(9)]

    # `count` counts bursts: one that was skipped, two bursts of three, and it works again.
    assert answers == [200, 500, 500, 500, 500, 500, 500, 200, 200]


def test_a_burst_begins_when_its_rate_says_so(world):
    world.sim.fault("http_error_before", rate=0.2, seed=3, burst=3)

    answers = [world.daraja.payout(f"own-{number}").status_code for number in range(60)]

    bursts = re.findall("5+", "".join(str(status)[0] for status in answers))
    assert bursts
    assert all(len(burst) % 3 == 0 for burst in bursts[:-1])


def test_http_slow_waits_and_then_answers(world):
    waited = []
    world.sim.wsgi.wait = waited.append
    world.sim.fault("http_slow", api="stk", count=1, delay_s=12.5)

    assert world.daraja.push().status_code == 200
    assert world.daraja.push(OTIENO).status_code == 200
    assert waited == [12.5]


def test_token_invalidated_by_another_worker(world):
    world.sim.fault("token_invalidated", api="b2c", msisdn=BARAKA, count=1)
    assert world.daraja.push().status_code == 200
    assert world.daraja.payout("own-1", AMINA).status_code == 200

    refused = world.daraja.payout("own-2")

    assert (refused.status_code, refused.json()["errorCode"]) == (404, "404.001.03")
    assert world.daraja.payout("own-2").status_code == 404
    world.daraja.log_in()
    assert world.daraja.payout("own-2").status_code == 200


def test_the_token_call_goes_wrong_by_name_only(world):
    world.sim.fault("http_error_before", api="any")
    world.daraja.log_in()
    world.sim.clear_faults()
    world.sim.fault("http_error_before", api="token", count=1)

    answer = world.http.get("/oauth/v1/generate", params={"grant_type": "client_credentials"})

    assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.003.02")


# Payouts ---


def test_b2c_timeout_notice_and_then_silence(world):
    world.sim.fault("b2c_timeout_notice", count=1, then="silence")
    world.daraja.payout()

    assert [path for path, _ in world.run(600)] == ["/timeout"]
    assert world.books()[f"wallet:{BARAKA}"] == 30_145_500
    world.daraja.status(OriginalConversationID="own-1")
    ((_, found),) = world.run(1)
    assert result_items(found["Result"])["TransactionStatus"] == "Completed"


def test_b2c_timeout_notice_of_a_payout_that_expired(world):
    before = world.books()[FLOAT]
    world.sim.fault("b2c_timeout_notice", count=1, then="expired")
    world.daraja.payout()

    assert [path for path, _ in world.run(600)] == ["/timeout"]
    assert world.books()[FLOAT] == before
    world.daraja.status(OriginalConversationID="own-1")
    ((_, found),) = world.run(1)
    assert result_items(found["Result"])["TransactionStatus"] == "Expired"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("duplicate", 500, "Duplicate OriginatorConversationID."),
        ("internal_error", 500, "System internal error."),
        ("response_code_1", 200, "Duplicate OriginatorConversationID."),
    ],
)
def test_b2c_duplicate_is_said_of_an_id_that_is_new(world, body, status, words):
    world.sim.fault("b2c_duplicate", count=1, body=body)

    answer = world.daraja.payout()

    assert answer.status_code == status
    said = answer.json()
    if status == 500:
        assert (said["errorCode"], said["errorMessage"]) == ("500.002.1001", words)
    else:
        assert (said["ResponseCode"], said["ResponseDescription"]) == ("1", words)
    # It was carried out all the same, once.
    ((_, payload),) = world.run(1)
    assert payload["Result"]["ResultCode"] == 0
    assert world.books()[f"wallet:{BARAKA}"] == 30_145_500


@pytest.mark.parametrize(("then", "state"), [("silence", "Completed"), ("nothing", "Expired")])
def test_b2c_duplicate_without_any_result(world, then, state):
    world.sim.fault("b2c_duplicate", count=1, then=then)
    world.daraja.payout()

    assert world.run(600) == []
    world.daraja.status(OriginalConversationID="own-1")
    ((_, found),) = world.run(1)
    assert result_items(found["Result"])["TransactionStatus"] == state


@pytest.mark.parametrize(("fault", "code"), [("b2c_unregistered", 2040), ("b2c_wallet_full", 8)])
def test_a_payee_who_cannot_be_paid(world, fault, code):
    before = world.books()[FLOAT]
    world.sim.fault(fault, msisdn=BARAKA, count=1)
    world.daraja.payout()

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == code
    assert world.books()[FLOAT] == before


def test_result_code_refuses_a_payout(world):
    before = world.books()[FLOAT]
    world.sim.fault("result_code", code="SFC_IC0003", count=1)
    world.daraja.payout()

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == "SFC_IC0003"
    assert payload["Result"]["ResultDesc"] == "The operator does not exist."
    assert world.books()[FLOAT] == before


@pytest.mark.parametrize("code", ["1001", "1019", "1025", "9999", "8006", "777"])
def test_result_code_refuses_a_prompt(world, code):
    world.sim.fault("result_code", api="stk", code=code, count=1)
    checkout = world.daraja.push().json()["CheckoutRequestID"]

    assert _codes(world.run(1)) == [int(code)]
    assert world.daraja.query(checkout).json()["ResultCode"] == code
    assert world.books()[COLLECTED] == 0


def test_result_code_refuses_a_status_query(world):
    world.sim.fault("result_code", api="status", code="21", count=1)
    world.daraja.status(OriginalConversationID="own-1")

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == 21


def test_gateway_originator_id_in_the_answer_to_a_question(world):
    world.sim.fault("gateway_originator_id", api="status", count=1)
    answer = world.daraja.status(OriginalConversationID="own-1").json()

    ((_, payload),) = world.run(1)

    assert payload["Result"]["OriginatorConversationID"] != answer["OriginatorConversationID"]
    assert payload["Result"]["ConversationID"] == answer["ConversationID"]


# Reversals, balances, top-ups and payments by hand ---


def _reverse(world, receipt):
    body = {
        "Initiator": world.daraja.config["initiator_name"],
        "SecurityCredential": world.daraja.credential(),
        "CommandID": "TransactionReversal",
        "TransactionID": receipt,
        "Amount": "1500",
        "ReceiverParty": "174379",
        "RecieverIdentifierType": "11",
        "Remarks": "Refund",
        "QueueTimeOutURL": "http://shop.test/timeout",
        "ResultURL": "http://shop.test/result",
    }
    return world.daraja.post("/mpesa/reversal/v1/request", body)


@pytest.fixture
def receipt(world):
    found = world.sim.pay_bill(msisdn=AMINA, amount=1500, account_reference="A")["receipt"]
    world.run(60)
    return found


@pytest.mark.parametrize(
    ("code", "shown"), [("R000001", "R000001"), ("R000002", "R000002"), ("1", 1), ("21", 21)]
)
def test_result_code_refuses_a_reversal(world, receipt, code, shown):
    world.sim.fault("result_code", api="reversal", code=code, count=1)
    _reverse(world, receipt)

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == shown
    assert world.books()[COLLECTED] == 150_000


def test_the_faults_of_calls_and_callbacks_bite_reversals_too(world, receipt):
    for fault in ("callback_early", "http_timeout_after"):
        world.sim.fault(fault, api="reversal", count=1)
    world.sim.fault("callback_twice", api="reversal", count=1, times=4)

    with pytest.raises(httpx2.ReadTimeout):
        _reverse(world, receipt)

    assert [path for path, _ in world.shop.take()] == ["/result"] * 4
    assert world.run(60) == []
    assert world.books()[COLLECTED] == 0


def test_queue_timeout_of_a_reversal_posts_what_the_switch_says(world, receipt):
    world.sim.switch(timeout_payload="flat")
    world.sim.fault("queue_timeout", api="reversal", count=1)
    answer = _reverse(world, receipt).json()

    ((path, payload),) = world.run(1)

    assert (path, payload["ConversationID"]) == ("/timeout", answer["ConversationID"])


def test_token_invalidated_at_a_reversal(world, receipt):
    world.sim.fault("token_invalidated", api="reversal", count=1)

    assert _reverse(world, receipt).json()["errorCode"] == "404.001.03"
    assert world.run(60) == []


# Questions ---


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("in_turn", ["4999", "500.001.1001", "0"]),
        ("500.001.1001_first", ["500.001.1001", "4999", "0"]),
        ("500.001.1001", ["500.001.1001", "500.001.1001", "0"]),
        ("4999", ["4999", "4999", "0"]),
        ("result_code_1", ["1", "1", "0"]),
    ],
)
def test_query_pending_in_every_form_and_then_final(world, body, wanted):
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    world.run(1)
    world.sim.fault("query_pending", count=2, body=body)

    answers = [world.daraja.query(checkout).json() for _ in range(3)]

    assert [answer.get("errorCode") or answer["ResultCode"] for answer in answers] == wanted
    assert all("process" in str(answer) for answer in answers[:2])


@pytest.mark.parametrize(
    ("phone", "body", "code"),
    [
        (AMINA, "opposite", "1037"),
        ("254700000003", "opposite", "0"),
        (AMINA, "1032", "1032"),
        (AMINA, "E3008", "E3008"),
    ],
)
def test_query_contradicts_what_was_called_back(world, phone, body, code):
    checkout = world.daraja.push(phone).json()["CheckoutRequestID"]
    world.run(3)
    world.sim.fault("query_contradicts", count=1, body=body)
    before = world.books()

    lie, truth = (world.daraja.query(checkout).json()["ResultCode"] for _ in range(2))

    assert lie == code
    assert truth == ("0" if phone == AMINA else "1032")
    assert world.books() == before


def test_query_contradicts_nothing_while_the_prompt_is_open(world):
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    world.sim.fault("query_contradicts")

    assert world.daraja.query(checkout).json()["errorCode"] == "500.001.1001"


def test_status_silent_never_answers(world):
    world.daraja.payout()
    world.run(1)
    world.sim.fault("status_silent", count=1, msisdn=BARAKA)

    assert world.daraja.status(OriginalConversationID="own-1").json()["ResponseCode"] == "0"

    assert world.run(600) == []
    world.daraja.status(OriginalConversationID="own-1")
    assert len(world.run(1)) == 1


def test_status_not_found_of_a_payout_that_was_made(world):
    world.daraja.payout()
    world.run(1)
    world.sim.fault("status_not_found", count=1)
    world.daraja.status(OriginalConversationID="own-1")

    ((_, payload),) = world.run(1)

    assert payload["Result"]["ResultCode"] == "R000002"
    assert "ResultParameters" not in payload["Result"]


def test_status_timeout_notice_comes_instead_of_an_answer(world):
    world.daraja.payout()
    world.run(1)
    world.sim.fault("status_timeout_notice", count=1)
    world.daraja.status(OriginalConversationID="own-1")

    ((path, payload),) = world.run(1)

    assert (path, payload["Result"]["ResultCode"]) == ("/timeout", 100_000_000)


# The shape of what is called back ---


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("masked", "2547 ***** 111"),
        ("hashed", "cd90dd0eb5cd6b47dcaa3e8e3d1d7d5f4a8b9bbd1bdbe1c4d6c4a3e4ab8c7b55"),
        ("text", "254722000111"),
        ("missing", None),
    ],
)
def test_stk_phone_is_not_what_the_docs_say(world, body, shown):
    world.sim.fault("stk_phone", count=1, body=body)
    world.daraja.push()

    (callback,) = _stk(world.run(1))

    found = _items(callback)
    assert ("PhoneNumber" in found) == (body != "missing")
    if body == "hashed":
        assert re.fullmatch("[0-9a-f]{64}", found["PhoneNumber"])
    else:
        assert found.get("PhoneNumber") == shown
    assert found["Amount"] == 1500


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("no_value", None),
        ("number", 298_500),
        ("text", "{Amount={CurrencyCode=KES, MinimumAmount=29850000, BasicAmount=298500.00}}"),
        ("missing", None),
    ],
)
def test_stk_balance_is_there_in_several_forms(world, body, shown):
    world.sim.fault("stk_balance", count=1, body=body)
    world.daraja.push()

    (callback,) = _stk(world.run(1))

    found = _items(callback)
    assert ("Balance" in found) == (body != "missing")
    assert found.get("Balance") == shown


def test_result_single_item_is_an_object_and_no_list(world):
    world.sim.fault("result_single_item", count=1)
    world.daraja.payout()

    ((_, payload),) = world.run(1)

    found = payload["Result"]
    assert found["ResultParameters"] == {
        "ResultParameter": {"Key": "TransactionReceipt", "Value": found["TransactionID"]}
    }


@pytest.mark.parametrize("api", ["stk", "b2c"])
def test_result_code_text_is_a_string(world, api):
    world.sim.fault("result_code_text", api=api, count=1)
    world.daraja.push()
    world.daraja.payout()

    found = dict(world.run(1))

    stk, b2c = found["/stk"]["Body"]["stkCallback"], found["/result"]["Result"]
    assert (stk["ResultCode"], b2c["ResultCode"]) == (("0", 0) if api == "stk" else (0, "0"))


def test_result_filler_id_stands_where_the_receipt_should(world):
    world.sim.fault("result_filler_id", count=1)
    world.daraja.payout()

    ((_, payload),) = world.run(1)

    assert payload["Result"]["TransactionID"] == "UG10000000"
    assert result_items(payload["Result"])["TransactionReceipt"].startswith("UG1")
    assert result_items(payload["Result"])["TransactionReceipt"] != "UG10000000"


@pytest.mark.parametrize("api", ["stk", "b2c"])
def test_result_extra_keys_are_unknown_to_everybody(world, api):
    world.sim.fault("result_extra_keys", api=api, count=1)
    world.daraja.push()
    world.daraja.payout()

    found = dict(world.run(1))

    assert ("ChannelInfo" in found["/stk"]["Body"]["stkCallback"]) == (api == "stk")
    assert ("TraceInfo" in found["/result"]["Result"]) == (api == "b2c")


# Where and when ---


def test_a_fault_may_be_armed_for_several_apis(world):
    world.sim.fault("http_error_before", api="query,status")

    assert world.daraja.payout().status_code == 200
    assert world.daraja.status(OriginalConversationID="own-1").status_code == 500
    assert world.daraja.query("ws_CO_1").status_code == 500


def test_options_are_shown_with_the_fault(world):
    shown = world.sim.fault("http_garbage_after", body="soap", status=503, skip=2, burst=4)

    assert {key: shown[key] for key in ("body", "status", "skip", "burst")} == {
        "body": "soap",
        "status": 503,
        "skip": 2,
        "burst": 4,
    }


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"name": "callback_twice", "times": 0}, "times is a whole number from 1 to 100"),
        ({"name": "callback_lost", "times": 2}, "callback_lost takes no times"),
        ({"name": "callback_lost", "body": "html"}, "callback_lost takes no body"),
        (
            {"name": "http_garbage_after", "body": "xml"},
            "body of http_garbage_after is one of upstream, text",
        ),
        ({"name": "http_garbage_after", "status": "500"}, "status of http_garbage_after is one of 200, 500"),
        ({"name": "b2c_timeout_notice", "then": "later"}, "then of b2c_timeout_notice is one of result"),
        ({"name": "result_code"}, "result_code needs a code"),
        ({"name": "result_code", "code": "0"}, "result_code needs a code"),
        ({"name": "callback_lost", "code": "1"}, "callback_lost takes no code"),
        ({"name": "callback_lost", "skip": True}, "skip is a whole number"),
        ({"name": "callback_lost", "api": "stk,query"}, "callback_lost has api stk, b2c"),
    ],
)
def test_an_option_that_a_fault_does_not_take_is_refused(world, wishes, words):
    with pytest.raises(ControlError, match=re.escape(words)):
        world.sim.fault(**wishes)
    assert world.http.get("/_sim/faults").json() == {"faults": []}
