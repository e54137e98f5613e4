"""Money: read from raw tokens, never a float, shares whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zemi.common.money import InvalidAmount, Money, kes


@pytest.mark.parametrize(
    ("token", "minor"),
    [("1500", 150_000), ("1500.0", 150_000), ("1500.00", 150_000), ("0.05", 5), ("1500.5", 150_050)],
)
def test_an_amount_is_read_from_its_digits(token: str, minor: int) -> None:
    assert Money.parse(token) == Money(minor)


@pytest.mark.parametrize(
    "token",
    [
        "",
        " 1500",
        "1500 ",
        "+1500",
        "-1500",
        "-0",
        "1e2",
        "1,500",
        "01500",
        ".5",
        "5.",
        "1_000",
        "NaN",
        "0x10",
        "١٥٠٠",
        "1٥٠٠",
        "1.٥٠",
        "１５００",
        "9" * 5000,
    ],
)
def test_what_is_not_plainly_an_amount_is_refused(token: str) -> None:
    with pytest.raises(InvalidAmount) as refusal:
        Money.parse(token)

    assert refusal.value.reason == "invalid_amount"


def test_more_than_two_decimals_have_a_sentence_of_their_own() -> None:
    with pytest.raises(InvalidAmount) as refusal:
        Money.parse("1500.000")

    assert refusal.value.reason == "max_decimals"


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_printed_is_read_back(minor: int) -> None:
    money = Money(minor)

    assert money.minor > 10**12 - 1 or Money.parse(str(money)) == money


def test_a_negative_difference_prints_its_sign_once() -> None:
    assert str(kes(1) - Money(150)) == "-0.50"


@given(st.integers(min_value=1, max_value=250_000), st.integers(min_value=0, max_value=5_000))
def test_a_share_and_the_rest_are_whole_and_sum_to_the_whole(shillings: int, bps: int) -> None:
    amount = kes(shillings)
    fee = amount.share(bps)

    assert fee.is_whole
    assert (amount - fee).is_whole
    assert fee + (amount - fee) == amount
    # Half a shilling either way of the exact share.
    assert abs(fee.minor * 10_000 - amount.minor * bps) <= 50 * 10_000


def test_half_a_shilling_rounds_up() -> None:
    # DOMAIN 6.3: F is rounded half up to a whole shilling.
    assert kes(150).share(100) == kes(2)
    assert kes(149).share(100) == kes(1)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="don't mix"):
        kes(1) + Money(1, "USD")


def test_cents_have_no_shillings() -> None:
    with pytest.raises(ValueError, match="cents"):
        Money(150).shillings  # noqa: B018
