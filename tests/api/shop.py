"""A shop that uses the API: a merchant with a key that may read, and orders of every kind."""

from dataclasses import dataclass
from typing import Any

from tests import story
from tests.api.conftest import Answer, Api
from zemi.common.ids import new_key
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.identity.models import ApiKey
from zemi.orders.codes import sealed_code
from zemi.orders.create import create_order
from zemi.orders.models import Order
from zemi.releases.confirm import confirm_delivery
from zemi.staff.request import request_action


@dataclass
class Shop:
    """Makes its orders by the use cases themselves, each of another buyer, a second apart."""

    api: Api
    clock: Any
    key: str
    sold: int = 0

    @property
    def merchant_id(self) -> Any:
        return ApiKey.objects.get(public_id=self.key.split("_")[2]).merchant_id

    def order(self, **how: Any) -> Order:
        self.sold += 1
        self.clock.advance(seconds=1)
        return create_order(
            buyer_phone=Phone(f"+2547122{self.sold:05d}"),
            seller_phone=Phone("+254722000222"),
            amount=kes(1_500),
            product_description="iPhone 13",
            merchant_id=self.merchant_id,
            now=self.clock.now(),
            **how,
        ).order

    def paid(self, **how: Any) -> Order:
        order = self.order(**how)
        told = story.simulate_payment(order.order_reference, f"PAID{new_key().hex[-16:].upper()}")
        assert told.status == 200, told.body
        return story.order_of(order.order_reference)

    def delivered(self) -> Order:
        order = self.paid()
        code = sealed_code(order)
        assert code is not None
        confirm_delivery(
            order_reference=order.order_reference, delivery_code=code, caller="test", now=self.clock.now()
        )
        return story.order_of(order.order_reference)

    def one_of_each(self) -> None:
        """An order that was paid and delivered, and one whose money goes back."""
        self.delivered()
        back = self.paid()
        facts = {"order": back.order_reference, "amount": "1500", "bearer": "zemi"}
        request_action("refund", facts, maker="chebet", reason="asked", now=self.clock.now())

    def get(self, path: str, key: str | None = None) -> Answer:
        return self.api.get(f"/api/v1/{path}", key=key or self.key)

    def post(self, path: str, body: Any, key: str | None = None, **headers: Any) -> Answer:
        return self.api.post(f"/api/v1/{path}", body, key=key or self.key, **headers)
