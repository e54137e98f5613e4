"""Bring an order to where its page is wanted; each way is what people do."""

import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from playwright.sync_api import FilePayload, Page

from tests import pictures
from tests.browser.conftest import Product

# Sixty characters of words, and one word that fits on no line.
LONG = "iPhone 13 Pro Max 256GB, sierra blue, with-a-word-that-is-too-long-for-the-line-of-any-telephone"
# For what the worker does by itself.
_PATIENCE_S = 60
# The most that one prompt may ask for.
LARGE = "249999.00"


@dataclass
class Sale:
    """One order, with all that a test needs to know of it."""

    product: Product
    buyer: str
    seller: str
    reference: str
    code: str
    path: str
    amount: str

    def pay(self) -> str:
        """Pay by the sandbox's simulated payment; its number."""
        number = f"T{secrets.token_hex(5).upper()}"
        self.product.post(
            "/api/webhooks/payment",
            {
                "order_reference": self.reference,
                "transaction_id": number,
                "amount": self.amount,
                "payment_method": "mpesa",
                "payer_phone": self.buyer,
            },
        )
        return number

    def pay_by_hand(self, shillings: int, *, account: str = "") -> str:
        """Type the paybill, and this order's reference unless told otherwise; M-Pesa's number of it."""
        wishes = {
            "msisdn": self.buyer,
            "amount": shillings,
            "account_reference": account or self.reference,
            "shortcode": "174379",
        }
        return str(self.product.post("/_sim/paybill", wishes, to=self.product.simulator_url)["receipt"])

    def confirm(self) -> None:
        """Give the code."""
        self.product.post(
            "/api/orders/confirm-delivery",
            {"order_reference": self.reference, "delivery_code": self.code},
        )


def new_sale(product: Product, *, amount: str = "1500.00", item: str = "Kitenge, six yards") -> Sale:
    buyer, seller = new_phone(), new_phone()
    data: dict[str, Any] = product.post(
        "/api/orders/create",
        {"buyer_phone": buyer, "seller_phone": seller, "amount": amount, "product_description": item},
    )["data"]
    path = str(data["payment_url"]).removeprefix(product.base_url)
    return Sale(product, buyer, seller, data["order_reference"], data["delivery_code"], path, amount)


def new_phone() -> str:
    """A number that nobody in these tests has had."""
    return f"2547{20_000_000 + secrets.randbelow(9_000_000)}"


def _large_sale(product: Product) -> Sale:
    return new_sale(product, amount=LARGE, item=LONG)


def _press(page: Page) -> None:
    """Press the page's one big button."""
    page.locator("button.big").first.click()


# Before the money


def offer_page(product: Product, page: Page) -> None:
    page.goto(_new_link(product)["url"])


def offer_closed_page(product: Product, page: Page) -> None:
    link = _new_link(product)
    product.post(f"/api/v1/links/{link['id']}/disable", {})
    page.goto(link["url"])


def _new_link(product: Product) -> dict[str, Any]:
    terms = {"amount": LARGE, "product_description": LONG, "seller_phone": new_phone()}
    found: dict[str, Any] = product.post("/api/v1/links", terms)["data"]
    return found


def pay_page(product: Product, page: Page) -> None:
    page.goto(_large_sale(product).path)


def part_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    _pay_part(sale, page)


def _pay_part(sale: Sale, page: Page) -> None:
    page.goto(sale.path)
    sale.pay_by_hand(100_000)
    # The page changes by itself.
    page.get_by_text("KES\N{NO-BREAK SPACE}149,999").first.wait_for()


def failed_page(product: Product, page: Page) -> None:
    sale = new_sale(product)
    product.script(sale.buyer, next="cancel", delay_s=0)
    page.goto(sale.path)
    _press(page)
    page.get_by_text("You cancelled the request").or_(page.get_by_text("Umeghairi ombi")).wait_for()


