"""A refund of several receipts is divided so that each payer gets the own money, in parts that M-Pesa pays out."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zemi.refunds.parts import split

LEAST = 10


@pytest.mark.parametrize(
    ("amount", "most", "parts"),
    [
        (500, [600, 900], [500, 0]),
        (900, [600, 900], [600, 300]),
        (1_500, [600, 900], [600, 900]),
        # Three shillings can't be sent: the latest gives seven less.
        (603, [600, 900], [593, 10]),
        # It can't give seven less either: then all comes from the earlier one.
        (15, [12, 900], [0, 15]),
        (32, [12, 11, 900], [12, 10, 10]),
        # What is left can't be sent, however it is divided: credit.
        (1_500, [1_495, 5], [1_495, 5]),
        (1_499, [5, 1_495], [4, 1_495]),
        (15, [12, 11], [12, 3]),
        (12, [9, 4], [9, 3]),
        (600, [0, 600], [0, 600]),
    ],
)
def test_the_latest_goes_first_and_no_part_is_too_small_to_send(
    amount: int, most: list[int], parts: list[int]
) -> None:
    assert split(amount, most, least=LEAST) == parts


@pytest.mark.parametrize(("amount", "most"), [(0, [600]), (-1, [600]), (601, [600]), (1, [])])
def test_nothing_and_more_than_came_are_refused(amount: int, most: list[int]) -> None:
    with pytest.raises(ValueError, match="not between"):
        split(amount, most, least=LEAST)


@st.composite
def _refunds(draw: st.DrawFn, largest: int, receipts: int) -> tuple[int, list[int]]:
    most = draw(
        st.lists(st.integers(0, largest), min_size=1, max_size=receipts).filter(lambda found: sum(found) > 0)
    )
    return draw(st.integers(1, sum(most))), most


@given(_refunds(largest=250_000, receipts=12))
def test_the_parts_sum_to_the_whole_and_no_receipt_gives_more_than_it_has(
    refund: tuple[int, list[int]],
) -> None:
    amount, most = refund

    parts = split(amount, most, least=LEAST)

    assert sum(parts) == amount
    assert len(parts) == len(most)
    assert all(0 <= part <= here for part, here in zip(parts, most, strict=True))


@given(_refunds(largest=40, receipts=3))
def test_of_all_ways_it_is_the_one_with_least_credit_that_takes_most_of_the_latest(
    refund: tuple[int, list[int]],
) -> None:
    amount, most = refund
    ways = [way for way in product(*(range(here + 1) for here in most)) if sum(way) == amount]

    def sent(way: tuple[int, ...]) -> list[int]:
        return [part if part >= LEAST else 0 for part in way]

    best = max(ways, key=lambda way: (sum(sent(way)), sent(way), way))

    assert tuple(split(amount, most, least=LEAST)) == best
