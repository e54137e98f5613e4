"""Every address, method and caller is asked for, and told what docs/reference/access.md says."""

import re
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest

from tests.api.conftest import AMINA, BARAKA, OTIENO, Api
from tools.access_matrix import IN, Actor, Operation, operations
from zemi.api.auth import OrderParty
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope
from zemi.identity.sessions import open_session

pytestmark = [pytest.mark.django_db, pytest.mark.once]
REFUSALS = {
    "api_key_required",
    "api_key_invalid",
    "sign_in_required",
    "session_invalid",
    "scope_missing",
    "forbidden",
}


@pytest.fixture
def ask(api: Api, make_key: Any, clock: Any, simulator: Any) -> Callable[[Operation, Actor], str]:
    """Send an empty request as somebody; the code of what came back, IN where the caller was let in."""
    keys = {
        Actor.OWN_KEY: make_key(*Scope, merchant="Duka"),
        Actor.WEAK_KEY: make_key(merchant="Duka"),
        Actor.OTHER_KEY: make_key(*Scope, merchant="Soko"),
    }
    phones = {Actor.BUYER: AMINA, Actor.SELLER: BARAKA, Actor.SOMEBODY: OTIENO}
    order = api.create(key=keys[Actor.OWN_KEY])
    values = {
        "order_reference": order["order_reference"],
        "token": "0f",
        "key_id": "4f7k2m9q",
        "object_id": f"pay_{new_key().hex}",
    }

    def send(operation: Operation, actor: Actor) -> str:
        path = re.sub(r"{(\w+)}", lambda match: values.get(match[1], str(UUID(int=1))), operation.path)
        headers = {"idempotency_key": new_key().hex}
        if actor is Actor.LINK:
            headers["zemi_order_token"] = order["payment_url"].rpartition("/")[2]
        key = keys.get(actor)
        if actor in phones:
            # Anew for each: a request may end it.
            key = open_session(phone=Phone(f"+{phones[actor]}"), now=clock.now())[1]
        answer = (
            api.get(path, key=key, **headers)
            if operation.method == "GET"
            else api.post(path, {}, key=key, **headers)
        )
        assert answer.status < 500, answer.raw
        code = str(answer.body.get("code", "")) if answer.status >= 400 else ""
        is_by_role = isinstance(operation.endpoint.access, OrderParty)
        refused = code in REFUSALS or (is_by_role and code == "order_not_found")
        return code if refused else IN

    return send


@pytest.mark.parametrize(
    "operation", operations(), ids=lambda operation: f"{operation.method} {operation.path}"
)
def test_everybody_is_told_what_the_page_says(
    operation: Operation, ask: Callable[[Operation, Actor], str]
) -> None:
    told = {actor.value: ask(operation, actor) for actor in Actor}

    assert told == {actor.value: operation.told(actor) for actor in Actor}


def test_an_access_of_another_sort_has_to_be_described_first() -> None:
    class Odd:
        scope = None

    class Endpoint:
        access = Odd()
        authentication_classes = ("some",)

    operation = Operation("GET", "/", cast("Any", Endpoint))
    with pytest.raises(KeyError, match="Odd"):
        operation.told(Actor.STRANGER)
