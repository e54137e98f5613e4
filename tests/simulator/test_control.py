import sqlite3

import pytest

from simulator import Simulator
from simulator.books import Payment
from simulator.store import StoreBusy
from tests.simulator.world import AMINA, COLLECTED, WALLET, World


@pytest.fixture
def world():
    with World() as it:
        yield it


def test_the_books_open_with_the_float_and_sum_to_zero(world):
    assert world.http.get("/_sim/books").json() == {
        "unit": "KES cents",
        "accounts": {
            "fees:safaricom": 0,
            "shortcode:174379:utility": 0,
            "shortcode:600000:utility": 1_000_000_000,
            "world": -1_000_000_000,
        },
        "sum": 0,
    }


def test_config_is_all_that_a_client_needs(world):
    config = world.http.get("/_sim/config").json()

    assert config == world.sim.config()
    assert set(config) == {
        "base_url",
        "consumer_key",
        "consumer_secret",
        "shortcode",
        "passkey",
        "b2c_shortcode",
        "initiator_name",
        "initiator_password",
        "certificate",
        "sms_username",
        "sms_api_key",
    }
    assert (config["shortcode"], config["b2c_shortcode"]) == ("174379", "600000")
    assert config["certificate"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("amount", [1500, "1500", "1500.00", "1500.0"])
def test_a_payment_is_booked_by_hand_once(world, amount):
    wish = {"shortcode": "174379", "msisdn": "0722000111", "amount": amount, "receipt": "QWE123RTY"}

    booked = world.http.post("/_sim/payments", json=wish)
    again = world.http.post("/_sim/payments", json={**wish, "amount": 20})

    assert (booked.status_code, booked.json()) == (
        200,
        {"receipt": "QWE123RTY", "amount": 150_000, "at": "2026-07-01T09:00:00.000+00:00"},
    )
    assert (again.status_code, again.json()) == (409, {"error": "this receipt is in the books already"})
    assert world.books()[COLLECTED] == 150_000
    assert world.books()[WALLET] == 29_850_000
    assert world.run(60) == []


def test_a_payment_by_hand_is_topped_up_by_the_world(world):
    world.sim.book_payment(msisdn=AMINA, amount=250_000)
    world.sim.book_payment(msisdn=AMINA, amount=250_000)

    assert world.books()[WALLET] == 0
    assert world.books()[COLLECTED] == 50_000_000


@pytest.mark.parametrize(
    "wish",
    [
        {"msisdn": AMINA},
        {"msisdn": AMINA, "amount": "15.50"},
        {"msisdn": AMINA, "amount": 0},
        {"msisdn": AMINA, "amount": True},
        {"msisdn": AMINA, "amount": 15.0},
        {"msisdn": "12", "amount": 15},
        {"msisdn": AMINA, "amount": 15, "shortcode": "1"},
        {"msisdn": AMINA, "amount": 15, "receipt": "a b"},
        {"msisdn": AMINA, "amount": 15, "tip": 1},
        [],
    ],
)
def test_a_payment_that_cannot_be_booked_is_refused(world, wish):
    before = world.books()

    refused = world.http.post("/_sim/payments", json=wish)

    assert refused.status_code == 400
    assert refused.json()["error"]
    assert world.books() == before


def test_no_account_but_the_world_can_be_overdrawn(world):
    state = world.sim._state
    with pytest.raises(sqlite3.IntegrityError), state.transaction():
        state.books._move(COLLECTED, "world", 1, kind="theft", at=0)
    assert world.books()[COLLECTED] == 0

    with pytest.raises(sqlite3.IntegrityError), state.transaction():
        state.books._move("world", COLLECTED, 0, kind="nothing", at=0)


def test_the_running_balances_are_what_the_movements_sum_to(world):
    world.daraja.push()
    world.daraja.payout()
    world.sim.book_payment(msisdn=AMINA, amount=250_000)
    world.sim.book_payment(msisdn=AMINA, amount=250_000)
    world.run(2)

    summed: dict[str, int] = {}
    for row in world.sim._state.store.rows("SELECT debit, credit, amount FROM movements"):
        summed[row["debit"]] = summed.get(row["debit"], 0) - row["amount"]
        summed[row["credit"]] = summed.get(row["credit"], 0) + row["amount"]
    accounts = world.books()
    assert summed == {account: accounts[account] for account in summed}
    assert sum(map(abs, summed.values())) == sum(map(abs, accounts.values()))
    assert world.books()[WALLET] == 0


def test_a_phone_shows_balance_prompts_and_messages(world):
    shown = world.http.get("/_sim/phones/+254722000111").json()
    assert shown == {"msisdn": AMINA, "name": shown["name"], "balance": 30_000_000, "prompts": [], "sms": []}

    world.sim.set_phone(AMINA, next="wait")
    checkout = world.daraja.push().json()["CheckoutRequestID"]
    (prompt,) = world.http.get("/_sim/phones/722000111").json()["prompts"]

    assert prompt == {
        "checkout_request_id": checkout,
        "shortcode": "174379",
        "amount": 150_000,
        "account_reference": "ZEM-A3F8B2K7",
        "description": "Order",
        "open": True,
        "requested_at": "2026-07-01T09:00:00.000+00:00",
        "decided_at": None,
        "result_code": None,
        "result_desc": None,
        "receipt": None,
    }


@pytest.mark.parametrize(
    ("number", "wish", "status"),
    [
        ("0722000111", {"prompt": "pay"}, 409),
        ("0722000111", {"prompt": "wait"}, 400),
        ("0722000111", {"next": "dance"}, 400),
        ("0722000111", {"callback": "thrice"}, 400),
        ("0722000111", {"delay_s": -1}, 400),
        ("0722000111", {"delay_s": "5"}, 400),
        ("0722000111", {"delay_s": 1e400}, 400),
        ("0722000111", {"nxt": "pay"}, 400),
        ("0822000111", {"next": "pay"}, 400),
    ],
)
def test_a_phone_that_cannot_be_set_so_stays_as_it_is(world, number, wish, status):
    raw = str(wish).replace("'", '"').replace("inf", "Infinity")

    refused = world.http.post(f"/_sim/phones/{number}", content=raw)

    assert refused.status_code == status
    world.daraja.push()
    ((_, payload),) = world.run(1)
    assert payload["Body"]["stkCallback"]["ResultCode"] == 0


def test_the_clock_can_be_moved_and_set(world):
    assert world.http.get("/_sim/clock").json() == {"now": "2026-07-01T09:00:00+00:00", "ahead_s": 0}

    moved = world.http.post("/_sim/clock", json={"advance_s": 90}).json()
    assert moved == {"now": "2026-07-01T09:01:30+00:00", "ahead_s": 90}
    world.run(10)
    assert world.http.get("/_sim/clock").json()["now"] == "2026-07-01T09:01:40+00:00"

    world.http.post("/_sim/clock", json={"set": "2026-12-24T18:00:00+03:00"})
    assert world.sim.now().isoformat() == "2026-12-24T15:00:00+00:00"


def test_the_clock_is_put_ahead_once_however_often_that_is_said_and_never_back(world):
    said = [
        world.http.post("/_sim/clock", json={"least_ahead_s": seconds}).json()["ahead_s"]
        for seconds in (3600, 3600, 60)
    ]

    assert said == [3600, 3600, 3600]
    assert world.sim.now().isoformat() == "2026-07-01T10:00:00+00:00"


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"advance_s": 1, "set": "2026-07-01T12:00:00+03:00"},
        {"advance_s": 1, "least_ahead_s": 1},
        {"least_ahead_s": 3e11},
        {"set": "noon"},
        {"set": "2026-07-01"},
        {"advance_s": 3e11},
    ],
)
def test_a_clock_that_cannot_be_moved_so_stays(world, wish):
    assert world.http.post("/_sim/clock", json=wish).status_code == 400
    assert world.http.get("/_sim/clock").json()["now"] == "2026-07-01T09:00:00+00:00"


