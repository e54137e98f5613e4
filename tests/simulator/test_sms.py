import pytest

from tests.simulator.world import World


@pytest.fixture
def world():
    with World() as it:
        yield it


def _send(world, *, key="atsk_simulator", **form):
    fields = {"username": "sandbox", "to": "+254722000111", "message": "Habari", "bulkSMSMode": "1", **form}
    return world.http.post(
        "/version1/messaging", data=fields, headers={"apiKey": key, "Accept": "application/json"}
    )


def test_a_message_is_sent_and_kept(world):
    answer = _send(world, message="Msimbo wako: 123456", **{"from": "ZEMI"})

    assert answer.status_code == 201
    data = answer.json()["SMSMessageData"]
    assert data["Message"] == "Sent to 1/1 Total Cost: KES 0.8000"
    (recipient,) = data["Recipients"]
    assert recipient["messageId"].startswith("ATXid_")
    assert (recipient["statusCode"], recipient["status"], recipient["cost"]) == (101, "Success", "KES 0.8000")
    assert world.http.get("/_sim/sms", params={"to": "0722000111"}).json() == {
        "messages": [
            {
                "to": "+254722000111",
                "text": "Msimbo wako: 123456",
                "at": "2026-07-01T09:00:00.000+00:00",
                "from": "ZEMI",
                "message_id": recipient["messageId"],
            }
        ]
    }


def test_each_recipient_is_answered_for(world):
    answer = _send(world, to="+254722000111, +254711000222,0733000333,+255722000111", message="x" * 161)

    data = answer.json()["SMSMessageData"]
    assert answer.status_code == 201
    assert data["Message"] == "Sent to 2/4 Total Cost: KES 3.2000"
    assert [recipient["statusCode"] for recipient in data["Recipients"]] == [101, 101, 403, 403]
    assert data["Recipients"][2] == {
        "statusCode": 403,
        "number": "0733000333",
        "status": "InvalidPhoneNumber",
        "cost": "0",
        "messageId": "None",
    }
    assert [message["to"] for message in world.sim.messages()] == ["+254722000111", "+254711000222"]


def test_messages_are_listed_by_phone_in_any_form(world):
    _send(world, to="+254722000111")
    _send(world, to="+254711000222")

    assert [message["to"] for message in world.sim.messages("+254 711 000 222")] == ["+254711000222"]
    assert len(world.sim.messages()) == 2
    assert world.sim.messages("nobody") == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"key": "wrong"}, 401),
        ({"key": ""}, 401),
        ({"username": "live"}, 401),
        ({"to": ""}, 400),
        ({"message": " "}, 400),
    ],
)
def test_a_refused_request_sends_nothing(world, form, status):
    assert _send(world, **form).status_code == status
    assert world.sim.messages() == []
