from urllib.parse import parse_qsl

import httpx2
import pytest

from simulator.fault_kinds import SMS_STATUSES
from tests.simulator.world import AMINA, BARAKA, World

REPORTS = "http://shop.test/sms/reports"


@pytest.fixture
def world():
    with World() as it:
        it.http.post("/_sim/sms/reports", json={"url": REPORTS})
        yield it


def _send(world, to=f"+{AMINA}"):
    fields = {"username": "sandbox", "to": to, "message": "Habari", "bulkSMSMode": "1"}
    return world.http.post("/version1/messaging", data=fields, headers={"apiKey": "atsk_simulator"})


def _recipient(answer):
    assert answer.status_code == 201
    (recipient,) = answer.json()["SMSMessageData"]["Recipients"]
    return recipient


def _statuses(calls):
    assert {path for path, _ in calls} <= {"/sms/reports"}
    return [report["status"] for _, report in calls]


def test_delivery_reports_say_sent_and_then_success(world):
    message_id = _recipient(_send(world))["messageId"]

    ((_, sent),) = world.run(1)
    ((_, final),) = world.run(2)

    assert sent == {
        "id": message_id,
        "phoneNumber": "+254722000111",
        "networkCode": "63902",
        "retryCount": "0",
        "status": "Sent",
    }
    assert final == {**sent, "status": "Success"}
    assert [callback.payload["status"] for callback in world.sim.callbacks] == ["Sent", "Success"]


def test_delivery_reports_go_nowhere_until_they_have_a_url(world):
    shown = world.http.post("/_sim/sms/reports", json={"url": None}).json()
    _send(world)

    assert shown["url"] is None
    assert world.run(60) == []


def test_delivery_reports_have_times_of_their_own(world):
    wish = {"url": REPORTS, "sent_after_s": 0, "delivered_after_s": 90}
    assert world.http.post("/_sim/sms/reports", json=wish).json() == wish
    assert world.http.get("/_sim/sms/reports").json() == wish
    _send(world)

    assert _statuses(world.run()) == ["Sent"]
    assert _statuses(world.run(89)) == []
    assert _statuses(world.run(1)) == ["Success"]


@pytest.mark.parametrize(
    "wish",
    [
        {"url": "ftp://shop.test/"},
        {"url": 7},
        {"url": REPORTS, "sent_after_s": 5, "delivered_after_s": 4},
        {"url": REPORTS, "sent_after_s": -1},
        {"to": REPORTS},
    ],
)
def test_reports_that_cannot_be_had_so_are_refused(world, wish):
    before = world.http.get("/_sim/sms/reports").json()

    assert world.http.post("/_sim/sms/reports", json=wish).status_code == 400
    assert world.http.get("/_sim/sms/reports").json() == before


@pytest.mark.parametrize(("code", "word"), list(SMS_STATUSES.items()))
def test_sms_refused_by_number_is_a_201_that_says_no(world, code, word):
    world.sim.fault("sms_refused", msisdn=AMINA, status=code)

    refused = _recipient(_send(world))

    assert (refused["statusCode"], refused["status"], refused["messageId"]) == (code, word, "None")
    assert world.sim.messages() == []
    assert world.run(60) == []
    assert _recipient(_send(world, f"+{BARAKA}"))["statusCode"] == 101


def test_sms_refused_for_one_of_two(world):
    world.sim.fault("sms_refused", msisdn=AMINA, status=405)

    answer = _send(world, f"+{AMINA},+{BARAKA}").json()["SMSMessageData"]

    assert answer["Message"] == "Sent to 1/2 Total Cost: KES 0.8000"
    assert [recipient["statusCode"] for recipient in answer["Recipients"]] == [405, 101]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("DeliveryFailure", "Failed", "DeliveryFailure"),
        ("UserInBlackList", "Failed", "UserInBlackList"),
        ("UserIsInactive", "Failed", "UserIsInactive"),
        ("UserDoesNotExist", "Failed", "UserDoesNotExist"),
        ("rejected", "Rejected", "UserInBlackList"),
    ],
)
def test_sms_report_failed_has_a_reason(world, body, status, reason):
    world.sim.fault("sms_report_failed", count=1, body=body)
    _send(world)

    (_, sent), (_, final) = world.run(3)

    assert sent["status"] == "Sent"
    assert (final["status"], final["failureReason"]) == (status, reason)


def test_sms_report_out_of_order_is_final_first(world):
    world.sim.fault("sms_report_out_of_order", count=1)
    _send(world)

    assert _statuses(world.run(1)) == ["Success"]
    assert _statuses(world.run(2)) == ["Sent"]


def test_a_report_is_lost_doubled_and_late_as_callbacks_are(world):
    world.sim.fault("callback_lost", api="sms", count=1)
    world.sim.fault("callback_twice", api="sms", count=1, times=2)
    world.sim.fault("callback_late", api="sms", count=1, delay_s=60)
    _send(world)

    assert world.run(62.9) == []
    assert _statuses(world.run(0.1)) == ["Success", "Success"]


def test_faults_of_any_callback_leave_reports_alone(world):
    world.sim.fault("callback_lost", api="any")
    _send(world)

    assert _statuses(world.run(3)) == ["Sent", "Success"]


def test_an_sms_is_accepted_and_the_answer_never_arrives(world):
    world.sim.fault("http_timeout_after", api="sms", msisdn=AMINA, count=1)

    with pytest.raises(httpx2.ReadTimeout):
        _send(world)

    assert [message["to"] for message in world.sim.messages()] == [f"+{AMINA}"]
    assert _statuses(world.run(3)) == ["Sent", "Success"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_5xx_sends_no_sms(world, status):
    world.sim.fault("http_error_before", api="sms", count=1, status=status)

    answer = _send(world)

    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, "text/plain")
    assert world.sim.messages() == []
    assert _send(world).status_code == 201


def test_a_slow_answer_to_an_sms(world):
    waited = []
    world.sim.wsgi.wait = waited.append
    world.sim.fault("http_slow", api="sms", count=1, delay_s=9)

    assert _send(world).status_code == 201
    assert waited == [9]


def test_a_report_is_a_form():
    seen = []

    def shop(environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        seen.append((environ["CONTENT_TYPE"], dict(parse_qsl(body))))
        start_response("200 OK", [])
        return [b""]

    with World() as world:
        world.sim._courier._client = httpx2.Client(transport=httpx2.WSGITransport(app=shop))
        world.sim.set_sms_reports(url=REPORTS)
        _send(world)
        world.run(1)

    ((content_type, form),) = seen
    assert content_type == "application/x-www-form-urlencoded"
    assert form["status"] == "Sent"
