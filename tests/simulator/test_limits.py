from datetime import datetime

import pytest

from simulator.tariffs import PAYBILL_CUSTOMER, paybill_charge
from tests.simulator.world import AMINA, BARAKA, COLLECTED, FLOAT, WALLET, World


@pytest.fixture
def world():
    with World() as it:
        it.sim.switch(two_minute_rule=False)
        yield it


def _payout(world, number, amount, phone=BARAKA):
    world.daraja.payout(f"own-{number}", phone=phone, amount=amount)
    ((_, payload),) = world.run(1)
    return payload["Result"]["ResultCode"]


def _push(world, amount, phone=AMINA):
    world.daraja.push(phone, amount)
    ((_, payload),) = world.run(1)
    return payload["Body"]["stkCallback"]["ResultCode"]


def _give(world, amount, phone=AMINA):
    """Fill a wallet from the world, which is no transaction of the customer's."""
    state = world.sim._state
    with state.transaction():
        state.books.top_up(state.books.open_wallet(phone, at=0), to=amount * 100, at=state.clock.micros())


def test_a_wallet_is_filled_to_half_a_million_and_not_a_shilling_beyond(world):
    assert _payout(world, 1, 199_991) == 0
    before = world.books()

    assert _payout(world, 2, 10) == 8
    assert world.books() == before
    assert _push(world, 1, BARAKA) == 0
    assert _payout(world, 3, 10) == 0
    assert world.books()[f"wallet:{BARAKA}"] == 50_000_000


def test_half_a_million_reaches_a_customer_in_a_day_and_the_next_begins_at_midnight_in_nairobi(world):
    def spend(amount):
        while amount:
            part = min(amount, 250_000)
            assert _push(world, part, BARAKA) == 0
            amount -= part

    spend(300_000)
    assert (_payout(world, 1, 250_000), _payout(world, 2, 240_000)) == (0, 0)
    world.daraja.log_in()
    world.sim._state.clock.set(datetime.fromisoformat("2026-07-01T23:59:58+03:00"))
    world.daraja.log_in()
    before = world.books()

    assert _payout(world, 3, 10_000) == 0  # the wallet holds 490,000 and the day 490,000
    assert world.books()[FLOAT] == before[FLOAT] - 1_000_000 - 1_100
    world.sim._state.clock.set(datetime.fromisoformat("2026-07-01T23:59:58+03:00"))
    assert _push(world, 100_000, BARAKA) == 0
    world.sim._state.clock.set(datetime.fromisoformat("2026-07-01T23:59:58+03:00"))
    assert _payout(world, 4, 10) == 4
    assert _payout(world, 5, 10) == 0  # midnight


def test_half_a_million_leaves_a_customer_in_a_day(world):
    _give(world, 500_000)
    assert (_push(world, 250_000), _push(world, 249_999)) == (0, 0)
    _give(world, 1_000)
    before = world.books()

    assert _push(world, 2) == 4
    assert world.sim.pay_bill(msisdn=AMINA, amount=2)["result_code"] == "4"
    assert world.books() == before
    assert _push(world, 1) == 0

    world.sim.advance(12 * 3_600)
    world.daraja.log_in()
    assert _push(world, 2) == 0
    assert world.books()[COLLECTED] == 50_000_200


def test_what_a_reversal_brings_back_is_no_payout_of_the_day(world):
    world.sim.pay_bill(msisdn=AMINA, amount=250_000, receipt="R1")
    body = {
        "Initiator": world.daraja.config["initiator_name"],
        "SecurityCredential": world.daraja.credential(),
        "CommandID": "TransactionReversal",
        "TransactionID": "R1",
        "Amount": "250000",
        "ReceiverParty": "174379",
        "RecieverIdentifierType": "11",
        "Remarks": "Zemi",
        "QueueTimeOutURL": "http://shop.test/timeout",
        "ResultURL": "http://shop.test/result",
    }
    world.daraja.post("/mpesa/reversal/v1/request", body)
    world.run(1)

    assert world.books()[WALLET] == 30_000_000
    assert _payout(world, 1, 200_000, AMINA) == 0


def test_without_the_switch_nothing_is_limited(world):
    world.sim.switch(customer_limits=False)

    assert (_payout(world, 1, 250_000), _payout(world, 2, 250_000), _payout(world, 3, 250_000)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("amount", "charge"),
    [(1, 0), (100, 0), (101, 5), (500, 5), (501, 10), (45_000, 103), (45_001, 108), (250_000, 108)],
)
def test_the_charge_of_a_paybill_follows_its_table(amount, charge):
    assert paybill_charge(amount * 100) == charge * 100


def test_the_table_of_charges_rises_and_ends_at_the_limit():
    assert sorted(PAYBILL_CUSTOMER) == list(PAYBILL_CUSTOMER)
    assert [fee for _, fee in PAYBILL_CUSTOMER] == sorted(fee for _, fee in PAYBILL_CUSTOMER)
    assert PAYBILL_CUSTOMER[-1][0] == 250_000
