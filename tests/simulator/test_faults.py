import httpx2
import pytest

from simulator import ControlError
from tests.simulator.world import AMINA, BARAKA, COLLECTED, FEES, OTIENO, World, result_items


@pytest.fixture
def world():
    with World() as it:
        yield it


def _codes(calls):
    return [payload["Body"]["stkCallback"]["ResultCode"] for _, payload in calls]


def test_a_lost_callback_leaves_the_payment_paid(world):
    world.sim.fault("callback_lost", count=1)
    checkout = world.daraja.push().json()["CheckoutRequestID"]

    assert world.run(600) == []
    assert world.daraja.query(checkout).json()["ResultCode"] == "0"
    assert [(callback.state, callback.delivered) for callback in world.sim.callbacks] == [("lost", False)]

    world.daraja.push()
    assert _codes(world.run(1)) == [0]


def test_a_callback_comes_twice(world):
    world.sim.fault("callback_twice", count=1)
    world.daraja.push()

    first, second = world.run(1)

    assert first == second
    assert world.books()[COLLECTED] == 150_000


def test_a_callback_comes_late(world):
    world.sim.fault("callback_late", count=1, delay_s=90)
    checkout = world.daraja.push().json()["CheckoutRequestID"]

    assert world.run(90.9) == []
    assert world.daraja.query(checkout).json()["ResultCode"] == "0"
    assert _codes(world.run(0.1)) == [0]


def test_a_callback_comes_before_the_answer(world):
    world.sim.fault("callback_early", count=1)

    answer = world.daraja.push()

    calls = world.shop.take()
    assert _codes(calls) == [0]
    assert calls[0][1]["Body"]["stkCallback"]["CheckoutRequestID"] == answer.json()["CheckoutRequestID"]
    assert world.run(60) == []


def test_an_early_result_of_a_payout(world):
    world.sim.fault("callback_early", api="b2c", count=1)

    world.daraja.payout()

    assert [path for path, _ in world.shop.take()] == ["/result"]
    assert world.run(60) == []


def test_an_answer_that_never_arrives_does_not_stop_the_payment(world):
    world.sim.fault("http_timeout_after", count=1)

    with pytest.raises(httpx2.ReadTimeout):
        world.daraja.push()

    assert _codes(world.run(1)) == [0]
    assert world.daraja.push(OTIENO).status_code == 200


def test_garbage_for_an_answer_does_not_stop_the_payout(world):
    world.sim.fault("http_garbage_after", count=1)

    answer = world.daraja.payout()

    assert answer.status_code == 200
    assert answer.text.startswith("upstream c")
    assert [path for path, _ in world.run(1)] == ["/result"]
    assert world.daraja.payout().json()["errorCode"] == "500.002.1001"


def test_a_spike_arrest_does_nothing(world):
    before = world.books()
    world.sim.fault("http_error_before", count=2)

    for answer in (world.daraja.push(), world.daraja.payout()):
        assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.003.02")
    assert world.run(60) == []
    assert world.books() == before

    assert world.daraja.payout().status_code == 200


def test_a_lost_result_leaves_the_payout_paid(world):
    world.sim.fault("b2c_result_lost", count=1)
    world.daraja.payout()

    assert world.run(600) == []
    assert world.books()[f"wallet:{BARAKA}"] == 30_145_500


def test_a_queue_timeout_is_followed_by_success(world):
    world.sim.fault("b2c_timeout_notice", count=1)
    world.daraja.payout()

    ((path, notice),) = world.run(1)
    assert path == "/timeout"
    assert notice["Result"]["OriginatorConversationID"] == "own-1"
    assert world.books()[FEES] == 0

    ((path, payload),) = world.run(30)
    assert path == "/result"
    assert payload["Result"]["ResultCode"] == 0
    assert world.books()[FEES] == 500


def test_a_result_may_carry_the_gateways_id(world):
    world.sim.fault("gateway_originator_id", count=1)
    answer = world.daraja.payout().json()
    assert answer["OriginatorConversationID"] == "own-1"

    ((_, payload),) = world.run(1)

    reported = payload["Result"]["OriginatorConversationID"]
    assert reported != "own-1"
    assert payload["Result"]["ConversationID"] == answer["ConversationID"]
    world.daraja.status(OriginalConversationID=reported)
    ((_, found),) = world.run(1)
    assert result_items(found["Result"])["OriginatorConversationID"] == "own-1"


