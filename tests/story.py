"""Tell a sale over HTTP: each verb sends what a client would send, and says what must come back."""

import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.test import Client

from tests.characters import AMINA, BARAKA
from zemi.common import clock
from zemi.common.money import Money, kes
from zemi.common.phone import Phone
from zemi.identity.api_keys import Scope, create_api_key
from zemi.ledger import chart
from zemi.ledger.balances import balance_of, trial_balance
from zemi.notifications.models import Message
from zemi.orders.models import Order
from zemi.reconciliation.audit import audit_books
from zemi.reconciliation.models import AuditRun
from zemi.reconciliation.opening import ensure_opening_float


@dataclass
class Answer:
    """Status and body of one answer."""

    status: int
    body: dict[str, Any]
    headers: Any

    @property
    def data(self) -> dict[str, Any]:
        assert self.body.get("success") is True, self.body
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def code(self) -> str:
        assert self.body.get("success") is False, self.body
        return str(self.body["code"])


_clients = threading.local()


def _client() -> Client:
    """This thread's client: making one loads all the middleware, which takes longer than most requests."""
    if not hasattr(_clients, "one"):
        _clients.one = Client(raise_request_exception=False)
    client: Client = _clients.one
    return client


def post(path: str, body: Any, *, key: str | None = None, **headers: str) -> Answer:
    """POST JSON, or raw bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if key:
        headers["authorization"] = f"Bearer {key}"
    response = _client().post(path, raw, content_type="application/json", headers=headers)
    return Answer(response.status_code, json.loads(response.content), response.headers)


def get(path: str, *, key: str | None = None) -> Answer:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    response = _client().get(path, headers=headers)
    return Answer(response.status_code, json.loads(response.content), response.headers)


def create_order(
    *,
    buyer: Phone = AMINA,
    seller: Phone | None = BARAKA,
    amount: str = "1500.00",
    key: str | None = None,
    **more: Any,
) -> Answer:
    body = {"buyer_phone": buyer.msisdn, "amount": amount, "product_description": "iPhone 13"} | more
    if seller is not None:
        body["seller_phone"] = seller.msisdn
    return post("/api/orders/create", body, key=key)


def push(reference: str, *, phone: Phone = AMINA, amount: str = "1500.00") -> Answer:
    return post(
        "/api/payments/mpesa/stk-push",
        {
            "phone_number": phone.msisdn,
            "amount": amount,
            "account_reference": reference,
            "transaction_desc": "Payment for iPhone 13",
        },
    )


def confirm(reference: str, code: str) -> Answer:
    return post("/api/orders/confirm-delivery", {"order_reference": reference, "delivery_code": code})


def ask_payout(reference: str, *, key: str | None, phone: Phone = BARAKA, amount: str = "1500.00") -> Answer:
    return post(
        "/api/payments/mpesa/b2c-payout",
        {"phone_number": phone.msisdn, "amount": amount, "order_reference": reference},
        key=key,
    )


def code_for(phone: Phone, purpose: str) -> str:
    """Ask for a one-time code and read it off the text message before it goes out."""
    answer = post("/api/v1/otp", {"phone_number": phone.msisdn, "purpose": purpose})
    assert answer.data["expires_in_s"] == 600
    assert Message.objects.filter(template="one_time_code").latest("id").to == phone
    return last_code()


def last_code() -> str:
    """Read the latest one-time code off its text message before it goes out."""
    return Message.objects.filter(template="one_time_code").latest("id").text.split("code is ")[1][:6]


def simulate_payment(
    reference: str, transaction_id: str = "QHJ41HG1W8", amount: Any = "1500.00", **more: Any
) -> Answer:
    body = {
        "order_reference": reference,
        "transaction_id": transaction_id,
        "amount": amount,
        "payment_method": "mpesa",
    } | more
    return post("/api/webhooks/payment", body)


def read_order(reference: str) -> dict[str, Any]:
    return get(f"/api/orders/{reference}").data


def key_with(*scopes: Scope, merchant: str = "Duka") -> str:
    return create_api_key(merchant_name=merchant, scopes=scopes, now=clock.now())[1]


def order_of(reference: str) -> Order:
    return Order.objects.get(order_reference=reference)


def code_sent_to(simulator: Any, phone: Phone, reference: str) -> str:
    """The delivery code in the latest message that `phone` got about an order."""
    texts = [str(message["text"]) for message in simulator.messages(phone.msisdn)]
    [*_, code] = [
        found.group()
        for text in texts
        if reference in text and (found := re.search(r"(?<![0-9A-Z-])[0-9]{6}(?![0-9A-Z])", text))
    ]
    return code


def wrong(code: str, by: int = 1) -> str:
    """A code that isn't this one."""
    return f"{(int(code) + by) % 1_000_000:06d}"


def escrow_of(reference: str) -> Money:
    return balance_of(chart.escrow(order_of(reference).id))


def payable_to(party_id: UUID) -> Money:
    return balance_of(chart.seller_payable(party_id))


def open_books(now: datetime) -> None:
    """Book the opening float, as an audited hour: of empty books the worker's hourly audit would find nothing to say.

    It is due again an hour later. What a story leaves behind is audited at its end.
    """
    ensure_opening_float(now=now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    AuditRun.objects.create(hour=hour, started_at=now, ended_at=now)


def ledger() -> dict[int, Money]:
    """What stands on each line of the chart, lines at zero left out."""
    return {row.code: row.balance for row in trial_balance() if row.balance.minor}


def problems() -> list[str]:
    """What the audit finds wrong, in its own words."""
    return [problem for check in audit_books() for problem in check.problems]


def assert_books_agree(*, with_provider: bool = True) -> None:
    problems = [
        f"{check.name}: {problem}"
        for check in audit_books(with_provider=with_provider)
        for problem in check.problems
    ]
    assert not problems, problems


FLOAT = kes(10_000_000)
