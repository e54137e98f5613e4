"""Zemi-Version: asked for by header, pinned by the first call, refused when unknown."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from tests.api.conftest import AMINA, Api
from zemi.api import versions
from zemi.api.versions import NEWEST, Version
from zemi.identity.merchants import pin_api_version
from zemi.identity.models import Merchant

pytestmark = pytest.mark.django_db
PATH = "/api/orders/ZEM-00000000"
LATER = "2027-06-01"


@pytest.fixture
def a_newer_version(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(versions.VERSIONS, LATER, Version())
    monkeypatch.setattr(versions, "NEWEST", LATER)
    return LATER


def test_an_answer_says_its_version_also_when_it_refuses(api: Api) -> None:
    found, missing = api.post("/api/otp", {}), api.get(PATH)

    assert found.headers["Zemi-Version"] == missing.headers["Zemi-Version"] == NEWEST
    assert "Deprecation" not in found.headers
    assert "Sunset" not in found.headers


@pytest.mark.parametrize("version", ["2026-11-02", "1", "", "2026-11-01 "])
def test_an_unknown_version_is_refused_with_the_known_ones(api: Api, version: str) -> None:
    answer = api.get(PATH, zemi_version=version)

    assert answer.status == 400
    assert answer.body["code"] == "version_unknown"
    assert NEWEST in answer.body["error"]
    assert answer.body["request_id"] == answer.headers["Request-Id"]


def test_an_account_keeps_the_version_of_its_first_call(api: Api, make_key: Any, request: Any) -> None:
    key, other = make_key("read"), make_key("read", merchant="Soko")
    assert Merchant.objects.get(name="Duka la Chebet").api_version == ""

    first = api.get(PATH, key=key)
    request.getfixturevalue("a_newer_version")

    assert first.headers["Zemi-Version"] == NEWEST
    assert api.get(PATH, key=key).headers["Zemi-Version"] == NEWEST
    assert api.get(PATH, key=make_key("orders")).headers["Zemi-Version"] == NEWEST, "the account, not the key"
    assert api.get(PATH, key=other).headers["Zemi-Version"] == LATER
    assert api.get(PATH).headers["Zemi-Version"] == LATER, "strangers have no account"


def test_a_header_asks_for_another_one_and_changes_nothing(
    api: Api, make_key: Any, a_newer_version: str
) -> None:
    key = make_key("read")

    asked = api.get(PATH, key=key, zemi_version=NEWEST)

    assert asked.headers["Zemi-Version"] == NEWEST
    assert api.get(PATH, key=key).headers["Zemi-Version"] == a_newer_version
    assert api.get(PATH, key=key, zemi_version=NEWEST).headers["Zemi-Version"] == NEWEST


def test_the_same_request_in_another_version_is_another_request(api: Api, a_newer_version: str) -> None:
    body = {"buyer_phone": AMINA, "amount": 1500, "product_description": "iPhone 13"}
    create = partial(api.post, "/api/orders/create", body, idempotency_key="k1")

    first = create()

    assert create(zemi_version=a_newer_version).data == first.data, "asked for or not, it is the same version"
    assert create(zemi_version=NEWEST).body["code"] == "idempotency_key_reused"


def test_of_two_first_calls_one_decides(make_key: Any) -> None:
    make_key("read")
    merchant = Merchant.objects.get()

    assert pin_api_version(merchant.id, NEWEST) == NEWEST
    assert pin_api_version(merchant.id, LATER) == NEWEST


def test_an_old_version_says_when_it_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    dates = Version(datetime(2027, 6, 1, tzinfo=UTC), datetime(2028, 6, 1, tzinfo=UTC))
    monkeypatch.setitem(versions.VERSIONS, NEWEST, dates)

    headers = api.get(PATH).headers

    assert headers["Deprecation"] == "@1811808000"
    assert headers["Sunset"] == "Thu, 01 Jun 2028 00:00:00 GMT"


def test_callbacks_and_health_have_no_version(api: Api) -> None:
    for answer in (
        api.get("/healthz", zemi_version="1"),
        api.post("/api/webhooks/mpesa", {}, zemi_version="1"),
    ):
        assert answer.status == 200
        assert "Zemi-Version" not in answer.headers
