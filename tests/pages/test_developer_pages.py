"""The developers' pages: a key opens what it may see, never more; each action is the API's own."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from tests.pages.conftest import Person, paste_key, words
from zemi.common.ids import public_id
from zemi.developers.page import COOKIE
from zemi.events.models import Event
from zemi.identity.api_keys import authenticate, list_api_keys, revoke_api_key
from zemi.identity.models import ApiKey, KeySession
from zemi.sandbox.demo_key import keep_demo_key
from zemi.webhooks.deliveries import ping
from zemi.webhooks.endpoints import create_endpoint
from zemi.webhooks.models import WebhookDelivery, WebhookEndpoint

pytestmark = pytest.mark.django_db

PAGES = ("/developers", "/developers/keys", "/developers/events", "/developers/webhooks")
ALL = ("keys", "read", "webhooks", "orders")


@pytest.fixture
def delivery(key: ApiKey, clock: Any) -> WebhookDelivery:
    """A ping that waits to be sent to Chebet's endpoint."""
    endpoint, _ = create_endpoint(
        merchant_id=key.merchant_id, url="https://shop.example/hooks", now=clock.now()
    )
    return ping(endpoint.id, merchant_id=key.merchant_id, now=clock.now())


@pytest.fixture
def others_delivery(make_key: Callable[..., str], clock: Any) -> WebhookDelivery:
    other = authenticate(make_key(*ALL, merchant="Duka la Otieno"), now=clock.now())
    assert other is not None
    endpoint, _ = create_endpoint(
        merchant_id=other.merchant_id, url="https://other.example/", now=clock.now()
    )
    return ping(endpoint.id, merchant_id=other.merchant_id, now=clock.now())


def test_a_key_is_pasted_once_and_kept_nowhere(amina: Person, key_text: str, clock: Any) -> None:
    page = paste_key(amina, key_text)

    assert "Duka la Chebet" in words(page)
    assert key_text not in page.content.decode()
    cookie = amina.client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert key_text not in cookie.value
    session = KeySession.objects.get()
    assert bytes(session.token_hash).hex() not in cookie.value
    assert session.expires_at == clock.now() + timedelta(minutes=60)


@pytest.mark.parametrize("text", ["", "zk_test_aaaaaaaa_" + "a" * 51, "'; --", "x" * 5000])
def test_what_is_no_key_opens_nothing(amina: Person, text: str) -> None:
    page = paste_key(amina, text)

    assert page.status_code == 401
    assert "This key opens nothing here." in words(page)
    assert not KeySession.objects.exists()


@pytest.mark.parametrize("path", PAGES[1:])
def test_a_stranger_signs_in_first(amina: Person, path: str) -> None:
    page: Any = amina.open(path)

    assert page.redirect_chain == [("/developers", 302)]
    amina.client.cookies[COOKIE] = "forged"
    page = amina.open(path)
    assert page.redirect_chain == [("/developers", 302)]


@pytest.mark.parametrize("end", ["sign_out", "time", "revoked"])
def test_a_session_ends_with_its_time_with_its_key_and_when_it_is_left(
    chebet: Person, key: ApiKey, clock: Any, end: str
) -> None:
    kept = chebet.client.cookies[COOKIE].value
    if end == "sign_out":
        chebet.press("/developers/sign-out")
    elif end == "time":
        clock.advance(seconds=3600)
    else:
        revoke_api_key(
            merchant_id=key.merchant_id, public_id=key.public_id, now=clock.now(), actor="merchant"
        )

    chebet.client.cookies[COOKIE] = kept
    page: Any = chebet.open("/developers/events")
    assert page.redirect_chain == [("/developers", 302)]


@pytest.mark.parametrize(("path", "scope"), [("keys", "keys"), ("events", "read"), ("webhooks", "webhooks")])
def test_a_page_needs_the_scope_that_the_api_needs(
    make_key: Callable[..., str], path: str, scope: str
) -> None:
    person = Person()
    paste_key(person, make_key("orders"))

    page = person.open(f"/developers/{path}")

    assert page.status_code == 403
    assert f"does not have the scope {scope}" in words(page)


