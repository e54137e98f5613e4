"""A sale of made-up people, and what can be done to it: each step by the same function as anybody's."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from zemi.common import clock
from zemi.common.db import unit_of_work
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.change import cancel
from zemi.links.complete import complete_link
from zemi.links.create import create_link, disable_link
from zemi.links.queries import Owner
from zemi.links.tokens import token_of
from zemi.orders.create import create_order
from zemi.orders.locks import lock_order_by_key
from zemi.orders.models import Order
from zemi.orders.parties import Asker
from zemi.payments.c2b import claim_by_statement, settle_c2b
from zemi.payments.cancel import Act, negotiate_cancel
from zemi.payments.close import cancel_order
from zemi.payments.collect import start_payment
from zemi.payments.errors import OutcomeUnknown
from zemi.payments.simulated import receive_simulated_payment
from zemi.providers import registry
from zemi.providers.base import C2BReceipt, Succeeded
from zemi.providers.mpesa.sandbox import Sandbox, SandboxUnreachable
from zemi.releases.release import release_instantly
from zemi.releases.reversal import record_pay_in_reversal
from zemi.sandbox.clock import advance_clock

_ITEM = "Kitenge (scenario)"
# How long a link sells: an order that it made waits longer for its payment.
LINK_LIFE = timedelta(minutes=50)
# Whose budgets the calls of all scenarios are charged to.
_CALLER = "sandbox"
_NUMBERS = 70_000_000


class Sale:
    """One order of two people who were never seen before; made by a payment link that sells `stock`, if that is not 0."""

    def __init__(self, merchant_id: UUID | None, amount: Money, *, stock: int = 0) -> None:
        self.buyer, self.seller = made_up_phone(), made_up_phone()
        self.merchant_id, self.amount = merchant_id, amount
        # Of the one payment that there is.
        self.receipt = f"SC{secrets.token_hex(4).upper()}"
        self.order: Order = self._ordered_by_link(stock) if stock else self._ordered()

    def _ordered(self) -> Order:
        return create_order(
            buyer_phone=self.buyer,
            seller_phone=self.seller,
            amount=self.amount,
            product_description=_ITEM,
            merchant_id=self.merchant_id,
            now=self.now,
        ).order

    def _ordered_by_link(self, stock: int) -> Order:
        link = create_link(
            amount=self.amount,
            product_description=_ITEM,
            seller_phone=self.seller,
            stock=stock,
            expires_at=self.now + LINK_LIFE,
            merchant_id=self.merchant_id,
            now=self.now,
        )
        return complete_link(
            token=token_of(link),
            buyer_phone=self.buyer,
            terms_hash=link.terms_hash,
            proved=self.buyer,
            now=self.now,
        ).order

    @property
    def now(self) -> datetime:
        """The time, which may have been moved since the step before."""
        return clock.now()

    @property
    def simulator(self) -> Sandbox:
        return registry.sandbox()

    def prompt(self, **wishes: object) -> None:
        """Ask the buyer's phone, which then does as it is told."""
        self.simulator.script_phone(self.buyer, **wishes)
        start_payment(
            order_reference=self.order.order_reference,
            payer_phone=self.buyer,
            amount=self.amount,
            description="Scenario",
            caller=_CALLER,
            now=self.now,
        )

    def prompt_while(self, fault: str) -> None:
        """Ask the buyer's phone, while one thing goes wrong with that."""
        self.simulator.arm_fault(fault, phone=self.buyer)
        with suppress(OutcomeUnknown):
            self.prompt(next="pay", delay_s=1)

    def pay(self) -> None:
        """Pay at once."""
        receive_simulated_payment(
            order_reference=self.order.order_reference,
            transaction_id=self.receipt,
            amount=self.amount,
            payment_method="mpesa",
            payer_phone=self.buyer,
            now=self.now,
        )

    def pay_by_hand(self, amount: Money, *, reference: str | None = None) -> None:
        """Pay `amount` at the paybill, naming the order, or `reference`; it is heard of as by M-Pesa's list of what came."""
        named = self.order.order_reference if reference is None else reference
        shortcode = registry.mobile_money().collection_account
        paid = self.simulator.pay(
            shortcode=shortcode, payer=self.buyer, amount=amount, receipt=self.receipt, reference=named
        )
        if not isinstance(paid, Succeeded):
            # What may have moved there is found by the list, as ever.
            raise SandboxUnreachable("payments")
        settle_c2b(C2BReceipt(self.receipt, amount, self.now, named, self.buyer, shortcode), now=self.now)

    def pay_too_much(self, more: Money, *, fault: str = "") -> None:
        """Pay `more` than the price, while one thing goes wrong with what goes back to the buyer."""
        if fault:
            self.simulator.arm_fault(fault, phone=self.buyer)
        self.pay_by_hand(self.amount + more)

    def pay_a_little(self, amount: Money) -> None:
        """Pay `amount` of the price, and let the order's time pass, and the day in which a payment can be undone."""
        self.pay_by_hand(amount)
        self.wait(timedelta(hours=settings.ORDER_EXPIRY_H + 24))

    def pay_and_claim(self) -> None:
        """Pay under a wrong reference; M-Pesa's statement then tells which order was meant."""
        self.pay_by_hand(self.amount, reference="KITENGE")
        claim_by_statement(self.receipt, order_reference=self.order.order_reference, now=self.now)

    def pay_and_lose(self) -> None:
        """Pay, and have M-Pesa give that back."""
        self.pay()
        self._taken_back()

    def complete_and_lose(self) -> None:
        """Complete it, and have M-Pesa give the buyer's payment back."""
        self.complete()
        self._taken_back()

    def _taken_back(self) -> None:
        """Have M-Pesa give the payment back to the buyer, as its statement then tells."""
        number = self.simulator.reverse(self.receipt)
        record_pay_in_reversal(
            receipt_number=self.receipt,
            reversal_number=number,
            amount=self.amount,
            actor="sandbox",
            now=self.now,
        )

    def complete(self) -> None:
        """Pay, and release as the buyer's code would."""
        self.pay()
        with unit_of_work():
            release_instantly(lock_order_by_key(self.order.id), now=self.now, actor="sandbox")

    def complete_and_call_off(self) -> None:
        """Complete it, and call the payout off before it leaves, as two of the staff may."""
        self.pay()
        with unit_of_work():
            payout = release_instantly(lock_order_by_key(self.order.id), now=self.now, actor="sandbox")
            cancel(payout, actor="sandbox", now=self.now)

    def complete_while(self, fault: str) -> None:
        """Complete it, while one thing goes wrong with the payout to this seller."""
        self.simulator.arm_fault(fault, phone=self.seller)
        self.complete()

    def cancel(self) -> None:
        """Call it off."""
        cancel_order(
            order_reference=self.order.order_reference,
            actor="merchant",
            merchant_id=self.order.merchant_id,
            now=self.now,
        )

    def cancel_as_seller(self) -> None:
        """Pay, and have the seller call it off."""
        self.pay()
        cancel_order(
            order_reference=self.order.order_reference,
            actor="party",
            party_id=self.order.seller_id,
            now=self.now,
        )

    def ask_to_cancel(self, answer: Act | None = None) -> None:
        """Pay, and have the buyer ask the seller to call it off; the seller, or the buyer again, answers that."""
        self.pay()
        self._negotiate(Act.ASK, self.order.buyer_id)
        if answer is not None:
            by = self.order.buyer_id if answer is Act.WITHDRAW else self.order.seller_id
            self._negotiate(answer, by)

    def ask_to_cancel_in_vain(self) -> None:
        """Pay, and have the buyer ask the seller, who says nothing."""
        self.ask_to_cancel()
        self.wait(timedelta(hours=settings.CANCEL_ANSWER_H))

    def disable_link(self) -> None:
        """Have its owner stop the link."""
        owner = (
            Owner(merchant_id=self.merchant_id) if self.merchant_id else Owner(party_id=self.order.seller_id)
        )
        disable_link(self.order.payment_link_id, owner=owner, now=self.now)

    def _negotiate(self, act: Act, party_id: UUID) -> None:
        negotiate_cancel(
            act=act,
            asker=Asker(party_id=party_id),
            order_reference=self.order.order_reference,
            caller=_CALLER,
            now=self.now,
        )

    def wait(self, time: timedelta) -> None:
        """Let so much time pass, and a second."""
        advance_clock(time + timedelta(seconds=1))


def made_up_phone(drawn: int | None = None) -> Phone:
    """A number that nobody has had before; with `drawn` always the same one."""
    # Above the test numbers of the simulator, which have habits of their own.
    number = secrets.randbelow(_NUMBERS) if drawn is None else drawn % _NUMBERS
    return Phone.parse(f"2547{20_000_000 + number}")
