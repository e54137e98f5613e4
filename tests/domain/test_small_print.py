"""What hardly ever happens, and must still be right."""

import itertools
from datetime import UTC, datetime
from typing import Any

import phonenumbers
import pytest
from django.db import IntegrityError

from tests import story
from tests.characters import AMINA
from zemi.common import crypto, ids
from zemi.common.money import kes
from zemi.common.phone import InvalidPhone, Phone
from zemi.orders import create
from zemi.orders.codes import DeliveryCodeHasher
from zemi.orders.errors import SellerPhoneRequired
from zemi.orders.models import Order
from zemi.payments.models import Payment
from zemi.payments.settle import fail_charge, settle_charge
from zemi.providers.base import Reason, Refused
from zemi.releases.rules import UnknownPolicy, schedule
from zemi.worker.loop import run_until_idle

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_keys_stay_in_order_when_a_millisecond_runs_out_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 4_000_000_000_000_000_000)

    keys = [ids.new_key() for _ in range(10_000)]

    assert keys == sorted(set(keys))
    monkeypatch.setattr(ids, "_last", (0, 0))


def test_what_the_library_can_not_parse_is_no_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise phonenumbers.NumberParseException(0, "no")

    monkeypatch.setattr(phonenumbers, "parse", fail)

    with pytest.raises(InvalidPhone):
        Phone.parse("0712345678")


def test_a_code_hashed_with_an_older_key_still_verifies_and_says_that_it_is_old() -> None:
    hasher, ring = DeliveryCodeHasher(), dict(crypto._ring)
    try:
        crypto.use_keys({1: b"a" * 32})
        old = hasher.encode("847263", "order.1")
        assert not hasher.must_update(old)
        crypto.use_keys({1: b"a" * 32, 2: b"b" * 32})

        assert hasher.verify("847263", old)
        assert not hasher.verify("847264", old)
        assert hasher.must_update(old)
        assert "847263" not in str(hasher.safe_summary(old))
        assert hasher.encode("847263", "order.1") != hasher.encode("847263", "order.2")
    finally:
        crypto.use_keys(ring)


@pytest.mark.django_db
def test_a_live_order_names_its_seller(settings: Any) -> None:
    settings.LIVE = True

    with pytest.raises(SellerPhoneRequired):
        create.create_order(buyer_phone=AMINA, amount=kes(1_500), product_description="x", now=NOW)

    assert not Order.objects.exists()


@pytest.mark.django_db
def test_two_orders_never_share_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "new_reference", lambda: "ZEM-AAAAAAAA")

    how: dict[str, Any] = {"buyer_phone": AMINA, "amount": kes(1_500), "product_description": "x", "now": NOW}
    create.create_order(**how)
    with pytest.raises(IntegrityError):
        create.create_order(**how)

    assert Order.objects.count() == 1


@pytest.mark.parametrize("bps", [0, 1, 100, 333, 5_000])
def test_the_parts_of_a_release_sum_to_the_whole(bps: int) -> None:
    for shillings, policy in itertools.product((10, 11, 1_500, 249_999, 250_000), ("instant",)):
        parts = schedule(policy=policy, amount=kes(shillings), fee_bps=bps, delivered_at=NOW)

        assert sum((part.amount for part in parts), kes(0)) == kes(shillings)
        assert all((part.amount - part.fee).is_whole for part in parts)
        assert all(part.due_at == NOW for part in parts)


def test_a_policy_that_nobody_knows_is_a_bug() -> None:
    with pytest.raises(UnknownPolicy):
        schedule(policy="whenever", amount=kes(1), fee_bps=0, delivered_at=NOW)


@pytest.mark.django_db
def test_a_refusal_that_only_asking_finds_ends_the_attempt(simulator: Any, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    simulator.set_phone(AMINA.msisdn, next="cancel", callback="lost")
    story.push(reference)
    clock.advance(seconds=10)
    simulator.run_due()
    clock.advance(seconds=20)

    run_until_idle(clock.now())

    payment = Payment.objects.get()
    assert (payment.status, payment.failure_reason) == ("failed", "cancelled")


@pytest.mark.django_db
def test_what_is_settled_or_failed_twice_is_so_once(simulator: Any, clock: Any) -> None:
    reference = story.create_order().data["order_reference"]
    story.simulate_payment(reference)
    payment = Payment.objects.get()

    settle_charge(payment.id, None, now=clock.now())
    fail_charge(payment.id, Refused(Reason.CANCELLED), now=clock.now())

    assert story.escrow_of(reference) == kes(1_500)
    assert Payment.objects.get().status == "completed"
