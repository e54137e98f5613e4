import base64
import json

import pytest

from tests.simulator.world import AMINA, DarajaClient, World


@pytest.fixture
def world():
    with World() as it:
        yield it


def _token(world, **kwargs):
    return world.http.get("/oauth/v1/generate", params={"grant_type": "client_credentials"}, **kwargs)


def test_a_token_is_28_characters_and_its_life_is_a_string(world):
    answer = _token(world, auth=(world.daraja.config["consumer_key"], world.daraja.config["consumer_secret"]))

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == "3599"
    assert len(answer.json()["access_token"]) == 28


def test_a_wrong_key_gets_400_with_an_empty_body(world):
    answer = _token(world, auth=("nobody", "nothing"))

    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize(
    ("params", "headers", "code"),
    [
        ({"grant_type": "password"}, {"Authorization": "Basic eDp5"}, "400.008.02"),
        ({}, {"Authorization": "Basic eDp5"}, "400.008.02"),
        ({"grant_type": "client_credentials"}, {}, "400.008.01"),
        ({"grant_type": "client_credentials"}, {"Authorization": "Bearer eDp5"}, "400.008.01"),
    ],
)
def test_a_wrong_grant_or_scheme_is_named(world, params, headers, code):
    answer = world.http.get("/oauth/v1/generate", params=params, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == code


def test_a_new_token_kills_the_one_before(world):
    old = world.daraja.token
    world.daraja.log_in()

    assert world.daraja.push().status_code == 200

    world.daraja.token = old
    refused = world.daraja.push(phone="254733000333")
    assert refused.status_code == 404
    assert refused.json()["errorCode"] == "404.001.03"
    assert refused.json()["errorMessage"] == "Invalid Access Token"


def test_a_token_lives_3599_seconds(world):
    world.run(3_598)
    assert world.daraja.push().status_code == 200

    world.run(1)
    assert world.daraja.push(phone="254733000333").json()["errorCode"] == "404.001.03"


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("BusinessShortCode", None, "BusinessShortCode"),
        ("BusinessShortCode", "till", "BusinessShortCode"),
        ("Password", "", "Password"),
        ("Timestamp", "2026070112000", "Timestamp"),
        ("Timestamp", "20261301120000", "Timestamp"),
        ("TransactionType", "PayMe", "TransactionType"),
        ("Amount", "0", "Amount"),
        ("Amount", 250_001, "Amount"),
        ("Amount", "10.50", "Amount"),
        ("Amount", 10.5, "Amount"),
        ("Amount", True, "Amount"),
        ("Amount", "-5", "Amount"),
        ("Amount", "\u0661\u0665", "Amount"),
        ("PartyA", "0722000111", "PartyA"),
        ("PhoneNumber", "+254722000111", "PhoneNumber"),
        ("PhoneNumber", 254_222_000_111, "PhoneNumber"),
        ("CallBackURL", "shop.test/stk", "CallBackURL"),
        ("CallBackURL", "https://shop.test/a b", "CallBackURL"),
        ("CallBackURL", "ftp://shop.test/", "CallBackURL"),
        ("CallBackURL", "http://shop.test:port/", "CallBackURL"),
        ("AccountReference", None, "AccountReference"),
        ("AccountReference", "\ud800", "AccountReference"),
        ("TransactionDesc", None, "Remarks"),
    ],
)
def test_a_bad_field_of_a_prompt_is_named_and_nothing_happens(world, field, value, named):
    body = world.daraja.push_body()
    body[field] = value
    answer = world.http.post(
        "/mpesa/stkpush/v1/processrequest",
        content=json.dumps(body),  # ASCII with escapes, so that a lone surrogate can travel
        headers={"Authorization": f"Bearer {world.daraja.token}", "Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "400.002.02"
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {named}"
    assert world.sim.next_due() is None
    assert f"wallet:{AMINA}" not in world.books()


@pytest.mark.parametrize("amount", ["1", 1, "250000", 250_000])
def test_amounts_are_whole_shillings_as_number_or_string(world, amount):
    assert world.daraja.push(amount=amount).status_code == 200


def test_long_references_are_taken_unless_lengths_are_strict(world):
    assert world.daraja.push(AccountReference="ORDER-0123456789").status_code == 200

    world.sim.switch(strict_lengths=True)
    refused = world.daraja.push(phone="254733000333", AccountReference="ORDER-0123456789")
    assert refused.json()["errorMessage"] == "Bad Request - Invalid AccountReference"


def test_without_the_json_content_type_the_first_field_is_missing(world):
    answer = world.http.post(
        "/mpesa/stkpush/v1/processrequest",
        content=json.dumps(world.daraja.push_body()),
        headers={"Authorization": f"Bearer {world.daraja.token}"},
    )

    assert answer.json()["errorMessage"] == "Bad Request - Invalid BusinessShortCode"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'"x"', b"[" * 5_000, b'{"Amount": ' + b"9" * 5_000 + b"}", b"\xff"]
)
def test_what_is_no_json_object_is_a_malformed_payload(world, raw):
    answer = world.http.post(
        "/mpesa/b2c/v3/paymentrequest",
        content=raw,
        headers={"Authorization": f"Bearer {world.daraja.token}", "Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "400.002.05"


def test_a_wrong_password_and_a_wrong_shortcode_are_told_apart(world):
    wrong = world.daraja.push(Password=base64.b64encode(b"guess").decode())
    stranger = world.daraja.push(BusinessShortCode="600999")

    assert (wrong.status_code, wrong.json()["errorCode"]) == (500, "500.001.1001")
    assert wrong.json()["errorMessage"] == "Wrong credentials"
    assert stranger.json()["errorMessage"] == "Merchant does not exist"


def test_the_password_must_hold_the_timestamp_that_is_sent(world):
    answer = world.daraja.push(Timestamp="20260701120001")

    assert answer.json()["errorMessage"] == "Wrong credentials"


def test_wrong_paths_and_methods_are_answered_as_daraja_does(world):
    lost = world.http.post("/mpesa/stkpush/v2/processrequest", json={})
    got = world.http.get("/mpesa/stkpush/v1/processrequest")

    assert (lost.status_code, lost.json()["errorCode"]) == (404, "404.001.01")
    assert (got.status_code, got.json()["errorCode"]) == (405, "405.001")
    assert set(got.json()) == {"requestId", "errorCode", "errorMessage"}


def test_the_same_seed_makes_the_same_identifiers():
    with World() as first, World() as second:
        assert isinstance(first.daraja, DarajaClient)
        assert first.daraja.push().json() == second.daraja.push().json()
