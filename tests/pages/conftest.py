"""People at pages: a browser that sends what its forms would send, and nothing that a script would add."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.flows.conftest import failed_refund, full_refund, owed_refund, stage  # noqa: F401 (books opened before, audited after)
from zemi.identity.api_keys import authenticate
from zemi.identity.models import ApiKey
from zemi.orders.links import token_of

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What pages do to the database, the services below them have done to both."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("once")


class Person:
    """Looks at pages and presses their buttons; follows redirects as a browser does."""

    def __init__(self, language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"accept-language": language}

    def open(self, path: str, **query: str) -> HttpResponse:
        return self.client.get(path, query, headers=self.headers, follow=True)  # type: ignore[return-value]

    def press(self, path: str, **fields: Any) -> HttpResponse:
        """Send a form with the token that any page gives."""
        form = self.open("/claim").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        fields["csrfmiddlewaretoken"] = token[1]
        return self.client.post(path, fields, headers=self.headers, follow=True)  # type: ignore[return-value]


@pytest.fixture
def amina() -> Person:
    return Person()


@pytest.fixture
def juma() -> Person:
    """Reads Swahili."""
    return Person("sw")


def page_of(reference: str) -> str:
    """The path of an order's page."""
    from tests.story import order_of

    return f"/o/{token_of(order_of(reference))}"


def settle(clock: Any, run_worker: Callable[[], int]) -> None:
    """Let what was sent arrive, and what came of it be told."""
    for _ in range(4):
        run_worker()
        clock.advance(seconds=5)
    run_worker()


def words(response: Any) -> str:
    """What a person reads: no tags, one space between words."""
    main = response.content.decode().partition("<main")[2].partition(">")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>", " ", main).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", text.replace("&#x27;", "'")).strip()


def paste_key(person: Person, text: str) -> Any:
    """Sign in to the developers' pages."""
    return person.press("/developers/sign-in", key=text)


@pytest.fixture
def key_text(make_key: Callable[..., str]) -> str:
    """Chebet's own key, as she pastes it."""
    return make_key("keys", "read", "webhooks", "orders")


@pytest.fixture
def key(key_text: str, clock: Any) -> ApiKey:
    """The same, as it is kept."""
    found = authenticate(key_text, now=clock.now())
    assert found is not None
    return found


@pytest.fixture
def chebet(key_text: str) -> Person:
    person = Person()
    assert "Duka la Chebet" in words(paste_key(person, key_text))
    return person
