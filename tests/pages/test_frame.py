"""What holds for every page: a strict policy, a language that is remembered, refusals that are pages too."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.characters import AMINA
from tests.pages.conftest import Person, page_of, words
from tests.story import create_order, simulate_payment
from zemi.checkout.page import PARTY_COOKIE
from zemi.identity.sessions import open_session
from zemi.web.page import CONTENT_POLICY


@pytest.mark.parametrize(
    "path", ["/", "/help", "/claim", "/refund", "/sandbox/phone", "/nothing-here", "ORDER"]
)
def test_every_page_is_strict(amina: Person, path: str) -> None:
    if path == "ORDER":
        path = page_of(create_order().data["order_reference"])
    response = amina.open(path)

    assert response.headers["Content-Security-Policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Frame-Options"] == "DENY"
    html = response.content.decode()
    # No inline script, style or handler; nothing from elsewhere.
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", html)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)


def test_the_language_is_the_browsers_until_one_is_chosen(amina: Person, juma: Person) -> None:
    assert '<html lang="en">' in amina.open("/").content.decode()
    swahili = juma.open("/").content.decode()
    assert '<html lang="sw">' in swahili
    assert ">English</a>" in swahili

    assert '<html lang="sw">' in amina.open("/", lang="sw").content.decode()
    remembered = amina.open("/help")
    assert '<html lang="sw">' in remembered.content.decode()
    assert remembered.headers["Content-Language"] == "sw"
    assert '<html lang="sw">' in amina.open("/", lang="fr").content.decode()


def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(amina: Person) -> None:
    missing = amina.open("/o/AAAAAAAAAAAAAAAAAAAAAA")
    assert missing.status_code == 404
    assert "No money has moved" in words(missing)
    assert missing.headers["Request-Id"] in words(missing)

    lost = amina.open("/nothing-here")
    assert lost.status_code == 404
    assert "There is nothing here" in words(lost)
    assert amina.open("/api/nothing-here").headers["Content-Type"] == "application/json"


def test_a_form_of_another_site_does_nothing() -> None:
    path = page_of(create_order().data["order_reference"])
    forged = Client(enforce_csrf_checks=True).post(f"{path}/pay", {})

    assert forged.status_code == 403
    assert "No money has moved" in words(forged)


@pytest.mark.parametrize("step", ["pay", "confirm"])
def test_a_step_that_is_reloaded_leads_back_to_the_order(amina: Person, step: str) -> None:
    path = page_of(create_order().data["order_reference"])

    response: Any = amina.open(f"{path}/{step}")

    assert response.redirect_chain == [(path, 302)]


def test_forms_of_strangers_are_charged_to_their_address_and_those_of_people_to_themselves(
    amina: Person, settings: Any, clock: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"anonymous_writes": 2, "authenticated": 3}

    answers = [amina.press(path) for path in ("/claim", "/refund", "/sandbox/phone", "/sell")]
    assert answers[-1].status_code == 429
    assert "Wait 60 seconds, then try again." in words(answers[-1])
    assert amina.open("/claim").status_code == 200

    _, amina.client.cookies[PARTY_COOKIE] = open_session(phone=AMINA, now=clock.now())
    assert [amina.open("/sell").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_fault_is_a_page_that_says_where_the_money_is(
    amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = page_of(create_order().data["order_reference"])

    def break_it(*_: Any, **__: Any) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("zemi.checkout.orders.read_standing", break_it)
    response = amina.open(path)

    assert response.status_code == 500
    assert "do not pay again" in words(response)
    assert "planted" not in response.content.decode()


def test_looking_changes_nothing(amina: Person, everything: Callable[[], dict[str, list[Any]]]) -> None:
    order = create_order().data
    path = page_of(order["order_reference"])
    simulate_payment(order["order_reference"])

    def kept() -> dict[str, list[Any]]:
        """All rows but the counts of who looks how often."""
        return {name: rows for name, rows in everything().items() if name != "trust.Budget"}

    before = kept()
    for looked in ("", "/poll", "/pay", "/confirm", "/code", "/held", "/receipt"):
        amina.open(path + looked)
    for looked in (
        "/",
        "/help",
        "/claim",
        "/refund",
        "/sell",
        "/sell/poll",
        "/sell/sign-in",
        "/sell/sign-out",
        "/sell/AAAAAAAAAAAAAAAAAAAAAA",
        "/sell/AAAAAAAAAAAAAAAAAAAAAA/stop",
        "/sandbox/phone",
    ):
        amina.open(looked)
    for looked in ("", "/poll", "/pay", "/decide", "/confirm", "/dial"):
        amina.open(f"/sandbox/phone/{path.removeprefix('/o/')}{looked}")

    assert kept() == before
