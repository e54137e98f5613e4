"""Each public object has one shape, holds nothing that is secret, and is read once, however many are shown."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import story
from tests.characters import AMINA, BARAKA
from zemi.events.models import Event
from zemi.identity.api_keys import Scope
from zemi.orders.parties import Role
from zemi.reconciliation.opening import ensure_opening_float
from zemi.snapshots.errors import ExpandUnknown
from zemi.snapshots.objects import (
    expandable,
    prefix_of,
    read_expand,
    render,
    rows_of,
    snapshots_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sell(simulator: Any, run_worker: Callable[[], int], clock: Any) -> Callable[..., dict[str, Any]]:
    """Carry a merchant's order from Amina's prompt to Baraka's money; the answer to its creation, with the code."""
    ensure_opening_float(now=clock.now())
    key = story.key_with(Scope.ORDERS)

    def run(**how: Any) -> dict[str, Any]:
        made: dict[str, Any] = story.create_order(key=key, metadata={"cart": "A-17"}, **how).data
        reference = made["order_reference"]
        assert story.push(reference).status == 200
        clock.advance(seconds=10)
        run_worker()
        code = story.code_sent_to(simulator, AMINA, reference)
        assert story.confirm(reference, code).status == 200
        run_worker()
        # A phone is not asked again at once.
        clock.advance(minutes=3)
        run_worker()
        return made | {"delivery_code": code}

    return run


def one(reference: str, **options: Any) -> dict[str, Any]:
    [shown] = render("order", [story.order_of(reference)], **options)
    return shown


def test_an_order_shows_where_every_shilling_is(sell: Callable[..., dict[str, Any]], settings: Any) -> None:
    settings.FEE_BPS = 300
    sold = sell(reference="INV-1")

    shown = one(sold["order_reference"])

    assert {name: shown[name] for name in ("amount", "fee", "seller_receives", "received", "held")} == {
        "amount": "1500.00",
        "fee": "45.00",
        "seller_receives": "1455.00",
        "received": "1500.00",
        "held": "0.00",
    }
    assert (shown["released"], shown["refunded"], shown["currency"]) == ("1500.00", "0.00", "KES")
    assert (shown["reference"], shown["metadata"]) == ("INV-1", {"cart": "A-17"})
    assert (shown["next_action"], shown["deadline_at"], shown["if_no_action"]) == (None, None, None)
    assert shown["payout_status"] == "completed"


def test_whose_turn_it_is_depends_on_who_looks(simulator: Any, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]

    buyer, seller = one(reference, viewer=Role.BUYER), one(reference, viewer=Role.SELLER)

    assert buyer["next_action"] == {"actor": "buyer", "verb": "pay", "is_yours": True}
    assert seller["next_action"] == {"actor": "buyer", "verb": "pay", "is_yours": False}
    assert buyer["deadline_at"] == "2026-11-24T09:00:00Z"
    assert buyer["if_no_action"] == "order_expires"
    # A merchant's notes are the merchant's.
    assert "metadata" not in buyer
    assert "reference" not in seller


def test_while_a_prompt_is_on_the_phone_the_order_says_so(simulator: Any, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    story.push(reference)

    shown = story.read_order(reference)

    assert shown["next_action"]["verb"] == "approve_prompt"
    assert shown["if_no_action"] == "prompt_ends"


def test_no_shape_holds_a_phone_or_a_code(sell: Callable[..., dict[str, Any]]) -> None:
    sold = sell()

    everything = json.dumps(
        [
            render(name, list(rows_of(name)))
            for name in ("order", "payment", "receipt", "release", "payout", "payout_attempt")
        ]
    )

    assert everything.count("****5678") == 3
    for secret in (AMINA.msisdn, BARAKA.msisdn, AMINA.msisdn[3:], sold["delivery_code"], "ws_CO_"):
        assert secret not in everything


def test_parts_are_ids_until_they_are_asked_for(sell: Callable[..., dict[str, Any]]) -> None:
    reference = sell()["order_reference"]

    [payout_id] = one(reference)["payouts"]
    whole = one(reference, expand=read_expand("order", ["payouts.attempts", "payments"]))

    [payout] = whole["payouts"]
    assert payout["id"] == payout_id
    assert payout["order"] == reference
    assert [attempt["status"] for attempt in payout["attempts"]] == ["succeeded"]
    assert [payment["status"] for payment in whole["payments"]] == ["completed"]
    assert isinstance(whole["receipts"][0], str)


def test_what_an_object_belongs_to_can_be_shown_whole_too(sell: Callable[..., dict[str, Any]]) -> None:
    reference = sell()["order_reference"]

    [receipt] = render(
        "receipt",
        list(rows_of("receipt")),
        expand=read_expand("receipt", ["order.payouts", "payment"]),
    )

    assert receipt["order"]["order_reference"] == reference
    assert receipt["order"]["payouts"][0]["payee_phone_masked"] == f"****{BARAKA.last4}"
    assert receipt["payment"]["payer_phone_masked"] == "****5678"


@pytest.mark.parametrize(
    "paths",
    [
        ["party"],
        ["payouts.attempts.payout"],
        ["payments", "receipts", "releases", "payouts", "refunds"],
        [""],
    ],
)
def test_what_cannot_be_expanded_is_refused(paths: list[str]) -> None:
    with pytest.raises(ExpandUnknown):
        read_expand("order", paths)


def test_every_path_that_is_offered_can_be_expanded(sell: Callable[..., dict[str, Any]]) -> None:
    sell()

    for name in ("order", "payment", "receipt", "release", "payout", "refund", "payout_attempt"):
        for path in expandable(name):
            render(name, list(rows_of(name)), expand=read_expand(name, [path]))


def test_the_subjects_of_events_are_shown_by_kind_and_key_and_what_is_not_public_is_left_out(
    sell: Callable[..., dict[str, Any]],
) -> None:
    sell()
    subjects = set(Event.objects.values_list("subject_type", "subject_id"))

    found = snapshots_of(subjects)

    public = {"order", "payment", "receipt", "release", "payout", "payout_attempt"}
    assert set(found) == {(name, key) for name, key in subjects if name in public}
    assert {name for name, _ in subjects} - public


@pytest.mark.parametrize("name", ["order", "payment", "receipt", "release", "payout"])
def test_twenty_cost_as_many_statements_as_one(name: str, sell: Callable[..., dict[str, Any]]) -> None:
    sell()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            render(name, list(rows_of(name)))
        return len(captured)

    alone = statements()
    for _ in range(3):
        sell()

    assert statements() == alone
    assert rows_of(name).count() == 4


def test_ids_say_what_they_are_ids_of() -> None:
    assert {name: prefix_of(name) for name in ("payment", "receipt", "payout", "refund")} == {
        "payment": "pay",
        "receipt": "rcpt",
        "payout": "po",
        "refund": "rf",
    }
