"""The pages in a real browser: a whole sale, and all that goes wrong on a cheap phone with a bad line."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.conftest import DESK, WALK, Product, Watched, Window, shoot
from tests.browser.sales import ANSWERS, PAGES, REFUSALS, new_phone, new_sale, sign_in

pytestmark = [pytest.mark.proof, pytest.mark.quiet]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGE_BYTES, PAGE_REQUESTS, POLL_BYTES = 50_000, 4, 400


def test_a_whole_sale_with_two_phones(product: Product, window: Window) -> None:
    phones = window("/", **DESK)
    shoot(phones, "home")
    phones.get_by_role("link", name="Open the two phones").click()
    phones.get_by_role("button", name="Make Baraka's payment link").click()
    phones.get_by_role("button", name="Order as Amina").click()
    with phones.context.expect_page() as opened:
        phones.get_by_role("link", name="The order's page, as Amina sees it").click()
    path = opened.value.url
    opened.value.close()

    amina = window(path)
    shoot(amina, "pay")
    amina.get_by_role("button", name="Send prompt to").click()
    expect(amina.get_by_role("heading", name="Look at your phone")).to_be_visible()
    shoot(amina, "wait")

    phones.get_by_label("Enter M-PESA PIN").wait_for()
    shoot(phones, "phones", whole=True)
    for key in "1234":
        phones.get_by_role("button", name=key, exact=True).click()
    phones.get_by_role("button", name="OK").click()

    # Both pages change by themselves.
    expect(amina.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()
    shoot(amina, "held")
    sms = phones.get_by_role("region", name="Amina, who buys").locator(".inbox li").first
    expect(sms).to_contain_text("Delivery code")
    [code] = re.findall(r"Delivery code: (\d{6})", sms.inner_text())
    phones.get_by_label("Delivery code").fill(code)
    phones.get_by_role("button", name="Confirm, and pay the seller").click()

    expect(amina.get_by_text("has been sent to the seller by M-Pesa")).to_be_visible()
    expect(phones.get_by_text("Done: Baraka has his money.")).to_be_visible()
    expect(phones.get_by_text("KES 301,500")).to_be_visible()


def test_a_stranger_sells_by_a_payment_link_within_two_minutes(
    product: Product, window: Window, record_property: Any
) -> None:
    started, buyer = time.monotonic(), new_phone()
    seller = window()
    sign_in(product, seller, new_phone())
    seller.get_by_label("What you sell").fill("Kitenge, six yards")
    seller.get_by_label("Price in shillings").fill("1,500")
    seller.get_by_role("button", name="Make the link").click()
    [address] = re.findall(r"http\S+", seller.get_by_label("The message").first.input_value())

    amina = window(address)
    amina.get_by_label("Your M-Pesa number").fill(buyer)
    product.script(buyer, next="wait")
    amina.get_by_role("button", name="Order, and go on to pay").click()
    # The seller's page changes by itself.
    expect(seller.get_by_text("The buyer has not paid yet.")).to_be_visible()
    amina.get_by_role("button", name="Send prompt to").click()
    amina.locator("[data-count]").wait_for()
    product.script(buyer, prompt="pay")
    expect(amina.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()
    expect(seller.get_by_text("Held for you until the buyer's code is given.")).to_be_visible()
    seller.locator("#sales").scroll_into_view_if_needed()
    shoot(seller, "sales", whole=True)

    took = time.monotonic() - started
    record_property("report", f"a sale by a payment link, by clicks: {took:.1f} s")
    assert took < 120


@pytest.mark.parametrize("scripts", [True, False])
def test_a_stranger_sells_and_buys_from_the_first_page_on_by_clicks(
    product: Product, window: Window, scripts: bool
) -> None:
    """No address is typed, and nothing is looked up that a page does not show: also the codes that are texted."""
    seller, buyer = new_phone(), new_phone()
    page = window("/", java_script_enabled=scripts)
    page.get_by_role("link", name="Make a payment link").click()
    page.get_by_label("Your M-Pesa number").fill(seller)
    page.get_by_role("button", name="Text me the code").click()
    phone = follow(page, "Sandbox: see the messages of")
    # It comes by itself, also by the page's own refresh.
    [code] = re.findall(r"\b\d{6}\b", phone.locator(".inbox li").first.inner_text())
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("What you sell").fill("Kitenge, six yards")
    page.get_by_label("Price in shillings").fill("1,500")
    page.get_by_role("button", name="Make the link").click()

    page.get_by_role("link", name="See what the buyer sees").click()
    page.get_by_label("Your M-Pesa number").fill(buyer)
    page.get_by_role("button", name="Order, and go on to pay").click()
    page.get_by_role("button", name="Send prompt to").click()
    # The simulated buyer enters the PIN after a second.
    expect(page.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()
    phones = follow(page, "Sandbox: see both phones of this sale")
    sms = phones.locator(".inbox li").filter(has_text="Delivery code").first
    [code] = re.findall(r"Delivery code: (\d{6})", sms.inner_text())
    page.get_by_label("Delivery code").fill(code)
    page.get_by_role("button", name="Confirm, and pay the seller").click()
    page.get_by_role("link", name="To your sales").click()

    if not scripts:
        until(page, lambda: "You have been paid." in page.inner_text("main"))
    expect(page.get_by_text("You have been paid.")).to_be_visible()


def follow(page: Page, name: str) -> Page:
    """Click a link that opens a window of its own."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=name).click()
    return opened.value


