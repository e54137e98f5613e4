"""Phones in any Kenyan form, references, keys that sort, secrets of callback paths."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zemi.common import crypto
from zemi.common.ids import key_named, new_code, new_key, new_reference, public_id, read_reference
from zemi.common.logs import mask
from zemi.common.personal import Personal, personal_in
from zemi.common.phone import InvalidPhone, Phone, holds_phone
from zemi.webhooks.tokens import CallbackKind, mint, read


@pytest.mark.parametrize(
    "written",
    [
        "0712345678",
        "712345678",
        "254712345678",
        "+254712345678",
        "00254712345678",
        "0712 345 678",
        "+254 (0)712-345-678",
        "0712.345.678",
    ],
)
def test_a_kenyan_number_is_read_in_any_form(written: str) -> None:
    assert Phone.parse(written) == Phone("+254712345678")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "12345",
        "0202220000",
        "0800720000",
        "+255712345678",
        "٠٧١٢٣٤٥٦٧٨",
        "０７１２３４５６７８",
        "tel:0712345678",
        "0712345678;ext=1",
        "0712345678\x00",
        "0712345678\n",
        "07123456789012345678901234567890",
    ],
)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(InvalidPhone):
        Phone.parse(written)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("call 0712 345-678 today", True),
        ("+254712345678", True),
        ("00254112345678.", True),
        ("(0)712.345.678", True),
        ("order 712345678", False),
        ("receipt 10712345678", False),
        ("07123456789", False),
        ("", False),
    ],
)
def test_a_phone_is_seen_within_other_words(text: str, holds: bool) -> None:
    assert holds_phone(text) is holds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Amina, 0712 345-678", Personal.PHONE),
        ("write to amina.w@duka.co.ke today", Personal.EMAIL),
        ("12345678", Personal.ID_NUMBER),
        ("ID No.1234567, Kamau", Personal.ID_NUMBER),
        ("id: 23456789.", Personal.ID_NUMBER),
        ("PIN a012345678z", Personal.ID_NUMBER),
        ("cart-12345678", None),
        ("A-17", None),
        ("#1234567", None),
        ("2026/11/27 and 12345678-9", None),
        ("1234567.50", None),
        ("123456", None),
        ("123456789", None),
        ("KES 1,234,567", None),
        ("size 42 @ shelf 7", None),
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", None),
        ("", None),
    ],
)
def test_what_looks_like_a_persons_is_seen_within_other_words(text: str, found: Personal | None) -> None:
    assert personal_in(text) is found


def test_a_phone_never_shows_itself() -> None:
    phone = Phone("+254712345678")

    assert repr(phone) == str(phone) == f"{phone}" == "Phone(****5678)"
    assert phone.msisdn == "254712345678"


def test_a_reference_fits_daraja_and_is_read_back_as_people_type_it() -> None:
    reference = new_reference()

    assert len(reference) == 12
    assert read_reference(f" {reference.lower()} ") == reference
    assert read_reference("zem-oil00000") == "ZEM-01100000"


def test_keys_sort_in_the_order_in_which_they_were_made() -> None:
    keys = [new_key() for _ in range(10_000)]

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {(key.version, key.variant) for key in keys} == {(7, "specified in RFC 4122")}


def test_a_code_has_six_digits() -> None:
    assert all(len(code) == 6 and code.isdecimal() for code in (new_code() for _ in range(200)))


@given(st.sampled_from(CallbackKind), st.uuids())
def test_a_callback_path_proves_kind_and_attempt(kind: CallbackKind, subject: UUID) -> None:
    secret = mint(kind, subject)
    token = read(secret)

    assert token is not None
    assert (token.kind, token.subject_id) == (kind, subject)
    assert len(secret) == 100


@given(st.integers(min_value=0, max_value=99), st.sampled_from("0123456789abcdef"))
def test_a_callback_path_with_one_digit_changed_proves_nothing(place: int, digit: str) -> None:
    secret = mint(CallbackKind.STK, UUID(int=7))
    forged = secret[:place] + digit + secret[place + 1 :]

    assert forged == secret or read(forged) is None


@pytest.mark.parametrize("text", ["", "00", "zz" * 50, "0" * 100, "f" * 100, "0" * 102])
def test_what_is_not_a_callback_path_proves_nothing(text: str) -> None:
    assert read(text) is None


def test_a_sealed_value_opens_only_in_its_own_row() -> None:
    sealed = crypto.seal("+254712345678", context="identity|phone|1")

    assert crypto.unseal(sealed, context="identity|phone|1") == "+254712345678"
    for broken, context in (
        (sealed, "identity|phone|2"),
        (sealed[:-1], "identity|phone|1"),
        (b"\x09" + sealed[1:], "identity|phone|1"),
        (b"", "x"),
    ):
        with pytest.raises(crypto.SealBroken):
            crypto.unseal(broken, context=context)


@pytest.mark.parametrize(
    "text", ["", "1", "0:" + "00" * 32, "256:" + "00" * 32, "1:00", "1:zz", "a:" + "00" * 32]
)
def test_a_key_ring_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        crypto.read_ring(text)


def test_a_ring_opens_with_old_keys_and_seals_with_the_newest() -> None:
    before = dict(crypto._ring)
    try:
        crypto.use_keys({1: b"a" * 32})
        old = crypto.seal("x", context="c")
        crypto.use_keys({1: b"a" * 32, 2: b"b" * 32})

        assert crypto.unseal(old, context="c") == "x"
        assert crypto.seal("x", context="c")[0] == 2
    finally:
        crypto.use_keys(before)


def test_log_lines_are_masked() -> None:
    line = mask(
        "pay 254712345678 or +254110000333, 0712345678; Bearer abc.def zk_test_aaaaaaaa_bbb /hooks/00ff ws_CO_123708374149"
    )

    assert line == "pay <phone> or <phone>, <phone>; <bearer> <api key> /hooks/<secret> <checkout id>"


def test_what_is_no_id_names_a_key_that_no_row_has() -> None:
    key = new_key()

    assert key_named("evt", public_id("evt", key)) == key
    for written in ("", "x", public_id("we", key), public_id("evt", key).upper(), key.hex):
        assert key_named("evt", written) == UUID(int=0)