def wrong_number_page(product: Product, page: Page) -> None:
    page.goto(new_sale(product).path)
    page.locator("summary").first.click()
    page.locator("#phone").fill("12345")
    page.locator('button[name="other"]').click()
    page.locator("#phone-wrong").wait_for()


def wait_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    product.script(sale.buyer, next="wait")
    page.goto(sale.path)
    _press(page)
    page.locator("[data-count]").wait_for()


def asking_page(product: Product, page: Page) -> None:
    """Moves the clock beyond the prompt's life; the answer is on its way for longer."""
    sale = _large_sale(product)
    product.script(sale.buyer, next="pay", delay_s=280)
    page.goto(sale.path)
    _press(page)
    page.locator("[data-count]").wait_for()
    product.advance(61)
    page.goto(sale.path)
    page.locator("[data-count]").wait_for(state="detached")


def expired_page(product: Product, page: Page) -> None:
    """Moves the clock by a day."""
    sale = _large_sale(product)
    _let_it_end(product, sale, page)


def returned_page(product: Product, page: Page) -> None:
    """A part that was paid goes back when the order has ended. Moves the clock by more than a day."""
    sale = _large_sale(product)
    _pay_part(sale, page)
    _let_it_end(product, sale, page)
    page.locator(".note").wait_for()


def _let_it_end(product: Product, sale: Sale, page: Page) -> None:
    product.advance(30 * 3600)
    for _ in patiently("the order does not end"):
        page.goto(sale.path)
        if not page.locator("button.big").count():
            return


# While it is held


def held_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    sale.pay()
    page.goto(sale.path)


def wrong_code_page(product: Product, page: Page) -> None:
    sale = new_sale(product)
    sale.pay()
    page.goto(sale.path)
    page.locator("#code-field").fill(f"{(int(sale.code) + 1) % 1_000_000:06}")
    _press(page)
    page.locator("#code-wrong").wait_for()


def proof_page(product: Product, page: Page) -> None:
    held_page(product, page)
    page.locator('a[href$="/held"]').click()
    page.locator(".words").wait_for()


def nothing_held_page(product: Product, page: Page) -> None:
    page.goto(f"{_large_sale(product).path}/held")


def new_code_page(product: Product, page: Page) -> None:
    held_page(product, page)
    page.locator('a[href$="/code"]').click()
    page.locator("button.big").wait_for()


def new_code_asked_page(product: Product, page: Page) -> None:
    new_code_page(product, page)
    _press(page)
    page.locator("#otp").wait_for()


def code_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    sale.pay()
    page.goto(f"{sale.path}/code")
    _press(page)
    page.locator("#otp").fill(one_time_code(product, sale.buyer))
    _press(page)
    page.locator(".qr svg").wait_for()


def one_time_code(product: Product, phone: str) -> str:
    """Read it in the inbox, as soon as it is there."""
    caller, found = product.playwright.request.new_context(), []
    for _ in patiently("no one-time code came"):
        texts = [
            str(sms["text"])
            for sms in caller.get(f"{product.simulator_url}/_sim/sms?to={phone}").json()["messages"]
        ]
        found = [
            match for text in texts for match in re.findall(r"(?:one-time code|mara moja)\D+(\d{6})", text)
        ]
        if found:
            caller.dispose()
            break
    return str(found[-1])


# Delivered


def paying_page(product: Product, page: Page) -> None:
    """M-Pesa does not say what became of the payout."""
    sale = _large_sale(product)
    product.post(
        "/_sim/faults", {"fault": "b2c_result_lost", "msisdn": sale.seller}, to=product.simulator_url
    )
    sale.pay()
    sale.confirm()
    page.goto(sale.path)


def done_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    sale.pay()
    page.goto(sale.path)
    page.locator("#code-field").fill(sale.code)
    _press(page)
    page.locator("body:not([data-poll]) a[href$='/receipt']").wait_for()


def receipt_page(product: Product, page: Page) -> None:
    done_page(product, page)
    page.locator('a[href$="/receipt"]').click()
    page.locator("table").wait_for()


# Money that went astray


