"""An order's link: found by its token alone, told to its people alone, and short enough for their text messages."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.story import create_order, order_of, read_order, simulate_payment
from zemi.orders.errors import OrderNotFound
from zemi.orders.links import find_by_link, link_in_text, link_of, token_of


def test_the_answer_to_create_tells_the_link_and_no_other_answer_does(simulator: Any) -> None:
    created = create_order().data
    url = created["payment_url"]

    assert url.startswith("http://127.0.0.1:")
    token = url.rpartition("/o/")[2]
    assert len(token) == 22
    assert find_by_link(token).order_reference == created["order_reference"]
    assert token not in str(read_order(created["order_reference"]))


def test_each_order_has_its_own_link_and_the_row_tells_none(simulator: Any) -> None:
    orders = [order_of(create_order().data["order_reference"]) for _ in range(3)]
    tokens = [token_of(order) for order in orders]

    assert len(set(tokens)) == 3
    for order, token in zip(orders, tokens, strict=True):
        assert token.encode() not in bytes(order.link_hash) + bytes(order.link_sealed)


def test_what_opens_no_order_is_not_even_looked_up(
    simulator: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = token_of(order_of(create_order().data["order_reference"]))

    for stranger in ("", "x", token[:-1], token + "A", token.swapcase(), "\0" * 22, "ZEM-A3F8B2K7"):
        with pytest.raises(OrderNotFound):
            find_by_link(stranger)
    with django_assert_num_queries(0), pytest.raises(OrderNotFound):
        find_by_link(f"{token}'")


def test_buyer_and_seller_are_texted_the_link(simulator: Any, run_worker: Callable[[], int]) -> None:
    reference = create_order().data["order_reference"]
    link = link_in_text(order_of(reference))
    simulate_payment(reference)
    run_worker()

    texts = [message["text"] for message in simulator.messages()]
    assert len(texts) == 2
    assert all(text.endswith(f". {link}") for text in texts), texts


def test_a_host_too_long_for_a_text_message_is_left_out(
    simulator: Any, settings: Any, run_worker: Callable[[], int]
) -> None:
    settings.PUBLIC_ORIGIN = "https://a-very-long-name.tunnels.example.com"
    reference = create_order().data["order_reference"]

    assert link_of(order_of(reference)).startswith("https://a-very-long-name.tunnels.example.com/o/")
    assert link_in_text(order_of(reference)) == ""
    simulate_payment(reference)
    run_worker()
    texts = [message["text"] for message in simulator.messages()]
    assert len(texts) == 2
    assert all(text.endswith(".") for text in texts), texts


def test_an_order_older_than_links_has_none(simulator: Any) -> None:
    order = order_of(create_order().data["order_reference"])
    order.link_hash = order.link_sealed = None

    assert link_of(order) == ""
    assert link_in_text(order) == ""