def test_next_due_is_when_something_happens_next(world):
    assert world.sim.next_due() is None
    world.daraja.push("254700000001")

    assert (world.sim.next_due() - world.sim.now()).total_seconds() == 3
    world.sim.advance(3)
    assert world.sim.run_due() == 2  # the decision and its callback
    assert world.sim.next_due() is None


def test_unknown_switches_and_values_are_refused(world):
    assert world.http.post("/_sim/switches", json={"two_minute_rule": 0}).status_code == 400
    assert world.http.post("/_sim/switches", json={"gravity": True}).status_code == 400
    defaults = {
        "strict_lengths": False,
        "query_pending_form": "500.001.1001",
        "status_unknown_id": "not_found",
        "two_minute_rule": True,
        "customer_limits": True,
        "paybill_charge": False,
        "c2b_validation": False,
        "c2b_msisdn": "masked",
        "stk_on_confirmation_url": True,
        "partial_reversal": False,
        "strict_urls": False,
        "topup_source": "utility",
    }
    assert world.http.get("/_sim/switches").json().items() >= defaults.items()


def test_health_and_what_is_not_there(world):
    assert world.http.get("/_sim/health").json() == {"ok": True}
    assert world.http.get("/_sim/nothing").status_code == 404
    assert world.http.get("/_sim/phones/").status_code == 404


def test_a_body_that_is_too_large_is_refused(world):
    assert world.http.post("/_sim/payments", content=b" " * 300_000).status_code == 413


# State that outlives the instance ---


def test_everything_survives_in_the_state_file(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store) as world:
        first = world.daraja.push().json()["CheckoutRequestID"]
        world.run(1)
        world.daraja.payout("own-1")
        world.sim.advance(3_000)
        token, config, before = world.daraja.token, world.sim.config(), world.books()

    with World(store) as world:
        assert world.books() == before
        assert world.sim.config() == config
        assert world.sim.now().isoformat() == "2026-07-01T09:50:00+00:00"
        assert world.daraja.token != token
        assert world.daraja.query(first).json()["ResultCode"] == "0"
        assert world.daraja.payout("own-1").json()["errorCode"] == "500.002.1001"
        ((path, _),) = world.run()
        assert path == "/result"
        receipts = [transaction["receipt"] for transaction in world.sim.transactions()]
        assert len(set(receipts)) == 2


def test_a_callback_on_its_way_when_the_process_died_is_sent_again(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store) as world:
        world.daraja.push()
        world.run(0.5)
        world.time = world.sim.now()
        world.sim.advance(1)
        world.sim.run_due(send=lambda callback: None)  # claimed, and then the power goes
        assert world.shop.take() == []

    with World(store) as world:
        assert len(world.run(2)) == 1


def test_one_process_at_a_time_has_the_state_file(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store), pytest.raises(StoreBusy):
        Simulator(store)


def test_a_payment_shows_all_its_fields():
    payment = Payment(receipt="R", kind="stk", debit="a", credit="b", amount=1, at=0)

    assert list(payment.as_json()) == [
        "receipt",
        "kind",
        "debit",
        "credit",
        "amount",
        "at",
        "fee",
        "conversation_id",
        "originator_conversation_id",
        "checkout_request_id",
        "account_reference",
    ]
