"""Budgets that can't be raced, and keys that are kept as hashes."""

from datetime import UTC, datetime, timedelta

import pytest

from zemi.common.db import unit_of_work
from zemi.common.logs import mask
from zemi.identity.api_keys import Scope, authenticate, create_api_key
from zemi.identity.models import ApiKey
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import Allowance, charge, charge_or_refuse, give_back, try_charge
from zemi.trust.models import Budget

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TWICE = Allowance("test", "Otieno", 2, timedelta(minutes=15))
ONCE = Allowance("test", "Amina", 1, timedelta(minutes=1))


def test_a_budget_lets_through_as_many_as_it_allows_and_starts_anew_after_its_window() -> None:
    charge_or_refuse(TWICE, now=NOW)
    charge_or_refuse(TWICE, now=NOW + timedelta(minutes=14))
    with pytest.raises(TooManyAttempts) as refusal:
        charge_or_refuse(TWICE, now=NOW + timedelta(minutes=14, seconds=59))
    assert refusal.value.retry_after_s == 1
    assert refusal.value.facts == {"limit": "test"}

    charge_or_refuse(TWICE, now=NOW + timedelta(minutes=15))
    assert Budget.objects.get(pk=TWICE.key).used == 1


def test_what_is_given_back_may_be_used_again() -> None:
    for _ in range(5):
        charge_or_refuse(ONCE, now=NOW)
        with unit_of_work():
            give_back(ONCE, TWICE)


def test_several_budgets_are_charged_together() -> None:
    with unit_of_work():
        assert charge(TWICE, ONCE, now=NOW)
    with unit_of_work():
        assert not charge(TWICE, ONCE, now=NOW)


def test_what_costs_more_than_a_whole_budget_is_refused_and_costs_nothing() -> None:
    dear = Allowance("test", "Amina", 1, timedelta(minutes=1), cost=2)

    with unit_of_work():
        assert not charge(dear, now=NOW)
    with pytest.raises(TooManyAttempts):
        charge_or_refuse(dear, now=NOW)

    assert not Budget.objects.exists()


def test_a_refusal_names_the_budget_that_had_too_little_and_not_one_that_it_charged() -> None:
    charge_or_refuse(ONCE, now=NOW)
    charge_or_refuse(TWICE, now=NOW)

    with unit_of_work():
        # The last of TWICE is taken by this very charge: that is no reason to refuse.
        assert try_charge(TWICE, ONCE, now=NOW) == ONCE
    with unit_of_work():
        assert try_charge(TWICE, ONCE, now=NOW + timedelta(minutes=15)) is None


def test_a_budget_names_nobody() -> None:
    charge_or_refuse(ONCE, now=NOW)

    assert b"Amina" not in bytes(Budget.objects.get().pk)


def test_a_key_is_found_by_its_text_and_kept_as_a_hash() -> None:
    key, text = create_api_key(merchant_name="Duka", scopes=[Scope.PAYOUTS], now=NOW)

    assert text.startswith("zk_test_")
    assert authenticate(text, now=NOW) == key
    assert key.scopes == ["payouts"]
    assert text.split("_", 3)[3][:43].encode() not in bytes(ApiKey.objects.get().secret_hash)
    assert mask(f"key {text}") == "key <api key>"


def test_a_key_that_is_wrong_expired_revoked_or_of_the_other_mode_is_none() -> None:
    key, text = create_api_key(merchant_name="Duka", scopes=[], now=NOW, lifetime=timedelta(days=1))

    changed = text[:20] + ("a" if text[20] != "a" else "b") + text[21:]
    for wrong in ("", "zk_test_", changed, text.replace("zk_test", "zk_live"), text + "\n", text[:-1]):
        assert authenticate(wrong, now=NOW) is None
    assert authenticate(text, now=NOW + timedelta(days=1)) is None

    ApiKey.objects.filter(pk=key.pk).update(revoked_at=NOW)
    assert authenticate(text, now=NOW) is None


def test_a_merchant_may_have_several_keys() -> None:
    first, _ = create_api_key(merchant_name="Duka", scopes=[], now=NOW)
    second, _ = create_api_key(merchant_name="Duka", scopes=[], now=NOW)

    assert first.merchant_id == second.merchant_id
    assert first.public_id != second.public_id