def claim_asked_page(product: Product, page: Page) -> None:
    _ask_to_claim(product, page, new_sale(product))


def claimed_page(product: Product, page: Page) -> None:
    sale = _large_sale(product)
    _ask_to_claim(product, page, sale)
    page.locator("#otp").fill(one_time_code(product, sale.buyer))
    _press(page)
    page.locator(".sum").wait_for()


def _ask_to_claim(product: Product, page: Page, sale: Sale) -> None:
    number = sale.pay_by_hand(int(Decimal(sale.amount)), account="ZEM-MISTYPED")
    words = [sys.executable, "-m", "zemi", "staff", "queue"]
    for _ in patiently("the money was not booked"):
        queues = subprocess.run(words, env=product.env, check=True, capture_output=True, text=True).stdout
        if number in queues:
            break
    # M-Pesa hides who paid: the real payer comes first, others twelve hours after the money was booked.
    product.advance(13 * 3600)
    page.goto("/claim")
    page.locator("#receipt").fill(number)
    page.locator("#order").fill(sale.reference)
    page.locator("#phone").fill(sale.buyer)
    _press(page)
    page.locator("#otp").wait_for()


# A refund that does not arrive


def unreachable_page(product: Product, page: Page) -> None:
    """The order's page, its buyer being no customer of M-Pesa's any more."""
    sale, _ = _unreachable_refund(product)
    page.goto(sale.path)
    page.locator("a[href='/refund']").wait_for()


def redirect_asked_page(product: Product, page: Page) -> None:
    _ask_to_redirect(product, page)


def redirect_gone_asked_page(product: Product, page: Page) -> None:
    page.goto("/refund?gone=1")
    page.locator("#receipt").fill("QHJ41HG1W8")
    page.locator("#new_phone").fill(new_phone())
    _press(page)
    page.locator("#new_otp").wait_for()


def redirected_page(product: Product, page: Page) -> None:
    sale, other = _ask_to_redirect(product, page)
    page.locator("#otp").fill(one_time_code(product, sale.buyer))
    page.locator("#new_otp").fill(one_time_code(product, other))
    _press(page)
    page.locator(".sum").wait_for()


def _ask_to_redirect(product: Product, page: Page) -> tuple[Sale, str]:
    sale, number = _unreachable_refund(product)
    other = new_phone()
    page.goto("/refund")
    page.locator("#receipt").fill(number)
    page.locator("#phone").fill(sale.buyer)
    page.locator("#new_phone").fill(other)
    _press(page)
    page.locator("#otp").wait_for()
    return sale, other


def patiently(problem: str) -> Iterator[None]:
    """Try again and again, as long as the worker may take: after a day that passes in a moment all sweeps are due at once.

    :raises AssertionError: `problem`, when that took too long
    """
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        yield
        # The worker needs the processor too.
        threading.Event().wait(0.1)
    raise AssertionError(problem)


def _unreachable_refund(product: Product) -> tuple[Sale, str]:
    """A sale that its seller has called off, and the number of its payment, which M-Pesa could not send back."""
    sale = _large_sale(product)
    number = sale.pay()
    # Too late to undo the payment: it is sent to the buyer's phone.
    product.advance(25 * 3600)
    fault = {"fault": "b2c_unregistered", "msisdn": sale.buyer}
    product.post("/_sim/faults", fault, to=product.simulator_url)
    product.post("/api/otp", {"phone_number": sale.seller, "purpose": "cancel_order"})
    proof = {"phone_number": sale.seller, "otp": one_time_code(product, sale.seller)}
    product.post(f"/api/orders/{sale.reference}/cancel", proof)
    caller = product.playwright.request.new_context()
    for _ in patiently("the refund did not fail"):
        page = caller.get(f"{product.base_url}{sale.path}").text()
        if 'href="/refund"' in page:
            caller.dispose()
            break
    return sale, number


# The seller


def sign_in_asked_page(product: Product, page: Page) -> None:
    page.goto("/sell")
    page.locator("#phone").fill(new_phone())
    _press(page)
    page.locator("#otp").wait_for()


