"""Characters and a way to speak to the API: Amina buys, Baraka sells, Otieno is the stranger."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

AMINA = "254712345678"
BARAKA = "254722000222"
OTIENO = "254733000333"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, and the body with its fields in their order."""

    status: int
    headers: Any
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def data(self) -> dict[str, Any]:
        assert self.body["success"] is True, self.raw
        data: dict[str, Any] = self.body["data"]
        return data


class Api:
    """Sends JSON as somebody out there does: a body of str or bytes goes out as it is."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: Any) -> Answer:
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        content_type = headers.pop("content_type", "application/json")
        response = self._client.post(path, raw, content_type=content_type, headers=_with_key(headers, key))
        return Answer(response.status_code, response.headers, response.content)

    def get(self, path: str, *, key: str | None = None, **headers: Any) -> Answer:
        response = self._client.get(path, headers=_with_key(headers, key))
        # A static file comes in pieces.
        content = b"".join(response) if response.streaming else response.content
        return Answer(response.status_code, response.headers, content)

    def request(self, method: str, path: str) -> Answer:
        response = self._client.generic(method, path)
        return Answer(response.status_code, response.headers, response.content)

    def create(self, *, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Amina's order of KES 1,500 from Baraka."""
        body = {
            "buyer_phone": AMINA,
            "amount": 1500.00,
            "product_description": "iPhone 13",
            "seller_phone": BARAKA,
        }
        return self.post("/api/orders/create", body | fields, key=key).data

    def pay(self, order: dict[str, Any], transaction_id: str = "QHJ41HG1W8") -> dict[str, Any]:
        """The simulated payment of an order."""
        body = {
            "order_reference": order["order_reference"],
            "transaction_id": transaction_id,
            "amount": order["amount"],
            "payment_method": "mpesa",
        }
        return self.post("/api/webhooks/payment", body).data


def _with_key(headers: dict[str, Any], key: str | None) -> dict[str, Any]:
    return headers | ({"authorization": f"Bearer {key}"} if key else {})


@pytest.fixture
def api(client_api: Client) -> Api:
    return Api(client_api)


@pytest.fixture
def shop(api: Api, simulator: Any, clock: Any, make_key: Callable[..., str]) -> Any:
    """A merchant's shop, with the books open."""
    from tests import story
    from tests.api.shop import Shop

    story.open_books(clock.now())
    return Shop(api, clock, make_key("read", "orders"))


@pytest.fixture
def other_key(make_key: Callable[..., str]) -> str:
    """The key of another merchant."""
    return make_key("read", "orders", merchant="Duka la Otieno")
