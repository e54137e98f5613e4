"""Paying an open prompt under a receipt of one's choice."""

import pytest

from simulator.control import ControlError
from tests.simulator.world import AMINA, COLLECTED, World


def test_an_open_prompt_is_paid_under_a_wished_receipt():
    with World() as world:
        world.sim.set_phone(AMINA, next="wait")
        checkout = world.daraja.push().json()["CheckoutRequestID"]

        world.sim.book_payment(msisdn=AMINA, amount=1500, receipt="QHJ41HG1W8", checkout_request_id=checkout)

        [(_, callback)] = world.run()
        items = {
            item["Name"]: item.get("Value")
            for item in callback["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
        }
        assert items["MpesaReceiptNumber"] == "QHJ41HG1W8"
        assert world.daraja.query(checkout).json()["ResultCode"] == "0"
        assert world.books()[COLLECTED] == 150_000


def test_a_prompt_that_is_open_no_longer_and_a_known_receipt_are_refused():
    with World() as world:
        world.sim.book_payment(msisdn=AMINA, amount=100, receipt="QHJ41HG1W8")
        world.sim.set_phone(AMINA, next="wait")
        checkout = world.daraja.push().json()["CheckoutRequestID"]

        for receipt, amount, status in (("QHJ41HG1W8", 1500, 409), ("NEW", 1, 400)):
            with pytest.raises(ControlError) as refusal:
                world.sim.book_payment(
                    msisdn=AMINA, amount=amount, receipt=receipt, checkout_request_id=checkout
                )
            assert refusal.value.status == status
        world.sim.set_phone(AMINA, prompt="cancel")
        with pytest.raises(ControlError) as refusal:
            world.sim.book_payment(msisdn=AMINA, amount=1500, receipt="NEW", checkout_request_id=checkout)

        assert refusal.value.status == 409
        assert world.books()[COLLECTED] == 10_000