def test_queries_may_say_pending_in_both_forms_after_the_end(world):
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    world.run(1)
    world.sim.fault("query_pending", count=3)

    first, second, third, fourth = (world.daraja.query(checkout) for _ in range(4))

    assert (first.status_code, first.json()["ResultCode"]) == (200, "4999")
    assert (second.status_code, second.json()["errorCode"]) == (500, "500.001.1001")
    assert third.json()["ResultCode"] == "4999"
    assert fourth.json()["ResultCode"] == "0"


def test_a_fault_of_one_phone_leaves_the_others_alone(world):
    world.sim.fault("callback_lost", msisdn="0722000111")
    world.daraja.push(AMINA)
    world.daraja.push(OTIENO)

    ((_, payload),) = world.run(1)

    assert payload["Body"]["stkCallback"]["CheckoutRequestID"].endswith("733000333")


def test_a_rate_is_drawn_from_its_seed():
    def lost(seed):
        with World() as world:
            world.sim.fault("callback_lost", rate=0.5, seed=seed)
            for number in range(40):
                world.daraja.push(f"2547100000{number:02d}")
            world.run(1)
            return [callback.state for callback in world.sim.callbacks]

    assert lost(1) == lost(1) != lost(2)
    assert 5 < lost(1).count("lost") < 35


def test_faults_are_listed_counted_and_cleared(world):
    armed = world.http.post("/_sim/faults", json={"fault": "callback_lost", "count": 2}).json()
    world.daraja.push()
    world.run(1)

    (shown,) = world.http.get("/_sim/faults").json()["faults"]
    assert shown == {**armed, "remaining": 1, "fired": 1}

    assert world.http.delete("/_sim/faults").json() == {"faults": []}
    world.daraja.push(OTIENO)
    assert _codes(world.run(1)) == [0]


@pytest.mark.parametrize(
    "wishes",
    [
        {"name": "gravity"},
        {"name": "callback_lost", "count": 0},
        {"name": "callback_lost", "count": 1.5},
        {"name": "callback_lost", "rate": 1.1},
        {"name": "callback_lost", "rate": float("nan")},
        {"name": "callback_lost", "api": "query"},
        {"name": "callback_lost", "msisdn": "12"},
        {"name": "callback_lost", "often": 3},
    ],
)
def test_a_fault_that_cannot_be_had_is_refused(world, wishes):
    with pytest.raises(ControlError):
        world.sim.fault(**wishes)
    assert world.http.get("/_sim/faults").json() == {"faults": []}


# Callbacks and their receivers ---


def test_a_receiver_that_fails_is_told_once(world):
    world.shop.status = "500 Internal Server Error"
    world.daraja.push()

    assert len(world.run(1)) == 1
    assert world.run(3_600) == []
    assert [(callback.state, callback.status_code) for callback in world.sim.callbacks] == [("failed", 500)]


def test_a_receiver_may_call_the_simulator_while_it_is_called(world):
    seen = []
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    world.shop.on_call = lambda: seen.append(world.daraja.query(checkout).json()["ResultCode"])

    world.run(1)

    assert seen == ["0"]


def test_an_exception_of_a_mounted_receiver_goes_up_and_breaks_nothing(world):
    def break_down():
        raise ZeroDivisionError

    world.shop.on_call = break_down
    world.daraja.push()

    with pytest.raises(ZeroDivisionError):
        world.run(1)

    world.shop.on_call = None
    world.shop.take()
    assert [callback.state for callback in world.sim.callbacks] == ["failed"]
    world.daraja.push(OTIENO)
    assert len(world.run(1)) == 1


def test_callbacks_can_be_held_and_delivered_in_any_order(world):
    world.sim.hold_callbacks = True
    for phone, amount in ((AMINA, 1), (BARAKA, 2), (OTIENO, 3)):
        world.daraja.push(phone, amount)
    assert world.run(1) == []
    assert [held.path for held in world.sim.held] == ["/stk"] * 3
    assert world.sim.held[1].payload["Body"]["stkCallback"]["CallbackMetadata"]["Item"][0]["Value"] == 2

    assert world.sim.deliver(2, times=2) == [200, 200]
    assert world.sim.deliver(0, drop=True) == []
    assert world.sim.deliver(0) == [200]

    amounts = [
        payload["Body"]["stkCallback"]["CallbackMetadata"]["Item"][0]["Value"]
        for _, payload in world.shop.take()
    ]
    assert amounts == [3, 3, 2]
    assert world.sim.held == []
    assert [callback.state for callback in world.sim.callbacks] == ["dropped", "delivered", "delivered"]
