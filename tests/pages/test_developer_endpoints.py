"""Webhook endpoints on the developers' pages: what the API does with them, by hand, without a script."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from tests.characters import AMINA
from tests.pages.conftest import Person, paste_key, words
from zemi.common.ids import public_id
from zemi.identity.api_keys import authenticate
from zemi.identity.models import ApiKey
from zemi.webhooks.endpoints import create_endpoint, live_secrets, update_endpoint
from zemi.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookReplay

pytestmark = pytest.mark.django_db

HOME = "/developers/webhooks"
URL = "https://shop.example/hooks/zemi"


@pytest.fixture
def endpoint(key: ApiKey, clock: Any) -> WebhookEndpoint:
    """Chebet's endpoint; Amina is texted when it is given up."""
    made, _ = create_endpoint(
        merchant_id=key.merchant_id, url=URL, types=["order.paid"], alert_phone=AMINA, now=clock.now()
    )
    return made


def path_of(endpoint: WebhookEndpoint, act: str = "") -> str:
    return f"{HOME}/{public_id('we', endpoint.id)}" + (f"/{act}" if act else "")


def secret_on(page: Any) -> str:
    found = re.search(r'id="secret">([^<]+)<', page.content.decode())
    return unescape(found[1]) if found else ""


def test_an_endpoint_is_made_and_its_secret_is_shown_once(chebet: Person, key: ApiKey, clock: Any) -> None:
    form = {"url": URL, "types": "order.paid", "description": "shop", "alert_phone": "0712 345 678"}

    page = chebet.press(HOME, **form)

    made = WebhookEndpoint.objects.get()
    assert (made.merchant_id, made.url, made.types) == (key.merchant_id, URL, ["order.paid"])
    assert (made.description, made.alert_phone, made.disabled_at) == ("shop", AMINA, None)
    assert [secret_on(page)] == live_secrets(made, now=clock.now())
    assert "shown this once" in words(page)
    assert "712345678" not in page.content.decode().replace(" ", "")
    assert secret_on(chebet.open(HOME)) == secret_on(chebet.open(path_of(made))) == ""


def test_a_form_that_is_pressed_twice_makes_one_endpoint_and_tells_its_secret_twice(
    chebet: Person, clock: Any
) -> None:
    found = re.search(r'name="once" value="([^"]+)"', chebet.open(HOME).content.decode())
    assert found is not None
    form = {"url": URL, "types": "order.paid", "once": found[1]}

    pages = [chebet.press(HOME, **form) for _ in range(2)]

    made = WebhookEndpoint.objects.get()
    assert [[secret_on(page)] for page in pages] == [live_secrets(made, now=clock.now())] * 2
    # What was changed is another one; what was deleted does not come back by an old form.
    chebet.press(HOME, **(form | {"types": "order.completed"}))
    assert WebhookEndpoint.objects.count() == 2
    chebet.press(path_of(made, "delete"))
    assert chebet.press(HOME, **form).status_code == 404
    assert WebhookEndpoint.objects.filter(deleted_at=None).count() == 1


def test_no_type_chosen_is_every_type(chebet: Person) -> None:
    chebet.press(HOME, url=URL, types="")

    assert WebhookEndpoint.objects.get().types == []


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"url": ""}, 400, "This may not be empty"),
        ({"url": "shop.example"}, 400, "Write the URL in full"),
        ({"url": "https://user:pass@shop.example/"}, 400, "no user, password or fragment"),
        ({"url": URL, "alert_phone": "12"}, 400, "Give a Kenyan mobile number"),
        ({"url": URL, "description": "x" * 201}, 400, "200"),
        ({"url": URL, "types": "order.flown"}, 400, "There is no event type order.flown"),
    ],
)
def test_what_the_api_refuses_is_refused_and_what_was_typed_stays(
    chebet: Person, form: dict[str, str], status: int, said: str
) -> None:
    page = chebet.press(HOME, **form)

    assert page.status_code == status
    assert said in words(page)
    if form["url"]:
        assert f'value="{form["url"]}"' in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_merchant_with_16_is_told_so_before_and_after(chebet: Person, key: ApiKey, clock: Any) -> None:
    for _ in range(WebhookEndpoint.MOST):
        create_endpoint(merchant_id=key.merchant_id, url=URL, now=clock.now())

    assert "There are 16 endpoints" in words(chebet.open(HOME))
    assert chebet.press(HOME, url=URL).status_code == 409
    assert WebhookEndpoint.objects.count() == WebhookEndpoint.MOST


def test_an_endpoint_is_changed(chebet: Person, endpoint: WebhookEndpoint) -> None:
    before = bytes(endpoint.secret_sealed)

    page = chebet.press(path_of(endpoint), url=f"{URL}/2", types="order.completed", description="new")

    endpoint.refresh_from_db()
    assert "Now it is ****5678" in words(page)
    assert (endpoint.url, endpoint.types, endpoint.description) == (f"{URL}/2", ["order.completed"], "new")
    # What was left empty stays, and so does the secret.
    assert endpoint.alert_phone == AMINA
    assert bytes(endpoint.secret_sealed) == before
    page = chebet.press(path_of(endpoint), url="nowhere", description="lost")
    assert (page.status_code, "Write the URL in full" in words(page)) == (400, True)
    assert 'aria-invalid="true"' in page.content.decode()
    endpoint.refresh_from_db()
    assert endpoint.description == "new"


def test_the_phone_to_text_is_changed_and_forgotten(chebet: Person, endpoint: WebhookEndpoint) -> None:
    chebet.press(path_of(endpoint), url=URL, alert_phone="0722000111")
    endpoint.refresh_from_db()
    assert endpoint.alert_phone_last4 == "0111"

    page = chebet.press(path_of(endpoint), url=URL, alert="nobody")
    endpoint.refresh_from_db()
    assert endpoint.alert_phone is None
    assert "text nobody" not in words(page)