def sign_in(product: Product, page: Page, seller: str) -> None:
    page.goto("/sell")
    page.locator("#phone").fill(seller)
    _press(page)
    page.locator("#otp").fill(one_time_code(product, seller))
    _press(page)
    page.locator("#item").wait_for()


def no_sales_page(product: Product, page: Page) -> None:
    sign_in(product, page, new_phone())


def sell_page(product: Product, page: Page) -> None:
    """One sale that is held, and a link by which more is for sale."""
    sale = _large_sale(product)
    sale.pay()
    sign_in(product, page, sale.seller)
    _make_link(page)
    page.locator('.more a[href="/sell"]').click()
    page.locator(".sales li").nth(1).wait_for()


def sell_waiting_page(product: Product, page: Page) -> None:
    """A payout of which M-Pesa does not tell, in the list."""
    _wait_for_payout(product, page)


def yours_page(product: Product, page: Page) -> None:
    """The same on the order's page, as its seller sees it."""
    sale = _wait_for_payout(product, page)
    page.goto(sale.path)
    page.locator("#yours").wait_for()


def _wait_for_payout(product: Product, page: Page) -> Sale:
    sale = _large_sale(product)
    fault = {"fault": "b2c_result_lost", "msisdn": sale.seller}
    product.post("/_sim/faults", fault, to=product.simulator_url)
    sale.pay()
    sale.confirm()
    sign_in(product, page, sale.seller)
    page.get_by_text(re.compile("M-Pesa has it|M-Pesa inayo")).wait_for()
    return sale


def sell_wrong_page(product: Product, page: Page) -> None:
    """A price that is none."""
    no_sales_page(product, page)
    _make_link(page, price="much")
    page.locator("#price-wrong").wait_for()


def share_page(product: Product, page: Page) -> None:
    no_sales_page(product, page)
    _make_link(page)
    page.locator("#words").wait_for()


def offer_photo_page(product: Product, page: Page) -> None:
    """What a link with a photo offers; no photo costs more."""
    no_sales_page(product, page)
    photo = FilePayload(name="item.jpg", mimeType="image/jpeg", buffer=pictures.noise())
    page.locator("#photo").set_input_files([photo])
    _make_link(page)
    page.locator('.more a[href^="/l/"]').click()
    _photo(page)


def pay_photo_page(product: Product, page: Page) -> None:
    offer_photo_page(product, page)
    page.locator("#phone").fill(new_phone())
    _press(page)
    page.locator('form[action$="/pay"]').first.wait_for()
    _photo(page)


def _photo(page: Page) -> None:
    """Wait until it is shown."""
    page.locator("img.photo").evaluate("image => image.decode()")


def _make_link(page: Page, *, price: str = "249,999") -> None:
    page.locator("#item").fill(LONG)
    page.locator("#price").fill(price)
    page.locator("#stock").fill("12")
    _press(page)


# The two phones


def inbox_page(product: Product, page: Page) -> None:
    """The messages of the phone that was written on another page."""
    sign_in_asked_page(product, page)
    # Where the link leads: in a window of its own.
    page.goto(str(page.locator('a[href^="/sandbox/phone/inbox/"]').get_attribute("href")))
    page.locator(".inbox li").wait_for()


def phones_link_page(product: Product, page: Page) -> None:
    page.goto("/sandbox/phone")
    page.locator("#item").fill(LONG)
    page.locator("#amount").fill("1500")
    _press(page)
    page.locator(".inbox").wait_for()


def phones_started_page(product: Product, page: Page) -> None:
    phones_link_page(product, page)
    _press(page)
    page.locator("select").wait_for()


def phones_page(product: Product, page: Page) -> None:
    phones_started_page(product, page)
    _press(page)
    page.locator("#pin").wait_for()


