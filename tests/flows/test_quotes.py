"""Fees are certain to the shilling: what a quote says is what the ledger books (DOMAIN 2.10)."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as product_settings

from tests import story
from tests.characters import AMINA, BARAKA
from zemi.common.money import Money, kes
from zemi.ledger.queries import transfers
from zemi.orders.create import create_order
from zemi.orders.terms import QUOTE_LIFE
from zemi.releases.quotes import quote
from zemi.staff.request import request_action


def quoted(amount: str = "1500.00", **more: Any) -> dict[str, Any]:
    answer = story.post("/api/v1/quotes", {"amount": amount} | more)
    assert answer.status == 201, answer.body
    return answer.data


def booked(reference: str) -> dict[str, str]:
    """What the ledger booked for an order, by kind."""
    found: Counter[str] = Counter()
    for row in transfers().filter(order_id=story.order_of(reference).id):
        found[row.kind] += row.amount_minor
    return {kind: str(Money(minor)) for kind, minor in found.items()}


@pytest.fixture
def carry_through(run_worker: Callable[[], int], clock: Any) -> Callable[[str, str], None]:
    def run(reference: str, code: str) -> None:
        assert story.confirm(reference, code).status == 200
        run_worker()
        clock.advance(seconds=10)
        run_worker()

    return run


def test_the_ledger_books_what_was_quoted_line_by_line(
    settings: Any, carry_through: Callable[[str, str], None]
) -> None:
    settings.FEE_BPS = 250
    terms = quoted("1999.00")
    # A price list that changes changes no quote.
    settings.FEE_BPS = 400

    made = story.create_order(amount="1999.00", quote=terms["id"]).data
    story.simulate_payment(made["order_reference"], amount="1999.00")
    carry_through(made["order_reference"], made["delivery_code"])

    found = booked(made["order_reference"])
    assert found["receipt"] == terms["buyer_pays"] == "1999.00"
    assert found["commission"] == terms["commission"] == "50.00"
    assert found["payout"] == terms["seller_receives"] == "1949.00"
    assert terms["provider_fees"] == [
        {"leg": "payout", "amount": found["payout_fee"], "borne_by": "operator"}
    ]


def test_the_ledger_gives_back_what_was_quoted(settings: Any, clock: Any) -> None:
    settings.FEE_BPS = 300
    terms = quoted()
    made = story.create_order(quote=terms["id"]).data
    story.simulate_payment(made["order_reference"])

    facts = {"order": made["order_reference"], "amount": "1500", "bearer": "zemi"}
    request_action("refund", facts, maker="chebet", reason="asked", now=clock.now())

    assert booked(made["order_reference"])["refund"] == terms["buyer_gets_back"]


@pytest.mark.parametrize("orders", [12, pytest.param(300, marks=pytest.mark.proof)])
def test_any_order_costs_what_was_quoted(
    orders: int,
    monkeypatch: pytest.MonkeyPatch,
    clock: Any,
    simulator: Any,
    carry_through: Callable[[str, str], None],
) -> None:
    # One seller earns more than a wallet holds.
    simulator.switch(customer_limits=False)
    chance = random.Random(f"quotes-{orders}")

    for number in range(orders):
        # Not by the fixture of settings: it lays one set over the other, hundreds deep.
        monkeypatch.setattr(product_settings, "FEE_BPS", chance.choice([0, 1, 150, 300, 1_250, 5_000]))
        amount = kes(chance.randint(20, 30_000))
        terms = quote(amount=amount, now=clock.now())
        monkeypatch.setattr(product_settings, "FEE_BPS", 77)
        made = create_order(
            buyer_phone=AMINA, seller_phone=BARAKA, amount=amount, product_description="iPhone 13",
            quote=terms.id, now=clock.now(),
        )  # fmt: skip
        reference = made.order.order_reference
        story.simulate_payment(reference, f"QUOTED{number:06d}", amount=str(amount))
        assert made.delivery_code is not None
        carry_through(reference, made.delivery_code)
        clock.advance(minutes=20)

        found = booked(reference)
        assert found["receipt"] == str(terms.buyer_pays)
        assert found.get("commission", "0.00") == str(terms.commission)
        assert found["payout"] == str(terms.seller_receives)
        # M-Pesa takes nothing for so little as a hundred shillings: no line is booked.
        assert found.get("payout_fee", "0.00") == str(terms.payout_fee)


def test_a_quote_is_good_for_a_quarter_of_an_hour(clock: Any) -> None:
    terms = quoted()
    assert timedelta(minutes=15) == QUOTE_LIFE
    clock.advance(minutes=14, seconds=59)
    assert story.create_order(quote=terms["id"]).status == 201

    clock.advance(seconds=1)
    late = story.create_order(quote=terms["id"])

    assert (late.status, late.code) == (409, "quote_expired")


def test_a_quote_is_for_one_amount() -> None:
    other = story.create_order(amount="1501.00", quote=quoted()["id"])

    assert (other.status, other.code) == (422, "quote_mismatch")
    assert "1500.00" in other.body["error"]


@pytest.mark.parametrize("forged", ["qt_", "qt_AAAA", "nonsense", "qt_" + "A" * 100])
def test_nobody_else_can_write_a_quote(forged: str) -> None:
    refused = story.create_order(quote=forged)

    assert (refused.status, refused.code) == (400, "quote_invalid")


def test_no_letter_of_a_quote_can_be_changed() -> None:
    terms = quoted()["id"]

    for place in range(3, len(terms), 7):
        changed = terms[:place] + ("A" if terms[place] != "A" else "B") + terms[place + 1 :]
        assert story.create_order(quote=changed).code == "quote_invalid"


@pytest.mark.parametrize(
    ("amount", "code"), [("9", "amount_out_of_range"), ("99.50", "amount_not_whole_shilling")]
)
def test_what_could_be_no_order_is_not_quoted(amount: str, code: str) -> None:
    refused = story.post("/api/v1/quotes", {"amount": amount})

    assert (refused.status, refused.code) == (422, code)
    assert (
        story.post("/api/v1/quotes", {"amount": 1500, "release_policy": "never"}).code
        == "release_policy_unknown"
    )