def test_a_key_is_made_and_shown_once(chebet: Person, key: ApiKey, clock: Any) -> None:
    page = chebet.press("/developers/keys", name="till", scope="read", days="30")

    [text] = re.findall(r"zk_test_[a-z0-9]{8}_[A-Za-z0-9_-]{51}", page.content.decode())
    made = authenticate(text, now=clock.now())
    assert made is not None
    assert (made.merchant_id, made.scopes, made.label) == (key.merchant_id, ["read"], "till")
    assert made.expires_at == clock.now() + timedelta(days=30)
    again = chebet.open("/developers/keys")
    assert text not in again.content.decode()
    assert f"{made.prefix}…{made.last4}" in words(again)


def test_a_key_gives_no_scope_that_it_lacks(chebet: Person, key: ApiKey) -> None:
    page = chebet.press("/developers/keys", scope="payouts")

    assert page.status_code == 403
    assert "does not have these scopes itself: payouts" in words(page)
    assert len(list_api_keys(merchant_id=key.merchant_id)) == 1


def test_a_key_is_rotated_and_revoked(chebet: Person, key: ApiKey, clock: Any) -> None:
    page = chebet.press(f"/developers/keys/{key.public_id}/rotate")
    assert "The new key" in words(page)
    [new, old] = list_api_keys(merchant_id=key.merchant_id)
    assert old.expires_at == clock.now() + timedelta(hours=24)

    assert "was replaced already" in words(chebet.press(f"/developers/keys/{key.public_id}/rotate"))
    chebet.press(f"/developers/keys/{new.public_id}/revoke")
    assert ApiKey.objects.get(pk=new.pk).revoked_at == clock.now()


def test_another_merchants_key_is_not_found(chebet: Person, make_key: Callable[..., str], clock: Any) -> None:
    other = authenticate(make_key("read", merchant="Duka la Otieno"), now=clock.now())
    assert other is not None

    for act in ("rotate", "revoke"):
        page = chebet.press(f"/developers/keys/{other.public_id}/{act}")
        assert page.status_code == 404
    assert ApiKey.objects.get(pk=other.pk).revoked_at is None


def test_events_are_listed_and_read(chebet: Person, delivery: WebhookDelivery) -> None:
    event = public_id("evt", delivery.event_id)

    page = chebet.open("/developers/events", type="webhook_endpoint.ping")
    assert f'href="/developers/events/{event}"' in page.content.decode()
    assert "Nothing of this" in words(chebet.open("/developers/events", type="order.paid"))
    shown = unescape(chebet.open(f"/developers/events/{event}").content.decode())
    assert f'"id": "{event}"' in shown
    assert f"/api/v1/events/{event}' -H" in shown or f"/api/v1/events/{event} -H" in shown


@pytest.mark.parametrize(
    ("reason", "said"), [("failing", "it failed from 2026-11-18T09:00:00Z on"), ("gone", "it answered 410")]
)
def test_an_endpoint_that_was_given_up_is_said_on_the_first_page(
    chebet: Person, delivery: WebhookDelivery, clock: Any, reason: str, said: str
) -> None:
    home, own = "/developers", f"/developers/webhooks/{public_id('we', delivery.endpoint_id)}"
    assert "Nothing is sent any more" not in words(chebet.open(home))

    WebhookEndpoint.objects.update(
        disabled_at=clock.now(), disabled_reason=reason, failing_since=clock.now() - timedelta(days=5)
    )
    assert "Nothing is sent any more to https://shop.example/hooks" in words(chebet.open(home))
    for path in (home, own, "/developers/webhooks"):
        assert "Off since 2026-11-23T09:00:00Z: " + said in words(chebet.open(path)), path

    WebhookEndpoint.objects.update(disabled_reason="merchant")
    assert "Nothing is sent any more" not in words(chebet.open(home))
    assert "Off since 2026-11-23T09:00:00Z, by you." in words(chebet.open(own))


