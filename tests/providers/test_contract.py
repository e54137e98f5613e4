"""The contract between Daraja and the client, run against the simulator and against recorded answers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.providers.peers import (
    B2C,
    OUR_ID,
    PUSH,
    QUERY,
    SCENARIOS,
    STATUS,
    TOKEN,
    Peer,
    RecordedPeer,
    SimulatorPeer,
    client,
    payout,
    prompt,
)
from zemi.common import clock, http_client
from zemi.common.money import kes
from zemi.providers.base import Accepted, Reason, Refused, Succeeded, Unknown

RECEIPT = re.compile(r"[A-Z0-9]{10}")


@pytest.fixture(params=[SimulatorPeer, RecordedPeer], ids=["simulator", "recorded"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    made: Peer = request.param()
    yield made
    http_client.use_transport(None)
    clock.use(None)
    made.close()


def test_a_paid_prompt_is_told_by_callback_with_its_receipt_and_confirmed_by_query_without_it(peer: Peer):
    mpesa = client(peer)
    peer.play("paid")

    accepted = mpesa.charge(prompt())
    [(_, body)] = peer.callbacks()
    told = mpesa.read_charge_callback(body)
    asked = mpesa.query_charge(told.provider_reference)

    assert isinstance(accepted, Accepted)
    assert accepted.code == "0"
    assert (told.provider_reference, told.request_reference) == (
        accepted.provider_reference,
        accepted.request_reference,
    )
    assert told.provider_reference.startswith("ws_CO_")
    assert isinstance(told.outcome, Succeeded)
    assert told.outcome.amount == kes(1_500)
    assert told.outcome.receipt is not None
    assert RECEIPT.fullmatch(told.outcome.receipt)
    assert told.outcome.at is not None
    assert told.outcome.at.date() == datetime(2026, 11, 23, tzinfo=UTC).date()
    assert isinstance(asked, Succeeded)
    assert (asked.receipt, asked.amount) == (None, None)


@pytest.mark.parametrize(
    ("scenario", "reason", "code"),
    [
        ("cancelled", Reason.CANCELLED, "1032"),
        ("too_little_money", Reason.INSUFFICIENT_FUNDS, "1"),
        ("no_answer", Reason.NO_ANSWER, "1037"),
        ("wrong_pin", Reason.WRONG_PIN, "2001"),
    ],
)
def test_an_unpaid_prompt_says_why_by_callback_and_by_query(
    peer: Peer, scenario: str, reason: Reason, code: str
):
    mpesa = client(peer)
    peer.play(scenario)

    accepted = mpesa.charge(prompt())
    [(_, body)] = peer.callbacks()
    told = mpesa.read_charge_callback(body)
    asked = mpesa.query_charge(told.provider_reference)

    assert isinstance(accepted, Accepted)
    for outcome in (told.outcome, asked):
        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.code) == (reason, code)
        assert outcome.text
        assert not outcome.may_resend


@pytest.mark.parametrize(
    ("scenario", "code"), [("prompt_open", "500.001.1001"), ("prompt_open_4999", "4999")]
)
def test_an_open_prompt_is_pending_in_either_form(peer: Peer, scenario: str, code: str):
    mpesa = client(peer)
    peer.play(scenario)
    accepted = mpesa.charge(prompt())
    assert isinstance(accepted, Accepted)

    asked = mpesa.query_charge(accepted.provider_reference)

    assert isinstance(asked, Accepted)
    assert (asked.code, asked.provider_reference) == (code, accepted.provider_reference)


def test_a_second_prompt_on_a_phone_is_too_soon(peer: Peer):
    mpesa = client(peer)
    peer.play("second_prompt")

    first, second = mpesa.charge(prompt()), mpesa.charge(prompt(kes(20)))

    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert (second.reason, second.code) == (Reason.TOO_SOON, "500.001.1001")


def test_a_spike_arrest_did_nothing_and_the_same_attempt_may_go_again(peer: Peer):
    mpesa = client(peer)
    peer.play("spike_arrest")

    for outcome in (mpesa.charge(prompt()), mpesa.disburse(payout())):
        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.code, outcome.may_resend) == (Reason.BUSY, "500.003.02", True)
    assert peer.callbacks() == []


@pytest.mark.parametrize("scenario", ["garbage", "answer_lost"])
def test_an_unreadable_or_lost_answer_is_unknown_and_the_call_is_made_once(peer: Peer, scenario: str):
    mpesa = client(peer)
    peer.play(scenario)

    outcomes = [mpesa.charge(prompt()), mpesa.disburse(payout())]

    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
    assert len(peer.wire.bodies(PUSH)) == 1
    assert len(peer.wire.bodies(B2C)) == 1


def test_a_token_that_somebody_else_replaced_is_renewed_once(peer: Peer):
    mpesa = client(peer)
    if isinstance(peer, SimulatorPeer):
        peer.play("paid")
        mpesa.query_charge("ws_CO_0")  # has a token from now on
    peer.play("stale_token")
    before = len(peer.wire.bodies(TOKEN))

    outcome = mpesa.charge(prompt())

    assert isinstance(outcome, Accepted)
    assert len(peer.wire.bodies(PUSH)) == 2
    assert len(peer.wire.bodies(TOKEN)) - before == (1 if isinstance(peer, SimulatorPeer) else 2)


def test_a_payout_is_told_by_result_with_receipt_and_amount(peer: Peer):
    mpesa = client(peer)
    peer.play("paid_out")

    accepted = mpesa.disburse(payout())
    [(_, body)] = peer.callbacks()
    told = mpesa.read_disburse_callback(body)

    assert isinstance(accepted, Accepted)
    assert accepted.request_reference == OUR_ID
    assert accepted.provider_reference.startswith("AG_")
    assert (told.originator_id, told.provider_reference) == (OUR_ID, accepted.provider_reference)
    assert isinstance(told.outcome, Succeeded)
    assert told.outcome.amount == kes(1_500)
    assert told.outcome.receipt is not None
    assert RECEIPT.fullmatch(told.outcome.receipt)
    assert told.outcome.at is not None


def test_a_result_may_carry_their_id_instead_of_ours(peer: Peer):
    mpesa = client(peer)
    peer.play("paid_out_under_their_id")

    accepted = mpesa.disburse(payout())
    [(_, body)] = peer.callbacks()
    told = mpesa.read_disburse_callback(body)

    assert isinstance(accepted, Accepted)
    assert told.originator_id not in {"", OUR_ID}
    assert told.provider_reference == accepted.provider_reference
    assert isinstance(told.outcome, Succeeded)


def test_a_payout_above_the_float_is_refused_and_its_filler_is_no_receipt(peer: Peer):
    mpesa = client(peer)
    peer.play("float_too_low")

    accepted = mpesa.disburse(payout(amount=kes(250_000)))
    [(_, body)] = peer.callbacks()
    told = mpesa.read_disburse_callback(body)

    assert isinstance(accepted, Accepted)
    assert told.outcome == Refused(Reason.FLOAT_LOW, "1", "The balance is insufficient for the transaction.")


def test_an_originator_id_that_was_used_is_unknown_and_never_a_failure(peer: Peer):
    mpesa = client(peer)
    peer.play("duplicate_payout")

    first, second = mpesa.disburse(payout()), mpesa.disburse(payout())

    assert isinstance(first, Accepted)
    assert second == Unknown("500.002.1001", "Duplicate OriginatorConversationID.")


def test_a_queue_time_out_is_unknown(peer: Peer):
    mpesa = client(peer)
    peer.play("queue_timeout")
    accepted = mpesa.disburse(payout())

    [(path, body)] = peer.callbacks()
    told = mpesa.read_timeout_notice(body)

    assert path == "timeout"
    assert isinstance(accepted, Accepted)
    assert told.originator_id == OUR_ID
    assert isinstance(told.outcome, Unknown)
    # Should it come to the wrong address, it is no failure either.
    assert isinstance(mpesa.read_disburse_callback(body).outcome, Unknown)


def test_a_status_answer_tells_the_fate_of_a_payout(peer: Peer):
    mpesa = client(peer)
    peer.play("status_completed")
    mpesa.disburse(payout())
    if isinstance(peer, SimulatorPeer):
        peer.callbacks()

    accepted = mpesa.query_disbursement(
        OUR_ID, result_url="https://zemi.test/hooks/status", timeout_url="https://zemi.test/hooks/timeout"
    )
    [(path, body)] = peer.callbacks()
    told = mpesa.read_status_callback(body)

    assert isinstance(accepted, Accepted)
    assert path == "status"
    assert told.originator_id == OUR_ID
    assert isinstance(told.outcome, Succeeded)
    assert told.outcome.amount == kes(1_500)
    assert told.outcome.receipt is not None
    assert RECEIPT.fullmatch(told.outcome.receipt)


def test_a_payment_that_they_never_saw_stays_unknown(peer: Peer):
    mpesa = client(peer)
    peer.play("status_unknown_id")

    accepted = mpesa.query_disbursement(
        "zemi-never",
        result_url="https://zemi.test/hooks/status",
        timeout_url="https://zemi.test/hooks/timeout",
    )
    [(_, body)] = peer.callbacks()

    assert isinstance(accepted, Accepted)
    assert mpesa.read_status_callback(body).outcome == Unknown(
        "R000002", "The transaction receipt number does not exist."
    )


def test_what_is_sent_has_the_documented_fields_and_types(peer: Peer):
    mpesa = client(peer)
    peer.play("status_completed" if isinstance(peer, RecordedPeer) else "paid")
    mpesa.disburse(payout())
    mpesa.query_disbursement(
        OUR_ID, result_url="https://zemi.test/hooks/status", timeout_url="https://zemi.test/hooks/timeout"
    )
    peer.play("paid")
    mpesa.charge(prompt(description="Shoes & laces @ Kibera, size 42", reference="ZEM-0A1B2C3D-and-more"))
    mpesa.query_charge("ws_CO_1")

    [push] = peer.wire.bodies(PUSH)
    assert push["Timestamp"] == "20261123120000"
    assert (push["Amount"], push["PartyA"], push["PhoneNumber"]) == (1_500, 254722000111, 254722000111)
    assert (push["AccountReference"], push["TransactionDesc"]) == ("ZEM-0A1B2C3D", "Shoes laces K")
    assert push["TransactionType"] == "CustomerPayBillOnline"
    assert push["BusinessShortCode"] == push["PartyB"] == "174379"
    [query] = peer.wire.bodies(QUERY)
    assert query.keys() == {"BusinessShortCode", "Password", "Timestamp", "CheckoutRequestID"}
    [b2c] = peer.wire.bodies(B2C)
    assert b2c["OriginatorConversationID"] == OUR_ID
    assert (b2c["Amount"], b2c["PartyA"], b2c["PartyB"]) == (1_500, "600000", "254711000222")
    assert b2c["CommandID"] == "BusinessPayment"
    assert (b2c["Remarks"], b2c["Occassion"]) == ("Payment for ZEM-0A1B2C3D", "ZEM-0A1B2C3D")
    [status] = peer.wire.bodies(STATUS)
    assert (status["OriginalConversationID"], status["IdentifierType"]) == (OUR_ID, "4")
    assert status["SecurityCredential"] == b2c["SecurityCredential"]  # made once


def test_every_recorded_scenario_is_told_apart_by_its_source():
    assert all(scenario["source"].startswith("DARAJA ") for scenario in SCENARIOS.values())
