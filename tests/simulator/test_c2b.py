import hashlib

import httpx2
import pytest

from simulator import Simulator
from simulator.control import ControlError
from tests.simulator.world import AMINA, COLLECTED, WALLET, DarajaClient, World


class Merchant:
    """Answers validations with `body` and `status`; keeps what came."""

    def __init__(self):
        self.calls = []
        self.body = b'{"ResultCode":"0","ResultDesc":"Accepted"}'
        self.status = 200
        self.error = None

    def __call__(self, request):
        self.calls.append((request.url.path, httpx2.Response(200, content=request.content).json()))
        self.timeouts = request.extensions["timeout"]
        if self.error and request.url.path == "/may-they":
            raise self.error
        return httpx2.Response(self.status, content=self.body)


@pytest.fixture
def world():
    with World() as it:
        yield it


@pytest.fixture
def merchant():
    return Merchant()


@pytest.fixture
def asked(merchant):
    """A simulator that validates, in front of `merchant`."""
    with Simulator(transport=httpx2.MockTransport(merchant)) as sim:
        http = httpx2.Client(transport=httpx2.WSGITransport(app=sim.wsgi), base_url="http://simulator.test")
        sim.switch(c2b_validation=True)
        assert _register(DarajaClient(http)).status_code == 200
        yield sim
        http.close()


def _register(daraja, version="v2", **changes):
    body = {
        "ShortCode": "174379",
        "ResponseType": "Completed",
        "ConfirmationURL": "http://shop.test/paid",
        "ValidationURL": "http://shop.test/may-they",
        **changes,
    }
    body = {key: value for key, value in body.items() if value is not None}
    return daraja.post(f"/mpesa/c2b/{version}/registerurl", body)


def _pay(world, **changes):
    wish = {"msisdn": "0722000111", "amount": 1500, "account_reference": "ZEM-A3F8B2K7", **changes}
    return world.http.post("/_sim/paybill", json=wish)


# Registration ---


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_urls_are_registered_once(world, version):
    answer = _register(world.daraja, version)
    again = _register(world.daraja, version)

    assert answer.status_code == 200
    assert list(answer.json()) == ["OriginatorCoversationID", "ResponseCode", "ResponseDescription"]
    assert answer.json()["ResponseCode"] == "0"
    assert (again.status_code, again.json()["errorCode"]) == (500, "500.003.1001")
    assert again.json()["errorMessage"] == "Urls are already registered"

    assert world.http.delete("/_sim/c2b").json() == {"ok": True}
    assert _register(world.daraja).status_code == 200
    world.sim.forget_urls()
    assert _register(world.daraja).status_code == 200


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ShortCode": "x"}, "ShortCode"),
        ({"ShortCode": "999999"}, "ShortCode"),
        ({"ResponseType": "completed"}, "ResponseType"),
        ({"ResponseType": None}, "ResponseType"),
        ({"ConfirmationURL": None}, "ConfirmationURL"),
        ({"ConfirmationURL": "http://shop.test/mpesa/paid"}, "ConfirmationURL"),
        ({"ConfirmationURL": "http://shop.test/M-Pesa"}, "ConfirmationURL"),
        ({"ConfirmationURL": "http://Safaricom.shop.test/paid"}, "ConfirmationURL"),
        ({"ValidationURL": "http://shop.test/run.EXE"}, "ValidationURL"),
        ({"ValidationURL": "http://shop.test/cmd"}, "ValidationURL"),
        ({"ValidationURL": "http://shop.test/mysql"}, "ValidationURL"),
        ({"ValidationURL": "http://shop.test/Query"}, "ValidationURL"),
    ],
)
def test_a_registration_that_is_not_right_names_the_field_and_keeps_nothing(world, changes, named):
    refused = _register(world.daraja, **changes)

    assert refused.status_code == 400
    assert refused.json()["errorCode"] == "400.002.02"
    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"
    assert _register(world.daraja).status_code == 200