def phones_dialled_page(product: Product, page: Page) -> None:
    """A code that the network does not know, by the keys of Baraka's phone."""
    phones_started_page(product, page)
    dialler = page.locator("#sim_baraka")
    dialler.locator("summary").click()
    for key in "*3345":
        dialler.locator(f'button[data-key="{key}"]').click()
    dialler.locator('button[data-key=""]').click()
    dialler.locator('button[data-key="#"]').click()
    dialler.locator("button.ok").click()
    dialler.locator("[role=alert]").wait_for()
    assert dialler.locator("input[name=number]").input_value() == "*334#"


def phones_held_page(product: Product, page: Page) -> None:
    phones_page(product, page)
    page.locator("#pin").fill("1234")
    page.locator(".pair button.ok").click()
    page.locator(".inbox li a").nth(1).wait_for()


def phones_done_page(product: Product, page: Page) -> None:
    phones_held_page(product, page)
    texts = " ".join(page.locator(".inbox li").all_inner_texts())
    [code] = re.findall(r"\b\d{6}\b", texts)
    page.locator("#code-field").fill(code)
    _press(page)
    page.get_by_text("KES\N{NO-BREAK SPACE}301,500").wait_for()
    page.locator(".inbox li").nth(2).wait_for()


def plain(path: str) -> Callable[[Product, Page], None]:
    def open_it(_: Product, page: Page) -> None:
        page.goto(path)

    return open_it


# Every page in every state.
PAGES: dict[str, Callable[[Product, Page], None]] = {
    "home": plain("/"),
    "guide": plain("/guide"),
    "tutorial": plain("/guide/tutorial"),
    "settings": plain("/guide/reference/settings"),
    "states": plain("/guide/reference/states"),
    "errors": plain("/docs/errors"),
    "help": plain("/help"),
    "lost": plain("/o/AAAAAAAAAAAAAAAAAAAAAA"),
    "nothing": plain("/nothing-here"),
    "claim": plain("/claim"),
    "claim_asked": claim_asked_page,
    "claimed": claimed_page,
    "unreachable": unreachable_page,
    "redirect": plain("/refund"),
    "redirect_asked": redirect_asked_page,
    "redirect_gone": plain("/refund?gone=1"),
    "redirect_gone_asked": redirect_gone_asked_page,
    "redirected": redirected_page,
    "sign_in": plain("/sell"),
    "sign_in_asked": sign_in_asked_page,
    "no_sales": no_sales_page,
    "sell": sell_page,
    "sell_waiting": sell_waiting_page,
    "yours": yours_page,
    "sell_wrong": sell_wrong_page,
    "share": share_page,
    "start": plain("/sandbox/phone"),
    "inbox": inbox_page,
    "phones_link": phones_link_page,
    "phones_started": phones_started_page,
    "phones": phones_page,
    "phones_dialled": phones_dialled_page,
    "phones_held": phones_held_page,
    "phones_done": phones_done_page,
    "offer": offer_page,
    "offer_photo": offer_photo_page,
    "offer_closed": offer_closed_page,
    "pay": pay_page,
    "pay_photo": pay_photo_page,
    "part": part_page,
    "failed": failed_page,
    "wrong_number": wrong_number_page,
    "wait": wait_page,
    "asking": asking_page,
    "expired": expired_page,
    "returned": returned_page,
    "held": held_page,
    "wrong_code": wrong_code_page,
    "nothing_held": nothing_held_page,
    "proof": proof_page,
    "new_code": new_code_page,
    "new_code_asked": new_code_asked_page,
    "code": code_page,
    "paying": paying_page,
    "done": done_page,
    "receipt": receipt_page,
}
# Answers to a form: they can't be asked for again by their address, so the way there is walked once for each language.
ANSWERS = {
    "claim_asked",
    "claimed",
    "redirect_asked",
    "redirect_gone_asked",
    "redirected",
    "sign_in_asked",
    "sell_wrong",
    "wrong_number",
    "wrong_code",
    "new_code_asked",
    "code",
    "phones_dialled",
}
# Of these the status says what the page does.
REFUSALS = {"lost": 404, "nothing": 404, "sell_wrong": 400, "wrong_number": 400, "wrong_code": 422}
