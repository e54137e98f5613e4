"""The staff's console in a real browser: in with two factors, a queue, its evidence, an act, and a second person's word."""

import base64
import re
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, Product, Watched, Window, shoot
from tests.browser.sales import LARGE, LONG, new_sale
from tests.browser.test_pages import costs_of, walk
from zemi.console.factors import code_of

pytestmark = [pytest.mark.proof, pytest.mark.quiet]
PASSWORD = "kitenge na leso mbili"
CONSOLE_BYTES = 50_000


class Employee:
    """One of the staff before a browser, with an authenticator app whose every code is used once."""

    def __init__(self, product: Product, page: Page, name: str) -> None:
        self.product, self.page, self.name, self.secret, self.used = product, page, name, "", set[str]()

    def begin(self) -> Page:
        """Be let in by the command, and choose a password; the page that enrols a second factor."""
        words = [sys.executable, "-m", "zemi", "staff-user", "add", self.name]
        told = subprocess.run(words, env=self.product.env, check=True, capture_output=True, text=True)
        link = re.search(r"/console/join/\S+", told.stdout)
        assert link is not None, told.stdout
        self.page.goto(link[0])
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("button.big").click()
        self.page.locator("code.secret").wait_for()
        return self.page

    def join(self) -> "Employee":
        """Begin, and enrol the app."""
        page = self.begin()
        self.secret = page.locator("code.secret").inner_text()
        page.locator("#code").fill(self.code())
        page.locator("form:has(#code) button").click()
        page.locator(".codes").wait_for()
        page.locator("a.button.big").click()
        page.locator(".sums").wait_for()
        return self

    def code(self) -> str:
        """The code that the app shows, or the next one if this one was used."""
        for ahead in (0, 30, -30):
            code = code_of(self.secret, at=time.time() + ahead)
            if code is not None and code not in self.used:
                self.used.add(code)
                return code
        raise AssertionError("an app shows no more codes than that")

    def give_password(self) -> Page:
        page = self.page
        page.goto("/console/sign-in")
        page.locator("#name").fill(self.name)
        page.locator("#password").fill(PASSWORD)
        page.locator("button.big").click()
        page.locator("#code").wait_for()
        return page

    def sign_in(self) -> None:
        page = self.give_password()
        page.locator("#code").fill(self.code())
        page.locator("form:has(#code) button").click()
        page.locator(".sums").wait_for()


class Devices:
    """What a browser has at hand to show a passkey: Chromium's own stand-in for a phone or a security key."""

    def __init__(self, page: Page) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        self.inserted = ""

    def insert(self) -> None:
        """Put a new device in, which knows nobody yet; the one before it is gone."""
        if self.inserted:
            self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.inserted})
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.inserted = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
            "authenticatorId"
        ]

    def kept(self) -> list[dict[str, object]]:
        """The passkeys on the device that is in."""
        answer = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.inserted})
        found: list[dict[str, object]] = answer["credentials"]
        return found

    def take(self, credential: dict[str, object]) -> None:
        """Put a passkey onto the device that is in."""
        asked = {"authenticatorId": self.inserted, "credential": credential}
        self.cdp.send("WebAuthn.addCredential", asked)


@pytest.fixture
def hire(product: Product, window: Window) -> Callable[..., Employee]:
    """Have somebody join the staff, in a window of their own."""

    def hired(name: str, **wishes: object) -> Employee:
        return Employee(product, window(**wishes), name).join()

    return hired


def _failed_payout(product: Product) -> str:
    """The reference of a sale whose payout M-Pesa refuses for good."""
    sale = new_sale(product)
    sale.pay()
    product.post("/_sim/faults", {"fault": "b2c_unregistered", "count": 1}, to=product.simulator_url)
    sale.confirm()
    return sale.reference


def _until(page: Page, path: str, text: str) -> None:
    """Open a page again and again until the worker has done its part."""
    for _ in range(60):
        page.goto(path)
        if page.get_by_text(text).first.is_visible():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{path} never said {text}: {page.locator('main').inner_text()}")