def test_the_words_are_refused_in_every_url_when_the_switch_says_so(world):
    assert world.daraja.payout("own-1", ResultURL="http://shop.test/mpesa").status_code == 200

    world.sim.switch(strict_urls=True)

    for field in ("ResultURL", "QueueTimeOutURL"):
        refused = world.daraja.payout("own-2", **{field: "http://shop.test/mpesa"})
        assert refused.json()["errorMessage"] == f"Bad Request - Invalid {field}"
    refused = world.daraja.push(CallBackURL="http://shop.test/sql")
    assert refused.json()["errorMessage"] == "Bad Request - Invalid CallBackURL"
    assert world.daraja.push().status_code == 200


# Paying by hand ---


def test_a_payment_by_hand_is_booked_and_confirmed_in_the_documented_words(world):
    _register(world.daraja)

    answer = _pay(world, receipt="UG1QWE7RT4")

    assert answer.json() == {
        "receipt": "UG1QWE7RT4",
        "shortcode": "174379",
        "msisdn": AMINA,
        "amount": 150_000,
        "account_reference": "ZEM-A3F8B2K7",
        "state": "completed",
        "result_code": "0",
    }
    ((path, payload),) = world.run()
    assert path == "/paid"
    assert payload == {
        "TransactionType": "Pay Bill",
        "TransID": "UG1QWE7RT4",
        "TransTime": "20260701120000",
        "TransAmount": "1500.00",
        "BusinessShortCode": "174379",
        "BillRefNumber": "ZEM-A3F8B2K7",
        "InvoiceNumber": "",
        "OrgAccountBalance": "1500.00",
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 111",
        "FirstName": payload["FirstName"],
        "MiddleName": "",
        "LastName": payload["LastName"],
    }
    assert f"{payload['FirstName']} {payload['LastName']}" == world.sim.phone(AMINA)["name"]
    assert world.books()[COLLECTED] == 150_000
    assert world.books()[WALLET] == 30_000_000 - 150_000
    (moved,) = world.sim.transactions()
    assert (moved["kind"], moved["account_reference"]) == ("c2b", "ZEM-A3F8B2K7")
    assert "original_receipt" not in moved
    assert world.http.get("/_sim/paybill").json() == {"payments": [answer.json()]}
    assert world.sim.paybill_payments() == [answer.json()]


def test_nobody_is_told_of_a_payment_when_no_url_is_registered(world):
    assert _pay(world).json()["state"] == "completed"
    assert world.run(60) == []
    assert world.books()[COLLECTED] == 150_000


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("masked", "2547 ***** 111"),
        ("full", AMINA),
        ("sha256", hashlib.sha256(AMINA.encode()).hexdigest()),
        ("missing", ""),
    ],
)
def test_the_payers_number_is_shown_as_the_switch_says(world, form, shown):
    _register(world.daraja)
    world.sim.switch(c2b_msisdn=form)
    world.sim.set_phone(AMINA, name="AMINA WANJIRU HASSAN")
    _pay(world)

    ((_, payload),) = world.run()

    assert payload["MSISDN"] == shown
    assert [payload[key] for key in ("FirstName", "MiddleName", "LastName")] == ["AMINA", "WANJIRU", "HASSAN"]


def test_a_wallet_with_too_little_pays_nothing(world):
    _register(world.daraja)
    _pay(world, amount=250_000)
    world.run()
    before = world.books()

    answer = _pay(world, amount=50_001)

    assert (answer.json()["state"], answer.json()["result_code"]) == ("failed", "1")
    assert world.run(60) == []
    assert world.books() == before


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"receipt": "UG1QWE7RT4"}, 409),
        ({"receipt": "a b"}, 400),
        ({"amount": 250_001}, 400),
        ({"amount": 0}, 400),
        ({"msisdn": "12"}, 400),
        ({"shortcode": "999999"}, 400),
        ({"account_reference": 5}, 400),
        ({"by": "hand"}, 400),
    ],
)
def test_a_payment_by_hand_that_cannot_be_made_is_refused(world, changes, status):
    world.sim.book_payment(msisdn=AMINA, amount=10, receipt="UG1QWE7RT4")
    before = world.books()

    assert _pay(world, **changes).status_code == status
    assert world.books() == before
    assert world.sim.paybill_payments() == []


