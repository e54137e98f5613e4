"""The strict reader: it agrees with everybody about good JSON, and refuses the rest in its own words."""

import json as stdlib
import string
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zemi.api import errors, fields, json
from zemi.common.money import Money
from zemi.common.phone import Phone

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


def as_numbers(value: Any) -> Any:
    if isinstance(value, json.RawNumber):
        return int(value)
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: as_numbers(item) for name, item in value.items()}
    return value


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5), st.booleans())
def test_it_reads_what_everybody_reads(value: dict[str, Any], ascii_only: bool) -> None:
    raw = stdlib.dumps(value, ensure_ascii=ascii_only).encode()

    if depth(value) > 16:
        with pytest.raises(errors.TooDeep):
            json.read(raw)
    else:
        assert as_numbers(json.read(raw)) == value


@given(
    st.binary(max_size=300) | st.text('{}[]",:0123456789.eE+-\\ud0truefalsn ', max_size=60).map(str.encode)
)
def test_nothing_but_a_declared_refusal_leaves_it(raw: bytes) -> None:
    with suppress(errors.ApiError):
        assert isinstance(json.read(raw), dict)


@pytest.mark.parametrize(
    "raw", ["1500", "1500.00", "-0", "1e2", "0.10", "1E+400", "9" * 40, "12345678901234567890.123456789"]
)
def test_a_number_stays_as_it_was_written(raw: str) -> None:
    found = json.read(f'{{"n": {raw}}}'.encode())["n"]

    assert type(found) is json.RawNumber
    assert found == raw


def test_a_surrogate_pair_is_one_character() -> None:
    assert json.read(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_sixteen_levels_are_enough_for_anybody() -> None:
    assert json.read(b'{"a":' * 16 + b"1" + b"}" * 16)
    with pytest.raises(errors.TooDeep):
        json.read(b'{"a":' * 17 + b"1" + b"}" * 17)


def test_brackets_in_texts_are_no_levels() -> None:
    assert json.read(b'{"a": "' + b"[" * 100 + b'"}') == {"a": "[" * 100}


def test_the_limit_is_64_kib() -> None:
    exactly = b'{"a": "' + b"a" * (65_536 - 9) + b'"}'

    assert len(exactly) == 65_536
    assert json.read(exactly)
    with pytest.raises(errors.BodyTooLarge):
        json.read(exactly + b" ")


@given(st.integers(0, 10**12 - 1))
def test_every_amount_is_read_to_the_cent(minor: int) -> None:
    written = f"{Decimal(minor) / 100:.2f}"

    assert fields.AmountField().read(json.RawNumber(written)) == Money(minor)
    assert fields.AmountField().read(written) == Money(minor)


@given(
    st.one_of(
        st.text(max_size=40),
        st.text(string.digits + "+- ()/.e", max_size=20),
        st.from_regex(r"\+?254[0-9]{9}"),
    )
)
def test_no_text_breaks_a_field(text: str) -> None:
    for field in (
        fields.AmountField(),
        fields.PhoneField(),
        fields.CodeField(),
        fields.ReferenceField(),
        fields.TextField(most=20),
        fields.MetadataField(),
        fields.FreeMetadataField(),
    ):
        for raw in (text, json.RawNumber(text), {text: text}, [text]):
            with suppress(fields.Unreadable):
                field.read(raw)


@pytest.mark.parametrize(
    "written",
    [
        "254712345678",
        "+254712345678",
        "0712345678",
        "712345678",
        "0712 345 678",
        "+254 712-345-678",
        "00254712345678",
    ],
)
def test_a_phone_comes_in_any_kenyan_form(written: str) -> None:
    assert fields.PhoneField().read(written) == Phone("+254712345678")


def test_a_phone_may_be_a_number() -> None:
    assert fields.PhoneField().read(json.RawNumber("254712345678")) == Phone("+254712345678")


@pytest.mark.parametrize("text", ['TV, 43"\nand cable\t(new)', "Mkate wa siagi — ½ kg", "سلام", "電話", "👍"])
def test_words_of_all_languages_are_kept_as_they_are(text: str) -> None:
    assert fields.TextField(most=500).read(text) == text


def test_a_free_number_stays_a_number() -> None:
    read = fields.FreeMetadataField().read(
        json.read(b'{"a": 1, "b": [1.5, {"c": 10}], "d": "1", "e": null, "f": true}')
    )

    assert read == {"a": 1, "b": [1.5, {"c": 10}], "d": "1", "e": None, "f": True}
    assert [type(read["a"]), type(read["b"][0])] == [int, float]