def test_a_failed_payout_is_found_read_and_sent_again(
    product: Product, hire: Callable[..., Employee]
) -> None:
    chebet = hire("chebet", **DESK)
    page = chebet.page
    page.get_by_role("button", name="Sign out").click()
    chebet.sign_in()
    reference = _failed_payout(product)
    _until(page, "/console/payouts-failed", reference)
    page.goto("/console")
    shoot(page, "console")
    page.get_by_role("link", name="Payouts that failed").click()
    page.get_by_role("link", name=reference).click()
    expect(page.locator("main")).to_contain_text("The money is back where it is owed from.")
    expect(page.locator("main")).to_contain_text("payout_returned")
    shoot(page, "console-evidence")

    page.get_by_label("Why? It is kept for ever").fill("the seller has registered the number")
    page.get_by_role("button", name="Send it again").dblclick()

    expect(page.get_by_role("status")).to_contain_text("Done.")
    expect(page.locator("main")).to_contain_text("the seller has registered the number")
    _until(page, page.url.partition("?")[0], "It is paid: the payee has it")
    assert page.get_by_text("payout.queued").count() == 2


def test_a_second_person_allows_what_the_first_asked_for(
    product: Product, hire: Callable[..., Employee]
) -> None:
    sale = new_sale(product, amount="20000.00")
    sale.pay()
    first, second = hire("wanjiku", **DESK).page, hire("kamau").page
    first.locator("#number").fill(sale.reference)
    first.get_by_role("button", name="Find it").click()
    expect(first.locator("main")).to_contain_text("Held for orders")
    expect(first.locator("main")).to_contain_text("Nothing moves until somebody else allows it.")

    first.get_by_label("Why? It is kept for ever").fill("never came")
    first.get_by_role("button", name="Give money of an order back").click()
    expect(first.get_by_role("status")).to_contain_text("Nothing has moved yet")
    first.get_by_role("link", name="See the request").click()
    expect(first.locator("main")).to_contain_text("Somebody else has to decide it.")

    second.goto("/console/approvals")
    second.get_by_role("link", name=re.compile("wanjiku")).last.click()
    expect(second.locator("main")).to_contain_text("never came")
    second.get_by_role("link", name="See what it is about").click()
    expect(second.locator("h1")).to_contain_text(sale.reference)
    second.go_back()
    allow = second.locator("form.card").filter(has=second.locator('[value="approve"]'))
    allow.get_by_label("Why?").fill("the seller says so too")
    allow.get_by_role("button").click()

    expect(second.get_by_role("status")).to_contain_text("Allowed and done, in one step.")
    first.goto(f"/console/orders/{sale.reference}")
    expect(first.locator("main")).to_contain_text("the seller says so too")
    expect(first.locator("main")).not_to_contain_text("Held for orders KES")


@pytest.mark.parametrize("with_script", [True, False])
def test_a_console_left_open_asks_for_the_second_factor_again(
    product: Product, hire: Callable[..., Employee], with_script: bool
) -> None:
    njeri = hire(f"njeri.{with_script}".lower(), java_script_enabled=with_script)
    page = njeri.page
    product.advance(6 * 60)
    page.goto("/console/sending")
    expect(page.get_by_role("button", name="Stop sending")).to_have_count(0)
    page.get_by_role("link", name="Confirm that it is you").click()
    page.locator("#code").fill(njeri.code())
    page.locator("form:has(#code) button").click()

    for button, reason in (("Stop sending", "strange payouts"), ("Send again", "a drill")):
        card = page.locator("section.card").filter(has_text="Payouts to sellers")
        card.get_by_label("Why?").fill(reason)
        card.get_by_role("button", name=button).click()
        expect(card).to_contain_text(
            f"Stopped by {njeri.name}: {reason}" if "Stop" in button else "They are sent."
        )