def test_the_customer_pays_the_charge_when_the_switch_says_so(world):
    world.sim.switch(paybill_charge=True)

    _pay(world, amount=1500)
    world.daraja.push(amount="100")
    world.daraja.push("254711000222", amount="101")
    world.run(1)

    books = world.books()
    assert books["fees:customers"] == 1_500 + 500
    assert books["fees:safaricom"] == 0
    assert books[COLLECTED] == 150_000 + 10_000 + 10_100
    assert [row["fee"] for row in world.sim.transactions()] == [1_500, 0, 500]


# STK payments on the confirmation URL ---


def test_an_stk_payment_is_announced_on_the_confirmation_url_under_the_same_receipt(world):
    _register(world.daraja)
    world.daraja.push()

    stk, c2b = world.run(1)

    assert (stk[0], c2b[0]) == ("/stk", "/paid")
    items = {
        item["Name"]: item.get("Value") for item in stk[1]["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    }
    assert c2b[1]["TransID"] == items["MpesaReceiptNumber"]
    assert c2b[1]["BillRefNumber"] == "ZEM-A3F8B2K7"
    assert c2b[1]["TransAmount"] == "1500.00"


def test_a_lost_stk_callback_leaves_the_confirmation(world):
    _register(world.daraja)
    world.daraja.push("254700000007")

    assert [path for path, _ in world.run(3)] == ["/paid"]


def test_a_failed_prompt_is_not_announced_nor_is_any_when_the_switch_is_off(world):
    _register(world.daraja)
    world.daraja.push("254700000003")
    assert [path for path, _ in world.run(3)] == ["/stk"]

    world.sim.switch(stk_on_confirmation_url=False)
    world.daraja.push()
    assert [path for path, _ in world.run(1)] == ["/stk"]


def test_confirmations_are_stamped_by_a_clock_that_may_be_slow(world):
    _register(world.daraja)
    world.daraja.push()
    right = world.run(1)[1][1]["TransTime"]

    world.sim.switch(stamp_clock="slow", two_minute_rule=False)
    world.daraja.push()

    assert world.run(1)[1][1]["TransTime"] < right


def test_a_confirmation_can_be_lost_and_doubled_by_faults(world):
    _register(world.daraja)
    world.sim.fault("callback_twice", api="c2b", count=1)
    _pay(world)
    assert [path for path, _ in world.run()] == ["/paid", "/paid"]

    world.sim.fault("callback_lost", api="c2b", count=1)
    _pay(world)
    assert world.run() == []


# Validation ---


def test_an_accepted_payment_is_booked_after_the_answer_and_carries_the_merchants_id(asked, merchant):
    merchant.body = b'{"ResultCode":0,"ResultDesc":"Accepted","ThirdPartyTransID":"shop-77"}'

    paid = asked.pay_bill(msisdn=AMINA, amount=1500, account_reference="ZEM-A3F8B2K7")
    assert paid["state"] == "validating"
    assert asked.transactions() == []
    asked.run_due()

    (question, confirmation) = merchant.calls
    assert question[0] == "/may-they"
    assert question[1]["TransID"] == paid["receipt"]
    assert (question[1]["OrgAccountBalance"], question[1]["ThirdPartyTransID"]) == ("", "")
    assert confirmation[0] == "/paid"
    assert confirmation[1]["TransID"] == paid["receipt"]
    assert confirmation[1]["ThirdPartyTransID"] == "shop-77"
    assert asked.books()[COLLECTED] == 150_000


def test_a_validation_is_waited_for_eight_seconds(asked, merchant):
    merchant.error = httpx2.ReadTimeout("late")
    asked.pay_bill(msisdn=AMINA, amount=10)
    asked._courier.send(asked._courier.claim(1))
    assert merchant.timeouts["read"] == 8.0


@pytest.mark.parametrize("code", ["C2B00011", "C2B00012", "C2B00013", "C2B00014", "C2B00015", "C2B00016"])
def test_a_rejected_payment_moves_nothing_and_is_not_confirmed(asked, merchant, code):
    merchant.body = b'{"ResultCode":"%s","ResultDesc":"Rejected"}' % code.encode()

    asked.pay_bill(msisdn=AMINA, amount=1500)
    asked.run_due()

    (payment,) = asked.paybill_payments()
    assert (payment["state"], payment["result_code"]) == ("rejected", code)
    assert [path for path, _ in merchant.calls] == ["/may-they"]
    assert asked.transactions() == []
    assert sum(asked.books().values()) == 0


@pytest.mark.parametrize("trouble", ["silence", "500", "words", "no code", "text"])
@pytest.mark.parametrize(("response_type", "state"), [("Completed", "completed"), ("Cancelled", "rejected")])
def test_no_answer_follows_the_response_type(merchant, trouble, response_type, state):
    match trouble:
        case "silence":
            merchant.error = httpx2.ReadTimeout("late")
        case "500":
            merchant.status = 500
        case "words":
            merchant.body = b"<html>"
        case "no code":
            merchant.body = b'{"ok": true}'
        case "text":
            merchant.body = b'["\\ud800"]'
    with Simulator(transport=httpx2.MockTransport(merchant)) as sim:
        http = httpx2.Client(transport=httpx2.WSGITransport(app=sim.wsgi), base_url="http://simulator.test")
        sim.switch(c2b_validation=True)
        _register(DarajaClient(http), ResponseType=response_type)

        sim.pay_bill(msisdn=AMINA, amount=1500)
        sim.run_due()

        (payment,) = sim.paybill_payments()
        assert payment["state"] == state
        assert len(sim.transactions()) == (state == "completed")


def test_a_receipt_under_validation_is_taken(asked):
    asked.pay_bill(msisdn=AMINA, amount=10, receipt="UG1QWE7RT4")

    with pytest.raises(ControlError) as refused:
        asked.book_payment(msisdn=AMINA, amount=10, receipt="UG1QWE7RT4")
    assert refused.value.status == 409
    asked.run_due()
    assert [row["kind"] for row in asked.transactions()] == ["c2b"]


def test_a_validation_answered_twice_or_dropped_by_hand_is_decided_once(asked, merchant):
    asked.hold_callbacks = True
    asked.pay_bill(msisdn=AMINA, amount=10)
    asked.pay_bill(msisdn=AMINA, amount=20)
    asked.run_due()

    assert asked.deliver(0, times=2) == [200, 200]
    asked.deliver(0, drop=True)

    assert [(row["amount"], row["state"]) for row in asked.paybill_payments()] == [
        (1_000, "completed"),
        (2_000, "completed"),
    ]
    assert len(asked.transactions()) == 2


# The sandbox's own endpoint ---


def _simulate(world, version="v2", **changes):
    body = {
        "ShortCode": "174379",
        "CommandID": "CustomerPayBillOnline",
        "Amount": "1500",
        "Msisdn": AMINA,
        "BillRefNumber": "ZEM-A3F8B2K7",
        **changes,
    }
    body = {key: value for key, value in body.items() if value is not None}
    return world.daraja.post(f"/mpesa/c2b/{version}/simulate", body)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_simulated_payment_comes_a_moment_later(world, version):
    _register(world.daraja)

    answer = _simulate(world, version)

    assert answer.status_code == 200
    assert list(answer.json()) == ["OriginatorCoversationID", "ResponseCode", "ResponseDescription"]
    assert world.books()[COLLECTED] == 0
    ((path, payload),) = world.run(1)
    assert (path, payload["BillRefNumber"], payload["TransTime"]) == (
        "/paid",
        "ZEM-A3F8B2K7",
        "20260701120001",
    )
    assert world.books()[COLLECTED] == 150_000


def test_buying_goods_needs_no_account_number(world):
    _register(world.daraja)
    _simulate(world, CommandID="CustomerBuyGoodsOnline", BillRefNumber=None)

    ((_, payload),) = world.run(1)

    assert (payload["TransactionType"], payload["BillRefNumber"]) == ("Buy Goods", "")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ShortCode": None}, "ShortCode"),
        ({"ShortCode": "999999"}, "ShortCode"),
        ({"CommandID": "Pay"}, "CommandID"),
        ({"Amount": "0"}, "Amount"),
        ({"Amount": "250001"}, "Amount"),
        ({"Msisdn": "0722000111"}, "Msisdn"),
        ({"BillRefNumber": " "}, "BillRefNumber"),
    ],
)
def test_a_simulated_payment_with_a_bad_field_is_refused(world, changes, named):
    refused = _simulate(world, **changes)

    assert refused.json()["errorMessage"] == f"Bad Request - Invalid {named}"
    assert world.sim.next_due() is None
