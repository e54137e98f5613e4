import pytest

from simulator import ControlError
from tests.simulator.world import AMINA, BARAKA, COLLECTED, FLOAT, World

DAY = 86_400


@pytest.fixture
def world():
    with World() as it:
        yield it


def _payout_code(world, own_id, **changes):
    world.daraja.log_in()
    world.daraja.payout(own_id, **changes)
    ((_, payload),) = world.run(1)
    return payload["Result"]["ResultCode"]


# Float ---


def test_the_float_runs_out_and_is_topped_up(world):
    assert world.http.post("/_sim/float", json={"set": 1_459}).json() == {
        "account": FLOAT,
        "balance": 145_900,
    }
    assert _payout_code(world, "own-1") == 1  # 1,455 and a fee of 5
    assert world.books()[FLOAT] == 145_900

    world.http.post("/_sim/float", json={"top_up": 1})

    assert _payout_code(world, "own-2") == 0
    assert world.books()[FLOAT] == 0


def test_the_float_is_taken_away(world):
    world.sim.change_float(take="9999000.00")
    world.sim.change_float(shortcode="174379", set=50)

    assert world.books()[FLOAT] == 100_000
    assert world.books()[COLLECTED] == 5_000
    assert world.sim.change_float(set=0)["balance"] == 0
    statement = world.http.get("/_sim/statement", params={"shortcode": "600000"}).text
    assert "Funds Withdrawal" in statement
    assert "Closing Balance,0.00" in statement


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 400),
        ({"set": 1, "take": 1}, 400),
        ({"set": -1}, 400),
        ({"top_up": 0.5}, 400),
        ({"take": 10_000_001}, 409),
        ({"set": 1, "shortcode": "999999"}, 400),
        ({"add": 1}, 400),
    ],
)
def test_a_float_that_cannot_be_had_so_stays(world, wish, status):
    before = world.books()

    assert world.http.post("/_sim/float", json=wish).status_code == status
    assert world.books() == before


# Initiator ---


def test_the_password_of_the_initiator_is_dead_after_90_days(world):
    assert world.http.get("/_sim/initiator").json() == {
        "name": "testapi",
        "password_expires_at": "2026-09-29T09:00:00.000+00:00",
        "expired": False,
        "wrong_in_a_row": 0,
        "locked": False,
    }
    world.run(90 * DAY - 1)
    assert _payout_code(world, "own-1") == 0

    assert [_payout_code(world, f"own-{number}") for number in (2, 3, 4, 5)] == [2001, 2001, 8006, 8006]
    found = world.http.get("/_sim/initiator").json()
    assert (found["expired"], found["locked"]) == (True, True)


def test_a_new_password_has_90_days_again(world):
    world.run(91 * DAY)
    assert _payout_code(world, "own-1") == 2001
    old = world.daraja.credential()

    found = world.http.post("/_sim/initiator/password", json={"password": "Simulator#2027"}).json()

    assert (found["expired"], found["wrong_in_a_row"]) == (False, 0)
    assert _payout_code(world, "own-2", SecurityCredential=old) == 2001
    world.daraja.config = world.http.get("/_sim/config").json()
    assert world.daraja.config["initiator_password"] == "Simulator#2027"
    assert _payout_code(world, "own-3") == 0
    world.run(90 * DAY)
    assert _payout_code(world, "own-4") == 2001


def test_the_same_password_may_be_renewed(world):
    world.run(91 * DAY)
    world.sim.set_initiator_password()

    assert _payout_code(world, "own-1") == 0


def test_a_password_that_the_portal_does_not_take(world):
    before = world.http.get("/_sim/initiator").json()

    for password in ("short", "has(brackets)", "has@and.", 12345678):
        assert world.http.post("/_sim/initiator/password", json={"password": password}).status_code == 400
    assert world.http.get("/_sim/initiator").json() == before


def test_the_life_of_the_password_can_be_switched_off(world):
    world.sim.switch(initiator_password_expires=False)
    world.run(400 * DAY)

    assert world.http.get("/_sim/initiator").json()["password_expires_at"] is None
    assert _payout_code(world, "own-1") == 0


def test_the_initiator_is_locked_by_hand(world):
    assert world.http.post("/_sim/initiator/lock").json()["locked"] is True
    assert _payout_code(world, "own-1") == 8006

    world.http.post("/_sim/initiator/unlock")

    assert _payout_code(world, "own-2") == 0


# Forged callbacks ---


def test_a_forged_callback_has_another_amount_and_is_labelled(world):
    world.daraja.push()
    ((_, real),) = world.run(1)
    before = world.books()

    answer = world.http.post(
        "/_sim/forge", json={"callback": 1, "amount": 250_000, "forwarded_for": "203.0.113.66"}
    )

    assert answer.json() == {"id": 2, "kind": "forged"}
    ((path, forged),) = world.run()
    assert path == "/stk"
    items = forged["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    assert items[0] == {"Name": "Amount", "Value": 250_000}
    assert items[1:] == real["Body"]["stkCallback"]["CallbackMetadata"]["Item"][1:]
    assert world.shop.forwarded_for == "203.0.113.66"
    shown = world.http.get("/_sim/callbacks").json()["callbacks"]
    assert [(each["kind"], each["state"]) for each in shown] == [
        ("stk", "delivered"),
        ("forged", "delivered"),
    ]
    assert world.books() == before


def test_a_forged_result_of_a_payout_starts_from_the_last_callback(world):
    world.daraja.payout()
    world.run(1)
    world.sim.forge(callback="last", amount=20)

    ((_, forged),) = world.run()

    items = {item["Key"]: item["Value"] for item in forged["Result"]["ResultParameters"]["ResultParameter"]}
    assert items["TransactionAmount"] == 20


def test_a_forged_callback_says_anything_to_a_url_that_was_named(world):
    world.daraja.push()  # nothing was called back yet
    world.sim.forge(url="http://shop.test/stk", body={"Body": {"stkCallback": {"ResultCode": 0}}})

    assert world.run() == [("/stk", {"Body": {"stkCallback": {"ResultCode": 0}}})]


def test_a_forged_callback_is_not_sent_again(world):
    world.sim.switch(callback_retries=3)
    world.daraja.push()
    world.run(1)
    world.shop.status = "404 Not Found"
    world.sim.forge(callback="last")

    assert len(world.run()) == 1
    assert world.run(600) == []


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 400),
        ({"url": "http://elsewhere.test/", "body": {}}, 409),
        ({"url": "http://shop.test/stk"}, 400),
        ({"url": "http://shop.test/stk", "body": {"Result": {}}, "amount": 5}, 400),
        ({"callback": 77}, 409),
        ({"callback": "first"}, 400),
        ({"callback": "last", "amount": "much"}, 400),
        ({"callback": "last", "forwarded_for": "nowhere"}, 400),
        ({"callback": "last", "to": "x"}, 400),
    ],
)
def test_what_cannot_be_forged_is_not_sent(world, wish, status):
    world.daraja.push()
    world.run(1)

    assert world.http.post("/_sim/forge", json=wish).status_code == status
    assert world.run(60) == []


def test_a_control_error_says_what_is_wrong(world):
    with pytest.raises(ControlError, match="no request has named this url"):
        world.sim.forge(url="http://elsewhere.test/", body={})
    assert world.sim.phone(AMINA)["prompts"] == []
    assert f"wallet:{BARAKA}" not in world.books()
