"""Keys that a merchant looks after: made, rotated without a gap, revoked; never more powerful than their maker."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import AMINA, BARAKA, OTIENO, Answer, Api
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.events.models import Event
from zemi.identity.api_keys import USE_NOTED_EVERY, Scope
from zemi.identity.deployment import is_ours
from zemi.identity.models import ApiKey, Deployment
from zemi.identity.sessions import open_session

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/api_keys"


@pytest.fixture
def owner(make_key: Any) -> str:
    """A key that may make keys, and order and read."""
    key: str = make_key("keys", "orders", "read", merchant="Duka")
    return key


def act(api: Api, path: str, body: dict[str, Any], *, key: str | None) -> Answer:
    """POST with a new idempotency key, as these addresses want it."""
    return api.post(path, body, key=key, idempotency_key=new_key().hex)


def create(api: Api, owner: str, *scopes: str, **more: Any) -> Answer:
    return act(api, KEYS, {"scopes": scopes} | more, key=owner)


def test_a_new_key_is_shown_once_and_works(api: Api, owner: str) -> None:
    answer = create(api, owner, "orders", name="Mombasa", lifetime_days=30)

    assert answer.status == 201
    made = answer.data
    assert re.fullmatch(rf"{made['prefix']}_[A-Za-z0-9_-]{{51}}", made["key"])
    assert (made["name"], made["scopes"], made["last4"]) == ("Mombasa", ["orders"], made["key"][-4:])
    assert (made["created_at"], made["expires_at"]) == ("2026-11-23T09:00:00Z", "2026-12-23T09:00:00Z")
    assert made["livemode"] is False
    assert api.create(key=made["key"])["status"] == "awaiting_payment"
    assert made["key"][17:60].encode() not in bytes(ApiKey.objects.get(public_id=made["id"]).secret_hash)
    assert Event.objects.filter(type="api_key.created").count() == 2


def test_a_list_of_20_keys_asks_the_database_no_more_than_one_of_2(api: Api, owner: str) -> None:
    counts = []
    for more in (1, 18):
        for _ in range(more):
            create(api, owner, "read")
        api.get(KEYS, key=owner)
        with CaptureQueriesContext(connection) as asked:
            listed = api.get(KEYS, key=owner).body["data"]
        counts.append(len([query for query in asked.captured_queries if "trust_budget" not in query["sql"]]))

    assert len(listed) == 20
    assert counts == [2, 2]


def test_only_a_key_for_keys_makes_keys(api: Api, make_key: Any) -> None:
    assert create(api, make_key("orders", "payouts"), "orders").body["code"] == "scope_missing"
    assert act(api, KEYS, {"scopes": ["orders"]}, key=None).body["code"] == "api_key_required"


def test_a_key_gives_no_more_than_it_has(api: Api, owner: str) -> None:
    answer = create(api, owner, "orders", "payouts", "refunds")

    assert (answer.status, answer.body["code"]) == (403, "scopes_not_held")
    assert answer.body["details"]["scopes"] == "payouts, refunds"
    assert ApiKey.objects.count() == 1


def test_a_key_that_may_do_less_is_not_shown_again_what_another_was_given(
    api: Api, owner: str, make_key: Any
) -> None:
    old = create(api, owner, "orders").data["id"]
    weaker, equal = make_key("keys", merchant="Duka"), make_key("read", "keys", "orders", merchant="Duka")

    for path, body in ((KEYS, {"scopes": ["orders", "read"]}), (f"{KEYS}/{old}/rotate", {})):
        first = api.post(path, body, key=owner, idempotency_key=path)
        assert first.status == 201
        assert api.post(path, body, key=equal, idempotency_key=path).data == first.data
        refused = api.post(path, body, key=weaker, idempotency_key=path)
        assert (refused.status, refused.body["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "scopes", ["orders", [], ["everything"], ["orders", "orders"], [1], [["orders"]], {"orders": True}]
)
def test_scopes_are_words_that_exist_each_once(api: Api, owner: str, scopes: Any) -> None:
    answer = act(api, KEYS, {"scopes": scopes}, key=owner)

    assert (answer.status, answer.body["details"]["errors"][0]["code"]) == (400, "invalid_scopes")


@pytest.mark.parametrize("days", [0, 3651, -1, 1.5, "30", True, 10**30])
def test_a_lifetime_is_a_number_of_days(api: Api, owner: str, days: Any) -> None:
    assert create(api, owner, "orders", lifetime_days=days).status == 400


def test_a_rotated_key_goes_on_until_its_successor_is_everywhere(api: Api, owner: str, clock: Any) -> None:
    old = create(api, owner, "orders").data
    answer = act(api, f"{KEYS}/{old['id']}/rotate", {"overlap_hours": 2}, key=owner)

    assert answer.status == 201
    new = answer.data
    assert (new["replaces"], new["scopes"]) == (old["id"], ["orders"])
    assert api.create(key=old["key"])
    assert api.create(key=new["key"])
    clock.advance(hours=2)
    assert api.post("/api/orders/create", {}, key=old["key"]).body["code"] == "api_key_invalid"
    assert api.create(key=new["key"])


def test_rotation_never_lengthens_a_life(api: Api, owner: str) -> None:
    old = create(api, owner, "orders", lifetime_days=1).data
    new = act(api, f"{KEYS}/{old['id']}/rotate", {"overlap_hours": 720}, key=owner).data

    assert ApiKey.objects.get(public_id=old["id"]).expires_at == ApiKey.objects.get(
        public_id=new["id"]
    ).created_at + timedelta(days=1)
    assert new["expires_at"] == old["expires_at"]


def test_a_key_is_replaced_once(api: Api, owner: str) -> None:
    old = create(api, owner, "orders").data
    path = f"{KEYS}/{old['id']}/rotate"

    assert act(api, path, {}, key=owner).status == 201
    again = act(api, path, {}, key=owner)
    assert (again.status, again.body["code"]) == (409, "api_key_rotated")
    assert ApiKey.objects.count() == 3


def test_a_revoked_key_opens_nothing_and_has_no_successor(api: Api, owner: str) -> None:
    old = create(api, owner, "orders").data
    path = f"{KEYS}/{old['id']}"

    revoked = act(api, f"{path}/revoke", {}, key=owner)
    assert revoked.data["revoked_at"] == "2026-11-23T09:00:00Z"
    assert api.post("/api/orders/create", {}, key=old["key"]).status == 401
    assert act(api, f"{path}/revoke", {}, key=owner).status == 200
    assert Event.objects.filter(type="api_key.revoked").count() == 1
    assert act(api, f"{path}/rotate", {}, key=owner).body["code"] == "api_key_ended"


def test_a_key_of_another_merchant_is_not_found(api: Api, owner: str, make_key: Any) -> None:
    stranger = make_key("keys", "orders", merchant="Soko")
    mine = create(api, owner, "orders").data["id"]

    for verb in ("rotate", "revoke"):
        theirs, absent = (
            act(api, f"{KEYS}/{key_id}/{verb}", {}, key=stranger) for key_id in (mine, "00000000")
        )
        assert theirs.status == absent.status == 404
        assert theirs.body | {"request_id": ""} == absent.body | {"request_id": ""}


def test_a_merchant_lists_its_own_keys_without_their_secrets(
    api: Api, owner: str, make_key: Any, clock: Any
) -> None:
    clock.advance(seconds=1)
    made = create(api, owner, "orders", name="Mombasa").data
    make_key("keys", merchant="Soko")
    answer = api.get(KEYS, key=owner)

    first, second = answer.data
    assert first == {name: value for name, value in made.items() if name != "key"}
    assert second["prefix"] == owner[:16]
    assert second["last_used_at"] == "2026-11-23T09:00:01Z"
    assert made["key"].encode() not in answer.raw


def test_rotation_can_not_win_scopes(api: Api, make_key: Any) -> None:
    strong = make_key("payouts", "orders", merchant="Duka").split("_")[2]
    weak = make_key("keys", "orders", merchant="Duka")

    assert act(api, f"{KEYS}/{strong}/rotate", {}, key=weak).body["code"] == "scopes_not_held"


def test_the_last_use_is_noted_now_and_then_and_not_at_each_request(
    api: Api, make_key: Any, clock: Any, django_assert_num_queries: Any
) -> None:
    key = make_key("read")
    api.get("/api/orders/ZEM-00000000", key=key)
    first = ApiKey.objects.get().last_used_at
    assert first == clock.now()

    clock.advance(seconds=USE_NOTED_EVERY.total_seconds() - 1)
    api.get("/api/orders/ZEM-00000000", key=key)
    assert ApiKey.objects.get().last_used_at == first
    clock.advance(seconds=1)
    api.get("/api/orders/ZEM-00000000", key=key)
    assert ApiKey.objects.get().last_used_at == clock.now()


def test_the_database_takes_no_key_of_the_other_mode(owner: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251 (the constraint is what is tried)
        Deployment.objects.create(mode="live")
    with transaction.atomic():  # noqa: TID251 (what breaks the constraint is undone)
        ApiKey.objects.update(mode="live")
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


def test_a_process_of_the_other_mode_is_not_ready(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.get("/readyz").status == 200
    monkeypatch.setattr(settings, "MODE", "live")

    assert not is_ours()
    assert api.get("/readyz").status == 503


# An order needs its buyer's phone, where that is asked for


def test_a_buyer_proves_the_phone_before_ordering(api: Api, make_key: Any, clock: Any, settings: Any) -> None:
    settings.VERIFIED_PHONE = True
    body = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13", "seller_phone": OTIENO}

    def order(key: str | None) -> Any:
        answer = api.post("/api/orders/create", body, key=key)
        return answer.status if answer.status == 201 else answer.body["code"]

    amina, baraka = (open_session(phone=Phone(f"+{phone}"), now=clock.now())[1] for phone in (AMINA, BARAKA))
    assert order(None) == "phone_not_verified"
    assert order(baraka) == "phone_not_verified"
    assert order(amina) == 201
    assert order(make_key(*Scope)) == 201
