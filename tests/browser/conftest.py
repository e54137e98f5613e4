"""A real browser (Debian's Chromium, driven by Playwright) before the whole product, started as `make run` does.

Whatever a page does that it should not is found at the end of each test: an error in the console, an answer of 400 or
more, a request to any other host.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, Response, sync_playwright

from tests.cli.test_up import _Up
from tests.unproved import not_proved

# No page may wake the browser's own calls home; whatever is not this machine does not resolve (ECOSYSTEM 4).
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-dev-shm-usage",
    "--no-sandbox",
)
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "locale": "en-KE",
    "timezone_id": "Africa/Nairobi",
}
DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 800}, "locale": "en-KE"}
# Set to a directory, the pictures of the docs are taken anew there.
SHOTS = os.environ.get("ZEMI_TEST_SCREENSHOTS", "")
# The same for every page in every state, language, colour and size: to look at, not to keep.
WALK = os.environ.get("ZEMI_TEST_WALK", "")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        not_proved("no browser here. apt install chromium")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@dataclass
class Product:
    """The running product, spoken to from outside."""

    base_url: str
    simulator_url: str
    api_key: str
    playwright: Playwright
    # Of a second terminal: commands that are run with it find this instance.
    env: dict[str, str]

    def post(self, path: str, body: dict[str, Any], *, to: str = "") -> dict[str, Any]:
        """POST JSON to the product, or to the address `to`."""
        caller = self.playwright.request.new_context(
            extra_http_headers={"Authorization": f"Bearer {self.api_key}"} if "/v1/" in path else {}
        )
        answer = caller.post(f"{to or self.base_url}{path}", data=body)
        assert answer.ok, answer.text()
        found: dict[str, Any] = answer.json()
        caller.dispose()
        return found

    def prompts(self, phone: str) -> list[dict[str, Any]]:
        """The prompts that this phone has got."""
        found: list[dict[str, Any]] = self.phone(phone)["prompts"]
        return found

    def phone(self, phone: str) -> dict[str, Any]:
        """What the simulator knows of this phone: `balance` in cents, `prompts`, `sms`."""
        caller = self.playwright.request.new_context()
        found: dict[str, Any] = caller.get(f"{self.simulator_url}/_sim/phones/{phone}").json()
        caller.dispose()
        return found

    def script(self, phone: str, **wishes: Any) -> None:
        """What this phone makes of its next prompt, or of the one that is open."""
        self.post(f"/_sim/phones/{phone}", wishes, to=self.simulator_url)

    def advance(self, seconds: int) -> None:
        """Move the clock of the product and of its simulator."""
        self.post("/api/v1/test/clock/advance", {"seconds": seconds})


@pytest.fixture(scope="session")
def product(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    var = tmp_path_factory.mktemp("browser")
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    env |= {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "ZEMI_ENV_FILE": ""}
    up = _Up(var, env)
    try:
        found = up.run_file()
        running = Product(found["base_url"], found["simulator_url"], found["api_key"], playwright, up.env)
        # Pages are shown with the largest amounts, again and again to the same few people: their wallets would be full.
        running.post("/_sim/switches", {"customer_limits": False}, to=running.simulator_url)
        yield running
    finally:
        up.process.terminate()
        up.process.communicate(timeout=60)


@dataclass
class Watched:
    """What went wrong in a test's browser windows, and what each page cost."""

    own: str
    problems: list[str] = field(default_factory=list)
    # What a test does on purpose: the status of a refused form, a line that is cut.
    allowed: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Note every error of every page."""
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(f"console: {text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.own):
            self.problems.append(f"foreign host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url.removeprefix(self.own)}")

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(word in problem for word in self.allowed)]


@pytest.fixture
def watched(product: Product) -> Iterator[Watched]:
    found = Watched(product.base_url)
    yield found
    assert not found.unexpected()


Window = Callable[..., Page]


@pytest.fixture
def window(chromium: Browser, watched: Watched, product: Product) -> Iterator[Window]:
    """Open a window of somebody's own: a phone unless told otherwise."""
    contexts: list[BrowserContext] = []

    def open_it(path: str = "", **wishes: Any) -> Page:
        context = chromium.new_context(**({"base_url": product.base_url} | PHONE | wishes))
        context.set_default_timeout(20_000)
        watched.watch(context)
        contexts.append(context)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """Take a picture for the docs, if pictures are wanted."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=whole)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if any("no browser here" in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line("\nTHE PAGES WERE NOT TRIED IN A BROWSER: apt install chromium", red=True)
