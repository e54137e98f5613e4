"""People sign in by a one-time code to their phone, and see what is theirs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from tests.api.conftest import AMINA, BARAKA, OTIENO, Answer, Api
from zemi.api.auth import Anyone, OrderParty, SignedIn, asker_of, person_of
from zemi.api.endpoint import Endpoint, by_method
from zemi.common.limits import LIMITS
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope
from zemi.identity.models import Session
from zemi.identity.sessions import open_session
from zemi.notifications.models import Message
from zemi.orders.parties import Role
from zemi.urls import urlpatterns as product_urls

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class OrdersParty(Endpoint):
    access = OrderParty(Role.SELLER, Role.BUYER, Role.MERCHANT, keys_need=Scope.READ)

    def get(self, request: Request, order_reference: str) -> Response:
        return self.answer({"role": self.role, "reference": self.order.order_reference})


class BuyersOnly(Endpoint):
    access = OrderParty(Role.BUYER)

    def post(self, request: Request, order_reference: str) -> Response:
        return self.answer({"role": self.role})


class Reading(Endpoint):
    access = Anyone()

    def get(self, request: Request) -> Response:
        return self.answer({})


class Writing(Endpoint):
    access = Anyone()

    def post(self, request: Request) -> Response:
        return self.answer({})


class WhoAmI(Endpoint):
    access = SignedIn()

    def get(self, request: Request) -> Response:
        assert asker_of(request).party_id == person_of(request).party_id
        return self.answer({"phone": person_of(request).party.phone_masked})


urlpatterns = [
    *product_urls,
    path("api/whoami", WhoAmI.as_view()),
    path("api/both", by_method(post=Writing, get=Reading)),
    path("api/party/<order_reference>", by_method(get=OrdersParty, post=BuyersOnly)),
]


@pytest.fixture
def signed_in(db: None, clock: Any) -> Callable[[str], str]:
    """The token of somebody who has proved a phone."""
    return lambda phone: open_session(phone=Phone(f"+{phone}"), now=clock.now())[1]


def ask_for_code(api: Api, phone: str = AMINA) -> str:
    answer = api.post("/api/v1/otp", {"phone_number": phone, "purpose": "sign_in"})
    assert answer.status == 200, answer.raw
    return texted_code()


def texted_code() -> str:
    """The one-time code of the latest text message."""
    [code] = re.findall(r"\b[0-9]{6}\b", Message.objects.latest("created_at", "id").text)
    return str(code)


def sign_in(api: Api, code: str, phone: str = AMINA) -> Answer:
    return api.post("/api/v1/sessions", {"phone_number": phone, "otp": code})


def test_a_code_is_exchanged_for_a_session_once(api: Api, simulator: Any, clock: Any) -> None:
    code = ask_for_code(api)
    answer = sign_in(api, code)

    assert answer.status == 201
    assert answer.data["phone_masked"] == "****5678"
    assert answer.data["expires_at"] == "2026-11-23T10:00:00Z"
    assert answer.data["session_token"].startswith("zs_")
    assert answer.data["session_token"].encode() not in bytes(Session.objects.get().token_hash)
    again = sign_in(api, code)
    assert (again.status, again.body["code"]) == (422, "one_time_code_wrong")


@pytest.mark.parametrize("purpose", ["cancel_order", "claim_receipt"])
def test_a_code_for_something_else_signs_nobody_in(api: Api, simulator: Any, purpose: str) -> None:
    api.post("/api/v1/otp", {"phone_number": AMINA, "purpose": purpose})

    assert sign_in(api, texted_code()).status == 422


def test_guesses_have_a_budget(api: Api, simulator: Any, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"sign_ins": LIMITS["sign_ins"].most}
    answers = {sign_in(api, "000000").status for _ in range(30)}
    code = ask_for_code(api)

    assert answers == {422}
    last = sign_in(api, code)
    assert (last.status, last.body["code"]) == (429, "too_many_attempts")


def test_a_session_opens_until_it_is_over(api: Api, signed_in: Any, clock: Any) -> None:
    token = signed_in(AMINA)
    assert api.get("/api/whoami", key=token).data == {"phone": "****5678"}

    clock.advance(minutes=59, seconds=59)
    assert api.get("/api/whoami", key=token).status == 200
    clock.advance(seconds=1)
    over = api.get("/api/whoami", key=token)
    assert (over.status, over.body["code"]) == (401, "session_invalid")


def test_only_people_are_signed_in(api: Api, make_key: Any) -> None:
    for key in (None, make_key(*Scope)):
        answer = api.get("/api/whoami", key=key)
        assert (answer.status, answer.body["code"]) == (401, "sign_in_required")


def test_signing_out_ends_the_session(api: Api, signed_in: Any) -> None:
    token, other = signed_in(AMINA), signed_in(AMINA)

    assert api.post("/api/v1/sessions/end", {}, key=token).status == 200
    assert api.post("/api/v1/sessions/end", {}, key=token).body["code"] == "session_invalid"
    assert api.post("/api/v1/sessions/end", {}, key=other).status == 200


def test_a_link_opens_its_own_order_alone(api: Api, signed_in: Any, make_key: Any) -> None:
    order, other = api.create(metadata={"cart": "A-17"}, key=make_key("orders")), api.create()
    token = order["payment_url"].rpartition("/")[2]
    path, party = f"/api/orders/{order['order_reference']}", f"/api/party/{order['order_reference']}"

    assert "held" not in api.get(path).data
    for key in (None, signed_in(OTIENO)):
        shown = api.get(path, zemi_order_token=token, key=key).data
        assert (shown["held"], shown["seller_receives"]) == ("0.00", "1500.00")
        assert "metadata" not in shown
    assert api.get(path, zemi_order_token=token, key=make_key("read")).data["metadata"] == {"cart": "A-17"}
    for wrong in (token[:-1], token[:-1] + "é", token.swapcase(), other["payment_url"].rpartition("/")[2]):
        assert api.get(path, zemi_order_token=wrong).status == 404
    by_link_alone = api.get(party, zemi_order_token=token)
    assert (by_link_alone.status, by_link_alone.body["code"]) == (401, "sign_in_required")


def test_who_reads_by_a_link_has_the_budget_of_the_link(api: Api, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"link_reads": 2}
    order, other = api.create(), api.create()

    def read(order: dict[str, Any], **headers: str) -> Answer:
        return api.get(f"/api/orders/{order['order_reference']}", **headers)

    token = {"zemi_order_token": order["payment_url"].rpartition("/")[2]}
    answers = [read(order, **token) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].body["details"]["limit"] == "link_reads"
    assert read(order).status == 200
    assert read(other, zemi_order_token=other["payment_url"].rpartition("/")[2]).status == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_bad_session_is_refused_where_none_is_needed(api: Api, signed_in: Any, method: str) -> None:
    token = signed_in(AMINA)
    reference = api.create()["order_reference"]

    for bad in ("zs_", token[:-1], token + "A", token[:-1] + ("A" if token[-1] != "A" else "B")):
        path = f"/api/orders/{reference}" if method == "get" else "/api/orders/confirm-delivery"
        answer = api.get(path, key=bad) if method == "get" else api.post(path, {}, key=bad)
        assert (answer.status, answer.body["code"]) == (401, "session_invalid")


def test_an_order_is_found_by_its_people_alone(api: Api, signed_in: Any, make_key: Any) -> None:
    of_amina = api.create()["order_reference"]
    of_duka = api.create(key=make_key("orders", merchant="Duka"))["order_reference"]
    duka, soko = make_key("read", merchant="Duka"), make_key("read", merchant="Soko")

    def role(reference: str, key: str | None) -> Any:
        answer = api.get(f"/api/party/{reference.lower()}", key=key)
        return answer.data["role"] if answer.status == 200 else answer.body["code"]

    assert role(of_amina, signed_in(AMINA)) == role(of_duka, signed_in(AMINA)) == "buyer"
    assert role(of_amina, signed_in(BARAKA)) == "seller"
    assert role(of_duka, duka) == "merchant"
    for reference, key in ((of_amina, duka), (of_duka, soko), (of_amina, signed_in(OTIENO))):
        stranger, absent = (api.get(f"/api/party/{ref}", key=key) for ref in (reference, "ZEM-00000000"))
        assert stranger.status == absent.status == 404
        assert stranger.body | {"request_id": ""} == absent.body | {"request_id": ""}
    assert role(of_amina, None) == "sign_in_required"
    assert role(of_duka, make_key("orders", merchant="Duka")) == "scope_missing"


def test_what_is_for_the_buyer_is_for_nobody_else(api: Api, signed_in: Any, make_key: Any) -> None:
    reference = api.create(key=make_key("orders", merchant="Duka"))["order_reference"]

    assert api.post(f"/api/party/{reference}", {}, key=signed_in(AMINA)).data == {"role": "buyer"}
    assert api.post(f"/api/party/{reference}", {}, key=signed_in(BARAKA)).status == 404
    assert api.post(f"/api/party/{reference}", {}, key=make_key(*Scope, merchant="Duka")).status == 401


def test_tries_at_references_have_a_budget(api: Api, signed_in: Any, settings: Any) -> None:
    settings.LOOKUP_BUDGET = 2
    token = signed_in(OTIENO)

    seen = [api.get("/api/party/ZEM-00000000", key=token).status for _ in range(3)]

    assert seen == [404, 404, 429]


def test_an_address_names_the_methods_that_it_takes(api: Api, signed_in: Any) -> None:
    reference, key = api.create()["order_reference"], signed_in(AMINA)

    assert api.get(f"/api/party/{reference}", key=key).headers["Allow"] == "GET, POST"
    put = api.request("PUT", "/api/both")
    assert (put.status, put.headers["Allow"]) == (405, "POST, GET")
    assert api.request("HEAD", "/api/both").status == 200


def test_a_merchants_access_names_its_scope() -> None:
    with pytest.raises(TypeError):
        OrderParty(Role.MERCHANT)
    with pytest.raises(TypeError):
        OrderParty(Role.BUYER, keys_need=Scope.READ)
