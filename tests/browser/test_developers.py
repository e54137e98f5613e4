"""The developers' pages in a real browser: signed in by one button, and commands that work as they stand."""

import json
import secrets
import subprocess

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, Watched, Window
from tests.browser.test_pages import costs_of, violations

pytestmark = [pytest.mark.proof, pytest.mark.quiet]
PATHS = ("/developers", "/developers/keys", "/developers/events", "/developers/webhooks")


def _sign_in(page: Page) -> None:
    page.goto("/developers")
    page.locator('form[action="/developers/demo"] button').click()
    page.locator("#export").wait_for()


def _make_endpoint(product: Product) -> str:
    """An endpoint that was pinged."""
    keys = [
        {"Authorization": f"Bearer {product.api_key}", "Idempotency-Key": secrets.token_hex(8)}
        for _ in range(2)
    ]
    caller = product.playwright.request.new_context(base_url=product.base_url)
    body = {"url": f"{product.simulator_url}/_sim/health"}
    made = caller.post("/api/v1/webhook_endpoints", data=body, headers=keys[0])
    assert made.ok, made.text()
    found = str(made.json()["data"]["id"])
    pinged = caller.post(f"/api/v1/webhook_endpoints/{found}/ping", data={}, headers=keys[1])
    assert pinged.ok, pinged.text()
    caller.dispose()
    return found


def _written(page: Page) -> str:
    """The page of a request that made an endpoint; it is in the log a moment after it was answered."""
    asked = page.get_by_role("link", name="POST /api/v1/webhook_endpoints", exact=True).first
    for _ in range(50):
        page.goto("/developers/requests")
        if asked.is_visible():
            break
        page.wait_for_timeout(200)
    return str(asked.get_attribute("href"))


def _run(*commands: str) -> dict[str, object]:
    done = subprocess.run(
        ["sh", "-ec", "\n".join(commands)], check=True, capture_output=True, text=True, timeout=30
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("with_script", [True, False])
def test_the_commands_of_the_pages_work_as_they_stand(
    product: Product, window: Window, with_script: bool
) -> None:
    endpoint = _make_endpoint(product)
    page = window(java_script_enabled=with_script)
    _sign_in(page)
    export = page.locator("#export").inner_text()
    page.goto("/developers/events")
    link = page.locator(".sales h2 a").first.get_attribute("href")

    for path in (*PATHS, f"/developers/webhooks/{endpoint}", str(link)):
        page.goto(path)
        answer = _run(export, page.locator("#curl").inner_text())
        assert answer["success"] is True, path
    assert page.locator("[data-copy]").first.is_visible() is with_script

    # What was asked just now is in the log a moment later.
    asked = page.get_by_role("link", name="GET /api/v1/webhook_endpoints", exact=True).first
    for _ in range(50):
        page.goto("/developers/requests")
        if asked.is_visible():
            break
        page.wait_for_timeout(200)
    asked.click()
    page.locator("dl.facts").wait_for()
    answer = _run(export, page.locator("#curl").inner_text())
    assert answer["success"] is True


@pytest.mark.parametrize("with_script", [True, False])
def test_an_endpoint_is_made_by_hand_and_the_command_for_such_a_request_makes_another(
    product: Product, window: Window, with_script: bool
) -> None:
    _make_endpoint(product)
    page = window(java_script_enabled=with_script)
    _sign_in(page)
    export = page.locator("#export").inner_text()

    page.goto("/developers/webhooks")
    count = page.locator(".sales h2 a").count()
    page.get_by_label("URL of your server").fill(f"{product.simulator_url}/_sim/health")
    page.get_by_label("Types of events").select_option(["order.paid", "payout.succeeded"])
    # Pressed twice it makes one, and its secret is shown.
    page.get_by_role("button", name="Make an endpoint").dblclick()
    assert page.locator("#secret").inner_text().startswith("whsec_")
    page.goto("/developers/webhooks")
    expect(page.locator(".sales h2 a")).to_have_count(count + 1)
    page.locator(".sales h2 a").last.click()
    page.get_by_role("button", name="Send a test event").click()
    page.get_by_text("webhook_endpoint.ping").first.wait_for()

    page.goto(_written(page))
    page.locator("dl.facts").wait_for()
    command = page.locator("#curl").inner_text()
    made = _run(export, command)
    assert made["success"] is True
    # Twice the same command is one act.
    assert _run(export, command) == made

    page.goto("/developers/webhooks")
    for _ in range(2):
        page.locator(".sales h2 a").last.click()
        page.get_by_text("New secret, switch off, delete").click()
        page.get_by_role("button", name="Delete for ever").click()
        page.wait_for_url("**/developers/webhooks")


def test_a_command_is_copied(product: Product, window: Window) -> None:
    page = window(permissions=["clipboard-read", "clipboard-write"])
    _sign_in(page)

    page.locator('[data-copy="curl"]').click()

    expect(page.locator('[data-copy="curl"]')).to_have_class("ok")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl").inner_text()


def test_everybody_can_use_them(product: Product, window: Window, watched: Watched) -> None:
    # A form that is refused on purpose.
    watched.allowed += ["status 400", "status of 400"]
    endpoint = _make_endpoint(product)
    for language, colours in (("en", "light"), ("sw", "dark")):
        page = window(
            "/developers",
            locale=f"{language}-KE",
            color_scheme=colours,
            viewport={"width": 320, "height": 640},
        )
        assert not violations(page)
        _sign_in(page)
        for path in (*PATHS, "/developers/requests", f"/developers/webhooks/{endpoint}", _written(page)):
            costs = costs_of(page)
            page.goto(path, wait_until="networkidle")
            assert not violations(page), (path, language)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
            assert 0 < sum(costs.values()) <= 50_000
            assert len(costs) <= 4, costs
        # With all that can be opened, and a refusal.
        page.goto(f"/developers/webhooks/{endpoint}")
        for summary in page.locator("main summary").all():
            summary.click()
        assert not violations(page), language
        page.locator("#url").fill("https://user:pass@shop.example/")
        page.locator("form:has(#url) button").first.click()
        page.locator('[role="alert"]').wait_for()
        assert not violations(page), language
        page.locator("main summary").last.click()
        page.locator('form[action$="/rotate"] button').click()
        page.locator("#secret").wait_for()
        assert not violations(page), language
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.context.close()
