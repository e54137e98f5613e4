"""Bring an order to where its page is wanted; each way is what people do."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Product

LONG = "iPhone 13 Pro Max 256GB, sierra blue, with-a-word-that-is-too-long-for-the-line-of-any-telephone"


@dataclass
class Sale:
    """One order, with all that a test needs to know of it."""

    product: Product
    buyer: str
    reference: str
    code: str
    path: str

    def pay(self, amount: str = "1500.00") -> None:
        """Pay by the sandbox's simulated payment."""
        self.product.post(
            "/api/webhooks/payment",
            {
                "order_reference": self.reference,
                "transaction_id": f"T{secrets.token_hex(5).upper()}",
                "amount": amount,
                "payment_method": "mpesa",
            },
        )

    def confirm(self) -> None:
        """Give the code."""
        self.product.post(
            "/api/orders/confirm-delivery",
            {"order_reference": self.reference, "delivery_code": self.code},
        )


def new_sale(product: Product, *, amount: str = "1500.00", item: str = "Kitenge, six yards") -> Sale:
    buyer, seller = (f"2547{20_000_000 + secrets.randbelow(9_000_000)}" for _ in range(2))
    data: dict[str, Any] = product.post(
        "/api/orders/create",
        {"buyer_phone": buyer, "seller_phone": seller, "amount": amount, "product_description": item},
    )["data"]
    path = str(data["payment_url"]).removeprefix(product.base_url)
    return Sale(product, buyer, data["order_reference"], data["delivery_code"], path)


def pay_page(product: Product, page: Page) -> None:
    page.goto(new_sale(product, amount="249999.00", item=LONG).path)


def failed_page(product: Product, page: Page) -> None:
    sale = new_sale(product)
    product.script(sale.buyer, next="cancel", delay_s=0)
    page.goto(sale.path)
    page.locator("button.big").click()
    page.get_by_text("You cancelled the request").or_(page.get_by_text("Umeghairi ombi")).wait_for()


def wait_page(product: Product, page: Page) -> None:
    sale = new_sale(product, amount="249999.00")
    product.script(sale.buyer, next="wait")
    page.goto(sale.path)
    page.locator("button.big").click()
    page.locator("[data-count]").wait_for()


def held_page(product: Product, page: Page) -> None:
    sale = new_sale(product, amount="249999.00", item=LONG)
    sale.pay("249999.00")
    page.goto(sale.path)


def proof_page(product: Product, page: Page) -> None:
    held_page(product, page)
    page.locator('a[href$="/held"]').click()
    page.locator(".words").wait_for()


def new_code_page(product: Product, page: Page) -> None:
    held_page(product, page)
    page.locator('a[href$="/code"]').click()
    page.locator("button.big").click()
    page.locator("#otp").wait_for()


def code_page(product: Product, page: Page) -> None:
    sale = new_sale(product)
    sale.pay()
    page.goto(f"{sale.path}/code")
    page.locator("button.big").click()
    page.locator("#otp").fill(_one_time_code(product, sale.buyer))
    page.locator("button.big").click()
    page.locator(".qr svg").wait_for()


def _one_time_code(product: Product, phone: str) -> str:
    """Read it in the inbox, as soon as it is there."""
    caller = product.playwright.request.new_context()
    for _ in range(200):
        texts = [
            str(sms["text"])
            for sms in caller.get(f"{product.simulator_url}/_sim/sms?to={phone}").json()["messages"]
        ]
        found = [
            match
            for text in texts
            for match in re.findall(r"(?:one-time code is|mara moja ni) (\d{6})", text)
        ]
        if found:
            caller.dispose()
            return str(found[-1])
    raise AssertionError("no one-time code came")


def done_page(product: Product, page: Page) -> None:
    sale = new_sale(product, amount="249999.00", item=LONG)
    sale.pay("249999.00")
    page.goto(sale.path)
    page.locator("#code-field").fill(sale.code)
    page.locator("button.big").click()
    page.locator('a[href$="/receipt"]').wait_for()


def receipt_page(product: Product, page: Page) -> None:
    done_page(product, page)
    page.locator('a[href$="/receipt"]').click()
    page.locator("table").wait_for()


def phones_page(product: Product, page: Page) -> None:
    page.goto("/sandbox/phone")
    page.locator("button.big").click()
    page.locator("select").wait_for()
    page.locator("button.big").click()
    page.locator("#pin").wait_for()


def sell_page(product: Product, page: Page) -> None:
    share_page(product, page)
    page.locator('.more a[href="/sell"]').click()
    page.locator(".sales li").wait_for()


def share_page(product: Product, page: Page) -> None:
    seller = f"2547{20_000_000 + secrets.randbelow(9_000_000)}"
    page.goto("/sell")
    page.locator("#phone").fill(seller)
    page.locator("button.big").click()
    page.locator("#otp").fill(_one_time_code(product, seller))
    page.locator("button.big").click()
    page.locator("#item").fill(LONG)
    page.locator("#price").fill("249,999")
    page.locator("#buyer").fill("0712345678")
    page.locator("button.big").click()
    page.locator("textarea").wait_for()


def plain(path: str) -> Callable[[Product, Page], None]:
    def open_it(_: Product, page: Page) -> None:
        page.goto(path)

    return open_it


# Every page in every state that needs no other time; expired and asking have tests of their own.
PAGES: dict[str, Callable[[Product, Page], None]] = {
    "home": plain("/"),
    "help": plain("/help"),
    "claim": plain("/claim"),
    "start": plain("/sandbox/phone"),
    "sign_in": plain("/sell"),
    "sell": sell_page,
    "share": share_page,
    "phones": phones_page,
    "pay": pay_page,
    "failed": failed_page,
    "wait": wait_page,
    "held": held_page,
    "proof": proof_page,
    "new_code": new_code_page,
    "code": code_page,
    "done": done_page,
    "receipt": receipt_page,
}