def test_an_event_and_a_delivery_are_sent_again(
    chebet: Person, delivery: WebhookDelivery, clock: Any
) -> None:
    endpoint = public_id("we", delivery.endpoint_id)
    WebhookDelivery.objects.update(delivered_at=clock.now(), due_at=None)

    page = chebet.press(f"/developers/events/{public_id('evt', delivery.event_id)}/resend", endpoint=endpoint)
    assert "webhook_endpoint.ping" in words(page)
    assert WebhookDelivery.objects.get().due_at == clock.now()

    WebhookDelivery.objects.update(delivered_at=None, failed_at=clock.now(), due_at=None)
    assert "failed" in words(chebet.open(f"/developers/webhooks/{endpoint}"))
    chebet.press(f"/developers/webhooks/{endpoint}/{public_id('wd', delivery.id)}")
    assert WebhookDelivery.objects.get().due_at == clock.now()
    assert WebhookEndpoint.objects.count() == 1


def test_nothing_of_another_merchant_is_shown_or_moved(
    chebet: Person, delivery: WebhookDelivery, others_delivery: WebhookDelivery
) -> None:
    event, endpoint = public_id("evt", others_delivery.event_id), public_id("we", others_delivery.endpoint_id)
    own = public_id("we", delivery.endpoint_id)
    before = WebhookDelivery.objects.get(pk=others_delivery.pk).fence

    assert chebet.open(f"/developers/events/{event}").status_code == 404
    assert chebet.open(f"/developers/webhooks/{endpoint}").status_code == 404
    assert chebet.press(f"/developers/events/{event}/resend", endpoint=own).status_code == 404
    mine = public_id("evt", delivery.event_id)
    assert chebet.press(f"/developers/events/{mine}/resend", endpoint=endpoint).status_code == 404
    theirs = public_id("wd", others_delivery.id)
    assert chebet.press(f"/developers/webhooks/{own}/{theirs}").status_code == 404

    assert WebhookDelivery.objects.get(pk=others_delivery.pk).fence == before
    assert Event.objects.filter(pk=others_delivery.event_id).exists()


@pytest.mark.parametrize(
    "path", ["events?cursor=x", "events?type=x", "webhooks/x", "events/x", "webhooks/x/y"]
)
def test_what_cant_be_read_is_refused(chebet: Person, path: str) -> None:
    assert chebet.client.get(f"/developers/{path}").status_code in {200, 302, 400, 404}


def test_the_demo_key_opens_the_pages_with_one_button(amina: Person, key_text: str) -> None:
    assert "demo key" not in words(amina.open("/developers"))
    assert amina.press("/developers/demo").status_code == 401

    keep_demo_key(key_text)
    assert "Sign in with the demo key" in words(amina.open("/developers"))
    page = amina.press("/developers/demo")

    assert f"export ZEMI_KEY={key_text}" in words(page)


@pytest.mark.parametrize("path", PAGES)
def test_pages_speak_swahili(key_text: str, juma: Person, path: str) -> None:
    paste_key(juma, key_text)

    page = juma.open(path)

    assert page.status_code == 200
    assert "Funguo za API" in words(page)


def test_looking_takes_nothing_from_the_merchants_budget(chebet: Person, settings: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"authenticated": 3}

    # The page after the sign-in was the first.
    assert [chebet.open("/developers/events").status_code for _ in range(3)] == [200, 200, 429]
    # Chebet's own sign-in was a stranger's form too.
    other = Person()
    settings.LIMITS = settings.LIMITS | {"anonymous_writes": 2}
    assert [paste_key(other, "zk_x").status_code for _ in range(2)] == [401, 429]