def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(
    chebet: Person, endpoint: WebhookEndpoint, clock: Any
) -> None:
    [old] = live_secrets(endpoint, now=clock.now())

    page = chebet.press(path_of(endpoint, "rotate"))

    endpoint.refresh_from_db()
    assert live_secrets(endpoint, now=clock.now()) == [secret_on(page), old]
    assert "The one before it signs too, until 2026-11-24T09:00:00Z." in words(page)
    assert secret_on(chebet.open(path_of(endpoint))) == ""
    assert chebet.open(path_of(endpoint, "rotate")).status_code == 200
    endpoint.refresh_from_db()
    assert live_secrets(endpoint, now=clock.now())[1] == old


def test_an_endpoint_is_switched_off_and_on(chebet: Person, endpoint: WebhookEndpoint, clock: Any) -> None:
    page = chebet.press(path_of(endpoint, "switch"), to="off")
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.disabled_reason) == (clock.now(), "merchant")
    assert "by you" in words(page)
    assert "Send a test event" not in words(page)
    assert chebet.press(path_of(endpoint, "ping")).status_code == 409

    chebet.press(path_of(endpoint, "switch"), to="sideways")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    page = chebet.press(path_of(endpoint, "switch"), to="on")
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, "Send a test event" in words(page)) == (None, True)


def test_one_that_was_given_up_comes_back_and_gets_what_it_missed(
    chebet: Person, key: ApiKey, endpoint: WebhookEndpoint, clock: Any
) -> None:
    WebhookEndpoint.objects.update(
        disabled_at=clock.now(), disabled_reason="failing", failing_since=clock.now() - timedelta(days=5)
    )
    assert "Switch it on" in words(chebet.open(path_of(endpoint)))

    chebet.press(path_of(endpoint, "switch"), to="on")
    assert "It is on its way" in words(chebet.press(path_of(endpoint, "replay"), days="7"))
    assert "It is on its way" not in words(chebet.press(path_of(endpoint, "replay"), days="8"))

    [asked] = WebhookReplay.objects.filter(extent="undelivered")
    assert (asked.since, asked.until) == (clock.now() - timedelta(days=7), clock.now())


def test_a_test_event_is_sent(chebet: Person, endpoint: WebhookEndpoint) -> None:
    page = chebet.press(path_of(endpoint, "ping"))

    assert "webhook_endpoint.ping" in words(page)
    assert WebhookDelivery.objects.get().event.type == "webhook_endpoint.ping"


def test_an_endpoint_is_deleted(chebet: Person, endpoint: WebhookEndpoint, clock: Any) -> None:
    page = chebet.press(path_of(endpoint, "delete"))

    assert "There is no endpoint yet." in words(page)
    endpoint.refresh_from_db()
    assert (endpoint.deleted_at, bytes(endpoint.secret_sealed)) == (clock.now(), b"")
    assert chebet.open(path_of(endpoint)).status_code == 404


ACTS = ("", "rotate", "switch", "ping", "replay", "delete")


@pytest.mark.parametrize("act", ACTS)
def test_another_merchants_endpoint_is_not_found(
    chebet: Person, make_key: Callable[..., str], clock: Any, act: str
) -> None:
    other = authenticate(make_key("webhooks", merchant="Duka la Otieno"), now=clock.now())
    assert other is not None
    theirs, _ = create_endpoint(merchant_id=other.merchant_id, url=URL, now=clock.now())

    page = chebet.press(path_of(theirs, act), url=f"{URL}/2", to="off", days="1")

    assert page.status_code == 404
    unchanged = WebhookEndpoint.objects.get(pk=theirs.pk)
    assert (unchanged.url, unchanged.disabled_at, unchanged.deleted_at) == (URL, None, None)
    assert bytes(unchanged.secret_sealed) == bytes(theirs.secret_sealed)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("act", ACTS)
def test_a_key_without_the_scope_changes_nothing(
    make_key: Callable[..., str], key: ApiKey, endpoint: WebhookEndpoint, act: str
) -> None:
    reader = Person()
    paste_key(reader, make_key("read"))

    assert reader.press(path_of(endpoint, act), url=f"{URL}/2", to="off", days="1").status_code == 403
    assert reader.press(HOME, url=URL).status_code == 403
    assert [(each.url, each.disabled_at) for each in WebhookEndpoint.objects.all()] == [(URL, None)]


@pytest.mark.parametrize("act", ACTS[1:])
def test_looking_at_the_address_of_an_act_does_nothing(
    chebet: Person, endpoint: WebhookEndpoint, act: str
) -> None:
    page: Any = chebet.open(path_of(endpoint, act))

    assert page.redirect_chain == [(path_of(endpoint), 302)]
    after = WebhookEndpoint.objects.get()
    assert (after.updated_at, after.deleted_at) == (endpoint.updated_at, None)
    assert not WebhookDelivery.objects.exists()


def test_the_form_speaks_swahili(key_text: str, juma: Person, endpoint: WebhookEndpoint, clock: Any) -> None:
    paste_key(juma, key_text)

    assert "Ongeza seva" in words(juma.open(HOME))
    assert "Tuma tukio la majaribio" in words(juma.open(path_of(endpoint)))
    assert "Andika URL kamili" in words(juma.press(HOME, url="x"))
    refused = "URL hii haiwezi kupokea matukio: anwani yake haiko kwenye mtandao wa umma."
    assert refused in words(juma.press(HOME, url="https://10.0.0.1/"))
    update_endpoint(endpoint.id, merchant_id=endpoint.merchant_id, enabled=False, now=clock.now())
    assert "Iwashe" in words(juma.open(path_of(endpoint)))