def test_a_passkey_is_made_and_shown_and_no_other_device_is_taken(
    product: Product, window: Window, watched: Watched
) -> None:
    # A passkey is bound to a name: on this machine that is localhost.
    by_name = product.base_url.replace("127.0.0.1", "localhost")
    watched.allowed += [f"foreign host: {by_name}/", "status 401", "status of 401"]
    mumbi = Employee(product, window(base_url=by_name), "mumbi")
    page = mumbi.begin()
    devices = Devices(page)
    devices.insert()
    page.get_by_role("button", name="Make a passkey").click()
    page.locator(".codes").wait_for()
    page.goto("/console")
    [passkey] = devices.kept()
    page.get_by_role("button", name="Sign out").click()

    use = page.get_by_role("button", name="Use your passkey")
    mumbi.give_password()
    for language in ("en", "sw"):
        page.goto(f"/console/second-factor?lang={language}")
        walk(page, "console-passkey", language)
    page.goto("/console/second-factor?lang=en")
    use.click()
    page.locator(".sums").wait_for()
    page.get_by_role("button", name="Sign out").click()

    # A device that knows nobody shows nothing, and says so; one that makes a signature of its own is refused.
    devices.insert()
    mumbi.give_password()
    use.click()
    expect(page.get_by_role("alert")).to_contain_text("Your device showed no passkey")
    walk(page, "console-passkey-failed", "en")
    devices.take(passkey | {"privateKey": _another_key()})
    use.click()
    expect(page.get_by_role("alert")).to_contain_text("This passkey is not one of yours")
    page.goto("/console")
    expect(page.locator("#name")).to_be_visible()

    # A second one, on the phone: then the first can be taken away.
    devices.insert()
    devices.take(passkey)
    mumbi.give_password()
    use.click()
    page.locator(".sums").wait_for()
    page.get_by_role("link", name="Your second factors").click()
    page.get_by_role("link", name="Add another").click()
    devices.insert()
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("button", name="Take it away")).to_have_count(2)
    for language in ("en", "sw"):
        for name in ("enrol", "factors"):
            page.goto(f"/console/{name}?lang={language}")
            walk(page, f"console-{name}-passkey", language)
    page.goto("/console/factors?lang=en")
    page.get_by_role("button", name="Take it away").first.click()
    expect(page.get_by_role("button", name="Take it away")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    mumbi.give_password()
    use.click()
    page.locator(".sums").wait_for()


@pytest.mark.parametrize("with_script", [True, False])
def test_where_no_passkey_can_be_made_the_page_says_where(
    product: Product, window: Window, with_script: bool
) -> None:
    page = window(java_script_enabled=with_script)
    Employee(product, page, f"moraa.{with_script}".lower()).begin()

    expect(page.get_by_role("button", name="Make a passkey")).to_have_count(0)
    where = product.base_url.replace("127.0.0.1", "localhost")
    expect(page.get_by_role("link", name=where)).to_have_attribute("href", f"{where}/console")


def _another_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    written = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    return base64.b64encode(written).decode()


def test_everybody_can_use_it(
    product: Product, hire: Callable[..., Employee], window: Window, watched: Watched
) -> None:
    """In English and in Swahili, light and dark, on small screens and with large letters; and it costs little."""
    watched.allowed += ["status 401", "status of 401", "status 404", "status of 404"]
    page = hire("akinyi").page
    sale = new_sale(product, amount=LARGE, item=LONG)
    sale.pay()
    reference = _failed_payout(product)
    _until(page, "/console/payouts-failed", reference)
    payout = page.get_by_role("link", name=reference).get_attribute("href")
    page.goto(f"/console/orders/{sale.reference}")
    page.get_by_label("Why?").fill(
        "a reason of many words, and one-that-is-too-long-for-any-line-of-a-small-telephone"
    )
    page.locator("form.card button").click()
    request = page.get_by_role("link", name="See the request").get_attribute("href")
    mine = page.url
    other = hire("odhiambo", **DESK).page

    for language in ("en", "sw"):
        for name, where, who in (
            ("home", "/console", page),
            ("queue", "/console/payouts-failed", page),
            ("payout", str(payout), page),
            ("order", mine, page),
            ("request-mine", str(request), page),
            ("request", str(request), other),
            ("sending", "/console/sending", page),
            ("acts", "/console/acts", page),
            ("factors", "/console/factors", page),
            ("enrol", "/console/enrol", page),
            ("recovery", "/console/recovery-codes", page),
            ("lost", "/console/nothing-of-the-kind", page),
        ):
            # Wide and small: the walk itself makes the window small.
            who.set_viewport_size({"width": 1100, "height": 800})
            costs = costs_of(who)
            who.goto(f"{where}{'&' if '?' in where else '?'}lang={language}", wait_until="networkidle")
            assert 0 < sum(costs.values()) <= CONSOLE_BYTES, (name, costs)
            walk(who, f"console-{name}", language)
        stranger = window()
        stranger.goto(f"/console/sign-in?lang={language}")
        stranger.locator("#name").fill("nobody")
        stranger.locator("#password").fill("wrong")
        stranger.locator("button.big").click()
        stranger.get_by_role("alert").wait_for()
        walk(stranger, "console-sign-in", language)

    product.advance(6 * 60)
    page.goto(f"{payout}?lang=en")
    walk(page, "console-not-fresh", "en")
    page.get_by_role("link", name="Confirm that it is you").click()
    walk(page, "console-second-factor", "en")