@pytest.mark.parametrize("scripts", [True, False])
def test_a_photo_is_uploaded_and_seen_by_the_buyer(product: Product, window: Window, scripts: bool) -> None:
    """A phone makes it smaller first, if it can run scripts; either way it comes to the buyer small and upright."""
    taken = pictures.photo(size=(3_000, 2_000), exif=pictures.orientation(6))
    page = window(java_script_enabled=scripts)
    sign_in(product, page, new_phone())
    page.get_by_label("What you sell").fill("Kitenge, six yards")
    page.get_by_label("Price in shillings").fill("1,500")
    page.get_by_label("Photo").set_input_files(
        [{"name": "item.jpg", "mimeType": "image/jpeg", "buffer": taken}]
    )
    if scripts:
        expect(page.get_by_label("Photo")).to_have_value(re.compile(r"\bphoto\.jpg$"))
        sent = page.evaluate("document.querySelector('#photo').files[0].size")
        assert 0 < sent < len(taken)
    page.get_by_role("button", name="Make the link").click()
    page.get_by_role("link", name="See what the buyer sees").click()

    shown = page.get_by_role("img", name="Photo: Kitenge, six yards")
    expect(shown).to_be_visible()
    size = shown.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
    assert size == [533, 800]


def test_a_file_that_is_no_photo_is_said_beside_its_field(
    product: Product, window: Window, watched: Watched
) -> None:
    watched.allowed += ["status 400", "status of 400"]
    page = window()
    sign_in(product, page, new_phone())
    page.get_by_label("What you sell").fill("Kitenge")
    page.get_by_label("Price in shillings").fill("1,500")
    page.get_by_label("Photo").set_input_files(
        [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"}]
    )
    page.get_by_role("button", name="Make the link").click()

    expect(page.get_by_role("alert")).to_contain_text("no photo that can be read")
    expect(page.get_by_label("Price in shillings")).to_have_value("1,500")
    assert not violations(page)


def test_a_link_is_stopped_by_two_clicks_without_javascript(product: Product, window: Window) -> None:
    page = window(java_script_enabled=False)
    PAGES["share"](product, page)
    page.get_by_role("link", name="To your sales").click()

    page.get_by_text("Stop selling").click()
    page.get_by_role("button", name="Yes, stop it").click()

    expect(page.get_by_text("No sales yet.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_sends_one_prompt(product: Product, window: Window, scripts: bool) -> None:
    sale = new_sale(product)
    product.script(sale.buyer, next="wait")
    page = window(sale.path, java_script_enabled=scripts)

    page.get_by_role("button", name="Send prompt to").dblclick()

    expect(page.get_by_role("heading", name="Look at your phone")).to_be_visible()
    assert len(product.prompts(sale.buyer)) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_on_confirm_pays_the_seller_once(
    product: Product, window: Window, scripts: bool
) -> None:
    sale = new_sale(product)
    sale.pay()
    before = product.phone(sale.seller)["balance"]
    page = window(sale.path, java_script_enabled=scripts)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Delivery code").fill(sale.code)

    page.get_by_role("button", name="Confirm, and pay the seller").dblclick()

    expect(page.get_by_role("heading", name="Delivered")).to_be_visible()
    # This window changes by itself, and then won't any more.
    window(sale.path).locator("body:not([data-poll]) a[href$='/receipt']").wait_for()
    assert product.phone(sale.seller)["balance"] == before + 150_000
    # Without the script the browser may send both; the server counts one.
    assert len(sent) == 1 or not scripts


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_makes_one_link_and_one_order(product: Product, window: Window, scripts: bool) -> None:
    page, buyer = window(java_script_enabled=scripts), new_phone()
    sign_in(product, page, new_phone())
    page.get_by_label("What you sell").fill("Kitenge, six yards")
    page.get_by_label("Price in shillings").fill("1,500")
    page.get_by_label("How many you sell").fill("5")
    page.get_by_role("button", name="Make the link").dblclick()
    page.get_by_role("link", name="See what the buyer sees").click()
    page.get_by_label("Your M-Pesa number").fill(buyer)
    page.get_by_role("button", name="Order, and go on to pay").dblclick()
    page.get_by_role("button", name="Send prompt to").wait_for()

    page.goto("/sell")

    expect(page.get_by_role("link", name="Send the link")).to_have_count(1)
    expect(page.get_by_text("1 of 5 sold")).to_be_visible()


def test_back_after_paying_and_pressing_again_sends_no_second_prompt(
    product: Product, window: Window, watched: Watched
) -> None:
    # The press on the page that is out of date is refused, and says so.
    watched.allowed += ["status 409", "status of 409"]
    sale = new_sale(product)
    product.script(sale.buyer, next="wait")
    page = window(sale.path)
    left_open = page.context.new_page()
    left_open.goto(sale.path)
    # It stays as it is, like a page that the phone's memory kept.
    left_open.evaluate("for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id)")
    page.get_by_role("button", name="Send prompt to").click()
    page.locator("[data-count]").wait_for()
    product.script(sale.buyer, prompt="pay")
    held = page.get_by_role("heading", name="KES 1,500 is held safely")
    expect(held).to_be_visible()

    page.goto("/help")
    page.go_back()
    expect(held).to_be_visible()
    expect(page.get_by_role("button", name="Send prompt to")).to_have_count(0)
    left_open.get_by_role("button", name="Send prompt to").click()

    expect(left_open.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()
    assert len(product.prompts(sale.buyer)) == 1


def test_a_sale_without_javascript(product: Product, window: Window) -> None:
    sale = new_sale(product)
    product.script(sale.buyer, next="wait")
    page = window(sale.path, java_script_enabled=False)

    page.locator("button.big").click()
    page.locator("[data-count]").wait_for()
    product.script(sale.buyer, prompt="pay")
    # By the page's own refresh.
    page.locator("#code-field").fill(sale.code)
    page.locator("button.big").click()

    page.locator('a[href$="/receipt"]').wait_for()
    assert "Delivered" in page.inner_text("h1")


def test_the_back_button_shows_what_is_true_now(product: Product, window: Window) -> None:
    sale = new_sale(product)
    page = window(sale.path)
    page.get_by_role("link", name="Is the money really held?").click()
    sale.pay()

    page.go_back()

    expect(page.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()


def test_a_refused_form_is_not_sent_again_when_the_page_changes_by_itself(
    product: Product, window: Window, watched: Watched
) -> None:
    watched.allowed += ["status 422", "status of 422"]
    sale = new_sale(product)
    sale.pay()
    page = window(sale.path)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Delivery code").fill(f"{(int(sale.code) + 1) % 1_000_000:06}")
    page.get_by_role("button", name="Confirm, and pay the seller").click()
    page.locator("#code-wrong").wait_for()

    sale.confirm()

    expect(page.get_by_role("heading", name="Delivered")).to_be_visible()
    assert len(sent) == 1


def test_the_enter_key_pays_on_a_drawn_phone(product: Product, window: Window) -> None:
    page = window()
    PAGES["phones"](product, page)

    page.locator("#pin").fill("1234")
    page.locator("#pin").press("Enter")

    expect(page.get_by_label("Delivery code")).to_be_visible()


def test_a_whole_sale_on_the_two_phones_without_javascript(product: Product, window: Window) -> None:
    page = window("/sandbox/phone", java_script_enabled=False)
    page.get_by_role("button", name="Make Baraka's payment link").dblclick()
    page.get_by_role("button", name="Order as Amina").dblclick()
    page.get_by_role("button", name="Send the prompt for KES 1,500").dblclick()
    page.get_by_label("Enter M-PESA PIN").fill("1234")
    page.get_by_role("button", name="OK").click()
    sms = page.get_by_role("region", name="Amina, who buys").locator(".inbox li").first
    # By the page's own refresh, or by hand.
    until(page, lambda: "Delivery code" in page.inner_text("main") and sms.count() == 1)
    [code] = re.findall(r"Delivery code: (\d{6})", sms.inner_text())

    page.get_by_label("Delivery code").fill(code)
    page.get_by_role("button", name="Confirm, and pay the seller").click()

    until(page, lambda: "Done: Baraka has his money." in page.inner_text("main"))
    expect(page.get_by_text("KES 301,500")).to_be_visible()


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Reload what does not change by itself."""
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, page.inner_text("main")
        page.reload()


def test_a_drawn_phone_dials_without_javascript(product: Product, window: Window) -> None:
    page = window("/sandbox/phone", java_script_enabled=False)
    page.locator("button.big").click()
    page.get_by_role("button", name="Order as Amina").click()
    dialler = page.locator("#sim_amina")
    dialler.locator("summary").click()
    expect(dialler.locator(".pad")).to_be_hidden()

    dialler.get_by_label("Number or code").fill("0712345678")
    dialler.get_by_role("button", name="Call").click()

    expect(dialler.get_by_role("alert")).to_have_text("The number you have dialled is not in service.")
    expect(dialler).to_be_in_viewport()


def test_a_lost_line_loses_nothing(product: Product, window: Window, watched: Watched) -> None:
    watched.allowed.append("ERR_INTERNET_DISCONNECTED")
    sale = new_sale(product)
    product.script(sale.buyer, next="wait")
    page = window(sale.path)
    page.get_by_role("button", name="Send prompt to").click()
    page.locator("[data-count]").wait_for()

    with page.expect_event("requestfailed"):
        page.context.set_offline(True)
    product.script(sale.buyer, prompt="pay")
    expect(page.get_by_role("heading", name="Look at your phone")).to_be_visible()
    page.context.set_offline(False)

    expect(page.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()


def press_offline(page: Page, button: Any) -> None:
    """Press without a line, as often as somebody does who waits for something to happen."""
    page.context.set_offline(True)
    for _ in range(3):
        button.click()
        expect(page.get_by_role("alert")).to_have_count(1)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No line: nothing was sent, and no money has moved.")
    expect(alert).to_contain_text("What you wrote is still here. Press again when the line is back.")
    expect(alert).to_be_in_viewport()
    assert not violations(page)
    page.context.set_offline(False)


def test_paying_without_a_line_sends_nothing_and_says_so(
    product: Product, window: Window, watched: Watched
) -> None:
    watched.allowed.append("ERR_INTERNET_DISCONNECTED")
    sale, other = new_sale(product), new_phone()
    product.script(other, next="wait")
    page = window(sale.path)
    page.get_by_text("Pay from another number").click()
    page.get_by_label("M-Pesa number").fill(other)
    button = page.get_by_role("button", name="Send the prompt")

    press_offline(page, button)
    assert not product.prompts(other)
    expect(page.get_by_label("M-Pesa number")).to_have_value(other)
    button.dblclick()

    expect(page.get_by_role("heading", name="Look at your phone")).to_be_visible()
    assert len(product.prompts(other)) == 1


def test_confirming_without_a_line_pays_nobody_and_says_so(
    product: Product, window: Window, watched: Watched
) -> None:
    watched.allowed.append("ERR_INTERNET_DISCONNECTED")
    sale = new_sale(product)
    sale.pay()
    before = product.phone(sale.seller)["balance"]
    page = window(sale.path)
    page.get_by_label("Delivery code").fill(sale.code)
    button = page.get_by_role("button", name="Confirm, and pay the seller")

    press_offline(page, button)
    assert product.phone(sale.seller)["balance"] == before
    expect(page.get_by_label("Delivery code")).to_have_value(sale.code)
    button.dblclick()

    expect(page.get_by_role("heading", name="Delivered")).to_be_visible()
    window(sale.path).locator("body:not([data-poll]) a[href$='/receipt']").wait_for()
    assert product.phone(sale.seller)["balance"] == before + 150_000


def test_selling_without_a_line_makes_nothing_and_loses_nothing(
    product: Product, window: Window, watched: Watched
) -> None:
    watched.allowed.append("ERR_INTERNET_DISCONNECTED")
    page = window()
    sign_in(product, page, new_phone())
    page.get_by_label("What you sell").fill("Kitenge, six yards")
    page.get_by_label("Price in shillings").fill("1,500")
    photo = {"name": "item.jpg", "mimeType": "image/jpeg", "buffer": pictures.photo()}
    page.get_by_label("Photo").set_input_files([photo])  # type: ignore[list-item]  # a file as Playwright takes it
    button = page.get_by_role("button", name="Make the link")

    press_offline(page, button)
    expect(page.get_by_label("What you sell")).to_have_value("Kitenge, six yards")
    expect(page.get_by_label("Photo")).to_have_value(re.compile(r"\bphoto\.jpg$"))
    button.click()
    page.get_by_role("link", name="To your sales").click()

    expect(page.get_by_role("link", name="Send the link")).to_have_count(1)


def test_a_line_that_only_seems_to_be_there_is_noticed_before_anything_is_sent(
    product: Product, window: Window, watched: Watched
) -> None:
    """The phone says that it is connected, as on a network without any data left."""
    watched.allowed.append("ERR_FAILED")
    sale = new_sale(product)
    sale.pay()
    page = window(f"{sale.path}/code")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.clock.install()
    page.clock.fast_forward(60_000)
    page.context.route("**/*", lambda route: route.abort())

    page.get_by_role("button", name="Text me the one-time code").click()
    expect(page.get_by_role("alert")).to_contain_text("No line: nothing was sent")
    assert not sent
    page.context.unroute("**/*")
    page.get_by_role("button", name="Text me the one-time code").click()

    expect(page.get_by_label("One-time code")).to_be_visible()
    assert len(sent) == 1


def test_a_code_from_the_qr_fills_the_field_and_is_not_sent_by_itself(
    product: Product, window: Window
) -> None:
    sale = new_sale(product)
    sale.pay()
    page = window(f"{sale.path}#{sale.code}")

    expect(page.get_by_label("Delivery code")).to_have_value(sale.code)
    assert page.url.endswith(sale.path)
    expect(page.get_by_role("heading", name="KES 1,500 is held safely")).to_be_visible()


def test_the_qr_is_big_enough_for_a_camera(product: Product, window: Window) -> None:
    page = window()
    PAGES["code"](product, page)

    box = page.locator(".qr svg path").last.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 120


def test_a_half_written_number_is_not_thrown_away(product: Product, window: Window) -> None:
    sale = new_sale(product)
    page = window(sale.path)
    page.get_by_text("Pay from another number").click()
    page.get_by_label("M-Pesa number").fill("0712")
    with page.expect_response(re.compile("/poll$")):
        sale.pay()
    with page.expect_response(re.compile("/poll$")):
        pass

    expect(page.get_by_label("M-Pesa number")).to_have_value("0712")


def test_a_refused_form_keeps_what_was_written(product: Product, window: Window, watched: Watched) -> None:
    watched.allowed += ["status 400", "status of 400"]
    page = window(new_sale(product).path)
    page.get_by_text("Pay from another number").click()
    page.get_by_label("M-Pesa number").fill("12345")
    page.get_by_role("button", name="Send the prompt").click()

    field = page.get_by_label("M-Pesa number")
    expect(field).to_have_value("12345")
    expect(field).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Kenyan mobile number")
    assert not violations(page)


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_it(
    product: Product, window: Window, watched: Watched, name: str, record_property: Any
) -> None:
    """In English and in Swahili, light and dark, on small screens and with large letters; and it costs little."""
    if name in REFUSALS:
        watched.allowed += [f"status {REFUSALS[name]}", f"status of {REFUSALS[name]}"]
    page = window()
    PAGES[name](product, page)
    walk(page, name, "en")
    if name not in ANSWERS:
        total, requests = cost_of_opening(page)
        record_property("report", f"{name}: {total} bytes in {requests} requests")
        assert 0 < total <= PAGE_BYTES
        assert requests <= PAGE_REQUESTS

    if name in ANSWERS:
        page = window(locale="sw-KE")
        PAGES[name](product, page)
    else:
        page.locator("a.language").click()
        page.locator("html[lang=sw]").wait_for()
    walk(page, name, "sw")


def walk(page: Page, name: str, language: str) -> None:
    """Look at a page as it stands, in both colours and in every size: axe finds nothing, nothing overflows."""
    # Whatever is due to change it by itself waits until it has been looked at.
    page.evaluate("for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id)")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.locator("html").get_attribute("lang") == language
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]  # one of them
        if WALK:
            page.screenshot(path=f"{WALK}/{name}.{language}.{colours}.png", full_page=True)
        assert not violations(page), (name, language, colours)
    small = page.evaluate(
        "[...document.querySelectorAll('button, a.button, summary, input:not([type=hidden]), select')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
    )
    assert not small, (name, small)
    # 320 pixels are also 640 at 200 %. Twice as large letters are what a phone's own setting does.
    for width, letters in ((320, "100%"), (360, "200%")):
        page.set_viewport_size({"width": width, "height": 740})
        page.evaluate("letters => { document.documentElement.style.fontSize = letters; }", letters)
        broken = broken_figures(page)
        if WALK:
            page.screenshot(path=f"{WALK}/{name}.{language}.{width}.{letters[:-1]}.png", full_page=True)
        assert not broken, (name, language, width, letters, broken)
        assert not beyond(page, width), (name, language, width, letters)


def broken_figures(page: Page) -> list[str]:
    """Which amounts stand on more than one line, were they the largest that there is: a broken figure is misread."""
    found: list[str] = page.evaluate(
        """() => {
          const broken = [];
          const nodes = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
          const figure = /[A-Z]{3}\\u00a0[0-9][0-9,.]*[0-9]/g;
          while (nodes.nextNode()) {
            const node = nodes.currentNode;
            if (node.parentElement.closest("textarea")) continue;
            node.data = node.data.replace(figure, "KES\\u00a0250,000.00");
            for (const match of node.data.matchAll(figure)) {
              const range = document.createRange();
              range.setStart(node, match.index);
              range.setEnd(node, match.index + match[0].length);
              const lines = new Set([...range.getClientRects()].filter(r => r.width).map(r => Math.round(r.top)));
              if (lines.size > 1) broken.push(node.parentElement.outerHTML.slice(0, 200));
            }
          }
          return broken;
        }"""
    )
    return found


def beyond(page: Page, width: int) -> list[str]:
    """What sticks out of the page to the right, if anything makes it scroll sideways."""
    found: list[str] = page.evaluate(
        "width => document.documentElement.scrollWidth <= width ? [] : "
        "[...document.querySelectorAll('main *, header *, footer *')]"
        ".filter(e => e.getBoundingClientRect().right > width).map(e => e.outerHTML.slice(0, 200))",
        width,
    )
    return found


def cost_of_opening(page: Page) -> tuple[int, int]:
    """Bytes over the wire, headers included, and requests, with nothing in the cache."""
    costs = costs_of(page)
    page.reload(wait_until="networkidle")
    loaded = {url: size for url, size in costs.items() if not url.endswith("/poll")}
    return sum(loaded.values()), len(loaded)


def test_a_poll_is_small(product: Product, window: Window) -> None:
    """With all of its headers."""
    page = window(new_sale(product).path)
    costs = costs_of(page)
    for _ in range(2):
        # When the second comes, the first has been counted.
        with page.expect_response(re.compile("/poll$")):
            pass

    [size] = costs.values()
    assert 0 < size <= POLL_BYTES


def costs_of(page: Page) -> dict[str, int]:
    """What comes over the wire from now on, headers included: address -> bytes."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls: dict[str, str] = {}
    costs: dict[str, int] = {}
    client.on(
        "Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]})
    )
    client.on(
        "Network.loadingFinished",
        lambda event: (
            costs.update({urls[event["requestId"]]: int(event["encodedDataLength"])})
            if event["requestId"] in urls
            else None
        ),
    )
    return costs


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds against WCAG 2.2 AA: rule, and the elements."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
