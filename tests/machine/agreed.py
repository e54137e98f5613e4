"""What two sides agree on: an order by a payment link, and calling off together what is paid."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from tests import story
from tests.characters import OTIENO
from tests.machine.cast import AMOUNTS, PAYERS, SELLERS, Sale, maybe_death, which
from tests.machine.world import World
from zemi.common.ids import public_id
from zemi.common.phone import Phone
from zemi.identity.sessions import open_session
from zemi.links.models import PaymentLink
from zemi.links.queries import find_link
from zemi.links.tokens import token_of
from zemi.orders.models import Order, OrderStatus

_ENDED = (OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED)


class AgreedRules(World):
    """Rules of links and of cancel requests."""

    @rule(
        seller=which,
        amount=st.sampled_from(AMOUNTS),
        stock=st.sampled_from((1, 1, 2)),
        by_merchant=st.booleans(),
        death=maybe_death,
    )
    def offer_by_a_link(
        self, seller: int, amount: str, stock: int, by_merchant: bool, death: tuple[str, int] | None
    ) -> None:
        """A seller, or a merchant for one, makes a payment link."""
        payee = SELLERS[seller % len(SELLERS)]
        body = {"amount": amount, "product_description": "Kitenge", "stock": stock}

        def offer() -> None:
            key = self.merchant_key if by_merchant else self._signed_in(payee)
            answer = self._seen(
                "link", story.post("/api/v1/links", body | {"seller_phone": payee.msisdn}, key=key)
            )
            assert answer.status == 201 or amount == "10" or answer.status == 429, answer.body

        with self._step("offer_by_a_link"):
            self._do(offer, death)

    def _has_links(self) -> bool:
        return self.stage is not None and PaymentLink.objects.exists()

    @precondition(_has_links)
    @rule(link=which, buyer=which, death=maybe_death)
    def order_by_a_link(self, link: int, buyer: int, death: tuple[str, int] | None) -> None:
        """A buyer accepts what a link offers, or comes too late."""
        offers = list(PaymentLink.objects.order_by("id"))
        chosen, payer = offers[link % len(offers)], PAYERS[buyer % 3]
        token = token_of(chosen)

        def accept() -> None:
            standing = Order.objects.filter(payment_link=chosen).exclude(status__in=_ENDED).count()
            answer = self._seen(
                "accept",
                story.post(
                    f"/api/v1/links/{token}/accept",
                    {"buyer_phone": payer.msisdn, "terms_hash": find_link(token).terms_hash},
                ),
            )
            if answer.status == 201:
                assert standing < chosen.stock, "I24: a link sold more than it has"
                self.sales.append(
                    Sale(
                        answer.data["order_reference"],
                        str(chosen.amount),
                        payer,
                        chosen.seller.phone,
                        answer.data["delivery_code"],
                    )
                )

        with self._step("order_by_a_link"):
            self._do(accept, death)

    @precondition(_has_links)
    @rule(link=which)
    def take_a_link_down(self, link: int) -> None:
        """The merchant, whose own link it may not be, takes it down."""
        offers = list(PaymentLink.objects.order_by("id"))
        chosen = offers[link % len(offers)]
        with self._step("take_a_link_down"):
            path = f"/api/v1/links/{public_id('link', chosen.id)}/disable"
            answer = self._seen("disable", story.post(path, {}, key=self.merchant_key))
            if answer.status == 200:
                assert PaymentLink.objects.get(pk=chosen.pk).status == "disabled"

    @precondition(World._has_sales)
    @rule(
        sale=which,
        act=st.sampled_from(("", "", "/accept", "/accept", "/decline", "/withdraw")),
        who=st.sampled_from(("buyer", "seller", "stranger")),
        death=maybe_death,
    )
    def call_off_together(self, sale: int, act: str, who: str, death: tuple[str, int] | None) -> None:
        """One side asks to call a paid order off, the other answers, or somebody else tries."""
        order = self._sale(sale, status=OrderStatus.PAID)
        before = story.order_of(order.reference)
        phone = {"buyer": order.buyer, "seller": order.seller}.get(who, OTIENO)

        def ask() -> None:
            answer = self._seen(
                f"cancel-request{act} by {who}",
                story.post(
                    f"/api/v1/orders/{order.reference}/cancel-request{act}", {}, key=self._signed_in(phone)
                ),
            )
            if answer.status == 200:
                assert phone in {order.buyer, order.seller}
                assert before.status == OrderStatus.PAID
                assert answer.data["status"] != "cancelled" or before.cancel_asked_by, (
                    "I25: called off by one side alone"
                )

        with self._step(f"call_off_together: {act.removeprefix('/') or 'ask'}"):
            self._do(ask, death)

    def _signed_in(self, phone: Phone) -> str:
        return open_session(phone=phone, now=self.stage_.clock.now())[1]
